import type { Sha256 } from '@ringwave/protocol/units';
import type { AgentNode, World } from './world.ts';

// Images on the disks of boxes: fetched over a line that may be cut, and now and then gone without a word.

export function fetchImage(world: World, agent: AgentNode, digest: Sha256): void {
  world.timeline.after(world.random.whole(10_000, 10 * 60_000), () => {
    const isLost = agent.isCut || (!world.isHealed && world.random.chance(world.faults.loss));
    if (isLost)
      return agent.node.submit({ kind: 'image-failed', digest, fault: 'image-unreachable' });
    agent.shelf.add(digest);
    return agent.node.submit({ kind: 'image-held', digest, fetchedBytes: 30_000_000 });
  });
}

/** The oldest of them; nobody has noticed yet. */
export function loseImage({ shelf }: AgentNode): void {
  for (const digest of [...shelf].slice(0, 1)) shelf.delete(digest);
}
