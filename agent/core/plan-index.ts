import { fractionOf } from '@ringwave/protocol/keyed-hash';
import type { Plan, PlanPhone, PlanRelease } from '@ringwave/protocol/messages';
import { updateTakesUsually } from '@ringwave/protocol/phases';
import { type DurationMs, minutes } from '@ringwave/protocol/units';

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
  const phones = inOrder(plan.phones);
  return {
    takes,
    worsts: [...new Set([updateTakesUsually, ...takes.values()])].sort((a, b) => a - b),
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

function inOrder(phones: readonly PlanPhone[]): PlanPhone[] {
  const ranked = phones.flatMap((phone) => (phone.work ? [{ phone, rank: rankOf(phone) }] : []));
  return ranked.sort((a, b) => a.rank - b.rank).map(({ phone }) => phone);
}

const rankOf = ({ mac, emergency, work }: PlanPhone): number =>
  (emergency ? 1 : 0) + fractionOf(work?.rollout ?? '', mac);

export const phoneIn = (plan: Plan | undefined, mac: string): PlanPhone | undefined =>
  plan && planIndex(plan).phones.get(mac);
