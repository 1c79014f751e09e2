import type { Id } from '@ringwave/protocol/units';
import type { Caution, ControllerDraft, Phone } from './state.ts';

const toldMax = 20;

/** Coverage groups that could never let one of their phones go: with one down, fewer stay up than have to. */
export function stuckGroups(
  draft: Pick<ControllerDraft, 'sites' | 'rosters' | 'phones'>,
  rollout: Id,
  phones: readonly Phone[],
): readonly Caution[] {
  const waiting = new Map<string, Map<string, number>>();
  for (const { site, coverageGroup: group } of phones) {
    if (group === undefined) continue;
    const groups = waiting.get(site) ?? new Map<string, number>();
    waiting.set(site, groups.set(group, (groups.get(group) ?? 0) + 1));
  }
  const cautions: Caution[] = [];
  for (const [site, groups] of waiting) {
    const members = membersAt(draft, site);
    for (const { id, minUp } of draft.sites.get(site)?.coverage ?? []) {
      const [mine, all] = [groups.get(id), members.get(id) ?? 0];
      if (mine === undefined || all > minUp) continue;
      const thing = `rollout ${rollout}: site ${site}: coverage group ${id}`;
      const has = `has ${all} ${all === 1 ? 'phone' : 'phones'} and needs ${minUp} up`;
      const reason = `${has}, so that none is ever started; in this rollout: ${mine}`;
      const next = `Give it a minUp below ${all}, or more phones.`;
      cautions.push({ thing, reason, next });
    }
  }
  if (cautions.length <= toldMax) return cautions;
  const reason = `has ${cautions.length - toldMax} more such coverage groups`;
  const more = { thing: `rollout ${rollout}`, reason, next: 'Look at the coverage of its sites.' };
  return [...cautions.slice(0, toldMax), more];
}

function membersAt(
  { rosters, phones }: Pick<ControllerDraft, 'rosters' | 'phones'>,
  site: string,
): ReadonlyMap<string, number> {
  const members = new Map<string, number>();
  for (const mac of rosters.get(site) ?? []) {
    const group = phones.get(mac)?.coverageGroup;
    if (group !== undefined) members.set(group, (members.get(group) ?? 0) + 1);
  }
  return members;
}
