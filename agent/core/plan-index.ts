import { fractionOf } from '@ringwave/protocol/keyed-hash';
import type { Plan, PlanOpening, PlanPhone, PlanRelease } from '@ringwave/protocol/messages';
import { updateTakesUsually } from '@ringwave/protocol/phases';
import { type DurationMs, type EpochMs, minutes } from '@ringwave/protocol/units';

// What is looked up in a plan again and again. A plan never changes, so what follows from it is made once and
// lives as long as the plan does.

export interface PlanIndex {
  readonly phones: ReadonlyMap<string, PlanPhone>;
  readonly releases: ReadonlyMap<string, PlanRelease>;
  /** Phones with work: ordinary ones in hashed order, then the emergency phones. */
  readonly inOrder: readonly PlanPhone[];
  /** Where a phone stands in that order. */
  readonly place: ReadonlyMap<string, number>;
  /** By `vendor/model`: how long an update takes at worst. */
  readonly takes: ReadonlyMap<string, DurationMs>;
  /** The different worst times that matter here, rising. */
  readonly worsts: readonly DurationMs[];
  /** Phones with work that stand in for one another, by pair. */
  readonly pairs: ReadonlyMap<string, readonly PlanPhone[]>;
  /** Openings of waves with windows of their own, by name. */
  readonly within: ReadonlyMap<string, readonly PlanOpening[]>;
  /** Instants at which something changes for phones of such waves, or for those that need no opening, rising. */
  readonly edges: readonly number[];
  /** Members of each coverage group. */
  readonly groups: ReadonlyMap<string, number>;
}

const indexes = new WeakMap<Plan, PlanIndex>();

export function planIndex(plan: Plan): PlanIndex {
  const known = indexes.get(plan);
  if (known) return known;
  const made = makeIndex(plan);
  indexes.set(plan, made);
  return made;
}

function makeIndex(plan: Plan): PlanIndex {
  const groups = new Map<string, number>();
  for (const { coverageGroup } of plan.phones) {
    if (coverageGroup) groups.set(coverageGroup, (groups.get(coverageGroup) ?? 0) + 1);
  }
  const takes = new Map(
    (plan.takes ?? []).map((one) => [`${one.vendor}/${one.model}`, minutes(one.worstMinutes)]),
  );
  const worsts = [...new Set([updateTakesUsually, ...takes.values()])].sort((a, b) => a - b);
  const within = new Map((plan.within ?? []).map((one) => [one.id, one.openings]));
  const phones = inOrder(plan.phones);
  return {
    takes,
    worsts,
    within,
    edges: edgesOf([...within.values()].flat(), plan.blackout ?? [], worsts),
    phones: new Map(plan.phones.map((phone) => [phone.mac, phone])),
    releases: new Map(plan.releases.map((release) => [release.id, release])),
    inOrder: phones,
    place: new Map(phones.map(({ mac }, place) => [mac, place])),
    pairs: Map.groupBy(
      plan.phones.filter((phone) => phone.pair !== undefined && phone.work !== undefined),
      (phone) => phone.pair ?? '',
    ),
    groups,
  };
}

function edgesOf(
  openings: readonly PlanOpening[],
  blackout: NonNullable<Plan['blackout']>,
  worsts: readonly DurationMs[],
): number[] {
  const edges = openings.flatMap(({ start, end }) => [
    start,
    end,
    // The first instant at which an update would no longer end in it.
    ...worsts.map((worst) => end - worst + 1),
  ]);
  for (const { from, until } of blackout)
    edges.push(until, ...worsts.map((worst) => from - worst + 1));
  return [...new Set(edges)].sort((a, b) => a - b);
}

function inOrder(phones: readonly PlanPhone[]): PlanPhone[] {
  const ranked = phones.flatMap((phone) => (phone.work ? [{ phone, rank: rankOf(phone) }] : []));
  return ranked.sort((a, b) => a.rank - b.rank).map(({ phone }) => phone);
}

const rankOf = ({ mac, emergency, work }: PlanPhone): number =>
  (emergency ? 1 : 0) + fractionOf(work?.rollout ?? '', mac);

/** The openings in which a phone may be started; none where the plan lacks those that it names. */
export const openingsFor = (plan: Plan, { work }: PlanPhone): readonly PlanOpening[] =>
  work?.within === undefined ? plan.openings : (planIndex(plan).within.get(work.within) ?? []);

/**
 * How many instants have passed at which waves with windows of their own open, close, or become too late for an update,
 * or days of blackout come or go.
 * It only rises, so that a look at the site notices each of them.
 */
export function edgesPassed(plan: Plan, now: EpochMs): number {
  const { edges } = planIndex(plan);
  const next = edges.findIndex((at) => at > now);
  return next === -1 ? edges.length : next;
}

/** The next such instant. */
export const nextEdge = (plan: Plan, now: EpochMs): EpochMs | undefined =>
  planIndex(plan).edges.find((at) => at > now) as EpochMs | undefined;

export const phoneIn = (plan: Plan | undefined, mac: string): PlanPhone | undefined =>
  plan && planIndex(plan).phones.get(mac);
