import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { writeOwnFile } from '@ringwave/runtime/io/own-file';

/** The key that signs plans. Agents pin its public half when they enrol. */
export interface PlanKey {
  readonly id: string;
  readonly privateKey: KeyObject;
  /** Raw Ed25519 public key, base64url. */
  readonly publicKey: string;
}

/** Reads the key, and makes it on first use: Ed25519 in PKCS #8 PEM, for the owner's eyes only. */
export function openPlanKey(file: string): PlanKey {
  if (!existsSync(file)) {
    const { privateKey } = generateKeyPairSync('ed25519');
    writeOwnFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  }
  const privateKey = createPrivateKey(readFileSync(file));
  const publicKey = createPublicKey(privateKey).export({ format: 'jwk' }).x ?? '';
  const id = createHash('sha256').update(publicKey).digest('hex').slice(0, 16);
  return { id, privateKey, publicKey };
}
