// How a virtual phone behaves. Every number that a phone chooses follows from its seed, so that the same
// fleet lives the same story twice.

import { fractionOf } from '@ringwave/protocol/keyed-hash';
import { type DurationMs, ms } from '@ringwave/protocol/units';

export type Habit =
  | { readonly kind: 'good' }
  /** Busy for so many NOTIFYs, then good: calls end. */
  | { readonly kind: 'in-call'; readonly asks: number }
  /** Neither asks nor answers, until told otherwise. */
  | { readonly kind: 'off' }
  /** Loses its power after it has looked at its files so many times. */
  | { readonly kind: 'unplugged'; readonly afterLooks: number }
  /** Fetches its files and never the image. */
  | { readonly kind: 'refuses-image' }
  /** Takes the image, restarts, and runs what it ran before. */
  | { readonly kind: 'comes-back-old' }
  /** Takes images at this rate, in bytes per second of its clock. */
  | { readonly kind: 'slow'; readonly bytesPerSecond: number }
  /** Loses this share, 0 to 1, of the TFTP packets it receives and of those it sends. */
  | { readonly kind: 'loses-packets'; readonly share: number }
  /** Asks for its provisioning login before it believes a NOTIFY; without a login it cannot. */
  | { readonly kind: 'challenges' };

export const good: Habit = { kind: 'good' };

/** The habit after one NOTIFY was answered with busy. */
export function afterBusy(habit: Habit): Habit {
  if (habit.kind !== 'in-call') return habit;
  return habit.asks > 1 ? { kind: 'in-call', asks: habit.asks - 1 } : good;
}

/** The habit after one look at its files. */
export function afterLook(habit: Habit): Habit {
  if (habit.kind !== 'unplugged') return habit;
  return habit.afterLooks > 1
    ? { kind: 'unplugged', afterLooks: habit.afterLooks - 1 }
    : { kind: 'off' };
}

/** The bounds of what a phone takes for a thing, in milliseconds of its clock. */
export interface Span {
  readonly from: DurationMs;
  readonly to: DurationMs;
}

const span = (fromSeconds: number, toSeconds: number): Span => ({
  from: ms(fromSeconds * 1000),
  to: ms(toSeconds * 1000),
});

/** From power to the first file asked for: loader, kernel, network, DHCP. */
export const bootTakes = span(40, 90);
/** Erasing and writing flash; vendors' manuals say one to several minutes. */
export const flashTakes = span(60, 150);
/** Between the 200 to a NOTIFY and acting on it. */
export const actsAfter = span(1, 4);
/** Until a phone that found no server tries again. */
export const retriesAfter = span(60, 120);
/** Until a download that was cut goes on. */
export const resumesAfter = span(5, 10);
/** Between a phone's own looks at its files ("repeat minutes" of Yealink, Resync_Periodic of Cisco). */
export const checksEvery = span(2700, 4500);

/** A duration within the span that depends only on the key. */
export const seededWithin = (
  { from, to }: Span,
  ...key: readonly (string | number)[]
): DurationMs => ms(Math.round(from + fractionOf(...key) * (to - from)));
