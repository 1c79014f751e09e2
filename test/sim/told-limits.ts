import type { Plan, PlanPhone } from '@ringwave/protocol/messages';
import type { Work } from '../../agent/core/state.ts';
import { holdsSlot } from '@ringwave/protocol/phases';

// What one start may add, by the plan that the box was told last: whoever is down already stays so, whatever a newer plan says.

/** Why this phone may not be started beside those that are down; undefined where it may. */
export function beyondTold(
  plan: Plan,
  mac: string,
  work: ReadonlyMap<string, Work>,
): string | undefined {
  const started = plan.phones.find((one) => one.mac === mac);
  if (!started) return 'it is in no plan';
  const isDown = (phone: PlanPhone): boolean => {
    const known = work.get(phone.mac);
    return known !== undefined && holdsSlot(known.phase);
  };
  const others = plan.phones.filter((one) => one.mac !== mac && isDown(one));
  if (others.length >= plan.phonesUpdatingMax) return `${others.length} are down`;
  const alone = [started, ...others].find((one) => one.emergency);
  if (alone && others.length > 0) return `${alone.mac} goes alone`;
  const beside = others.filter((one) => one.switch !== undefined && one.switch === started.switch);
  if (beside.length >= (plan.phonesPerSwitchMax ?? Number.POSITIVE_INFINITY))
    return `${beside.length} of ${started.switch} are down`;
  const pair = others.find((one) => one.pair !== undefined && one.pair === started.pair);
  if (pair) return `${pair.mac} of its pair is down`;
  const group = plan.coverage.find((one) => one.id === started.coverageGroup);
  const members = plan.phones.filter((one) => group && one.coverageGroup === group.id);
  const up = members.filter((one) => one !== started && !isDown(one)).length;
  return group && up < group.minUp ? `${up} of ${group.id} stay up` : undefined;
}
