import { days, type EpochMs, type Id, laterBy } from '@ringwave/protocol/units';
import { turnedWords } from './turned-words.ts';
import type { SiteDetailView } from '@ringwave/protocol/views';
import { Temporal } from 'temporal-polyfill';
import { incidentKey, incidentPhonesMin } from './incidents.ts';
import type { FreezeSpan } from './planned-freeze.ts';
import { leftOf } from './site-calendar.ts';
import type { ControllerTables, Site } from './state.ts';
import { type Opening, openingsBetween } from './window.ts';

// What is ahead of a site, and what troubles it had: for somebody who looks at one site.

/** Told at once: two weeks of nights on weekdays. */
const openingsTold = 10;
/** Half a year and some days: the next time that clocks change lies in it. */
const aheadFor = days(200);
/** Openings that a clock change bends, told beyond the first ten. */
const bentTold = 2;

/**
 * The next openings as the site's rules and planned freezes leave them, and those that the next change of clocks bends,
 * however far ahead.
 */
export function comingOpenings(
  { zone, windows, blackout }: Pick<Site, 'zone' | 'windows' | 'blackout'>,
  freezes: readonly FreezeSpan[],
  now: EpochMs,
): SiteDetailView['comingOpenings'] {
  const dateAt = (at: EpochMs, shiftDays: number) =>
    Temporal.Instant.fromEpochMilliseconds(at)
      .toZonedDateTimeISO(zone)
      .toPlainDate()
      .add({ days: shiftDays })
      .toString();
  const range = { from: dateAt(now, -1), to: dateAt(laterBy(now, aheadFor), 0), withEmpty: true };
  const coming = windows
    .flatMap((rule) => openingsBetween(rule, zone, range))
    .flatMap((one) => partsOf(one, leftOf(one, blackout, freezes), zone))
    .filter(({ told }) => told.end > now)
    .sort((a, b) => a.told.start - b.told.start);
  const soon = coming.slice(0, openingsTold);
  const bent = coming.slice(openingsTold).filter(({ isBent }) => isBent);
  return [...soon, ...bent.slice(0, bentTold)].map(({ told }) => told);
}

/** What rest has taken whole is no opening; what clocks have taken whole is told, since no rule of the site says so. */
function partsOf(one: Opening, left: readonly Opening[], zone: string) {
  const isSwallowed = one.end <= one.start;
  return left
    .filter(({ start, end }) => isSwallowed || end > start)
    .map(({ start, end, note }) => {
      const turned = one.note === undefined ? turnedWords(start, end, zone) : null;
      const words = [turned, note].filter((text) => text !== null && text !== undefined);
      const told = { start, end, note: words.length === 0 ? null : words.join('; ') };
      return { told, isBent: one.note !== undefined || turned !== null };
    });
}

/** Troubles of the whole site, the newest first: in each wave the last one is known. */
export function incidentsOf(
  { rollouts, incidents }: Pick<ControllerTables, 'rollouts' | 'incidents'>,
  site: Id,
): SiteDetailView['incidents'] {
  return [...rollouts.values()]
    .flatMap(({ id: rollout, waves }) =>
      waves.flatMap((_, wave) => {
        const found = incidents.get(incidentKey({ rollout, site, wave }));
        if (!found || found.count < incidentPhonesMin) return [];
        const { since, lastAt, count, phones } = found;
        return [{ rollout, since, lastAt, count, phones }];
      }),
    )
    .sort((a, b) => b.lastAt - a.lastAt);
}
