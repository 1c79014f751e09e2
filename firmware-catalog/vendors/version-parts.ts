// Building blocks from which each vendor's order of versions is made.

import { remembered } from '../remembered.ts';
import type { Order } from './profile.ts';

/** Characters of a version; the longest known name of a release has 40. */
export const versionLengthMax = 80;

export const opposite = (order: Order): Order =>
  order === 'older' ? 'newer' : order === 'newer' ? 'older' : order;

export const orderOf = (a: number, b: number): Order =>
  a < b ? 'older' : a > b ? 'newer' : 'same';

const DOT = 46;
const ZERO = 48;
const digitsMax = 9;

/**
 * `1.0.63.3` as numbers; undefined unless it has between `least` and `most` dotted fields of at most 9
 * digits. Written by hand: orders of a fleet's versions are asked for millions of times.
 */
export function dotted(text: string, least: number, most: number): number[] | undefined {
  const fields: number[] = [];
  let field = 0;
  let digits = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === DOT) {
      if (digits === 0 || fields.length === most) return undefined;
      fields.push(field);
      field = 0;
      digits = 0;
    } else {
      if (code < ZERO || code > ZERO + 9 || digits === digitsMax) return undefined;
      field = field * 10 + code - ZERO;
      digits += 1;
    }
  }
  if (digits === 0) return undefined;
  fields.push(field);
  return fields.length >= least && fields.length <= most ? fields : undefined;
}

/** The commonest order: dotted numbers, after a vendor's own marks were taken off. */
export const numeric = (
  least: number,
  most: number,
  bare: (text: string) => string = (text) => text,
): ((a: string, b: string) => Order) => {
  const fields = remembered((text: string) => dotted(bare(text), least, most) ?? null);
  return (a, b) =>
    ordered(a, b, (left, right) => {
      const from = fields(left);
      const to = fields(right);
      return from && to ? compareFields(from, to) : 'incomparable';
    });
};

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

/**
 * As compareFields, for schemes where a text of `whole` fields names one release and a further field is a
 * later patch of it: then the shorter one is older (Snom 8.7.3.25 before 8.7.3.25.5).
 */
export function comparePatched(a: readonly number[], b: readonly number[], whole: number): Order {
  const order = compareFields(a, b);
  if (order !== 'same' || Math.min(a.length, b.length) < whole) return order;
  return orderOf(a.length, b.length);
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
