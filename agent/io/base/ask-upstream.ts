import { Buffer } from 'node:buffer';
import { escapedPath } from '@ringwave/firmware-catalog/vendors/config-text';
import type { DurationMs } from '@ringwave/protocol/units';
import type { UpstreamSettings } from '../../core/provisioning/base.ts';
import { givenInstead, templateFlaw } from '../../core/provisioning/base-flaws.ts';
import { type BaseAsked, type BaseFile, baseBytesMax } from './base-file.ts';

/** Redirects followed, on the same host alone, and from HTTP to HTTPS there. */
const redirectsMax = 3;

export type Answered =
  | Exclude<BaseFile, { kind: 'busy' }>
  /** It gives nothing, and perhaps no other file either. */
  | { readonly kind: 'down'; readonly reason: string };

/** Asks as a phone asks, once. Rejects where no whole answer came in time: `reasonOf` says why. */
export async function askUpstream(
  { url: base, login }: UpstreamSettings,
  asked: BaseAsked,
  within: DurationMs,
): Promise<Answered> {
  const { path, userAgent } = asked;
  const root = new URL(base.endsWith('/') ? base : `${base}/`);
  const name = root.host;
  const headers = {
    'accept-encoding': 'identity',
    ...(userAgent === undefined ? {} : { 'user-agent': userAgent }),
    ...(login ? { authorization: `Basic ${encoded(login)}` } : {}),
  };
  const signal = AbortSignal.timeout(within);
  let url = new URL(escapedPath(path), root);
  for (let hop = 0; hop <= redirectsMax; hop += 1) {
    const answer = await fetch(url, { headers, signal, redirect: 'manual' });
    const next = answer.headers.get('location');
    if (answer.status < 300 || answer.status >= 400 || next === null) {
      return await taken(answer, name, asked);
    }
    await answer.body?.cancel();
    const to = URL.canParse(next, url) ? new URL(next, url) : undefined;
    const where = to ? elsewhere(url, to) : 'nowhere';
    if (!to || where !== undefined)
      return { kind: 'failed', reason: `${name} sends ${path} ${where}` };
    url = to;
  }
  return { kind: 'failed', reason: `${name} redirects ${path} without end` };
}

/** Why a redirect is not followed: the login and the phone's passwords go to this server alone, and never back into the clear. */
export function elsewhere(from: URL, to: URL): string | undefined {
  if (to.hostname !== from.hostname) return `to another host (${to.host})`;
  const isUpwards = from.protocol === 'http:' && to.protocol === 'https:';
  if (to.protocol !== from.protocol && !isUpwards)
    return `from ${from.protocol}// to ${to.protocol}//`;
  // From HTTP to HTTPS both have their usual port, or one that serves both.
  return to.port === from.port ? undefined : `to another port (${to.host})`;
}

async function taken(
  answer: Response,
  name: string,
  { path, isConfig, language }: BaseAsked,
): Promise<Answered> {
  const refuse = async (reason: string): Promise<Answered> => {
    await answer.body?.cancel();
    return { kind: 'failed', reason: `${name} ${reason} for ${path}` };
  };
  const { status } = answer;
  if (status === 404 || status === 410) {
    await answer.body?.cancel();
    return { kind: 'absent' };
  }
  if (status >= 500) return { ...(await refuse(`answered ${status}`)), kind: 'down' } as Answered;
  if (status !== 200) return refuse(`answered ${status}`);
  const contentType = answer.headers.get('content-type') ?? undefined;
  // What a Snom asks for ends with `.htm`, which servers call so: where the language is known, the text itself tells.
  const isCalledPage = !language && /^text\/html\b/i.test(contentType ?? '');
  if (isConfig && isCalledPage) return refuse('gave a web page');
  const body = await bodyOf(answer);
  if (body === undefined) return refuse(`gave more than ${baseBytesMax} bytes`);
  const text = isConfig ? body.toString('latin1') : '';
  const instead = isConfig ? givenInstead(text) : undefined;
  if (instead !== undefined) return refuse(`gave ${instead}`);
  const flaw = templateFlaw(text);
  if (flaw) return refuse(`gave a template whose line ${flaw.line} ${flaw.reason},`);
  const other = language ? givenInstead(text, language) : undefined;
  if (other !== undefined) return { ...(await refuse(`gave ${other}`)), isOther: true } as Answered;
  return { kind: 'found', body, ...(contentType === undefined ? {} : { contentType }) };
}

const encoded = ({ user, password }: NonNullable<UpstreamSettings['login']>): string =>
  Buffer.from(`${user}:${password}`).toString('base64');

/** Undefined for a body beyond the bound, of which no more is read than the bound. */
async function bodyOf(answer: Response): Promise<Buffer | undefined> {
  if (Number(answer.headers.get('content-length') ?? 0) > baseBytesMax) return undefined;
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of answer.body ?? []) {
    length += piece.byteLength;
    if (length > baseBytesMax) return undefined;
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

export function reasonOf(error: unknown, within: DurationMs): string {
  if (error instanceof Error && error.name === 'TimeoutError') {
    return `gave no whole answer in ${within} ms`;
  }
  const { code = String(error) } = causeOf(error) ?? {};
  // The connection ended where the answer had not.
  const isCut = code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code.startsWith('HPE_');
  return isCut ? `broke its answer off (${code})` : `${unreached} (${code})`;
}

const unreached = 'cannot be reached';

export const isUnreached = (reason: string): boolean => reason.startsWith(unreached);

const causeOf = (error: unknown): NodeJS.ErrnoException | undefined =>
  error instanceof Error ? (error.cause as NodeJS.ErrnoException | undefined) : undefined;
