import type { EpochMs, Id, Mac } from '@ringwave/protocol/units';
import { explain } from '../controller/core/explain.ts';
import type { ControllerTables } from '../controller/core/state.ts';
import type { Rehearsal } from './rehearsal.ts';
import type { SiteTally } from './rehearsed-site.ts';

// What a rehearsal says: when it ends, what it costs, who waits longest, and who can never finish and why.
// Every list has its order from its content, so that the same input gives the same bytes.

/** One run with one seed. */
export interface RunOutcome {
  readonly seed: number;
  /** Null: not within the days that were looked ahead. */
  readonly finishedAt: EpochMs | null;
  readonly state: string;
  readonly done: number;
  readonly failed: number;
  readonly skipped: number;
  readonly open: number;
  readonly wanBytes: number;
  readonly lanBytes: number;
  readonly phoneMinutesLost: number;
  readonly quorumWaits: number;
  readonly stops: readonly { readonly at: EpochMs; readonly reason: string }[];
  readonly sites: readonly SiteLine[];
  readonly neverSites: readonly { readonly site: Id; readonly why: string }[];
  /** By reason, with how many and the first of them. */
  readonly neverPhones: readonly NeverPhones[];
}

export interface SiteLine {
  readonly site: Id;
  readonly phones: number;
  readonly starts: number;
  readonly firstStartAt: EpochMs | null;
  readonly lastDoneAt: EpochMs | null;
  readonly wanBytes: number;
  readonly lanBytes: number;
  readonly phoneMinutesLost: number;
  readonly quorumWaits: number;
}

export interface NeverPhones {
  readonly why: string;
  readonly count: number;
  readonly first: readonly { readonly mac: Mac; readonly site: Id }[];
}

/** Phones named for one reason; the count says how many there are. */
const namedMax = 20;
/** Different reasons told; a text that differs for each phone must not make the answer as long as the fleet. */
const reasonsMax = 100;

export function outcomeOf(
  rehearsal: Rehearsal,
  seed: number,
  finishedAt: EpochMs | null,
): RunOutcome {
  const { controller, rollout: id } = rehearsal;
  const rollout = controller.tables.rollouts.get(id);
  const sum = (name: 'done' | 'failed' | 'skipped') =>
    (rollout?.waves ?? []).reduce((total, wave) => total + wave.counts[name], 0);
  const total = (rollout?.waves ?? []).reduce((all, wave) => all + wave.counts.total, 0);
  const aside = (rollout?.waves ?? []).reduce((all, wave) => all + (wave.counts.aside ?? 0), 0);
  // Sites that only what goes before it is at are played and not told.
  const own = new Set(rollout?.sites);
  const sites = [...rehearsal.sites.values()]
    .flatMap(({ tally }) => (own.has(tally.site) ? lineOf(tally) : []))
    .sort(bySite);
  const [done, failed, skipped] = [sum('done'), sum('failed') + aside, sum('skipped')];
  const all = (name: 'wanBytes' | 'lanBytes' | 'phoneMinutesLost' | 'quorumWaits') =>
    sites.reduce((added, line) => added + line[name], 0);
  return {
    seed,
    finishedAt,
    state: rollout?.state ?? 'refused',
    done,
    failed,
    skipped,
    open: total - done - failed - skipped,
    wanBytes: all('wanBytes'),
    lanBytes: all('lanBytes'),
    phoneMinutesLost: all('phoneMinutesLost'),
    quorumWaits: all('quorumWaits'),
    stops: rehearsal.stops,
    sites,
    neverSites: neverSites(controller.tables, rollout?.sites ?? [], rehearsal.sites),
    neverPhones: neverPhones(rehearsal),
  };
}

const bySite = (a: SiteLine, b: SiteLine): number => (a.site < b.site ? -1 : 1);

const lineOf = ({ phoneMsLost, quorumWaits, ...tally }: SiteTally): SiteLine => ({
  ...tally,
  phoneMinutesLost: Math.round(phoneMsLost / 60_000),
  quorumWaits: quorumWaits.size,
});

function neverSites(
  tables: ControllerTables,
  sites: readonly Id[],
  agents: ReadonlyMap<Id, unknown>,
): { site: Id; why: string }[] {
  return sites.flatMap((site) => {
    if (!agents.has(site)) return [{ site, why: 'No agent is enrolled there' }];
    const openings = tables.plans.get(site)?.plan.openings.length ?? 0;
    return openings === 0 ? [{ site, why: 'It has no opening in the days ahead' }] : [];
  });
}

function neverPhones({ controller, rollout: id, now, sites }: Rehearsal): NeverPhones[] {
  const { tables } = controller;
  const rollout = tables.rollouts.get(id);
  const found = new Map<string, { count: number; first: { mac: Mac; site: Id }[] }>();
  for (const site of rollout?.sites ?? []) {
    for (const mac of tables.rosters.get(site) ?? []) {
      const progress = tables.progress.get(`${id}/${mac}`);
      if (!rollout || !progress || progress.phase === 'done') continue;
      const why = !sites.has(site)
        ? 'No agent is enrolled at its site'
        : sites.get(site)?.off.has(mac)
          ? 'It was not seen for long and counts as off'
          : explain(tables, rollout, progress, now).reason;
      const known = found.get(why) ?? { count: 0, first: [] };
      if (known.count === 0 && found.size >= reasonsMax) continue;
      known.count += 1;
      if (known.first.length < namedMax) known.first.push({ mac, site });
      found.set(why, known);
    }
  }
  return [...found]
    .map(([why, { count, first }]) => ({ why, count, first }))
    .sort((a, b) => b.count - a.count || (a.why < b.why ? -1 : 1));
}

/** Where in the order of its runs a rehearsal ends: the middle one, one in ten later, the last. */
export interface Distribution {
  readonly p10: EpochMs | null;
  readonly p50: EpochMs | null;
  readonly p90: EpochMs | null;
  readonly last: EpochMs | null;
}

/** Runs that did not end count as later than all others: a quantile that falls on one is null. */
export function distributionOf(runs: readonly Pick<RunOutcome, 'finishedAt'>[]): Distribution {
  const ends = runs
    .map(({ finishedAt }) => finishedAt)
    .sort((a, b) => (a ?? Number.POSITIVE_INFINITY) - (b ?? Number.POSITIVE_INFINITY));
  const at = (part: number) =>
    ends[Math.min(Math.floor(part * ends.length), ends.length - 1)] ?? null;
  return { p10: at(0.1), p50: at(0.5), p90: at(0.9), last: ends.at(-1) ?? null };
}
