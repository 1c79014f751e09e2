import type { Plan } from '@ringwave/protocol/messages';
import { type EpochMs, laterBy, minutes } from '@ringwave/protocol/units';
import { Temporal } from 'temporal-polyfill';
import type { Site } from './state.ts';
import { isBlackedOut } from './window.ts';

/**
 * The days of blackout of a site that begin before a plan ends, by its clock, those in a row as one. Openings leave them
 * out already; agents need them for work that a deadline frees from openings. Absent where there are none. One that has just
 * ended is among them: a box may be behind by some minutes, and is still in it.
 */
export function planBlackout(
  { zone, blackout }: Pick<Site, 'zone' | 'blackout'>,
  { now, until }: { readonly now: EpochMs; readonly until: EpochMs },
): Pick<Plan, 'blackout'> {
  if (blackout.length === 0) return {};
  const dayOf = (at: EpochMs) =>
    Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone).toPlainDate();
  const beginOf = (date: Temporal.PlainDate) => date.toZonedDateTime(zone).epochMilliseconds;
  const last = dayOf(until);
  const days: { from: number; until: number }[] = [];
  for (
    let date = dayOf(laterBy(now, boxBehindMax));
    Temporal.PlainDate.compare(date, last) <= 0;
    date = nextOf(date)
  ) {
    if (!isBlackedOut(date.toString(), blackout)) continue;
    const [from, end] = [beginOf(date), beginOf(nextOf(date))];
    const before = days.at(-1);
    if (before?.until === from) before.until = end;
    else days.push({ from, until: end });
  }
  // A zone that crossed the date line has days that never were.
  const whole = days.filter((one) => one.until > one.from);
  return whole.length > 0 ? { blackout: whole } : {};
}

/** Boxes whose clocks differ by more than this start nothing; this is more than that. */
const boxBehindMax = minutes(-10);

const nextOf = (date: Temporal.PlainDate): Temporal.PlainDate => date.add({ days: 1 });
