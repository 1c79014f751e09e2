// SIP messages to values and back (RFC 3261 sections 7 and 20). Whatever arrives gives a message or undefined, within
// named bounds and in linear time; nothing here throws.

export interface SipHeader {
  /** Lower case, long form. */
  readonly name: string;
  readonly value: string;
}

interface SipBody {
  readonly headers: readonly SipHeader[];
  readonly body: string;
}

export interface SipRequest extends SipBody {
  readonly kind: 'request';
  readonly method: string;
  readonly uri: string;
}

export interface SipResponse extends SipBody {
  readonly kind: 'response';
  /** 100 to 699. */
  readonly status: number;
  readonly reason: string;
}

export type SipMessage = SipRequest | SipResponse;

/** Bytes: no UDP datagram is longer. */
export const messageBytesMax = 65_535;
/** A message through many proxies carries some 40. */
const headersMax = 100;
/** Characters of one header after unfolding. */
const headerCharactersMax = 8192;

/** RFC 3261 section 7.3.3 and the RFCs that added to it. */
/** A stranger names his headers as he likes, `constructor` too. */
const longFormOf = (name: string): string =>
  Object.hasOwn(LONG_FORMS, name) ? (LONG_FORMS[name] ?? name) : name;

const LONG_FORMS: Record<string, string> = {
  a: 'accept-contact',
  b: 'referred-by',
  c: 'content-type',
  e: 'content-encoding',
  f: 'from',
  i: 'call-id',
  k: 'supported',
  l: 'content-length',
  m: 'contact',
  o: 'event',
  r: 'refer-to',
  s: 'subject',
  t: 'to',
  u: 'allow-events',
  v: 'via',
  x: 'session-expires',
};

/**
 * Bodies are cut as bytes: in another encoding than UTF-8, as older phones write names, text that is encoded again is
 * longer than what Content-Length counted.
 */
export function parseSip(bytes: Buffer): SipMessage | undefined {
  if (bytes.length > messageBytesMax) return undefined;
  // One character is one byte in here, so that places in it are places in the bytes.
  const text = bytes.toString('latin1');
  // RFC 3261 section 7.5: line ends before the start line are keep-alives of the stream before it.
  const start = /^(?:\r?\n)*/.exec(text)?.[0].length ?? 0;
  const blank = /\r?\n\r?\n/g;
  blank.lastIndex = start;
  const end = blank.exec(text);
  if (!end) return undefined;
  const [first, ...lines] = bytes.toString('utf8', start, end.index).split(/\r?\n/);
  const headers = headersFrom(lines);
  const opening = headers && openingFrom(first ?? '');
  if (!opening) return undefined;
  const body = bodyFrom(bytes.subarray(end.index + end[0].length), headers);
  return body === undefined ? undefined : { ...opening, headers, body };
}

type Opening =
  | Pick<SipRequest, 'kind' | 'method' | 'uri'>
  | Pick<SipResponse, 'kind' | 'status' | 'reason'>;

function openingFrom(line: string): Opening | undefined {
  const response = /^SIP\/2\.0 ([1-6]\d\d)(?: (.*))?$/i.exec(line);
  if (response) {
    return { kind: 'response', status: Number(response[1]), reason: response[2] ?? '' };
  }
  const request = /^([A-Za-z0-9.!%*_+`'~-]{1,32}) (\S{1,2048}) SIP\/2\.0$/i.exec(line);
  return request ? { kind: 'request', method: request[1]!, uri: request[2]! } : undefined;
}

function headersFrom(lines: readonly string[]): SipHeader[] | undefined {
  const unfolded: string[] = [];
  for (const line of lines) {
    const isContinued = line.startsWith(' ') || line.startsWith('\t');
    if (isContinued && unfolded.length === 0) return undefined;
    if (isContinued) unfolded.push(`${unfolded.pop() ?? ''} ${line.trim()}`);
    else unfolded.push(line);
    const isTooLong = (unfolded.at(-1)?.length ?? 0) > headerCharactersMax;
    if (unfolded.length > headersMax || isTooLong) return undefined;
  }
  const headers: SipHeader[] = [];
  for (const line of unfolded) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).trim().toLowerCase();
    if (!/^[a-z0-9.!%*_+`'~-]{1,64}$/.test(name)) return undefined;
    headers.push({ name: longFormOf(name), value: line.slice(colon + 1).trim() });
  }
  return headers;
}

/** Over UDP the datagram may hold more than the body, never less (RFC 3261 section 18.3). */
function bodyFrom(rest: Buffer, headers: readonly SipHeader[]): string | undefined {
  const length = headers.find(({ name }) => name === 'content-length')?.value;
  if (length === undefined) return rest.toString('utf8');
  if (!/^\d{1,6}$/.test(length)) return undefined;
  const wanted = Number(length);
  return wanted > rest.length ? undefined : rest.toString('utf8', 0, wanted);
}

/** The first header of that name. `name` is the long form in lower case. */
export const sipHeader = (message: SipMessage, name: string): string | undefined =>
  message.headers.find((header) => header.name === name)?.value;

export const sipHeaders = (message: SipMessage, name: string): string[] =>
  message.headers.filter((header) => header.name === name).map(({ value }) => value);

/** A parameter of a header value, as `branch` in Via or `tag` in To; undefined where it is absent. */
export function sipParameter(value: string | undefined, name: string): string | undefined {
  for (const part of (value ?? '')
    .replace(/<[^>]*>/, '')
    .split(/[;,]/)
    .slice(1)) {
    const [key = '', set] = part.split('=', 2);
    if (key.trim().toLowerCase() === name) return (set ?? '').trim();
  }
  return undefined;
}

/** Writes a message; Content-Length is added here and must not be among the headers. Header names go out as given. */
export function formatSip(message: {
  readonly opening: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body?: string;
}): Buffer {
  const body = Buffer.from(message.body ?? '');
  const lines = [
    message.opening,
    ...message.headers.map(([name, value]) => `${name}: ${oneLine(value)}`),
    `Content-Length: ${body.length}`,
  ];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body]);
}

/** A line end inside a value would begin a header of somebody else's choice. */
const oneLine = (value: string): string => value.replace(/[\r\n\0]+/g, ' ');

/** The user part of a URI: everything outside RFC 3261's `user` is percent-encoded. */
export const escapedUser = (user: string): string =>
  [...Buffer.from(user)]
    .map((byte) => String.fromCharCode(byte))
    .map((character) =>
      /[A-Za-z0-9\-_.!~*'()&=+$,;?/]/.test(character)
        ? character
        : `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
    )
    .join('');

/** `address:port` as a URI and a Via write it. */
export const hostPort = ({ address, port }: { address: string; port: number }): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
