import { type KeyObject, sign, verify } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { FaultCode } from './faults.ts';
import { type DurationMs, type EpochMs, type Id, minutes } from './units.ts';

// A signed document on its way over untrusted carriers: JWS compact serialisation (RFC 7515) with
// EdDSA over Ed25519 (RFC 8037), payload deflated (RFC 7516 section 4.1.3 names it DEF) so that a plan
// for 2,000 phones stays below the 128 KiB that every broker carries.

/** 192 KiB of base64: above the largest plan, far below what would hurt. */
export const envelopeCharsMax = 192 * 1024;
/** 1 MiB inflated: a deflate bomb ends here. */
export const envelopeBytesMax = 1024 * 1024;
/** Clocks of controller and agent may differ by this much before an envelope from the future is refused. */
export const clockLeeway: DurationMs = minutes(5);

export type EnvelopeKind = 'plan' | 'halt';

export interface Sealed {
  readonly kind: EnvelopeKind;
  /** A site, or `all`. */
  readonly audience: Id;
  readonly issuedAt: EpochMs;
  readonly expiresAt: EpochMs;
  readonly body: unknown;
}

export type Opened =
  | { readonly ok: true; readonly sealed: Sealed }
  | { readonly ok: false; readonly fault: EnvelopeFault; readonly detail: string };

export type EnvelopeFault = Extract<
  FaultCode,
  'plan-signature-wrong' | 'plan-audience-wrong' | 'plan-expired' | 'plan-malformed'
>;

const base64url = (data: Buffer | string) => Buffer.from(data).toString('base64url');

export function seal(
  sealed: Sealed,
  key: { readonly id: string; readonly privateKey: KeyObject },
): string {
  const header = { alg: 'EdDSA', kid: key.id, typ: `ringwave-${sealed.kind}`, zip: 'DEF' };
  const claims = {
    aud: sealed.audience,
    iat: sealed.issuedAt,
    exp: sealed.expiresAt,
    body: sealed.body,
  };
  const signed = `${base64url(JSON.stringify(header))}.${base64url(deflateRawSync(JSON.stringify(claims)))}`;
  return `${signed}.${base64url(sign(null, Buffer.from(signed), key.privateKey))}`;
}

/**
 * Signature first, then audience and expiry; nothing inside is parsed before the signature holds.
 * `keys` are the pinned public keys by key id.
 */
export function open(
  token: string,
  expect: {
    readonly kind: EnvelopeKind;
    readonly audiences: readonly Id[];
    readonly keys: ReadonlyMap<string, KeyObject>;
    readonly now: EpochMs;
  },
): Opened {
  if (token.length > envelopeCharsMax) return refused('plan-malformed', 'envelope too long');
  const parts = token.split('.');
  const [header, payload, signature] = parts;
  if (parts.length !== 3 || !header || !payload || !signature) {
    return refused('plan-malformed', 'not a signed envelope');
  }
  const head = json(Buffer.from(header, 'base64url').toString('utf8'));
  if (!isRecord(head)) return refused('plan-malformed', 'header is not JSON');
  const key = typeof head['kid'] === 'string' ? expect.keys.get(head['kid']) : undefined;
  if (head['alg'] !== 'EdDSA' || !key)
    return refused('plan-signature-wrong', 'unknown key or algorithm');
  if (
    !verify(null, Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url'))
  ) {
    return refused('plan-signature-wrong', 'signature does not fit');
  }
  if (head['typ'] !== `ringwave-${expect.kind}`)
    return refused('plan-malformed', 'another kind of document');
  return readClaims(payload, expect);
}

function readClaims(
  payload: string,
  expect: { kind: EnvelopeKind; audiences: readonly Id[]; now: EpochMs },
): Opened {
  const claims = json(inflate(payload));
  if (!isRecord(claims)) return refused('plan-malformed', 'claims are not JSON');
  const { aud, iat, exp, body } = claims;
  const audience = expect.audiences.find((one) => one === aud);
  if (!audience) return refused('plan-audience-wrong', `made for ${String(aud).slice(0, 64)}`);
  if (!Number.isSafeInteger(iat) || !Number.isSafeInteger(exp)) {
    return refused('plan-malformed', 'issue or expiry missing');
  }
  const issuedAt = iat as EpochMs;
  const expiresAt = exp as EpochMs;
  const late = untimely({ kind: expect.kind, issuedAt, expiresAt }, expect.now);
  if (late !== undefined) return refused('plan-expired', late);
  return { ok: true, sealed: { kind: expect.kind, audience, issuedAt, expiresAt, body } };
}

/**
 * Why a clock does not suit the times of a document; undefined where it does. A halt is honoured whenever it was written,
 * by a box with a wrong clock most of all: stopping is safe, and its counter tells an old one.
 */
export function untimely(
  { kind, issuedAt, expiresAt }: Pick<Sealed, 'kind' | 'issuedAt' | 'expiresAt'>,
  now: EpochMs,
): string | undefined {
  if (kind === 'halt') return undefined;
  if (expiresAt < now) return 'expired';
  return issuedAt > now + clockLeeway ? 'issued in the future' : undefined;
}

const refused = (fault: EnvelopeFault, detail: string): Opened => ({ ok: false, fault, detail });

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function json(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function inflate(payload: string): string | undefined {
  try {
    const raw = Buffer.from(payload, 'base64url');
    return inflateRawSync(raw, { maxOutputLength: envelopeBytesMax }).toString('utf8');
  } catch {
    return undefined;
  }
}
