import { createCipheriv, createHash, type KeyObject, sign, timingSafeEqual } from 'node:crypto';
import {
  answerTranscript,
  type EnrolmentAnswer,
  type EnrolmentGrant,
  type EnrolmentRefused,
  type EnrolmentRequest,
  enrolmentRefused,
  fingerprintOf,
  privateKeyFrom,
  proofOf,
  publicKeyFrom,
  rawPublicKey,
  sealKey,
  sealNonce,
  tokenSecretBytes,
  writeToken,
} from '@ringwave/protocol/enrolment';
import { type DurationMs, type EpochMs, hours, type Id, laterBy } from '@ringwave/protocol/units';

/** 24 h: the technician's visit is tomorrow at the latest. */
export const tokenValidDefault: DurationMs = hours(24);

/** 16 bytes for the secret, 9 for the id. */
export const tokenRandomBytes = tokenSecretBytes + 9;
/** 32 bytes for the answer's key, 24 (192 bits) for each of the two passwords. */
export const answerRandomBytes = 32 + 24 + 24;

/** One token as the controller keeps it. `secret` opens one enrolment until `expiresAt`, and nothing else. */
export interface TokenRecord {
  readonly id: string;
  readonly site: Id;
  readonly secret: string;
  readonly expiresAt: EpochMs;
  /** The key of the box that used it. */
  readonly usedBy?: string;
}

/** A token for one site, with what the controller keeps of it. */
export function mintToken(from: {
  readonly site: Id;
  /** Private or public half of the key that signs plans. */
  readonly planKey: KeyObject;
  readonly now: EpochMs;
  readonly validFor?: DurationMs;
  /** `tokenRandomBytes` fresh random bytes. */
  readonly random: Buffer;
}): { readonly text: string; readonly record: TokenRecord } {
  const secret = from.random.subarray(0, tokenSecretBytes);
  const id = from.random.subarray(tokenSecretBytes, tokenRandomBytes).toString('base64url');
  const expiresAt = laterBy(from.now, from.validFor ?? tokenValidDefault);
  const fingerprint = fingerprintOf(from.planKey);
  return {
    text: writeToken({ id, secret, site: from.site, fingerprint, expiresAt }),
    record: { id, site: from.site, secret: secret.toString('base64url'), expiresAt },
  };
}

export interface Enrolled {
  readonly ok: true;
  readonly answer: EnrolmentAnswer;
  /** Commit these before the answer leaves: the token is used, the passwords are in force. */
  readonly record: TokenRecord;
  readonly mqttPasswordHash: string;
  readonly agentTokenHash: string;
}

/**
 * The controller's side of an enrolment. Who cannot prove the secret learns nothing but "unknown".
 * The same box (the same key) may ask again until the expiry, with fresh passwords each time: an
 * answer lost on the way does not cost a second visit, and no other box can use the token.
 */
export function answerEnrolment(
  record: TokenRecord | undefined,
  request: EnrolmentRequest,
  from: {
    readonly now: EpochMs;
    readonly planKey: KeyObject;
    /** Everything but what is made here. */
    readonly grant: Omit<EnrolmentGrant, 'site' | 'mqttPassword' | 'agentToken'>;
    /** `answerRandomBytes` fresh random bytes. */
    readonly random: Buffer;
  },
): Enrolled | EnrolmentRefused {
  const secret = Buffer.from(record?.secret ?? '', 'base64url');
  const agentKey = publicKeyFrom('X25519', request.agentKey);
  if (!record || !agentKey || !isEqual(request.proof, proofOf(secret, request))) {
    return enrolmentRefused('token-unknown');
  }
  if (record.usedBy !== undefined && record.usedBy !== request.agentKey) {
    return enrolmentRefused('token-used');
  }
  if (record.expiresAt <= from.now) return enrolmentRefused('token-expired');
  if (record.site !== request.site) return enrolmentRefused('token-other-site');
  const mqttPassword = from.random.subarray(32, 56).toString('base64url');
  const agentToken = from.random.subarray(56, 80).toString('base64url');
  const grant: EnrolmentGrant = { ...from.grant, site: record.site, mqttPassword, agentToken };
  const answerKey = privateKeyFrom('X25519', from.random.subarray(0, 32));
  const key = sealKey(answerKey, agentKey, { secret, request });
  if (!key) return enrolmentRefused('request-malformed');
  const unsigned = {
    answerKey: rawPublicKey(answerKey),
    sealed: sealed(grant, key),
    planKey: rawPublicKey(from.planKey),
  };
  const signature = sign(null, answerTranscript(request, unsigned), from.planKey);
  return {
    ok: true,
    answer: { ...unsigned, signature: signature.toString('base64url') },
    record: { ...record, usedBy: request.agentKey },
    mqttPasswordHash: hashSecret(mqttPassword),
    agentTokenHash: hashSecret(agentToken),
  };
}

function sealed(grant: EnrolmentGrant, key: Buffer): string {
  const cipher = createCipheriv('aes-256-gcm', key, sealNonce);
  const body = Buffer.concat([cipher.update(JSON.stringify(grant)), cipher.final()]);
  return Buffer.concat([body, cipher.getAuthTag()]).toString('base64url');
}

/**
 * What the controller keeps of a password that it made itself. One SHA-256 is enough: 192 random bits
 * cannot be searched however fast the hash is, and a slow one would let 10,000 returning agents stall it.
 * Never use it for a password that a person chose.
 */
export const hashSecret = (secret: string): string =>
  createHash('sha256').update(`ringwave-secret-1 ${secret}`).digest('hex');

/** Constant time. False when nothing is kept: no login, no topic. */
export const secretMatches = (hash: string | undefined, secret: string): boolean =>
  hash !== undefined && isEqual(hash, hashSecret(secret));

function isEqual(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
