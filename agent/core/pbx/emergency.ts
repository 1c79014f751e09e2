import { emergencyNumbersUsually, type Plan } from '@ringwave/protocol/messages';
import type { AmiPacket } from './ami.ts';

// Whether somebody at the site has dialled for help, by what a PBX says of its channels.

export const emergencyNumbersOf = (plan: Plan | undefined): readonly string[] =>
  plan?.emergencyNumbers ?? emergencyNumbersUsually;

/**
 * Asterisk's CoreShowChannel: `Exten` is what the caller dialled; where the dialplan has gone on to another extension, the
 * number stands in what is dialled now, `PJSIP/112@trunk`, or as the other end, `ConnectedLineNum`.
 */
export const amiDials = (packets: readonly AmiPacket[], numbers: readonly string[]): boolean =>
  packets.some((packet) => {
    const dialled = /\/([0-9*#+]{2,16})(?:@|,|$)/.exec(packet.get('applicationdata') ?? '')?.[1];
    const said = [packet.get('exten'), packet.get('extension'), packet.get('connectedlinenum')];
    return [...said, dialled].some((one) => one !== undefined && numbers.includes(one));
  });

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
