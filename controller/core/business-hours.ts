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
/** Looked ahead at once: most soaks end within a week. */
const daysAtOnce = 60;
/** Beyond three years: the longest soak takes less than one where no days of blackout are in it. */
const daysAheadMax = 20 * daysAtOnce;

/**
 * When so many hours of work will have passed at a site, counted from an instant. Days of blackout do not
 * count. Where three years hold not enough of them their end is given.
 */
export function afterBusinessHours(
  { zone, blackout }: { readonly zone: string; readonly blackout: readonly string[] },
  start: EpochMs,
  duration: DurationMs,
): EpochMs {
  const today = Temporal.Instant.fromEpochMilliseconds(start)
    .toZonedDateTimeISO(zone)
    .toPlainDate();
  let left: number = duration;
  for (let ahead = 0; ahead < daysAheadMax; ahead += daysAtOnce) {
    const from = today.add({ days: ahead });
    const to = from.add({ days: daysAtOnce - 1 });
    const days = { from: from.toString(), to: to.toString() };
    for (const opening of openingsBetween(businessHours, zone, days)) {
      if (isBlackedOut(opening.date, blackout) || opening.end <= start) continue;
      const begins = Math.max(opening.start, start);
      if (opening.end - begins >= left) return (begins + left) as EpochMs;
      left -= opening.end - begins;
    }
  }
  const last = today.add({ days: daysAheadMax });
  return last.toZonedDateTime(zone).epochMilliseconds as EpochMs;
}
