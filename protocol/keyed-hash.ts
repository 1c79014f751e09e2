import { hash } from 'node:crypto';

/**
 * A fraction in [0, 1) that depends only on its key. Order and jitter come from it, so that core needs no
 * random generator and the same plan spreads the same way on every machine.
 */
export function fractionOf(...key: readonly (string | number)[]): number {
  const digest = hash('sha256', key.join('\u0000'), 'buffer');
  return digest.readUIntBE(0, 6) / 2 ** 48;
}
