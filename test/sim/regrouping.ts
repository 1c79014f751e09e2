import type { PhoneState } from './desk.ts';
import type { Faults } from './faults.ts';
import { asId, type SimPhone } from './fleet.ts';
import { Random } from './random.ts';
import type { World } from './world.ts';

// In some seeds somebody plans the floors anew while rollouts go on: phones change their coverage group, their switch and
// whether somebody must always reach help by them. A box keeps to what it was told last.

/** No seed that taught something before floors were planned anew is one. */
export const isRegrouped = (seed: number, { orders }: Faults): boolean =>
  orders && [4, 13].includes(seed % 16);

const planners = new WeakMap<World, Random>();

export function sendPlanner(world: World, seed: number): void {
  if (isRegrouped(seed, world.faults)) planners.set(world, new Random(seed ^ 0xf1_00d));
}

/** Hour by hour. */
export function planFloors(world: World): void {
  const dice = planners.get(world);
  if (!dice) return;
  for (const phone of world.phones.values()) {
    if (!dice.chance(0.04)) continue;
    const input = changed(phone, dice);
    world.ask({ kind: 'phones-put', phones: [input] }, () => {
      // Somebody may have carried it to another site meanwhile.
      phone.input = { ...input, site: phone.input.site };
      world.fleet.move(input.mac, phone.input);
      world.invariants.regrouped();
      world.note(`${input.mac} is of another group, switch or use now`);
    });
  }
}

function changed({ input }: PhoneState, dice: Random): SimPhone['input'] {
  const { coverageGroup, emergency, ...rest } = input;
  const group = coverageGroup === undefined ? { coverageGroup: asId('floor-1') } : {};
  const what = dice.whole(0, 2);
  if (what === 0) return { ...rest, emergency, ...group };
  if (what === 1) return { ...input, switch: `sw-${dice.whole(0, 2)}` };
  return { ...input, emergency: dice.chance(0.2) };
}
