// The little of SIP that a phone needs to be woken: requests in, responses out (RFC 3261 sections 8.2 and
// 17.2.2, RFC 3581). Written apart from the agent's own SIP, so that one mistake cannot hide in both.

import type { NotifyTrigger, WakeTriggers } from './phone-kinds.ts';

export interface SipAsk {
  readonly method: string;
  readonly uri: string;
  /** Names in lower case and long form, in the order of the message. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  /** Equal for a request and its retransmissions. */
  readonly transaction: string;
}

export interface Sender {
  readonly address: string;
  readonly port: number;
}

/** Bytes of a datagram that are read; a NOTIFY has under 1,000. */
const requestBytesMax = 8192;
/** Header lines of one request. */
const headersMax = 64;

const LONG_FORMS: Readonly<Record<string, string>> = {
  v: 'via',
  f: 'from',
  t: 'to',
  i: 'call-id',
  o: 'event',
  l: 'content-length',
};

/** Undefined for what is no request, or lacks a header that an answer must repeat. */
export function readSipAsk(bytes: Buffer): SipAsk | undefined {
  if (bytes.length > requestBytesMax) return undefined;
  const [head = '', body = ''] = bytes.toString('utf8').split(/\r?\n\r?\n/, 2);
  const [first = '', ...lines] = head.replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n/);
  const [, method, uri] = /^([A-Z]{1,20}) (\S{1,1000}) SIP\/2\.0$/.exec(first) ?? [];
  if (!method || !uri || lines.length > headersMax) return undefined;
  const headers = lines.map((line): readonly [string, string] => {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0)).trim().toLowerCase();
    return [LONG_FORMS[name] ?? name, line.slice(colon + 1).trim()];
  });
  const valueOf = (name: string) => headers.find(([key]) => key === name)?.[1];
  const needed = ['via', 'from', 'to', 'call-id', 'cseq'].map(valueOf);
  if (needed.includes(undefined)) return undefined;
  const branch = /;\s*branch=([^;,\s]+)/i.exec(needed[0] ?? '')?.[1] ?? needed.join(' ');
  return { method, uri, headers, body, transaction: `${method} ${branch}` };
}

export const sipValue = (ask: SipAsk, name: string): string | undefined =>
  ask.headers.find(([key]) => key === name)?.[1];

export interface SipSays {
  readonly status: number;
  readonly reason: string;
  readonly headers?: readonly (readonly [name: string, value: string])[];
}

/** The response on the wire. `tag` is put behind To where the request has none. */
export function writeSipAnswer(
  ask: SipAsk,
  says: SipSays,
  about: { tag: string; userAgent: string; from: Sender },
): Buffer {
  const vias = ask.headers.filter(([name]) => name === 'via').map(([, value]) => value);
  const [via = '', ...others] = vias;
  const to = sipValue(ask, 'to') ?? '';
  const lines = [
    `SIP/2.0 ${says.status} ${says.reason}`,
    ...[withSource(via, about.from), ...others].map((value) => `Via: ${value}`),
    `From: ${sipValue(ask, 'from')}`,
    `To: ${/;\s*tag=/i.test(to) ? to : `${to};tag=${about.tag}`}`,
    `Call-ID: ${sipValue(ask, 'call-id')}`,
    `CSeq: ${sipValue(ask, 'cseq')}`,
    `User-Agent: ${about.userAgent}`,
    ...(says.headers ?? []).map(([name, value]) => `${name}: ${value}`),
    'Content-Length: 0',
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
}

/** RFC 3581 section 4: who asks for `rport` is told where the request came from. */
const withSource = (via: string, { address, port }: Sender): string =>
  /;\s*rport(?!\s*=)/i.test(via)
    ? `${via.replace(/;\s*rport(?!\s*=)/i, `;rport=${port}`)};received=${address}`
    : via;

/**
 * What a NOTIFY asks for; undefined for one that phones of this line do not act on. `reboot=true` behind an event they
 * know asks for a restart.
 */
export function wakeOf(
  { event, body }: { readonly event: string; readonly body: string },
  { reload, reboot }: WakeTriggers,
): 'reload' | 'reboot' | undefined {
  const said = plain(event);
  const isSaid = (trigger: NotifyTrigger): boolean =>
    plain(trigger.event) === said && (trigger.body === undefined || trigger.body === body.trim());
  const wantsReboot = /;reboot=true(?:;|$)/.test(said);
  if (reload.some(isSaid)) return wantsReboot ? 'reboot' : 'reload';
  if (reboot.some(isSaid)) return 'reboot';
  const isKnown = [...reload, ...reboot].some(
    (trigger) => trigger.body === undefined && nameOf(plain(trigger.event)) === nameOf(said),
  );
  if (!isKnown) return undefined;
  return wantsReboot ? 'reboot' : 'reload';
}

const plain = (event: string): string => event.replace(/\s+/g, '').toLowerCase();
const nameOf = (event: string): string => event.split(';')[0] ?? '';
