import type { VersionSet } from './upgrade-rule.ts';
import { compareVersions } from './version.ts';
import type { Order } from './vendors/profile.ts';

/** A phone as far as versions and rules depend on it. */
export interface PhoneKind {
  readonly vendor: string;
  readonly model: string;
  readonly hardware?: string;
}

export type Membership = 'in' | 'out' | 'unsure';

/** Orders two versions as they stand on this phone. */
export const orderOn = (phone: PhoneKind, a: string, b: string): Order =>
  compareVersions(phone.vendor, a, b, {
    model: phone.model,
    ...(phone.hardware === undefined ? {} : { hardware: phone.hardware }),
  });

const BOUNDS = [
  ['from', ['same', 'newer']],
  ['after', ['newer']],
  ['below', ['older']],
  ['atMost', ['older', 'same']],
] as const satisfies readonly (readonly [keyof VersionSet, readonly Order[]])[];

/**
 * Whether a version is of a set, in the vendor's order. What the text shows decides first, so that another
 * edition is 'out' even where its numbers cannot be ordered; 'unsure' when a bound cannot be compared.
 */
export function membership(set: VersionSet, version: string, phone: PhoneKind): Membership {
  if (set.begins !== undefined && !version.startsWith(set.begins)) return 'out';
  if (set.has !== undefined && !version.includes(set.has)) return 'out';
  if (set.lacks !== undefined && version.includes(set.lacks)) return 'out';
  if (set.alike !== undefined && orderOn(phone, version, set.alike) === 'incomparable')
    return 'out';
  let sure = true;
  for (const [name, orders] of BOUNDS) {
    const bound = set[name];
    if (bound === undefined) continue;
    const order = orderOn(phone, version, bound);
    if (order === 'incomparable') sure = false;
    else if (!(orders as readonly Order[]).includes(order)) return 'out';
  }
  return sure ? 'in' : 'unsure';
}

/** `8.3(3) or later`, `below 9.0`, for people. */
export function setInWords(set: VersionSet): string {
  const words = [
    set.from === undefined ? [] : [`${set.from} or later`],
    set.after === undefined ? [] : [`later than ${set.after}`],
    set.below === undefined ? [] : [`below ${set.below}`],
    set.atMost === undefined ? [] : [`up to ${set.atMost}`],
    set.begins === undefined ? [] : [`beginning with ${set.begins}`],
    set.has === undefined ? [] : [`with ${set.has} in its name`],
    set.alike === undefined ? [] : [`of the edition of ${set.alike}`],
    set.lacks === undefined ? [] : [`without ${set.lacks} in its name`],
  ].flat();
  return words.join(' and ');
}
