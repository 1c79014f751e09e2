import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';
import { type Static, type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Decoded } from './messages.ts';
import { type EpochMs, epochMs, type Id, id, type Sha256, sha256 } from './units.ts';

// How a box becomes a site's agent. The technician carries a token from the controller to the box; its
// secret never crosses the network, and it names the controller's key, so that even over plain HTTP an
// agent cannot be taken in by another controller, nor another box by this token.
//
//   token      {id, secret, site, fingerprint of the plan key, expiry}          by hand
//   request    {token id, site, agent's X25519 key, HMAC(secret, these)}        agent → controller
//   answer     {X25519 key made for this answer, sealed grant, plan key, signature over all}    back
//
// The seal is AES-256-GCM under HKDF(X25519 agreement, salt = token secret).

/** 4 KiB: a request is about 300 bytes. */
export const enrolmentRequestBytesMax = 4 * 1024;
/** 64 KiB: a grant may carry a certificate chain. */
export const enrolmentAnswerBytesMax = 64 * 1024;
/** 1 KiB: a token is about 250 characters. */
const tokenCharsMax = 1024;
const tokenPrefix = 'rw1.';
/** 128 bits: cannot be guessed, and still fits a message to a technician. */
export const tokenSecretBytes = 16;

export interface EnrolmentToken {
  readonly id: string;
  readonly secret: Buffer;
  readonly site: Id;
  /** SHA-256 of the controller's plan key, as `fingerprintOf` gives it. */
  readonly fingerprint: Sha256;
  readonly expiresAt: EpochMs;
}

const Key32 = Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' });
const TokenId = Type.String({ pattern: '^[A-Za-z0-9_-]{8,32}$' });
const SiteId = Type.String({ pattern: '^[a-z0-9-]{1,64}$' });
const Url = Type.String({ minLength: 8, maxLength: 512 });
const Secret = Type.String({ pattern: '^[A-Za-z0-9_-]{32,64}$' });

export const EnrolmentRequest = Type.Object({
  tokenId: TokenId,
  site: SiteId,
  /** Raw X25519 public key. */
  agentKey: Key32,
  proof: Key32,
});
export type EnrolmentRequest = Static<typeof EnrolmentRequest>;

export const EnrolmentAnswer = Type.Object({
  /** Raw X25519 public key, made for this answer alone. */
  answerKey: Key32,
  sealed: Type.String({ pattern: '^[A-Za-z0-9_-]+$', maxLength: 60 * 1024 }),
  /** Raw Ed25519 public key that signed; its fingerprint is in the token. */
  planKey: Key32,
  signature: Type.String({ pattern: '^[A-Za-z0-9_-]{86}$' }),
});
export type EnrolmentAnswer = Static<typeof EnrolmentAnswer>;

/** Everything an agent needs to work for its site. Secret: it holds the agent's passwords. */
export const EnrolmentGrant = Type.Object({
  site: SiteId,
  /** IANA name; windows are kept in it. */
  zone: Type.String({ minLength: 1, maxLength: 64 }),
  mqttUrl: Url,
  mqttPassword: Secret,
  httpUrl: Url,
  /** Bearer token for image downloads. */
  agentToken: Secret,
  /** Keys the fingerprints of credentials, so that equal ones show and none can be looked up. */
  fingerprintKey: Key32,
  planKeys: Type.Array(
    Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }), publicKey: Key32 }),
    { minItems: 1, maxItems: 8 },
  ),
  /** PEM; for a controller whose certificate no public authority signed. */
  ca: Type.Optional(Type.String({ maxLength: 32 * 1024 })),
  /** A demonstration runs on a clock of its own. */
  clock: Type.Optional(
    Type.Object({
      speed: Type.Number({ exclusiveMinimum: 0, maximum: 1_000_000 }),
      startedAt: Type.Integer({ minimum: 0 }),
      wallStartedAt: Type.Integer({ minimum: 0 }),
    }),
  ),
});
export type EnrolmentGrant = Static<typeof EnrolmentGrant>;

/** Why an enrolment ended: the HTTP status it travels with, and the sentence a technician reads. */
export const ENROLMENT_FAULTS = {
  'token-malformed': {
    status: 400,
    problem: 'This is not an enrolment token: it begins with rw1. and is one long word.',
  },
  'request-malformed': {
    status: 400,
    problem: 'The controller could not read the request: bring both to the same version.',
  },
  'token-unknown': {
    status: 403,
    problem: 'The controller does not know this token: make a new one for the site.',
  },
  'token-used': {
    status: 403,
    problem: 'This token has been used by another box: make a new one for the site.',
  },
  'token-expired': {
    status: 403,
    problem: 'This token has expired: make a new one for the site.',
  },
  'token-other-site': {
    status: 403,
    problem: 'This token is for another site: use the token made for this one.',
  },
  'controller-key-differs': {
    status: 502,
    problem:
      'Whoever answered is not the controller that made this token: check the URL, and treat it as a security event if the URL is right.',
  },
  'answer-malformed': {
    status: 502,
    problem: 'The answer cannot be read: check that the URL is a Ringwave controller.',
  },
} as const satisfies Record<string, { status: number; problem: string }>;

export type EnrolmentFault = keyof typeof ENROLMENT_FAULTS;

export interface EnrolmentRefused {
  readonly ok: false;
  readonly fault: EnrolmentFault;
  readonly problem: string;
}

export const enrolmentRefused = (fault: EnrolmentFault): EnrolmentRefused => ({
  ok: false,
  fault,
  problem: ENROLMENT_FAULTS[fault].problem,
});

/** The word that a technician pastes. */
export function writeToken(token: EnrolmentToken): string {
  const fields = {
    i: token.id,
    s: token.secret.toString('base64url'),
    n: token.site,
    f: Buffer.from(token.fingerprint, 'hex').toString('base64url'),
    e: token.expiresAt,
  };
  return tokenPrefix + Buffer.from(JSON.stringify(fields)).toString('base64url');
}

const TokenFields = Compile(
  Type.Object({
    i: TokenId,
    s: Type.String({ pattern: '^[A-Za-z0-9_-]{22}$' }),
    n: SiteId,
    f: Key32,
    e: Type.Integer(),
  }),
);

/**
 * Reads what `writeToken` wrote. Whether it has expired is the controller's to say: the clock of a box
 * that was just unpacked may show 1970.
 */
export function readToken(text: string): { ok: true; token: EnrolmentToken } | EnrolmentRefused {
  const word = text.trim();
  if (word.length > tokenCharsMax || !word.startsWith(tokenPrefix)) {
    return enrolmentRefused('token-malformed');
  }
  const fields = json(Buffer.from(word.slice(tokenPrefix.length), 'base64url').toString('utf8'));
  if (!TokenFields.Check(fields)) return enrolmentRefused('token-malformed');
  const site = id(fields.n);
  const fingerprint = sha256(Buffer.from(fields.f, 'base64url').toString('hex'));
  const expiresAt = epochMs(fields.e);
  if (!site || !fingerprint || expiresAt === undefined) return enrolmentRefused('token-malformed');
  const secret = Buffer.from(fields.s, 'base64url');
  return { ok: true, token: { id: fields.i, secret, site, fingerprint, expiresAt } };
}

/** The proof that the sender holds the token, without sending it. */
export function proofOf(secret: Buffer, request: Omit<EnrolmentRequest, 'proof'>): string {
  return createHmac('sha256', secret).update(requestTranscript(request)).digest('base64url');
}

const requestTranscript = (request: Omit<EnrolmentRequest, 'proof'>): string =>
  JSON.stringify(['ringwave-enrol-request-1', request.tokenId, request.site, request.agentKey]);

/** What the controller signs: the whole exchange, so that no part can be carried into another. */
export const answerTranscript = (
  request: EnrolmentRequest,
  answer: Omit<EnrolmentAnswer, 'signature'>,
): Buffer =>
  Buffer.from(
    JSON.stringify([
      'ringwave-enrol-answer-1',
      requestTranscript(request),
      request.proof,
      answer.answerKey,
      answer.sealed,
      answer.planKey,
    ]),
  );

/**
 * The key of the seal; both ends come to the same one. Used once, so the seal's nonce may be constant.
 * Undefined for a public key of low order, with which nothing can be agreed (RFC 7748, section 6.1).
 */
export function sealKey(
  ours: KeyObject,
  theirs: KeyObject,
  from: { readonly secret: Buffer; readonly request: EnrolmentRequest },
): Buffer | undefined {
  const agreed = agreement(ours, theirs);
  if (!agreed) return undefined;
  const info = `ringwave-enrol-seal-1 ${requestTranscript(from.request)}`;
  return Buffer.from(hkdfSync('sha256', agreed, from.secret, info, 32));
}

function agreement(ours: KeyObject, theirs: KeyObject): Buffer | undefined {
  try {
    return diffieHellman({ privateKey: ours, publicKey: theirs });
  } catch {
    return undefined;
  }
}

export const sealNonce = Buffer.alloc(12);
export const sealTagBytes = 16;

type Curve = 'X25519' | 'Ed25519';

/** 32 raw bytes in base64url, as keys travel; undefined when they are no key of that curve. */
export function publicKeyFrom(curve: Curve, raw: string): KeyObject | undefined {
  try {
    return createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: curve, x: raw } });
  } catch {
    return undefined;
  }
}

/** The public half of a key, public or private, as 32 raw bytes in base64url. */
export function rawPublicKey(key: KeyObject): string {
  const half = key.type === 'private' ? createPublicKey(key) : key;
  return half.export({ format: 'jwk' })['x'] as string;
}

/** PKCS #8 around 32 random bytes (RFC 8410, section 7). */
export function privateKeyFrom(curve: Curve, random: Uint8Array): KeyObject {
  const oid = curve === 'X25519' ? '6e' : '70';
  const head = Buffer.from(`302e020100300506032b65${oid}04220420`, 'hex');
  return createPrivateKey({ key: Buffer.concat([head, random]), format: 'der', type: 'pkcs8' });
}

/** SHA-256 of the raw public key; what a token pins. */
export const fingerprintOf = (key: KeyObject): Sha256 =>
  createHash('sha256')
    .update(Buffer.from(rawPublicKey(key), 'base64url'))
    .digest('hex') as Sha256;

export const decodeEnrolmentRequest = decoder(EnrolmentRequest, enrolmentRequestBytesMax);
export const decodeEnrolmentAnswer = decoder(EnrolmentAnswer, enrolmentAnswerBytesMax);
export const decodeEnrolmentGrant = decoder(EnrolmentGrant, enrolmentAnswerBytesMax);

/** Text or bytes, or a value that some HTTP server has parsed already, to a message. */
function decoder<S extends TSchema>(schema: S, bytesMax: number) {
  const compiled = Compile(schema);
  return (raw: unknown): Decoded<Static<S>> => {
    const isText = typeof raw === 'string' || raw instanceof Uint8Array;
    if (isText && raw.length > bytesMax) return { ok: false, problems: ['is too long'] };
    const value = isText ? json(Buffer.from(raw).toString('utf8')) : raw;
    if (compiled.Check(value)) return { ok: true, message: value };
    const problems = compiled.Errors(value).slice(0, 10);
    return { ok: false, problems: problems.map((it) => `${it.instancePath || '/'} ${it.message}`) };
  };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
