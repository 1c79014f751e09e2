import type { Command } from '../../controller/core/state.ts';
import type { PhoneState } from './desk.ts';
import type { Faults } from './faults.ts';
import { Random } from './random.ts';
import type { World } from './world.ts';

// In some seeds a clerk corrects the inventory while rollouts go on, and errs: a phone is stored as another model, or removed,
// and put right hours later. Phones know what they are all the while.

const HOUR = 3_600_000;

/** No seed that taught something before there were clerks has one. */
export const hasClerk = (seed: number, { orders }: Faults): boolean =>
  orders && [0, 11, 14].includes(seed % 16);

const clerks = new WeakMap<World, Random>();

export function sendClerk(world: World, seed: number): void {
  if (hasClerk(seed, world.faults)) clerks.set(world, new Random(seed ^ 0xc1_e4c));
}

/** Hour by hour. */
export function keepInventory(world: World): void {
  const dice = clerks.get(world);
  if (!dice) return;
  const phones = [...world.phones.values()];
  if (dice.chance(0.3)) storeAsOther(world, dice, dice.oneOf(phones));
  if (dice.chance(0.1)) removeForAWhile(world, dice, dice.oneOf(phones));
}

function storeAsOther(world: World, dice: Random, { input }: PhoneState): void {
  const { vendor, models } = dice.oneOf(world.fleet.releases);
  const [model] = models;
  if (model === undefined || model === input.model) return;
  const { hardware: _hardware, ...rest } = input;
  const err: Command = { kind: 'phones-put', phones: [{ ...rest, vendor, model }] };
  world.ask(err, () => {
    world.note(`${input.mac} is stored as ${model}`);
    putRight(world, input.mac, dice.whole(60_000, 10 * HOUR));
  });
}

/** Those that stand in for others stay: who is left alone by them is another story. */
function removeForAWhile(world: World, dice: Random, { input }: PhoneState): void {
  if (input.pair !== undefined || input.bond !== undefined) return;
  world.ask({ kind: 'phone-remove', mac: input.mac }, () => {
    world.note(`${input.mac} is removed`);
    putRight(world, input.mac, dice.whole(60_000, 10 * HOUR));
  });
}

/** As it is then, which may be at another site. */
function putRight(world: World, mac: string, wait: number): void {
  world.timeline.after(wait, () => {
    const input = world.phones.get(mac)?.input;
    if (!input) return;
    let isTaken = false;
    world.ask({ kind: 'phones-put', phones: [input] }, () => {
      isTaken = true;
      world.note(`${mac} is put right`);
    });
    // Asked for until the controller is there.
    if (!isTaken) putRight(world, mac, 60_000);
  });
}
