// One HTTP GET as a guest on someone else's server: conditional, bounded in time, length and redirects, and
// never led inside the network. It goes by node:http with a `lookup` of its own, because that is asked for
// the very addresses that are then connected to: a name checked beforehand can mean another by then.

import { lookup as lookUp } from 'node:dns/promises';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { FeedFault } from '../feeds/feed.ts';
import { BodyTooLong, BodyUnreadable, boundedText } from './bounded-body.ts';
import { literalAddress, namesInside } from './inside-address.ts';
import type { OwnHosts } from './own-hosts.ts';

/** What the server gave to recognise an unchanged document by (RFC 9110, sections 8.8.2 and 8.8.3). */
export interface Validators {
  readonly etag?: string;
  readonly lastModified?: string;
}

export type Fetched =
  | {
      readonly kind: 'body';
      readonly body: string;
      /** Where it was found, after redirects. */
      readonly url: string;
      readonly bytes: number;
      readonly validators: Validators;
    }
  | { readonly kind: 'unchanged' }
  | {
      readonly kind: 'fault';
      readonly fault: FeedFault;
      readonly detail: string;
      /** How long the server wants to be left alone, at most `retryAfterMsMax`. */
      readonly retryAfterMs?: number;
    };

export interface FetchLimits {
  readonly timeoutMs: number;
  /** Of the body, both as it comes and inflated. */
  readonly bytesMax: number;
  /** Redirects followed, all on the same host. */
  readonly redirectsMax: number;
}

/** Gives the addresses of a name; the system's own unless a test stands in for a name server. */
export type Resolve = (name: string) => Promise<readonly { address: string; family: number }[]>;

export interface FetchParts {
  readonly accept: string;
  readonly known: Validators;
  readonly limits: FetchLimits;
  readonly own: OwnHosts;
  readonly resolve?: Resolve;
  /** For a Retry-After that names an instant. */
  readonly now?: number;
}

/** 24 h: a server that wants longer rest is asked again the day after all the same. */
const retryAfterMsMax = 24 * 3_600_000;

/** Characters of a validator that are kept and sent back. */
const validatorLengthMax = 1024;

/** Leads inside; thrown where the connection would have been made. */
class LeadsInside extends Error {}

const systemResolve: Resolve = (name) => lookUp(name, { all: true });

/** GETs `url`. The answer of a redirect counts against the same clock. Never throws for the world's faults. */
export async function politeFetch(url: string, parts: FetchParts): Promise<Fetched> {
  const { known, limits, own } = parts;
  const signal = AbortSignal.timeout(limits.timeoutMs);
  let at = parseUrl(url);
  if (!at) return fault('feed-unreachable', `${url.slice(0, 200)} is no http or https address`);
  try {
    for (let redirects = 0; ; redirects += 1) {
      const response = await openGuarded(at, {
        headers: {
          accept: parts.accept,
          'accept-encoding': 'gzip, identity',
          ...conditions(known),
        },
        own,
        signal,
        ...(parts.resolve ? { resolve: parts.resolve } : {}),
      });
      if (![301, 302, 303, 307, 308].includes(response.statusCode ?? 0)) {
        return await answer(response, { at, known, limits, now: parts.now });
      }
      response.destroy();
      const next = parseUrl(response.headers.location ?? '', at);
      const wrong = redirectFault(at, next, own);
      if (wrong) return wrong;
      if (redirects >= limits.redirectsMax || !next) {
        return fault('feed-redirected-away', `${at.href} redirects without end`);
      }
      at = next;
    }
  } catch (error) {
    return faultOf(error, signal);
  }
}

function redirectFault(at: URL, next: URL | undefined, own: OwnHosts): Fetched | undefined {
  if (next && isSameHost(at, next)) return undefined;
  const detail = `${at.href} redirects to ${next?.href.slice(0, 200) ?? 'nowhere'}`;
  const isIn = next !== undefined && !own.has(next) && namesInside(next);
  return fault(isIn ? 'feed-redirected-inside' : 'feed-redirected-away', detail);
}

function faultOf(error: unknown, signal: AbortSignal): Fetched {
  if (error instanceof LeadsInside) return fault('feed-redirected-inside', error.message);
  if (error instanceof BodyTooLong) return fault('feed-too-long', error.message);
  if (error instanceof BodyUnreadable) return fault('feed-shape-changed', error.message);
  return fault(signal.aborted ? 'feed-too-slow' : 'feed-unreachable', messageOf(error));
}

export interface OpenParts {
  readonly headers: Readonly<Record<string, string>>;
  readonly own: OwnHosts;
  readonly signal: AbortSignal;
  readonly resolve?: Resolve;
}

/**
 * Sends a GET and gives the answer as it begins, whatever its status; rejects where it cannot be had, and
 * before it connects where the address leads inside. A connection of its own for each request: a kept one
 * would skip the look at its address.
 */
export async function openGuarded(
  url: URL,
  { headers, own, signal, resolve = systemResolve }: OpenParts,
): Promise<IncomingMessage> {
  const literal = literalAddress(url);
  if (literal !== undefined && !own.mayReach(url, [literal])) {
    throw new LeadsInside(`${url.hostname} is an address inside a network`);
  }
  const { promise, resolve: done, reject } = Promise.withResolvers<IncomingMessage>();
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  const lookup = guardedLookup(url, own, resolve);
  request(url, { headers: { 'user-agent': 'ringwave', ...headers }, signal, agent: false, lookup })
    .on('response', done)
    .on('error', reject)
    .end();
  return promise;
}

function guardedLookup(url: URL, own: OwnHosts, resolve: Resolve): LookupFunction {
  return (name, options, callback) => {
    resolve(name).then(
      (found) => {
        const [first] = found;
        const addresses = found.map(({ address }) => address);
        if (!first || !own.mayReach(url, addresses)) {
          const text = `${name} means ${addresses.join(', ').slice(0, 200)}, inside a network`;
          callback(new LeadsInside(text), '', 0);
        } else if (options.all) callback(null, [...found]);
        else callback(null, first.address, first.family);
      },
      (error: unknown) =>
        callback(error instanceof Error ? error : new Error(String(error)), '', 0),
    );
  };
}

function conditions({ etag, lastModified }: Validators): Record<string, string> {
  return {
    ...(etag === undefined ? {} : { 'if-none-match': etag }),
    ...(lastModified === undefined ? {} : { 'if-modified-since': lastModified }),
  };
}

interface Asked {
  readonly at: URL;
  readonly known: Validators;
  readonly limits: FetchLimits;
  readonly now: number | undefined;
}

async function answer(
  response: IncomingMessage,
  { at, known, limits, now }: Asked,
): Promise<Fetched> {
  const { headers, statusCode } = response;
  // Unchanged is an answer only to one who said what is known.
  if (statusCode === 304 && Object.keys(known).length > 0) {
    response.destroy();
    return { kind: 'unchanged' };
  }
  if (statusCode !== 200) {
    response.destroy();
    const wait = retryAfterMs(headers['retry-after'], now);
    const refused = fault('feed-refused', `the server answered ${statusCode}`);
    return wait === undefined ? refused : { ...refused, retryAfterMs: wait };
  }
  const { text, bytes } = await boundedText(response, limits.bytesMax).finally(() =>
    response.destroy(),
  );
  const { etag } = headers;
  const lastModified = headers['last-modified'];
  const validators = {
    ...(isKept(etag) ? { etag } : {}),
    ...(isKept(lastModified) ? { lastModified } : {}),
  };
  return { kind: 'body', body: text, url: at.href, bytes, validators };
}

const isKept = (validator: string | undefined): validator is string =>
  validator !== undefined && validator.length <= validatorLengthMax;

/** Seconds, or an instant (RFC 9110, section 10.2.3); undefined for neither. */
function retryAfterMs(text: string | undefined, now: number | undefined): number | undefined {
  if (text === undefined) return undefined;
  const wait = /^\d{1,9}$/.test(text)
    ? Number(text) * 1000
    : Date.parse(text) - (now ?? Number.NaN);
  return Number.isFinite(wait) && wait > 0 ? Math.min(wait, retryAfterMsMax) : undefined;
}

/** The same name and port, and never from https down to http. */
export function isSameHost(from: URL, to: URL): boolean {
  const upgraded = from.protocol === 'http:' && to.protocol === 'https:';
  if (upgraded) return from.hostname === to.hostname && from.port === '' && to.port === '';
  return from.protocol === to.protocol && from.host === to.host;
}

export function parseUrl(text: string, base?: URL): URL | undefined {
  if (text === '' || text.length > urlLengthMax || !URL.canParse(text, base)) return undefined;
  const url = new URL(text, base);
  return url.protocol === 'http:' || url.protocol === 'https:' ? url : undefined;
}

/** Characters of an address; servers refuse longer ones. */
const urlLengthMax = 8192;

const fault = (name: FeedFault, detail: string): Extract<Fetched, { kind: 'fault' }> => ({
  kind: 'fault',
  fault: name,
  detail,
});

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  return error.message || ('code' in error ? String(error.code) : 'unknown error');
}
