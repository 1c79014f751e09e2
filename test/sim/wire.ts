import {
  type Ack,
  type Beat,
  type Decoded,
  decodeAck,
  decodeBeat,
  decodeHello,
  decodePlan,
  decodeReport,
  encode,
  type Hello,
  type Plan,
  type Report,
} from '@ringwave/protocol/messages';
import { untimely } from '@ringwave/protocol/envelope';
import { type EpochMs, type Id, laterBy } from '@ringwave/protocol/units';
import type { AgentEffect, AgentEvent } from '../../agent/core/state.ts';
import { expiresAfter } from '../../controller/core/plan.ts';
import type { ControllerEffect } from '../../controller/core/state.ts';
import type { ControllerNode } from './world.ts';

type Message = Hello | Report | Beat | Ack | Plan;

const decoders: {
  readonly [K in Message['kind']]: (raw: Uint8Array) => Decoded<Extract<Message, { kind: K }>>;
} = {
  hello: decodeHello,
  report: decodeReport,
  beat: decodeBeat,
  ack: decodeAck,
  plan: decodePlan,
};

/**
 * What crosses the line. Of each kind of message between a site and a controller the first, and then each fourth, of beats,
 * which say the same for hours, each sixteenth, is encoded and decoded for real: rows are never mutated, so that the others
 * may arrive as they are, and a run has thousands of each.
 * Each site has its own count: sites that speak in step would otherwise be encoded always, or never.
 */
export class Wire {
  readonly #sent = new Map<string, number>();

  through<M extends Message>(site: Id, message: M): M {
    const line = `${site} ${message.kind}`;
    const sent = this.#sent.get(line) ?? 0;
    this.#sent.set(line, sent + 1);
    if (sent % (message.kind === 'beat' ? 16 : 4) !== 0) return message;
    const decoded = decoders[message.kind](encode(message)) as Decoded<M>;
    if (!decoded.ok) throw new Error(decoded.problems.join('; '));
    return decoded.message;
  }

  /** As the door of an agent lets it in, by the clock of its box. */
  planAt(
    boxNow: number,
    { site, issuedAt }: Extract<ControllerEffect, { kind: 'send-plan' }>,
    plan: Plan,
  ): AgentEvent {
    const expiresAt = laterBy(issuedAt, expiresAfter);
    const detail = untimely({ kind: 'plan', issuedAt, expiresAt }, boxNow as EpochMs);
    if (detail !== undefined) return { kind: 'plan-refused', fault: 'plan-expired', detail };
    return { kind: 'plan-came', plan: this.through(site, plan) };
  }

  /** What an agent has sent reaches the controller at the other end. */
  arriveUp(
    side: ControllerNode,
    site: Id,
    { message }: Extract<AgentEffect, { kind: 'send' }>,
  ): void {
    const came = this.through(site, message);
    if (came.kind === 'hello') side.submit({ kind: 'hello', site, hello: came });
    else if (came.kind === 'report') side.submit({ kind: 'report', site, report: came });
    else side.submit({ kind: 'beat', site, beat: came });
  }
}
