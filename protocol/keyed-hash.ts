import { createHash } from 'node:crypto';

/**
 * A fraction in [0, 1) that depends only on its key. Order and jitter come from it, so that core needs no
 * random generator and the same plan spreads the same way on every machine.
 */
export function fractionOf(...key: readonly (string | number)[]): number {
  const digest = createHash('sha256').update(key.join('\u0000')).digest();
  return digest.readUIntBE(0, 6) / 2 ** 48;
}
