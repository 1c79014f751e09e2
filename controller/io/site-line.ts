import { seal } from '@ringwave/protocol/envelope';
import {
  decodeBeat,
  decodeHello,
  decodeLastWill,
  decodeReport,
  encode,
} from '@ringwave/protocol/messages';
import { type EpochMs, type Id, laterBy } from '@ringwave/protocol/units';
import { expiresAfter } from '../core/plan.ts';
import type { ControllerEffect, ControllerEvent } from '../core/state.ts';
import type { Transport, Uplink } from '../transport.ts';
import type { PlanKey } from './plan-key.ts';

// Between the transport and the step: decodes once at the door, signs on the way out.

/** What arrived as an event, or why it is not one. Unknown kinds are not errors: a newer agent may say more. */
export function eventOf({
  site,
  kind,
  raw,
}: Uplink): ControllerEvent | { problems: readonly string[] } {
  switch (kind) {
    case 'hello': {
      const decoded = decodeHello(raw);
      return decoded.ok ? { kind: 'hello', site, hello: decoded.message } : decoded;
    }
    case 'd': {
      const decoded = decodeReport(raw);
      return decoded.ok ? { kind: 'report', site, report: decoded.message } : decoded;
    }
    case 'beat': {
      const decoded = decodeBeat(raw);
      return decoded.ok ? { kind: 'beat', site, beat: decoded.message } : decoded;
    }
    case 'lwt': {
      const decoded = decodeLastWill(raw);
      return decoded.ok ? { kind: 'last-will', site, will: decoded.message } : decoded;
    }
    case 'full':
      return { problems: ['full reports travel as numbered batches in this version'] };
    default:
      return kind satisfies never;
  }
}

export function sendEffect(
  effect: Exclude<ControllerEffect, { kind: 'answer' }>,
  to: { transport: Transport; key: PlanKey; now: EpochMs },
): void {
  const { transport, key, now } = to;
  switch (effect.kind) {
    case 'send-ack':
      transport.send(effect.site, 'ack', encode(effect.ack));
      return undefined;
    case 'send-plan': {
      const sealed = {
        kind: 'plan' as const,
        audience: effect.site,
        issuedAt: effect.issuedAt,
        expiresAt: laterBy(effect.issuedAt, expiresAfter),
        body: effect.plan,
      };
      transport.send(effect.site, 'plan', seal(sealed, key));
      return undefined;
    }
    case 'cut-site':
      return transport.cut(effect.site);
    case 'send-halt': {
      const sealed = {
        kind: 'halt' as const,
        audience: 'all' as Id,
        issuedAt: now,
        expiresAt: laterBy(now, expiresAfter),
        body: effect.halt,
      };
      transport.sendAll('halt', seal(sealed, key));
      return undefined;
    }
    // Asked over HTTP by whoever wires the controller; nothing of it goes to a site.
    case 'ask-check':
      return undefined;
    default:
      return effect satisfies never;
  }
}
