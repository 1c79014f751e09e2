import type { EpochMs } from '@ringwave/protocol/units';
import { type FreezeSpan, withoutSpans } from './planned-freeze.ts';
import type { Site } from './state.ts';
import { isBlackedOut, type Opening, openingsBetween } from './window.ts';

/**
 * The openings of a site whose local start date lies in `[from, to]`, as its windows, its days of blackout and freezes
 * leave them. One that nothing is left of begins and ends at once, and says why.
 */
export function siteCalendar(
  site: Pick<Site, 'zone' | 'windows' | 'blackout'>,
  freezes: readonly FreezeSpan[],
  range: { readonly from: string; readonly to: string },
): Opening[] {
  return site.windows
    .flatMap((rule) => openingsBetween(rule, site.zone, { ...range, withEmpty: true }))
    .flatMap((opening) => leftOf(opening, site.blackout, freezes))
    .sort((a, b) => a.start - b.start || a.end - b.end);
}

/** One opening without what rest takes of it; of a part that is left the note says which rest. */
export function leftOf(
  opening: Opening,
  blackout: readonly string[],
  freezes: readonly FreezeSpan[],
): readonly Opening[] {
  const { start } = opening;
  const gone = (why: string): Opening => ({ ...opening, end: start, note: noted(opening, why) });
  if (opening.end <= start) return [opening];
  if (isBlackedOut(opening.date, blackout)) return [gone('a day of blackout')];
  const hits = freezes.filter(({ from, until }) => from < opening.end && until > start);
  if (hits.length === 0) return [opening];
  const words = hits.map(({ id, reason }) => `frozen by ${id}: ${reason}`);
  const left = withoutSpans([opening], hits);
  if (left.length === 0) return [gone(words.join('; '))];
  const partly = words.map((one) => `partly ${one}`).join('; ');
  return left.map((part) => ({ ...part, note: noted(opening, partly) }));
}

const noted = ({ note }: Opening, why: string): string => (note ? `${note}; ${why}` : why);

/** Where a freeze could matter to openings of a range of local dates: a day more on both sides. */
export const reachOf = (from: string): EpochMs =>
  (Date.parse(`${from}T00:00:00Z`) - 2 * 86_400_000) as EpochMs;
