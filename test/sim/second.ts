import type { World } from './world.ts';

// A copy of the controller's machine that somebody starts beside it: both live, each takes reports, plans and opens waves
// from what it knows, and agents find the one or the other when they connect.

const HOUR = 3_600_000;

export function startSecond(world: World): void {
  if (world.second || !world.controller.isUp || !world.isOrdered) return;
  const copy = world.controller.backup();
  const second = world.controllerNode('second');
  world.second = second;
  world.timeline.after(world.dice.whole(60_000, 2 * HOUR), () => {
    // All had healed before it was up.
    if (world.second !== second) return;
    world.note('second controller starts');
    world.invariants.controllerRestored();
    second.restore(copy);
    second.restart();
    // Lines that break now may find it.
    for (const agent of world.agents.values()) if (world.dice.chance(0.5)) world.lose(agent);
    world.timeline.after(world.dice.whole(HOUR, 10 * HOUR), () => endSecond(world));
  });
}

/** Whoever had it has told it what the first one never heard. */
export function endSecond(world: World): void {
  const { second } = world;
  if (!second) return;
  world.note('second controller ends');
  world.second = undefined;
  second.stop();
  world.invariants.controllerRestored();
  for (const agent of world.agents.values()) if (agent.side === second) world.lose(agent);
}
