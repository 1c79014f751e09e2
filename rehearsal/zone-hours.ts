import { hoursOfWeek } from '@ringwave/protocol/call-hours';
import type { EpochMs } from '@ringwave/protocol/units';
import { Temporal } from 'temporal-polyfill';

/** The hour of the week in an IANA zone, Monday first. */
export type HourInZone = (zone: string, at: EpochMs) => number;

/** Asked for each wake, so the offset of a zone is kept for a quarter of an hour. */
export function hoursOfZones(): HourInZone {
  const offsets = new Map<string, { readonly quarter: number; readonly offsetMs: number }>();
  return (zone, at) => {
    const quarter = Math.floor(at / 900_000);
    let known = offsets.get(zone);
    if (known?.quarter !== quarter) {
      const zoned = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone);
      known = { quarter, offsetMs: zoned.offsetNanoseconds / 1_000_000 };
      offsets.set(zone, known);
    }
    // 1970 began on a Thursday.
    return (Math.floor((at + known.offsetMs) / 3_600_000) + 3 * 24) % hoursOfWeek;
  };
}
