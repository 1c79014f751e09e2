// Digest and Basic as phones speak them: towards a file server (RFC 7616, 7617), and as the one who
// challenges a NOTIFY (RFC 3261 section 22). MD5 with qop=auth is what desk phones know.

import { createHash } from 'node:crypto';

export interface Login {
  readonly user: string;
  readonly password: string;
}

export type LoginStyle = 'basic' | 'digest';

export interface Challenge {
  readonly realm: string;
  readonly nonce: string;
  readonly qop: boolean;
}

export const basicHeader = ({ user, password }: Login): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

/** The first Digest challenge among a response's header lines that asks for MD5. */
export function md5Challenge(lines: readonly string[]): Challenge | undefined {
  for (const line of lines) {
    const said = parametersOf(line);
    const algorithm = said.get('algorithm') ?? 'MD5';
    const [realm, nonce] = [said.get('realm'), said.get('nonce')];
    if (realm === undefined || nonce === undefined || algorithm.toUpperCase() !== 'MD5') continue;
    return { realm, nonce, qop: /\bauth\b/.test(said.get('qop') ?? '') };
  }
  return undefined;
}

/** Characters of one authentication header that are read. */
const headerCharactersMax = 2048;

function parametersOf(line: string): ReadonlyMap<string, string> {
  const found = /^\s*digest\s+(.*)$/is.exec(line.slice(0, headerCharactersMax));
  const pairs = (found?.[1] ?? '').matchAll(/([\w-]+)\s*=\s*(?:"([^"]*)"|([^\s,"]+))/g);
  return new Map(
    [...pairs].map(([, name = '', quoted, bare]) => [name.toLowerCase(), quoted ?? bare ?? '']),
  );
}

export interface DigestRequest {
  readonly method: string;
  readonly uri: string;
  /** Requests answered with this nonce so far, this one included. */
  readonly count: number;
  readonly clientNonce: string;
}

export function digestHeader(login: Login, challenge: Challenge, request: DigestRequest): string {
  const { realm, nonce, qop } = challenge;
  const { method, uri, clientNonce } = request;
  const nonceCount = request.count.toString(16).padStart(8, '0');
  const auth = qop ? { nonceCount, clientNonce } : undefined;
  const response = responseOf(login, { realm, nonce, method, uri, auth });
  const rest = qop ? `, qop=auth, nc=${nonceCount}, cnonce="${clientNonce}"` : '';
  return `Digest username="${login.user}", realm="${realm}", nonce="${nonce}", uri="${uri}", response="${response}", algorithm=MD5${rest}`;
}

interface DigestFacts {
  readonly realm: string;
  readonly nonce: string;
  readonly method: string;
  readonly uri: string;
  readonly auth?: { readonly nonceCount: string; readonly clientNonce: string } | undefined;
}

function responseOf({ user, password }: Login, facts: DigestFacts): string {
  const { realm, nonce, method, uri, auth } = facts;
  const secret = md5(user, realm, password);
  const request = md5(method, uri);
  return auth
    ? md5(secret, nonce, auth.nonceCount, auth.clientNonce, 'auth', request)
    : md5(secret, nonce, request);
}

const md5 = (...parts: readonly string[]): string =>
  createHash('md5').update(parts.join(':')).digest('hex');

export const challengeLine = ({ realm, nonce }: Challenge): string =>
  `Digest realm="${realm}", nonce="${nonce}", algorithm=MD5, qop="auth"`;

/** Whether an Authorization header proves this login for this request under this challenge. */
export function provesLogin(
  header: string | undefined,
  login: Login,
  expected: { challenge: Challenge; method: string; uri: string },
): boolean {
  const said = parametersOf(header ?? '');
  const { challenge, method, uri } = expected;
  const { realm, nonce } = challenge;
  const [nonceCount, clientNonce] = [said.get('nc') ?? '', said.get('cnonce') ?? ''];
  const auth = said.get('qop') === 'auth' ? { nonceCount, clientNonce } : undefined;
  return (
    said.get('username') === login.user &&
    said.get('nonce') === nonce &&
    said.get('uri') === uri &&
    said.get('response') === responseOf(login, { realm, nonce, method, uri, auth })
  );
}
