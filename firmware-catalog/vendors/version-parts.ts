// Building blocks from which each vendor's order of versions is made.

import type { Order } from './profile.ts';

/** Characters of a version; the longest known name of a release has 40. */
export const versionLengthMax = 80;

export const opposite = (order: Order): Order =>
  order === 'older' ? 'newer' : order === 'newer' ? 'older' : order;

export const orderOf = (a: number, b: number): Order =>
  a < b ? 'older' : a > b ? 'newer' : 'same';

/** `1.0.63.3` as numbers; undefined unless it has between `least` and `most` dotted fields of digits. */
export function dotted(text: string, least: number, most: number): number[] | undefined {
  if (text.length > versionLengthMax || !/^\d{1,9}(?:\.\d{1,9})*$/.test(text)) return undefined;
  const fields = text.split('.').map(Number);
  return fields.length >= least && fields.length <= most ? fields : undefined;
}

/**
 * Field by field as numbers. A missing field matches any: `5.9.6` names every build of 5.9.6, so it
 * is 'same' as 5.9.6.2327 rather than older than it.
 */
export function compareFields(a: readonly number[], b: readonly number[]): Order {
  const shared = Math.min(a.length, b.length);
  for (let place = 0; place < shared; place += 1) {
    const order = orderOf(a[place] ?? 0, b[place] ?? 0);
    if (order !== 'same') return order;
  }
  return 'same';
}

/** The first order that decides, in the order of weight. */
export function firstDecided(...orders: readonly Order[]): Order {
  return orders.find((order) => order !== 'same') ?? 'same';
}

/** Plain text order, for suffix letters: none before `a`, `a` before `b`. */
export const compareLetters = (a: string, b: string): Order =>
  a < b ? 'older' : a > b ? 'newer' : 'same';

/**
 * Wraps a vendor's order: equal text is 'same' whatever its shape, and text outside the vendor's
 * scheme is 'incomparable', never 'newer'.
 */
export function ordered(a: string, b: string, within: (a: string, b: string) => Order): Order {
  const left = a.trim();
  const right = b.trim();
  if (left === '' || right === '') return 'incomparable';
  if (left === right) return 'same';
  if (left.length > versionLengthMax || right.length > versionLengthMax) return 'incomparable';
  return within(left, right);
}
