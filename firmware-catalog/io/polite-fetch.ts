// One HTTP GET as a guest on someone else's server: conditional, bounded in time, length and redirects.

import type { FeedFault } from '../feeds/feed.ts';

/** What the server gave to recognise an unchanged document by (RFC 9110, sections 8.8.2 and 8.8.3). */
export interface Validators {
  readonly etag?: string;
  readonly lastModified?: string;
}

export type Fetched =
  | { readonly kind: 'body'; readonly body: string; readonly validators: Validators }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'fault'; readonly fault: FeedFault; readonly detail: string };

export interface FetchLimits {
  readonly timeoutMs: number;
  readonly bytesMax: number;
  /** Redirects followed, all on the same host. */
  readonly redirectsMax: number;
}

/** GETs `url`. The answer of a redirect counts against the same clock. Never throws for the world's faults. */
export async function politeFetch(
  url: string,
  { accept, known, limits }: { accept: string; known: Validators; limits: FetchLimits },
): Promise<Fetched> {
  const signal = AbortSignal.timeout(limits.timeoutMs);
  let at = parseUrl(url);
  if (!at) return fault('feed-unreachable', `${url.slice(0, 200)} is no http or https address`);
  try {
    for (let redirects = 0; ; redirects += 1) {
      const headers = { accept, ...conditions(known) };
      const response = await fetch(at, { headers, redirect: 'manual', signal });
      if (![301, 302, 303, 307, 308].includes(response.status))
        return await answer(response, limits);
      await response.body?.cancel();
      const next = parseUrl(response.headers.get('location') ?? '', at);
      if (!next || !isSameHost(at, next)) {
        return fault('feed-redirected-away', `${at.href} redirects to ${next?.href ?? 'nowhere'}`);
      }
      if (redirects >= limits.redirectsMax) {
        return fault('feed-redirected-away', `${at.href} redirects without end`);
      }
      at = next;
    }
  } catch (error) {
    const slow = signal.aborted;
    return fault(slow ? 'feed-too-slow' : 'feed-unreachable', messageOf(error));
  }
}

function conditions({ etag, lastModified }: Validators): Record<string, string> {
  return {
    ...(etag === undefined ? {} : { 'if-none-match': etag }),
    ...(lastModified === undefined ? {} : { 'if-modified-since': lastModified }),
  };
}

async function answer(response: Response, limits: FetchLimits): Promise<Fetched> {
  if (response.status === 304) {
    await response.body?.cancel();
    return { kind: 'unchanged' };
  }
  if (response.status !== 200) {
    await response.body?.cancel();
    return fault('feed-refused', `the server answered ${response.status}`);
  }
  const body = await boundedBody(response, limits.bytesMax);
  if (body === undefined) return fault('feed-too-long', `more than ${limits.bytesMax} bytes came`);
  const etag = response.headers.get('etag');
  const lastModified = response.headers.get('last-modified');
  const validators = {
    ...(etag === null ? {} : { etag }),
    ...(lastModified === null ? {} : { lastModified }),
  };
  return { kind: 'body', body, validators };
}

/** Counts while it streams: a Content-Length can lie, and a compressed body can swell. */
async function boundedBody(response: Response, bytesMax: number): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.byteLength;
    if (length > bytesMax) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The same name and port, and never from https down to http. */
export function isSameHost(from: URL, to: URL): boolean {
  const upgraded = from.protocol === 'http:' && to.protocol === 'https:';
  if (upgraded) return from.hostname === to.hostname && from.port === '' && to.port === '';
  return from.protocol === to.protocol && from.host === to.host;
}

export function parseUrl(text: string, base?: URL): URL | undefined {
  if (text === '' || !URL.canParse(text, base)) return undefined;
  const url = new URL(text, base);
  return url.protocol === 'http:' || url.protocol === 'https:' ? url : undefined;
}

const fault = (name: FeedFault, detail: string): Fetched => ({
  kind: 'fault',
  fault: name,
  detail,
});

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  return error.cause instanceof Error ? error.cause.message : error.message;
}
