import { Buffer } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { escapedPath } from '@ringwave/firmware-catalog/vendors/config-text';
import type { DurationMs } from '@ringwave/protocol/units';
import type { UpstreamSettings } from '../../core/provisioning/base.ts';
import { givenInstead, templateFlaw } from '../../core/provisioning/base-flaws.ts';
import { type BaseAsked, type BaseFile, baseBytesMax } from './base-file.ts';
import { BrokenOff, bodyOf, httpAnswer, PackedOtherwise, type Question } from './http-answer.ts';

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
    accept: '*/*',
    'accept-encoding': 'identity',
    ...(userAgent === undefined ? {} : { 'user-agent': userAgent }),
    ...(login ? { authorization: `Basic ${encoded(login)}` } : {}),
  };
  const signal = AbortSignal.timeout(within);
  try {
    return await followed(new URL(escapedPath(path), root), asked, { name, headers, signal });
  } catch (error) {
    // What breaks when its time is over would say that the server broke it off.
    throw signal.aborted ? signal.reason : error;
  }
}

async function followed(
  first: URL,
  asked: BaseAsked,
  { name, ...question }: Question & { readonly name: string },
): Promise<Answered> {
  const { path } = asked;
  let url = first;
  for (let hop = 0; hop <= redirectsMax; hop += 1) {
    const answer = await httpAnswer(url, question);
    const { statusCode: status = 0 } = answer;
    const next = answer.headers.location;
    if (status < 300 || status >= 400 || next === undefined) {
      return await taken(answer, name, asked);
    }
    answer.resume();
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
  answer: IncomingMessage,
  name: string,
  { path, isConfig, language }: BaseAsked,
): Promise<Answered> {
  const why = (reason: string) => {
    answer.destroy();
    return `${name} ${reason} for ${path}`;
  };
  const refuse = (reason: string): Answered => ({ kind: 'failed', reason: why(reason) });
  const { statusCode: status = 0 } = answer;
  if (status === 404 || status === 410) {
    // Phones look for many files that are not there: read to its end, the connection serves again.
    answer.resume();
    return { kind: 'absent' };
  }
  if (status >= 500) return { kind: 'down', reason: why(`answered ${status}`) };
  if (status !== 200) return refuse(`answered ${status}`);
  const contentType = answer.headers['content-type'];
  // What a Snom asks for ends with `.htm`, which servers call so: where the language is known, the text itself tells.
  const isCalledPage = !language && /^text\/html\b/i.test(contentType ?? '');
  if (isConfig && isCalledPage) return refuse('gave a web page');
  const body = await bodyOf(answer, baseBytesMax).catch((error: unknown) => {
    if (error instanceof PackedOtherwise) return error;
    throw error;
  });
  if (body instanceof PackedOtherwise) return refuse(`gave what it packed by ${body.message}`);
  if (body === undefined) return refuse(`gave more than ${baseBytesMax} bytes`);
  const text = isConfig ? body.toString('latin1') : '';
  const instead = isConfig ? givenInstead(text) : undefined;
  if (instead !== undefined) return refuse(`gave ${instead}`);
  const flaw = templateFlaw(text);
  if (flaw) return refuse(`gave a template whose line ${flaw.line} ${flaw.reason},`);
  const other = language ? givenInstead(text, language) : undefined;
  if (other !== undefined) return { kind: 'failed', reason: why(`gave ${other}`), isOther: true };
  return { kind: 'found', body, ...(contentType === undefined ? {} : { contentType }) };
}

const encoded = ({ user, password }: NonNullable<UpstreamSettings['login']>): string =>
  Buffer.from(`${user}:${password}`).toString('base64');

export function reasonOf(error: unknown, within: DurationMs): string {
  const { name = '', code = String(error) } = error as Partial<NodeJS.ErrnoException>;
  if (name === 'TimeoutError') return `gave no whole answer in ${within} ms`;
  // The connection ended where the answer had not, or what came is no answer.
  const isCut = error instanceof BrokenOff || code === 'ECONNRESET' || code.startsWith('HPE_');
  return isCut ? `broke its answer off (${code})` : `${unreached} (${code})`;
}

const unreached = 'cannot be reached';

export const isUnreached = (reason: string): boolean => reason.startsWith(unreached);
