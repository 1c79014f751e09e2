import { holdsSlot } from '@ringwave/protocol/phases';
import type { PhoneState } from './desk.ts';
import type { Faults } from './faults.ts';
import { Random } from './random.ts';
import type { World } from './world.ts';

// In some seeds a technician goes round and loads phones with whatever is on his stick: an older version than they ran, a
// stepping stone, seldom the target. Roads that were planned before lead on from elsewhere.

/** No seed that taught something before there were technicians has one. */
export const hasTechnician = (seed: number, { orders }: Faults): boolean =>
  orders && ([0, 10].includes(seed % 13) || seed % 11 === 10);

const technicians = new WeakMap<World, Random>();

export function sendTechnician(world: World, seed: number): void {
  if (!hasTechnician(seed, world.faults) || world.goesBack) return;
  technicians.set(world, new Random(seed ^ 0x57_1c4));
}

/** Hour by hour. */
export function loadByHand(world: World): void {
  const dice = technicians.get(world);
  if (!dice) return;
  for (const phone of world.phones.values()) {
    if (!dice.chance(0.1) || !isLeftAlone(world, phone)) continue;
    const { versions } = phone;
    const version = dice.oneOf(dice.chance(0.1) ? versions : versions.slice(0, -1));
    if (version === phone.running) continue;
    world.note(`${phone.input.mac} is loaded with ${version} by hand`);
    phone.running = version;
    // What it takes again from there it takes for the first time.
    phone.flashes = [];
    world.desks.boot(phone, dice.whole(30_000, 180_000));
  }
}

/** What a rollout has brought to its version stays so: a phone that is done proves it by what it runs. */
function isLeftAlone({ agents, controller }: World, { input, ...phone }: PhoneState): boolean {
  if (phone.isLost || phone.isRestarting || phone.running === phone.target) return false;
  const parts = [...controller.tables.progress.values()].filter(({ mac }) => mac === input.mac);
  const works = [...agents.values()].flatMap(({ node }) => node.tables.work.get(input.mac) ?? []);
  return [...parts, ...works].every(({ phase }) => phase !== 'done' && !holdsSlot(phase));
}
