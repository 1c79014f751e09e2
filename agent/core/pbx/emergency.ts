import { emergencyNumbersUsually, type Plan } from '@ringwave/protocol/messages';
import type { AmiPacket } from './ami.ts';

// Whether somebody at the site has dialled for help, by what a PBX says of its channels.

export const emergencyNumbersOf = (plan: Plan | undefined): readonly string[] =>
  plan?.emergencyNumbers ?? emergencyNumbersUsually;

/**
 * Of Asterisk's CoreShowChannel, Newchannel, NewConnectedLine and DialBegin: `Exten` is what the caller dialled; where the
 * dialplan has gone on to another extension, the number stands in what is dialled now, `PJSIP/112@trunk` (without its
 * technology in DialBegin), or as the other end, `ConnectedLineNum`.
 */
export function amiDialled(packet: AmiPacket): readonly string[] {
  const dialled = /\/([0-9*#+]{2,16})(?:@|,|$)/.exec(packet.get('applicationdata') ?? '')?.[1];
  const begun = /(?:^|\/)([0-9*#+]{2,16})(?:@|$)/.exec(packet.get('dialstring') ?? '')?.[1];
  const said = [packet.get('exten'), packet.get('extension'), packet.get('connectedlinenum')];
  return [...said, dialled, begun].filter((one) => one !== undefined);
}

/** `ExtensionStatus`, for one, has an `Exten` too, and nobody has dialled it. */
const CALLS: ReadonlySet<string> = new Set(['Newchannel', 'NewConnectedLine', 'DialBegin']);

/** An event that comes with a call. */
export const tellsOfCall = (packet: AmiPacket): boolean => CALLS.has(packet.get('event') ?? '');

export const amiDials = (packets: readonly AmiPacket[], numbers: readonly string[]): boolean =>
  packets.some((packet) => amiDialled(packet).some((one) => numbers.includes(one)));

/** FreeSWITCH's `show channels`: `dest` is the number dialled, `callee_num` the other end. */
export const eslDials = (
  rows: readonly Readonly<Record<string, unknown>>[],
  numbers: readonly string[],
): boolean =>
  rows.some((row) =>
    ['dest', 'initial_dest', 'callee_num'].some((key) => {
      const said = row[key];
      return typeof said === 'string' && numbers.includes(said);
    }),
  );
