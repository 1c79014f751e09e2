// FreeSWITCH's event socket as values: header lines, an empty line, and a body as long as Content-Length says. Pure;
// nothing throws.
import { isAddress, type Registration } from './registration.ts';
import type { Listed } from './renewals.ts';

export interface EslMessage {
  /** Names in small letters. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

export type EslCut =
  | { readonly kind: 'cut'; readonly messages: readonly EslMessage[]; readonly rest: Buffer }
  | { readonly kind: 'broken'; readonly reason: string };

const headBytesMax = 65_536;
/** Bytes of a body; a thousand channels as JSON have about a megabyte. */
const bodyBytesMax = 8 * 1024 ** 2;

export function cutMessages(bytes: Buffer): EslCut {
  const messages: EslMessage[] = [];
  let at = 0;
  for (;;) {
    while (bytes[at] === 0x0a) at += 1;
    const end = bytes.indexOf('\n\n', at, 'latin1');
    if ((end < 0 ? bytes.length : end) - at > headBytesMax) {
      return { kind: 'broken', reason: 'headers without an end' };
    }
    if (end < 0) break;
    const headers = headersFrom(bytes.toString('utf8', at, end));
    const said = headers.get('content-length') ?? '0';
    const length = /^\d{1,9}$/.test(said) ? Number(said) : -1;
    if (length < 0 || length > bodyBytesMax) return { kind: 'broken', reason: 'a body too long' };
    const whole = end + 2 + length;
    if (whole > bytes.length) break;
    messages.push({ headers, body: bytes.toString('utf8', end + 2, whole) });
    at = whole;
  }
  return { kind: 'cut', messages, rest: bytes.subarray(at) };
}

function headersFrom(text: string): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).trim().toLowerCase();
    if (name !== '' && !headers.has(name)) headers.set(name, line.slice(colon + 1).trim());
  }
  return headers;
}

const oneLine = (value: string): string => value.replace(/[\r\n\0]+/g, ' ');

/** `sendevent NOTIFY` as mod_sofia reads it: it wants a content type even where there is no content. */
export function notifyEvent(ask: {
  readonly profile: string;
  readonly user: string;
  readonly domain: string;
  readonly event: string;
  readonly body?: string;
}): string {
  const body = ask.body ?? '';
  const lines = [
    'sendevent NOTIFY',
    `profile: ${oneLine(ask.profile)}`,
    'content-type: text/plain',
    `event-string: ${oneLine(ask.event)}`,
    `user: ${oneLine(ask.user)}`,
    `host: ${oneLine(ask.domain)}`,
    ...(body === '' ? [] : [`content-length: ${Buffer.byteLength(body)}`]),
  ];
  return `${lines.join('\n')}\n\n${body}`;
}

/** The rows of `show … as json`; undefined where it is no such answer. Without rows the key is absent. */
export function rowsOf(body: string): readonly Readonly<Record<string, unknown>>[] | undefined {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value !== 'object' || value === null || !('row_count' in value)) return undefined;
    const rows: unknown = 'rows' in value ? value.rows : [];
    return Array.isArray(rows) ? rows.filter(isRow) : undefined;
  } catch {
    return undefined;
  }
}

const isRow = (row: unknown): row is Record<string, unknown> =>
  typeof row === 'object' && row !== null && !Array.isArray(row);

/** The users of a domain that have a channel: by its presence, `101@domain`, or by its name, `sofia/internal/101@domain`. */
export const usersIn = (
  rows: readonly Readonly<Record<string, unknown>>[],
  domain: string,
): ReadonlySet<string> =>
  new Set(
    rows.flatMap((row) =>
      [textAt(row, 'presence_id'), textAt(row, 'name').split('/').at(-1) ?? '']
        .filter((own) => own.endsWith(`@${domain}`))
        .map((own) => own.slice(0, -domain.length - 1)),
    ),
  );

/** The users of a domain that are registered: by these names channels would go. */
export const usersOf = (
  rows: readonly Readonly<Record<string, unknown>>[],
  domain: string,
): ReadonlySet<string> =>
  new Set(rows.flatMap((row) => (row['realm'] === domain ? textAt(row, 'reg_user') : [])));

/**
 * Of `show registrations as json`: where each registration of this user came from. Each REGISTER gives another `expires`, and
 * another `token`, its Call-ID, after a restart.
 */
export function registrationsOf(
  rows: readonly Readonly<Record<string, unknown>>[],
  { user, domain }: { readonly user: string; readonly domain: string },
): Listed[] {
  return rows.flatMap((row) => {
    const at = placeOf(textAt(row, 'network_ip'), row['network_port']);
    const isOwn = row['reg_user'] === user && row['realm'] === domain;
    const mark = `${textAt(row, 'token')} ${JSON.stringify(row['expires']) ?? ''}`;
    return isOwn && at ? [{ ...at, mark }] : [];
  });
}

function placeOf(address: string, said: unknown): Registration | undefined {
  const port = Number(said);
  const isPlace = isAddress(address) && Number.isInteger(port) && port > 0 && port < 65_536;
  return isPlace ? { address, port } : undefined;
}

/**
 * The command after which the event socket tells of each new channel and of each REGISTER that mod_sofia has accepted. What
 * stands behind CUSTOM are names of subclasses, so that it comes last.
 */
export const followEvents = 'event plain CHANNEL_CREATE CUSTOM sofia::register\n\n';

/** What a channel that has just come to be dials, by the body of a `text/event-plain` message; empty for every other event. */
export function dialledNow(body: string): readonly string[] {
  const headers = headersFrom(body);
  if (headers.get('event-name') !== 'CHANNEL_CREATE') return [];
  return ['caller-destination-number', 'caller-callee-id-number']
    .map((name) => decoded(headers.get(name) ?? ''))
    .filter((number) => number !== '');
}

/** Who registered just now, by the body of a `text/event-plain` message; undefined for every other event. */
export function registeredNow(
  body: string,
): { readonly user: string; readonly domain: string; readonly at: Registration } | undefined {
  const headers = headersFrom(body);
  const said = (name: string) => decoded(headers.get(name) ?? '');
  if (said('event-subclass') !== 'sofia::register') return undefined;
  const at = placeOf(said('network-ip'), said('network-port'));
  const [user, domain] = [said('from-user'), said('from-host')];
  return at && user !== '' ? { user, domain, at } : undefined;
}

/** Values of events are percent-encoded. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}

function textAt(row: Readonly<Record<string, unknown>>, key: string): string {
  const text = row[key];
  return typeof text === 'string' ? text : '';
}
