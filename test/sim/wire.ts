import { decodeBeat, decodeHello, decodeReport, encode } from '@ringwave/protocol/messages';
import type { Id } from '@ringwave/protocol/units';
import type { AgentEffect } from '../../agent/core/state.ts';
import type { ControllerNode } from './world.ts';

/** What crosses the wire is encoded and decoded for real. */
export function through<T>(
  decode: (
    raw: Uint8Array,
  ) => { ok: true; message: T } | { ok: false; problems: readonly string[] },
  message: Parameters<typeof encode>[0],
): T {
  const decoded = decode(encode(message));
  if (!decoded.ok) throw new Error(decoded.problems.join('; '));
  return decoded.message;
}

/** What an agent has sent reaches the controller at the other end. */
export function arriveUp(
  side: ControllerNode,
  site: Id,
  { as, message }: Extract<AgentEffect, { kind: 'send' }>,
): void {
  if (as === 'hello') side.submit({ kind: 'hello', site, hello: through(decodeHello, message) });
  else if (as === 'd')
    side.submit({ kind: 'report', site, report: through(decodeReport, message) });
  else side.submit({ kind: 'beat', site, beat: through(decodeBeat, message) });
}
