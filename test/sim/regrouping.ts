import type { Site } from '../../controller/core/state.ts';
import type { PhoneState } from './desk.ts';
import type { Faults } from './faults.ts';
import { asId, type SimPhone } from './fleet.ts';
import { Random } from './random.ts';
import type { World } from './world.ts';

// In some seeds somebody plans the floors anew while rollouts go on: phones change their coverage group, their switch and
// whether somebody must always reach help by them, or in other seeds who stands in for them. A box keeps to what it was told
// last.

/** No seed that taught something before floors were planned anew is one. */
export const isRegrouped = (seed: number, { orders }: Faults): boolean =>
  orders && [4, 5, 13].includes(seed % 16);

interface Planner {
  readonly dice: Random;
  readonly changed: (phone: PhoneState, dice: Random) => SimPhone['input'];
}

const planners = new WeakMap<World, Planner>();

export function sendPlanner(world: World, seed: number): void {
  if (!isRegrouped(seed, world.faults)) return;
  const changed = seed % 16 === 5 ? ofOtherPair : ofOtherFloor;
  planners.set(world, { dice: new Random(seed ^ 0xf1_00d), changed });
}

/** Hour by hour. */
export function planFloors(world: World): void {
  const planner = planners.get(world);
  if (!planner) return;
  const { dice, changed } = planner;
  for (const site of world.fleet.sites)
    if (changed === ofOtherFloor && dice.chance(0.05)) limitAnew(world, dice, site);
  for (const phone of world.phones.values()) {
    if (!dice.chance(0.04)) continue;
    const input = changed(phone, dice);
    world.ask({ kind: 'phones-put', phones: [input] }, () => {
      // Somebody may have carried it to another site meanwhile.
      phone.input = { ...input, site: phone.input.site };
      world.fleet.move(input.mac, phone.input);
      world.invariants.regrouped();
      world.note(`${input.mac} is of another group, switch, pair or use now`);
    });
  }
}

/** How many may be down at once, and how many of a group have to be up. */
function limitAnew(world: World, dice: Random, site: Site): void {
  const coverage = site.coverage.map(({ id }) => ({ id, minUp: dice.whole(0, 4) }));
  const limited = { ...site, coverage, phonesUpdatingMax: dice.whole(1, 5) };
  world.ask({ kind: 'site-put', site: limited }, () => {
    world.note(`${site.id} lets ${limited.phonesUpdatingMax} be down`);
    world.invariants.regrouped();
  });
}

function ofOtherFloor({ input }: PhoneState, dice: Random): SimPhone['input'] {
  const { coverageGroup, emergency, ...rest } = input;
  const group = coverageGroup === undefined ? { coverageGroup: asId('floor-1') } : {};
  const what = dice.whole(0, 2);
  if (what === 0) return { ...rest, emergency, ...group };
  if (what === 1) return { ...input, switch: `sw-${dice.whole(0, 2)}` };
  return { ...input, emergency: dice.chance(0.2) };
}

function ofOtherPair({ input }: PhoneState, dice: Random): SimPhone['input'] {
  const { pair, ...rest } = input;
  return pair === undefined ? { ...rest, pair: asId(`pair-of-${dice.whole(0, 3)}`) } : rest;
}
