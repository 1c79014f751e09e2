import { days, type EpochMs, type Id, laterBy } from '@ringwave/protocol/units';
import { freezeSpans, type PlannedTables, withoutSpans } from './planned-freeze.ts';
import type { Site, WindowRule } from './state.ts';
import { narrowed } from './wave-windows.ts';
import { siteOpenings } from './window.ts';

// A plan knows the openings of a week. Where rest or rare windows reach beyond it, the site's own rules say what comes.

interface Interval {
  readonly start: number;
  readonly end: number;
}

/** Two months hold what most sites wait for; a rule that does not open within a year is a mistake. */
const aheadFor = [days(62), days(366)] as const;

/** The first opening that ends after `from`, as rules, days of blackout and planned freezes leave it. */
export function openingAfter(
  tables: PlannedTables,
  siteId: Id,
  windows: readonly WindowRule[] | undefined,
  from: EpochMs,
): Interval | undefined {
  const site = tables.sites.get(siteId);
  if (!site || site.windows.length === 0) return undefined;
  const spans = freezeSpans(tables, siteId, from);
  for (const ahead of aheadFor) {
    const left = withoutSpans(ruled(site, windows, from, ahead), spans);
    const next = left.find(({ end }) => end > from);
    if (next) return next;
  }
  return undefined;
}

const ruledOnce = new WeakMap<Site, Map<string, readonly Interval[]>>();
/** Waves of one site that have windows of their own, and the days that somebody asks about. */
const keptMax = 16;

/** By the rules alone. All phones of a site ask the same, so it is read once a day for each. */
function ruled(
  site: Site,
  windows: readonly WindowRule[] | undefined,
  from: EpochMs,
  ahead: (typeof aheadFor)[number],
): readonly Interval[] {
  const now = (Math.floor(from / days(1)) * days(1)) as EpochMs;
  const until = laterBy(laterBy(now, days(1)), ahead);
  const key = JSON.stringify([now, ahead, windows ?? null]);
  const known = ruledOnce.get(site) ?? new Map<string, readonly Interval[]>();
  ruledOnce.set(site, known);
  const found = known.get(key);
  if (found) return found;
  const all = [...siteOpenings(site, now, until)];
  const openings: readonly Interval[] = windows
    ? narrowed(site, all, windows, { now, until })
    : all;
  if (known.size >= keptMax) known.clear();
  known.set(key, openings);
  return openings;
}
