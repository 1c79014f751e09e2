import type { Id, Mac } from '@ringwave/protocol/units';
import type { PhoneInput } from '../../controller/core/state.ts';
import { asId, type SimFleet, type SimPhone } from './fleet.ts';
import type { Faults } from './faults.ts';
import { Random } from './random.ts';
import type { World } from './world.ts';

// Phones at several sites that shall end on one version, in some seeds; and people who change their minds of which.

const HOUR = 3_600_000;

/** By the last digit of the seed: no seed that taught something before there were bonds has one of these. */
export const hasBonds = (seed: number, faults: Faults): boolean =>
  faults.orders && [4, 6, 7].includes(seed % 10);

/** Of one line each, so that they can end on one version: half of them two phones, the others up to six. */
export function bindPhones(fleet: SimFleet, seed: number): void {
  const dice = new Random(seed ^ 0xb0_0d);
  const free = new Set(fleet.phones.map((phone) => phone.input.mac));
  const count = dice.whole(2, 4);
  for (let number = 0; number < count; number += 1) {
    const size = dice.chance(0.5) ? 2 : dice.whole(3, 6);
    const first = dice.oneOf(fleet.phones.filter(({ input }) => free.has(input.mac)));
    const isKin = ({ input }: SimPhone) =>
      free.has(input.mac) && input.mac !== first.input.mac && input.model === first.input.model;
    const kin = shuffled(fleet.phones.filter(isKin), dice);
    // One at another site is always with it.
    const far = kin.find(({ input }) => input.site !== first.input.site);
    if (!far) continue;
    const all = [first, far, ...kin.filter((phone) => phone !== far)].slice(0, size);
    for (const { input } of all) {
      free.delete(input.mac);
      fleet.move(input.mac, { ...input, bond: asId(`bond-${number}`) });
    }
  }
}

function shuffled<T>(list: readonly T[], dice: Random): T[] {
  const drawn = list.map((one) => ({ one, place: dice.fraction() }));
  return drawn.sort((a, b) => a.place - b.place).map(({ one }) => one);
}

/** Hour by hour, in worlds that have bonds. */
export function bondTrouble(world: World): void {
  const { dice } = world;
  if (dice.chance(0.06)) rebind(world);
  if (dice.chance(0.04)) freezeForAWhile(world);
}

/** Somebody says of a phone that it is in no bond any more, or in this one. */
function rebind(world: World): void {
  if (!world.isOrdered) return;
  const { dice, phones } = world;
  const bonds = [...new Set(world.fleet.phones.flatMap(({ input }) => input.bond ?? []))];
  if (bonds.length === 0) return;
  const bond = dice.oneOf(bonds);
  const members = [...phones.values()].filter(({ input }) => input.bond === bond);
  const model = members[0]?.input.model;
  const leaves = dice.chance(0.4);
  const mayCome = [...phones.values()].filter(
    ({ input }) => input.model === model && input.bond !== bond,
  );
  const chosen = leaves ? members : mayCome;
  if (chosen.length === 0 || (!leaves && members.length >= 6)) return;
  store(world, dice.oneOf(chosen).input.mac, leaves ? undefined : bond);
}

/** Until it is known to be stored nobody can say in which bond the phone is: somebody asks again. */
function store(world: World, mac: Mac, bond: Id | undefined): void {
  const input = bindAs(world, mac, bond);
  if (!input) return;
  world.invariants.bonds.asked(mac);
  let isTaken = false;
  world.ask({ kind: 'phones-put', phones: [input] }, () => {
    isTaken = true;
    world.note(`${mac} is in ${bond ?? 'no bond'}`);
    world.invariants.bonds.tied(mac, bond);
  });
  if (!isTaken)
    world.timeline.after(60_000, () => store(world, mac, world.phones.get(mac)?.input.bond));
}

/** What is stored of the phone from now on says so. */
export function bindAs(world: World, mac: Mac, bond: Id | undefined): PhoneInput | undefined {
  const phone = world.phones.get(mac);
  if (!phone) return undefined;
  const { bond: _bond, ...rest } = phone.input;
  phone.input = { ...rest, ...(bond === undefined ? {} : { bond }) };
  world.fleet.move(mac, phone.input);
  return phone.input;
}

/** From headquarters, until somebody lifts it. */
function freezeForAWhile(world: World): void {
  const site = world.dice.oneOf(world.fleet.sites).id;
  const freeze = { reason: 'end of the quarter' };
  const { bonds } = world.invariants;
  world.ask({ kind: 'site-freeze', site, freeze }, () => bonds.frozen(site, true));
  const lift = () => {
    if (!world.controller.isUp) return void world.timeline.after(60_000, lift);
    bonds.frozen(site, false);
    return world.ask({ kind: 'site-freeze', site, freeze: null });
  };
  world.timeline.after(world.dice.whole(HOUR, 10 * HOUR), lift);
}
