import type { EpochMs } from '@ringwave/protocol/units';
import { Temporal } from 'temporal-polyfill';

/** What a night when clocks change makes of an opening that lies around the change; null on all other nights. */
export function turnedWords(start: EpochMs, end: EpochMs, zone: string): string | null {
  const offsetAt = (at: EpochMs) =>
    Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone).offsetNanoseconds;
  const turned = (offsetAt(end) - offsetAt(start)) / 60_000_000_000;
  if (turned === 0) return null;
  const how = `${Math.abs(turned)} minutes ${turned > 0 ? 'forward' : 'back'}`;
  const long = Math.round((end - start) / 60_000);
  return `clocks go ${how} in it, so it is ${Math.floor(long / 60)} h ${long % 60} min long`;
}
