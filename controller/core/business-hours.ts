import type { DurationMs, EpochMs } from '@ringwave/protocol/units';
import { isBlackedOut, openingsBetween } from './window.ts';
import { Temporal } from 'temporal-polyfill';
import type { WindowRule } from './state.ts';

/** Monday to Friday, nine to five by the site's wall clock: when a phone that misbehaves is noticed. */
export const businessHours: WindowRule = {
  days: ['mon', 'tue', 'wed', 'thu', 'fri'],
  start: '09:00',
  end: '17:00',
};
/** Looked ahead at once; no site closes for longer than its blackout days within it. */
const daysAhead = 60;

/**
 * When so many hours of work will have passed at a site, counted from an instant. Days of blackout do not
 * count. After sixty days without enough of them the end of those days is given: a soak must end.
 */
export function afterBusinessHours(
  { zone, blackout }: { readonly zone: string; readonly blackout: readonly string[] },
  from: EpochMs,
  duration: DurationMs,
): EpochMs {
  const today = Temporal.Instant.fromEpochMilliseconds(from).toZonedDateTimeISO(zone).toPlainDate();
  const last = today.add({ days: daysAhead });
  const openings = openingsBetween(businessHours, zone, {
    from: today.toString(),
    to: last.toString(),
  });
  let left: number = duration;
  for (const { date, start, end } of openings) {
    if (isBlackedOut(date, blackout) || end <= from) continue;
    const begins = Math.max(start, from);
    if (end - begins >= left) return (begins + left) as EpochMs;
    left -= end - begins;
  }
  return last.toZonedDateTime(zone).epochMilliseconds as EpochMs;
}
