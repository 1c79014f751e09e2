// Asterisk's manager interface as values: packets of `Key: value` lines, ended by an empty line. Pure; nothing throws.
import { contactOf, type Registration } from './registration.ts';
import type { Listed } from './renewals.ts';

export type AmiPacket = ReadonlyMap<string, string>;

export type AmiCut =
  | { readonly kind: 'cut'; readonly packets: readonly AmiPacket[]; readonly rest: string }
  | { readonly kind: 'broken'; readonly reason: string };

/** Characters of one packet; the longest list entry has some 2,000. */
const packetCharactersMax = 65_536;
/** Lines of one packet that are read. */
const linesMax = 400;

/** Keys in small letters; of a key said twice the first counts. The greeting is a line of its own. */
export function cutPackets(text: string): AmiCut {
  const packets: AmiPacket[] = [];
  let at = text.startsWith('Asterisk Call Manager') ? lineEnd(text) : 0;
  for (;;) {
    const end = text.indexOf('\r\n\r\n', at);
    if ((end < 0 ? text.length : end) - at > packetCharactersMax) {
      return { kind: 'broken', reason: 'a packet without an end' };
    }
    if (end < 0) return { kind: 'cut', packets, rest: text.slice(at) };
    packets.push(packetFrom(text.slice(at, end)));
    at = end + 4;
  }
}

const lineEnd = (text: string): number => {
  const end = text.indexOf('\r\n');
  return end < 0 ? 0 : end + 2;
};

function packetFrom(text: string): AmiPacket {
  const packet = new Map<string, string>();
  for (const line of text.split('\r\n', linesMax)) {
    const colon = line.indexOf(':');
    const key = line.slice(0, Math.max(0, colon)).trim().toLowerCase();
    if (key !== '' && !packet.has(key)) packet.set(key, line.slice(colon + 1).trim());
  }
  return packet;
}

/** An action as it goes out. A line end inside a value would begin a header of somebody else's choice. */
export const formatAction = (fields: readonly (readonly [key: string, value: string])[]): string =>
  `${fields.map(([key, value]) => `${key}: ${value.replace(/[\r\n\0]+/g, ' ')}`).join('\r\n')}\r\n\r\n`;

/** PJSIPNotify reads `name=value`; the event of a vendor holds `=` and `;` itself, after the first of which it is value. */
export const notifyAction = (
  endpoint: string,
  { event, body }: { readonly event: string; readonly body?: string },
): (readonly [string, string])[] => [
  ['Action', 'PJSIPNotify'],
  ['Endpoint', endpoint],
  ['Variable', `Event=${event}`],
  ...(body === undefined
    ? []
    : [['Variable', 'Content-Type=text/plain'] as const, ['Variable', `Content=${body}`] as const]),
];

/** The endpoints that have a channel: `PJSIP/101-0000002a`. */
export const endpointsIn = (packets: readonly AmiPacket[]): ReadonlySet<string> =>
  new Set(packets.flatMap((packet) => endpointOf(packet) ?? []));

const endpointOf = (packet: AmiPacket): string | undefined =>
  /^(?:PJSIP|SIP)\/(.+)-[0-9a-f]+$/i.exec(packet.get('channel') ?? '')?.[1];

/** The endpoints that have a contact, reachable or not, and the peers of chan_sip: by these names channels would go. */
export const endpointsOf = (packets: readonly AmiPacket[]): ReadonlySet<string> =>
  new Set(
    packets.flatMap((packet) => {
      const event = packet.get('event');
      if (event === 'PeerEntry') return packet.get('objectname') ?? [];
      return event === 'ContactList' ? (packet.get('endpoint') ?? []) : [];
    }),
  );

/**
 * The contacts of one endpoint among `ContactList` events. An unreachable one is no proof of anything. Each REGISTER gives a
 * contact another `ExpirationTime`, and another `CallId` after a restart (RFC 3261 section 10.2.4).
 */
export function contactsOf(packets: readonly AmiPacket[], endpoint: string): Listed[] {
  return packets.flatMap((packet) => {
    if (packet.get('event') !== 'ContactList' || packet.get('endpoint') !== endpoint) return [];
    if (packet.get('status') === 'Unreachable') return [];
    const contact = contactOf(packet.get('uri') ?? '');
    const userAgent = packet.get('useragent');
    const mark = `${packet.get('callid') ?? ''} ${packet.get('expirationtime') ?? ''}`;
    return contact ? [{ ...contact, mark, ...(userAgent ? { userAgent } : {}) }] : [];
  });
}

/**
 * Statuses of a contact that only a REGISTER brings about, of those that the event's documentation lists. `Reachable` and
 * `Unreachable` are what a qualify found, and prove no registration.
 */
const REGISTERS: ReadonlySet<string> = new Set(['Created', 'Updated']);

/**
 * Who registered just now, by `ContactStatus` (PJSIP) and `PeerStatus` (chan_sip); undefined for every other event.
 * `DeviceStateChange` names no contact, and is told only where the state changes: it proves nothing here.
 */
export function registeredNow(
  packet: AmiPacket,
): { readonly endpoint: string; readonly at: Registration } | undefined {
  const isContact = packet.get('event') === 'ContactStatus';
  if (isContact && !REGISTERS.has(packet.get('contactstatus') ?? '')) return undefined;
  const isPeer = packet.get('event') === 'PeerStatus' && packet.get('peerstatus') === 'Registered';
  if (!isContact && !isPeer) return undefined;
  const at = contactOf(
    isContact ? (packet.get('uri') ?? '') : `sip:${packet.get('address') ?? ''}`,
  );
  const named = isContact
    ? packet.get('endpointname') || packet.get('aor')
    : packet.get('peer')?.replace(/^SIP\//i, '');
  return at && named ? { endpoint: named, at } : undefined;
}
