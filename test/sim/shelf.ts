import type { Sha256 } from '@ringwave/protocol/units';
import type { AgentEffect, Rate } from '../../agent/core/state.ts';
import type { AgentNode, World } from './world.ts';

// Images on the disks of boxes: fetched over a line that may be cut, and now and then gone without a word.

/** What a shell was told of its line, in which life of the program. */
export interface Line {
  readonly rate: Rate;
  readonly process: number;
}

export function tellLine(
  agent: AgentNode,
  { of, rate }: Extract<AgentEffect, { kind: 'set-rate' }>,
): void {
  if (of === 'wan') agent.wan = { rate, process: agent.node.process };
}

export function fetchImage(world: World, agent: AgentNode, digest: Sha256): void {
  const { process } = agent.node;
  const arrives = (hasWaited = false): void => {
    // The shell holds what it fetches while its line may carry nothing, and forgets it when it dies.
    const isAlive = agent.node.process === process;
    if (hasWaited && !isAlive) return;
    const isShut = isAlive && agent.wan?.process === process && agent.wan.rate === 'none';
    if (isShut) return void world.timeline.after(10 * 60_000, () => arrives(true));
    if (isAlive) world.invariants.imageCame(agent);
    const isLost = agent.isCut || (!world.isHealed && world.random.chance(world.faults.loss));
    if (isLost)
      return agent.node.submit({ kind: 'image-failed', digest, fault: 'image-unreachable' });
    agent.shelf.add(digest);
    return agent.node.submit({ kind: 'image-held', digest, fetchedBytes: 30_000_000 });
  };
  world.timeline.after(world.random.whole(10_000, 10 * 60_000), () => arrives());
}

/** The oldest of them; nobody has noticed yet. */
export function loseImage({ shelf }: AgentNode): void {
  for (const digest of [...shelf].slice(0, 1)) shelf.delete(digest);
}
