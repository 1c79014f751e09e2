import { createCipheriv, createDecipheriv, createHmac, randomBytes, randomInt } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { profileOf } from '@ringwave/firmware-catalog/vendors/all';
import type { Mac } from '@ringwave/protocol/units';
import { writeOwnFile } from '@ringwave/runtime/io/own-file';
import type { AgentEffect, AgentEvent } from '../core/state.ts';

// Seals phones' secrets for the disk. The key lies in a file of its own, readable by the agent alone, so
// that a copied database says nothing.

export class Keyring {
  readonly #key: Buffer;
  readonly #fingerprintKey: Buffer;

  constructor(key: Buffer, fingerprintKey: Buffer) {
    this.#key = key;
    this.#fingerprintKey = fingerprintKey;
  }

  /** Opens the key file, and makes it on first use. */
  static open(file: string, fingerprintKey: Buffer): Keyring {
    if (!existsSync(file)) writeOwnFile(file, randomBytes(32));
    const key = readFileSync(file);
    if (key.length !== 32)
      throw new Error(
        `${file} is not a key of 32 bytes. Restore it from a backup: secrets sealed with it are lost otherwise.`,
      );
    return new Keyring(key, fingerprintKey);
  }

  /** Bound to the phone and the generation, so that rows cannot be swapped. */
  seal(secret: string, mac: Mac, generation: number): string {
    return this.sealAs(secret, `${mac}/${generation}`);
  }

  /** Throws when the row was not sealed by this box for this phone and generation. */
  unseal(sealed: string, mac: Mac, generation: number): string {
    return this.unsealAs(sealed, `${mac}/${generation}`);
  }

  /** AES-256-GCM; `what` says of what the secret is, and nothing else unseals it. */
  sealAs(secret: string, what: string): string {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce);
    cipher.setAAD(Buffer.from(what));
    const body = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url');
  }

  /** Throws when it was not sealed by this box as `what`. */
  unsealAs(sealed: string, what: string): string {
    const raw = Buffer.from(sealed, 'base64url');
    const decipher = createDecipheriv('aes-256-gcm', this.#key, raw.subarray(0, 12));
    decipher.setAAD(Buffer.from(what));
    decipher.setAuthTag(raw.subarray(12, 28));
    return Buffer.concat([decipher.update(raw.subarray(28)), decipher.final()]).toString('utf8');
  }

  /** 128 bits of a keyed hash: equal secrets show, and no secret can be looked up. */
  fingerprint(secret: string): string {
    return createHmac('sha256', this.#fingerprintKey).update(secret).digest('hex').slice(0, 32);
  }
}

/** A fresh secret in the characters that the vendor's phones take. */
export function freshSecret(rule: { readonly alphabet: string; readonly length: number }): string {
  return Array.from(
    { length: rule.length },
    () => rule.alphabet[randomInt(rule.alphabet.length)],
  ).join('');
}

/** A secret as the phone's maker lets it be, sealed; undefined for a maker that is not served. */
export function secretMade(
  { mac, generation, vendor }: Extract<AgentEffect, { kind: 'make-secret' }>,
  keyring: Keyring,
): AgentEvent | undefined {
  const profile = profileOf(vendor);
  if (!profile) return undefined;
  const secret = freshSecret(profile.password);
  const sealed = keyring.seal(secret, mac, generation);
  const fingerprint = keyring.fingerprint(secret);
  return { kind: 'secret-made', mac, generation, sealed, fingerprint };
}
