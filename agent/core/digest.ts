// The arithmetic of Digest authentication, for HTTP (RFC 7616, RFC 2617) and SIP (RFC 3261 section 22, RFC 8760).
import { createHash, timingSafeEqual } from 'node:crypto';

export const DIGEST_ALGORITHMS = ['MD5', 'MD5-sess', 'SHA-256', 'SHA-256-sess'] as const;
export type DigestAlgorithm = (typeof DIGEST_ALGORITHMS)[number];

/** What both sides know besides the password. */
export interface DigestFacts {
  readonly algorithm: DigestAlgorithm;
  readonly user: string;
  readonly realm: string;
  readonly nonce: string;
  readonly method: string;
  readonly uri: string;
  /** Absent: the peer speaks RFC 2069 and knows no qop. `auth-int` is not supported. */
  readonly auth?: { readonly nonceCount: string; readonly clientNonce: string };
  /** Needed by the -sess algorithms where there is no qop. */
  readonly clientNonce?: string;
}

/** The `response` field: lower-case hexadecimal. */
export function digestResponse(facts: DigestFacts, password: string): string {
  const hash = (...parts: string[]) =>
    createHash(facts.algorithm.startsWith('SHA-256') ? 'sha256' : 'md5')
      .update(parts.join(':'))
      .digest('hex');
  const login = hash(facts.user, facts.realm, password);
  const clientNonce = facts.auth?.clientNonce ?? facts.clientNonce ?? '';
  const secret = facts.algorithm.endsWith('-sess') ? hash(login, facts.nonce, clientNonce) : login;
  const request = hash(facts.method, facts.uri);
  return facts.auth
    ? hash(secret, facts.nonce, facts.auth.nonceCount, clientNonce, 'auth', request)
    : hash(secret, facts.nonce, request);
}

/** Undefined for an algorithm that is not ours. RFC 7616 section 3.3: absent means MD5. */
export function digestAlgorithm(name: string | undefined): DigestAlgorithm | undefined {
  const wanted = (name ?? 'MD5').toLowerCase();
  return DIGEST_ALGORITHMS.find((known) => known.toLowerCase() === wanted);
}

/** Characters of one authentication header; the longest seen is below 600. */
const headerCharactersMax = 4096;

/**
 * The parameters after the scheme word, names in lower case; undefined when the scheme is another one or the text is
 * not of the form `name=value, name="value"`.
 */
export function authParameters(
  scheme: string,
  header: string,
): ReadonlyMap<string, string> | undefined {
  const [, word, rest] = /^\s*(\S+)\s+(.*)$/s.exec(header.slice(0, headerCharactersMax)) ?? [];
  if (word?.toLowerCase() !== scheme.toLowerCase() || rest === undefined) return undefined;
  const parameters = new Map<string, string>();
  const pattern = /\s*([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))\s*(?:,|$)/gy;
  while (pattern.lastIndex < rest.length) {
    const found = pattern.exec(rest);
    if (!found) return undefined;
    const name = found[1]!.toLowerCase();
    // A parameter said twice with different values is an attempt to be read in two ways.
    if (parameters.has(name)) return undefined;
    parameters.set(name, found[3] ?? found[2]!.replace(/\\(.)/g, '$1'));
  }
  return parameters;
}

/** A quoted string as both protocols write it. */
export const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;

/** Compares two secrets in a time that tells nothing about where they differ. */
export function isSameSecret(a: string, b: string): boolean {
  const digestOf = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digestOf(a), digestOf(b));
}
