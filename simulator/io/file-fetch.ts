import type { IncomingMessage } from 'node:http';
import { fractionOf } from '@ringwave/protocol/keyed-hash';
import { steadyNow } from '@ringwave/runtime/clock';
import type { Ask } from '../core/boot-round.ts';
import { basicHeader, digestHeader, md5Challenge } from '../core/digest-login.ts';
import { bodyText, type HttpAnswer, httpGet } from './http-get.ts';
import { type PhoneSelf, userAgentOf } from './phone-self.ts';
import { tftpGet } from './tftp-get.ts';

// One file for one phone, with the phone's own User-Agent, address and login.

export type FileEnd =
  | { readonly kind: 'body'; readonly body: string }
  /** The server had an answer, and not the file. */
  | { readonly kind: 'none'; readonly status: number; readonly retryAfterSeconds?: number }
  | { readonly kind: 'unreachable'; readonly reason: string };

/** Bytes of a configuration file that a phone reads; the vendors' own examples stay below 100 KiB. */
const configBytesMax = 262_144;

export async function fetchFile(self: PhoneSelf, ask: Ask, signal: AbortSignal): Promise<FileEnd> {
  const began = steadyNow();
  const end =
    ask.protocol === 'http' ? await byHttp(self, ask, signal) : await byTftp(self, ask, signal);
  const { protocol, path } = ask;
  if (signal.aborted) return end;
  if (end.kind === 'unreachable') self.tell({ kind: 'no-server', reason: end.reason });
  else {
    const status = end.kind === 'body' ? 200 : end.status;
    self.tell({ kind: 'asked', protocol, path, status, tookMs: steadyNow() - began });
  }
  return end;
}

async function byHttp(self: PhoneSelf, ask: Ask, signal: AbortSignal): Promise<FileEnd> {
  const answer = await httpWithLogin(self, ask, { signal });
  if (answer.kind === 'unreachable') return answer;
  if (answer.status !== 200) {
    answer.response.resume();
    const seconds = retryAfter(answer.response);
    const later = seconds === undefined ? {} : { retryAfterSeconds: seconds };
    return { kind: 'none', status: answer.status, ...later };
  }
  const body = await bodyText(answer.response, configBytesMax);
  return body === undefined
    ? { kind: 'unreachable', reason: 'answer cut' }
    : { kind: 'body', body };
}

/** Seconds that a server may put a phone off for; more is taken for this, so that a mistake there passes. */
const retryAfterSecondsMax = 3600;

/** Seconds only: no phone's document mentions dates in this header. */
export function retryAfter({ headers }: IncomingMessage): number | undefined {
  const seconds = Number(/^\d{1,9}$/.exec(headers['retry-after'] ?? '')?.[0] ?? Number.NaN);
  return Number.isNaN(seconds) ? undefined : Math.min(seconds, retryAfterSecondsMax);
}

/**
 * Phones send their login when they are asked for it, and then with every request until they restart. One answer to a
 * 401: phones stop after two tries.
 */
export async function httpWithLogin(
  self: PhoneSelf,
  ask: Ask,
  more: { signal: AbortSignal; headers?: Readonly<Record<string, string>>; body?: Buffer },
): Promise<HttpAnswer> {
  const { host, port, path } = ask;
  const userAgent = userAgentOf(self, ask);
  const method = more.body ? 'PUT' : 'GET';
  const send = () =>
    httpGet({
      host,
      port,
      path,
      localAddress: self.localAddress,
      signal: more.signal,
      ...(more.body ? { body: more.body } : {}),
      headers: {
        ...(userAgent === undefined ? {} : { 'User-Agent': userAgent }),
        Accept: '*/*',
        ...authorization(self, { method, uri: path }),
        ...more.headers,
      },
    });
  const answer = await send();
  if (answer.kind !== 'answer' || answer.status !== 401 || !self.login) return answer;
  const said = md5Challenge(answer.response.headersDistinct['www-authenticate'] ?? []);
  const answersDigest = self.loginStyle === 'digest' && said !== undefined;
  if (self.isChallenged && !answersDigest) return answer;
  answer.response.resume();
  self.isChallenged = true;
  if (answersDigest) self.challenge = { said, count: 0 };
  return send();
}

function authorization(
  self: PhoneSelf,
  of: { readonly method: string; readonly uri: string },
): Readonly<Record<string, string>> {
  const { login, challenge } = self;
  if (!login || !self.isChallenged) return {};
  if (!challenge) return { Authorization: basicHeader(login) };
  challenge.count += 1;
  const clientNonce = Math.floor(drawn(self, 'cnonce') * 2 ** 48).toString(16);
  const request = { ...of, count: challenge.count, clientNonce };
  return { Authorization: digestHeader(login, challenge.said, request) };
}

export function drawn(self: PhoneSelf, what: string): number {
  self.draws += 1;
  return fractionOf(self.seed, self.mac, what, self.draws);
}

/** Its logs, over HTTP. They repeat settings, logins too, and what becomes of them is no matter of the phone's. */
export async function writeLogs(self: PhoneSelf, signal: AbortSignal): Promise<void> {
  const { kind, agent, login, version, prefers } = self;
  const said = login ? `prov.user="${login.user}" prov.password="${login.password}"` : 'no login';
  const body = Buffer.from(`0101000000|cfg  |4|00|Initial log entry, ${version}, ${said}\n`);
  for (const path of prefers === 'tftp' ? [] : kind.writes(self)) {
    if (signal.aborted) return;
    const ask = { protocol: 'http', host: agent.host, port: agent.httpPort, path } as const;
    const answer = await httpWithLogin(self, ask, { signal, body });
    if (answer.kind === 'unreachable') return;
    answer.response.resume();
    self.tell({ kind: 'wrote', path, status: answer.status });
  }
}

async function byTftp(self: PhoneSelf, ask: Ask, signal: AbortSignal): Promise<FileEnd> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  const end = await tftpGet({
    ...tftpPlace(ask),
    localAddress: self.localAddress,
    options: self.kind.tftp,
    signal,
    loses: () => losesPacket(self),
    take: (block) => {
      bytes += block.length;
      if (bytes > configBytesMax) return 'stop';
      pieces.push(Buffer.from(block));
      return undefined;
    },
  });
  if (end.kind === 'whole') return { kind: 'body', body: Buffer.concat(pieces).toString('utf8') };
  if (end.kind === 'stopped') return { kind: 'none', status: 503 };
  if (end.kind === 'refused') return { kind: 'none', status: end.code === 1 ? 404 : 503 };
  return { kind: 'unreachable', reason: end.kind === 'cut' ? end.reason : 'no answer by TFTP' };
}

/** URLs are escaped, TFTP names are not. */
export const tftpPlace = ({ host, port, path }: Ask) => ({
  host,
  port,
  fileName: unescaped(path.replace(/^\//, '')),
});

function unescaped(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

export const losesPacket = (self: PhoneSelf): boolean =>
  self.habit.kind === 'loses-packets' && drawn(self, 'loss') < self.habit.share;
