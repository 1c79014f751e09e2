import type { Id } from '@ringwave/protocol/units';
import { bondTrouble } from './bonds.ts';
import { loadByHand } from './by-hand.ts';
import { keepInventory } from './clerk.ts';
import { simulatedRollouts } from './orders.ts';
import { planFloors } from './regrouping.ts';
import { guessOf } from './weather.ts';
import { startSecond } from './second.ts';
import { loseImage } from './shelf.ts';
import type { AgentNode, World } from './world.ts';

// What people, clocks and old copies do to a world, hour by hour; all of it by dice of its own.

const HOUR = 3_600_000;

/** Begins it. */
export function disorder(world: World): void {
  everyHour(world, () => {
    const { dice, faults } = world;
    if (dice.chance(faults.people)) pauseForAWhile(world);
    if (dice.chance(faults.people / 4)) haltForAWhile(world);
    if (dice.chance(faults.oldController)) wakeOldController(world);
    if (faults.restoreController > 0 && dice.chance(0.2)) world.backUpController();
    if (faults.second > 0 && dice.chance(faults.second)) startSecond(world);
    if (faults.moves > 0 && dice.chance(faults.moves)) movePhone(world);
    if (world.hasBonds) bondTrouble(world);
    loadByHand(world);
    keepInventory(world);
    planFloors(world);
    for (const agent of world.agents.values()) {
      if (dice.chance(faults.clock)) wrongClock(world, agent);
      if (faults.calls > 0 && dice.chance(faults.calls)) emergencyCall(world, agent);
      if (dice.chance(faults.liars)) lie(world, agent);
      if (faults.rot > 0 && dice.chance(faults.rot)) loseImage(agent);
    }
  });
}

function everyHour(world: World, run: () => void): void {
  world.timeline.after(HOUR, () => {
    if (world.isHealed) return;
    run();
    everyHour(world, run);
  });
}

function pauseForAWhile(world: World): void {
  const rollout = world.dice.oneOf(simulatedRollouts);
  const paused = world.invariants.ordered(rollout, 'paused');
  world.ask({ kind: 'rollout-pause', rollout, reason: 'somebody complains' }, paused);
  world.timeline.after(world.dice.whole(HOUR, 12 * HOUR), () => {
    world.invariants.ordered(rollout, 'resumed')();
    world.ask({ kind: 'rollout-resume', rollout });
  });
}

function haltForAWhile(world: World): void {
  world.ask({ kind: 'halt', halted: true, reason: 'an outage' });
  whenUp(world, world.dice.whole(HOUR, 8 * HOUR), () =>
    world.ask({ kind: 'halt', halted: false, reason: 'it is over' }),
  );
}

/** What must be taken back is asked for until the controller is there. */
function whenUp(world: World, wait: number, run: () => void): void {
  world.timeline.after(wait, () => (world.controller.isUp ? run() : whenUp(world, 60_000, run)));
}

/** Somebody starts a copy of the controller's machine: it knows a plan of some hours ago, and says it. */
function wakeOldController(world: World): void {
  const plans = [...world.controller.disk.plans];
  world.timeline.after(world.dice.whole(HOUR, 20 * HOUR), () => {
    for (const [site, { plan }] of plans) {
      const agent = world.agents.get(site as Id);
      if (!agent || agent.isCut) continue;
      world.note(`${site} hears an old controller`);
      agent.node.submit({ kind: 'plan-came', plan });
    }
  });
}

/** Off by minutes or by most of a day, and drifting; set right some hours later. */
function wrongClock(world: World, agent: AgentNode): void {
  const { dice } = world;
  const far = dice.chance(0.5) ? dice.whole(-20 * HOUR, 20 * HOUR) : dice.whole(-240_000, 240_000);
  world.note(`${agent.site} clock off by ${far}`);
  world.setClock(agent, far);
  // A box that was asleep has lost its connection, too.
  if (dice.chance(0.5)) world.lose(agent);
  const drift = dice.whole(-20_000, 20_000);
  const last = dice.whole(2, 16);
  for (let hour = 1; hour <= last; hour += 1) {
    world.timeline.after(hour * HOUR, () => {
      if (!world.isHealed) world.setClock(agent, hour === last ? 0 : far + drift * hour);
    });
  }
}

/** Unplugged at one site and plugged in at another some time later, whatever it was about to do. */
function movePhone(world: World): void {
  const phone = world.dice.oneOf([...world.phones.values()]);
  const sites = world.fleet.sites.filter((site) => site.id !== phone.input.site);
  if (sites.length === 0) return;
  const { coverageGroup: _group, pair: _pair, ...input } = phone.input;
  const moved = { ...input, site: world.dice.oneOf(sites).id };
  const wait = world.dice.whole(60_000, 2 * HOUR);
  world.ask({ kind: 'phones-put', phones: [moved] }, () => world.carry(phone, moved, wait));
}

function emergencyCall({ timeline, dice }: World, { node }: AgentNode): void {
  const call = { kind: 'emergency-call', source: 'kamailio' } as const;
  node.submit({ ...call, state: 'began' });
  timeline.after(dice.whole(60_000, 20 * 60_000), () => node.submit({ ...call, state: 'ended' }));
}

/** A device on the site's network shows itself as a phone that runs what it should. */
function lie(world: World, agent: AgentNode): void {
  const phones = [...world.phones.values()].filter((one) => one.input.site === agent.site);
  const phone = world.dice.oneOf(phones);
  const row = agent.node.tables.credentials.get(phone.input.mac);
  // Before its first proof the file is given on trust: only a phone with a login can be told from a liar.
  if (!row?.current || !agent.node.isUp) return;
  const generation = world.loginOf(row, guessOf(phone.input.mac));
  if (generation === 'refused') return;
  const { mac, vendor, model } = phone.input;
  const shown = { mac, vendor, model, version: phone.target, address: '127.0.0.66' };
  agent.node.submit({
    kind: 'phone-asked',
    protocol: 'http',
    means: 'phone-config',
    generation,
    ...shown,
  });
}
