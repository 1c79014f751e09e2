// Who a phone says it is over HTTP, and which of the passwords it may hold it proved (RFC 7616, 2617, 7617).
import { createHmac } from 'node:crypto';
import type { SteadyMs } from '@ringwave/runtime/clock';
import {
  authParameters,
  type DigestFacts,
  digestAlgorithm,
  digestResponse,
  isSameSecret,
  quoted,
} from '../digest.ts';

export type LoginClaim =
  | { readonly scheme: 'basic'; readonly user: string; readonly password: string }
  | {
      readonly scheme: 'digest';
      readonly user: string;
      readonly facts: DigestFacts;
      readonly response: string;
    };

/** Passwords tried for one login: the present one, the next one and those kept for recovery. */
const candidatesMax = 8;

/** Undefined for no login and for one that cannot be read: both get the challenge. */
export function loginClaim(
  header: string | undefined,
  request: { method: string; target: string },
): LoginClaim | undefined {
  if (header === undefined) return undefined;
  return basicClaim(header) ?? digestClaim(header, request);
}

function basicClaim(header: string): LoginClaim | undefined {
  const [, encoded] = /^\s*basic\s+([A-Za-z0-9+/=]{1,1024})\s*$/i.exec(header) ?? [];
  const decoded = encoded && Buffer.from(encoded, 'base64').toString('utf8');
  const colon = decoded ? decoded.indexOf(':') : -1;
  if (!decoded || colon < 0) return undefined;
  return { scheme: 'basic', user: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
}

function digestClaim(
  header: string,
  request: { method: string; target: string },
): LoginClaim | undefined {
  const said = authParameters('digest', header);
  const algorithm = digestAlgorithm(said?.get('algorithm'));
  const [user, realm, nonce, uri, response] = [
    said?.get('username'),
    said?.get('realm'),
    said?.get('nonce'),
    said?.get('uri'),
    said?.get('response'),
  ];
  if (!said || !algorithm || !user || realm === undefined || !nonce || !uri || !response) {
    return undefined;
  }
  // A login made for one file must not open another (RFC 7616 section 3.4.6). Some phones write the whole URL.
  if (uri.replace(/^https?:\/\/[^/]*/i, '') !== request.target) return undefined;
  const [qop, nonceCount, clientNonce] = [said.get('qop'), said.get('nc'), said.get('cnonce')];
  if (qop !== undefined && (qop !== 'auth' || !nonceCount || !clientNonce)) return undefined;
  const common = { algorithm, user, realm, nonce, uri, method: request.method };
  const facts: DigestFacts = qop
    ? { ...common, auth: { nonceCount: nonceCount!, clientNonce: clientNonce! } }
    : { ...common, ...(clientNonce && { clientNonce }) };
  return { scheme: 'digest', user, facts, response: response.toLowerCase() };
}

/** The place of the first of `candidates` with which the login was made; undefined for none. */
export function fittingPassword(
  claim: LoginClaim,
  candidates: readonly string[],
): number | undefined {
  const place = candidates
    .slice(0, candidatesMax)
    .findIndex((password) =>
      claim.scheme === 'basic'
        ? isSameSecret(claim.password, password)
        : isSameSecret(claim.response, digestResponse(claim.facts, password)),
    );
  return place < 0 ? undefined : place;
}

/** How long an answer to a challenge is taken. A boot with ten files takes below a minute. */
const nonceLifeMs = 300_000;

/**
 * The time, a running number and a seal over both and the realm, so that a challenge needs no memory, no two are the same,
 * and none is answered for another realm.
 */
export function mintNonce(
  key: Buffer,
  now: SteadyMs,
  { number, realm }: { readonly number: number; readonly realm: string },
): string {
  const said = `${Math.floor(now).toString(36)}-${number.toString(36)}`;
  return `${said}.${sealOf(key, said, realm)}`;
}

export function isFreshNonce(
  { nonce, realm }: { readonly nonce: string; readonly realm: string },
  key: Buffer,
  now: SteadyMs,
): boolean {
  const [said = '', seal = ''] = nonce.split('.');
  const age = now - Number.parseInt(said, 36);
  return isSameSecret(seal, sealOf(key, said, realm)) && age >= -1 && age <= nonceLifeMs;
}

const sealOf = (key: Buffer, said: string, realm: string): string =>
  createHmac('sha256', key).update(`${said}.${realm}`).digest('hex').slice(0, 32);

/**
 * The challenges of one 401, each for a header line of its own. MD5 comes before SHA-256: phones with an old libcurl
 * stop at the first Digest line and fail on an algorithm they do not know.
 */
export function loginChallenges(
  realm: string,
  nonce: string,
  { isStale, takesBasic }: { readonly isStale: boolean; readonly takesBasic: boolean },
): string[] {
  const stale = isStale ? ', stale=true' : '';
  const digest = (algorithm: string) =>
    `Digest realm=${quoted(realm)}, qop="auth", algorithm=${algorithm}, nonce="${nonce}"${stale}`;
  const basic = takesBasic ? [`Basic realm=${quoted(realm)}`] : [];
  return [digest('MD5'), digest('SHA-256'), ...basic];
}
