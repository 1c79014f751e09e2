import { updateTakesUsually } from '@ringwave/protocol/phases';
import { days, type EpochMs, type Id, laterBy, minutes } from '@ringwave/protocol/units';
import { openingAfter } from './coming-opening.ts';
import { freeOfWindowsAt } from './deadline.ts';
import { planBlackout } from './plan-blackout.ts';
import { freezeSpans } from './planned-freeze.ts';
import { freezeOf } from './site-freeze.ts';
import type { ControllerTables, Progress, Rollout, Wave } from './state.ts';
import { openingsFor } from './wave-windows.ts';

// When a phone may be started next, as its site, its wave and its rollout's deadline permit.

/** As long as an update at worst takes no longer than one of these, it is begun in the first that is long enough. */
const openingsLookedAt = 30;

/**
 * When the phone may be started next: in an opening that leaves it the time that it needs, or in any minute once the
 * rollout's deadline has freed it from openings. Null where none comes.
 */
export function nextStartAt(
  tables: ControllerTables,
  rollout: Rollout,
  { site, mac, wave: index }: Progress,
  from: number,
): number | null {
  const wave = rollout.waves[index];
  const phone = tables.phones.get(mac);
  const timed = tables.plans
    .get(site)
    ?.plan.takes?.find((one) => one.vendor === phone?.vendor && one.model === phone.model);
  const takes = timed ? minutes(timed.worstMinutes) : updateTakesUsually;
  const free = freeMinuteAfter(tables, rollout, { site, takes, from });
  let next = nextOpening(tables, site, wave, from as EpochMs);
  for (let looked = 0; next && looked < openingsLookedAt; looked += 1) {
    if (free !== undefined && free <= next.start) return free;
    if (next.start + takes <= next.end) return next.start;
    next = nextOpening(tables, site, wave, next.end as EpochMs);
  }
  return free ?? null;
}

/** Further ahead no minute is looked for: no site rests for longer. */
const restsMax = days(62);

/** The first minute from which a deadline lets phones be started outside openings: never on a day of blackout or in a freeze. */
function freeMinuteAfter(
  tables: ControllerTables,
  { deadline, startedAt }: Rollout,
  asked: { readonly site: Id; readonly takes: number; readonly from: number },
): number | undefined {
  const site = tables.sites.get(asked.site);
  if (!deadline || startedAt === undefined || !site) return undefined;
  const frozen = freezeOf(tables, asked.site, asked.from as EpochMs);
  if (frozen && frozen.until === undefined) return undefined;
  const from = Math.max(asked.from, freeOfWindowsAt(deadline, startedAt), frozen?.until ?? 0);
  const now = from as EpochMs;
  const { blackout = [] } = planBlackout(site, { now, until: laterBy(now, restsMax) });
  const rests = [
    // Begun just so early, an update ends as the day begins.
    ...blackout.map((day) => ({ from: day.from - asked.takes + 1, until: day.until })),
    ...freezeSpans(tables, asked.site, now),
  ].sort((a, b) => a.from - b.from);
  return rests.reduce((at, rest) => (rest.from <= at && at < rest.until ? rest.until : at), from);
}

interface Ahead {
  readonly start: number;
  readonly end: number;
}

/**
 * The next opening of a wave at the site by its newest plan, else by the site's rules, or what is left of it;
 * undefined where none comes.
 */
export function nextOpening(
  tables: ControllerTables,
  site: Id,
  wave: Wave | undefined,
  now: EpochMs,
): Ahead | undefined {
  const frozen = freezeOf(tables, site, now);
  if (frozen && frozen.until === undefined) return undefined;
  const from = frozen?.until ?? now;
  const plan = tables.plans.get(site)?.plan;
  const openings = plan ? openingsFor(plan, { zone: plan.zone }, wave?.spec) : [];
  const next =
    openings.find((opening) => opening.end > from) ??
    openingAfter(tables, site, wave?.spec.windows, from);
  return next && { start: Math.max(next.start, from), end: next.end };
}
