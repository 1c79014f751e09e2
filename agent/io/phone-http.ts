import { randomBytes } from 'node:crypto';
import {
  authParameters,
  digestAlgorithm,
  type DigestFacts,
  digestResponse,
  quoted,
} from '../core/digest.ts';
import type { Way, WayAnswer } from '../core/wake/ways.ts';

// One action on a phone's own web server, with the login of its administrator.

/** A phone on the same site answers within a second; one that is busy booting does not answer at all. */
const answerTakesMaxMs = 10_000;
/** Answers are a line or a small page; the rest is not read. */
const answerBytesMax = 16 * 1024;

export interface WebLogin {
  readonly user: string;
  readonly password: string;
}

type HttpWay = Extract<Way, { readonly by: 'http' }>;

export async function actOnPhone(
  way: HttpWay,
  { address, port, login }: { address: string; port: number; login: WebLogin },
): Promise<WayAnswer> {
  const host = address.includes(':') ? `[${address}]` : address;
  const path = way.path.replace('{password}', () => encodeURIComponent(login.password));
  const ask = (authorization?: string) =>
    fetch(`http://${host}:${port}${path}`, {
      method: way.method,
      headers: {
        'content-type': 'application/json',
        ...(authorization ? { authorization } : {}),
      },
      redirect: 'manual',
      signal: AbortSignal.timeout(answerTakesMaxMs),
    });
  try {
    const first = await ask();
    const challenge = first.headers.get('www-authenticate') ?? '';
    if (first.status !== 401 || path !== way.path) return await meaningOf(first);
    await first.body?.cancel();
    const authorization = loginFor(challenge, way, login);
    return authorization ? await meaningOf(await ask(authorization)) : 'login-refused';
  } catch {
    return 'silent';
  }
}

/** Digest where the phone offers it, since Basic shows the password to whoever listens. */
function loginFor(challenge: string, way: HttpWay, login: WebLogin): string | undefined {
  const at = challenge.search(/digest\s/i);
  const said = at < 0 ? undefined : authParameters('digest', challenge.slice(at));
  const algorithm = digestAlgorithm(said?.get('algorithm'));
  if (!said || !algorithm) {
    const plain = Buffer.from(`${login.user}:${login.password}`).toString('base64');
    return /basic\s/i.test(challenge) ? `Basic ${plain}` : undefined;
  }
  const clientNonce = randomBytes(8).toString('hex');
  const common = {
    algorithm,
    user: login.user,
    realm: said.get('realm') ?? '',
    nonce: said.get('nonce') ?? '',
    method: way.method,
    uri: way.path,
  };
  const hasQop =
    said
      .get('qop')
      ?.split(',')
      .some((one) => one.trim() === 'auth') ?? false;
  const facts: DigestFacts = hasQop
    ? { ...common, auth: { nonceCount: '00000001', clientNonce } }
    : { ...common, clientNonce };
  const opaque = said.get('opaque');
  return [
    `Digest username=${quoted(login.user)}`,
    `realm=${quoted(facts.realm)}`,
    `nonce=${quoted(facts.nonce)}`,
    `uri=${quoted(facts.uri)}`,
    `algorithm=${algorithm}`,
    ...(hasQop ? ['qop=auth', 'nc=00000001'] : []),
    `cnonce="${clientNonce}"`,
    ...(opaque === undefined ? [] : [`opaque=${quoted(opaque)}`]),
    `response="${digestResponse(facts, login.password)}"`,
  ].join(', ');
}

/**
 * 200 proves that the phone took it and no more. Some say in their body what became of it: `"Status": "2000"` ok and 4001 busy,
 * or `"response": "success"` and `"error"`.
 */
async function meaningOf(response: Response): Promise<WayAnswer> {
  if (response.status === 401) {
    await response.body?.cancel();
    return 'login-refused';
  }
  const text = await beginningOf(response);
  const said = /"Status"\s*:\s*"(\d{4})"/.exec(text)?.[1];
  if (said === '4001') return 'busy';
  const isError = /"response"\s*:\s*"error"/.test(text);
  if (!response.ok || isError || (said !== undefined && said !== '2000')) return 'refused';
  return 'accepted';
}

async function beginningOf(response: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of response.body ?? []) {
    pieces.push(piece);
    length += piece.length;
    if (length >= answerBytesMax) break;
  }
  return Buffer.concat(pieces).toString('latin1').slice(0, answerBytesMax);
}
