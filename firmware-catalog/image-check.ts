import { createHash } from 'node:crypto';
import type { Sha256 } from '@ringwave/protocol/units';

/** What an image must be: exactly this long, with exactly this digest. */
export interface ImageClaim {
  readonly sha256: Sha256;
  readonly lengthBytes: number;
}

export type ImageVerdict =
  | { readonly kind: 'whole' }
  /** The bytes so far may be right; some are missing. */
  | { readonly kind: 'short'; readonly lengthBytes: number }
  | { readonly kind: 'too-long' }
  | { readonly kind: 'differs'; readonly measured: Sha256 };

/** Measures bytes as they pass. Length is judged first, so that no more than one chunk is read in vain. */
export class ImageCheck {
  readonly #claim: ImageClaim;
  readonly #hash = createHash('sha256');
  #lengthBytes = 0;

  constructor(claim: ImageClaim) {
    this.#claim = claim;
  }

  get lengthBytes(): number {
    return this.#lengthBytes;
  }

  /** False as soon as there are more bytes than claimed; the caller stops reading then. */
  take(chunk: Uint8Array): boolean {
    this.#lengthBytes += chunk.byteLength;
    if (this.#lengthBytes > this.#claim.lengthBytes) return false;
    this.#hash.update(chunk);
    return true;
  }

  /** The verdict over everything taken; asked once. */
  verdict(): ImageVerdict {
    if (this.#lengthBytes > this.#claim.lengthBytes) return { kind: 'too-long' };
    if (this.#lengthBytes < this.#claim.lengthBytes) {
      return { kind: 'short', lengthBytes: this.#lengthBytes };
    }
    const measured = this.#hash.digest('hex') as Sha256;
    return measured === this.#claim.sha256 ? { kind: 'whole' } : { kind: 'differs', measured };
  }
}
