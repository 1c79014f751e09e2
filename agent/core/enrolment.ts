import { createDecipheriv, type KeyObject, verify } from 'node:crypto';
import {
  answerTranscript,
  decodeEnrolmentGrant,
  type EnrolmentAnswer,
  type EnrolmentGrant,
  type EnrolmentRefused,
  type EnrolmentRequest,
  type EnrolmentToken,
  enrolmentRefused,
  fingerprintOf,
  proofOf,
  publicKeyFrom,
  rawPublicKey,
  sealKey,
  sealNonce,
  sealTagBytes,
} from '@ringwave/protocol/enrolment';

/** What the agent posts to `/enrol/v1`. `agentKey`: an X25519 private key made for this enrolment. */
export function enrolmentRequest(token: EnrolmentToken, agentKey: KeyObject): EnrolmentRequest {
  const request = { tokenId: token.id, site: token.site, agentKey: rawPublicKey(agentKey) };
  return { ...request, proof: proofOf(token.secret, request) };
}

/**
 * Opens the controller's answer. The key that signed it must be the one the token names: that pins the
 * controller whatever carried the answer. Only then is anything inside believed.
 */
export function openAnswer(
  answer: EnrolmentAnswer,
  from: {
    readonly token: EnrolmentToken;
    readonly agentKey: KeyObject;
    readonly request: EnrolmentRequest;
  },
): { readonly ok: true; readonly grant: EnrolmentGrant } | EnrolmentRefused {
  const { token, request } = from;
  const planKey = publicKeyFrom('Ed25519', answer.planKey);
  if (!planKey || fingerprintOf(planKey) !== token.fingerprint) {
    return enrolmentRefused('controller-key-differs');
  }
  const signature = Buffer.from(answer.signature, 'base64url');
  if (!verify(null, answerTranscript(request, answer), planKey, signature)) {
    return enrolmentRefused('controller-key-differs');
  }
  const answerKey = publicKeyFrom('X25519', answer.answerKey);
  if (!answerKey) return enrolmentRefused('answer-malformed');
  const key = sealKey(from.agentKey, answerKey, { secret: token.secret, request });
  const grant = key && decodeEnrolmentGrant(unsealed(answer.sealed, key));
  if (!grant?.ok) return enrolmentRefused('answer-malformed');
  if (grant.message.site !== token.site) return enrolmentRefused('token-other-site');
  return { ok: true, grant: grant.message };
}

/** Undefined when the seal is broken. */
function unsealed(sealed: string, key: Buffer): Buffer | undefined {
  const raw = Buffer.from(sealed, 'base64url');
  if (raw.length < sealTagBytes) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, sealNonce);
  decipher.setAuthTag(raw.subarray(-sealTagBytes));
  try {
    return Buffer.concat([decipher.update(raw.subarray(0, -sealTagBytes)), decipher.final()]);
  } catch {
    return undefined;
  }
}
