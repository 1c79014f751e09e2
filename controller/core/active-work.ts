import type { Release } from '@ringwave/firmware-catalog/release';
import { holdsSlot, isFinal } from '@ringwave/protocol/phases';
import type { Id, Mac } from '@ringwave/protocol/units';
import { isHeldBack } from './bonds.ts';
import { priorityOf } from './rollout-state.ts';
import { type Phone, type Progress, progressKey, type Rollout } from './state.ts';

// Which of its rollouts a phone is given to: one at a time.

export interface ActiveWork {
  readonly rollout: Rollout;
  readonly progress: Progress;
}

/**
 * Of a phone's rollouts the one that goes first: what has begun on the phone, then the highest priority, then
 * the oldest; of those with something left to do, and of those that are not paused. The work stays named until its rollout ends.
 */
export function activeWork(draft: WorkTables, phone: Phone): ActiveWork | undefined {
  const { mac } = phone;
  const assigned = draft.assignments.get(mac);
  if (assigned === undefined) return undefined;
  const [only, second] = assigned;
  if (only !== undefined && second === undefined) {
    const part = partIn(draft, only, mac);
    return part && isGiven(part) ? part : undefined;
  }
  const parts = assigned.flatMap((id) => partIn(draft, id, mac) ?? []);
  const mine = parts.filter(isGiven);
  const isHeld = parts.some(({ progress }) => isHeldBack(progress));
  if (mine.length < 2 && !isHeld) return mine[0];
  const open = mine.filter(({ progress }) => !isFinal(progress.phase));
  // What ended before other work was named would be begun anew where that is taken back, or has ended.
  if (open.length === 0) return isHeld ? undefined : lastEnded(mine);
  if (open.length < 2) return open[0];
  const begun = open.find((one) => hasBegun(draft, phone, one));
  // One that is paused waits for a person, and keeps no phone from others that go on.
  const going = open.filter(({ rollout }) => rollout.state === 'running');
  return begun ?? (going.length > 0 ? going : open).sort(firstGoes)[0];
}

function partIn(draft: WorkTables, id: Id, mac: Mac): ActiveWork | undefined {
  const rollout = draft.rollouts.get(id);
  const progress = rollout && draft.progress.get(progressKey(id, mac));
  return progress && { rollout, progress };
}

/** There is something to do for the phone in it; it stays named until the rollout ends. */
const isGiven = ({ rollout, progress }: ActiveWork): boolean =>
  progress.hops.length > 0 && isReleased(rollout, progress);

interface WorkTables {
  readonly assignments: { get(key: string): readonly Id[] | undefined };
  readonly rollouts: { get(key: string): Rollout | undefined };
  readonly progress: { get(key: string): Progress | undefined };
  readonly releases: { get(key: string): Release | undefined };
}

/** A phone on its way is not turned round: one that stands on a stepping stone goes on from there. */
function hasBegun(draft: WorkTables, { running }: Phone, { progress }: ActiveWork): boolean {
  if (holdsSlot(progress.phase)) return true;
  const stones = progress.hops.slice(0, -1);
  return stones.some((hop) => draft.releases.get(hop)?.version === running?.version);
}

const lastEnded = (mine: readonly ActiveWork[]): ActiveWork | undefined =>
  mine.toSorted((a, b) => a.progress.at - b.progress.at).at(-1);

function firstGoes(a: ActiveWork, b: ActiveWork): number {
  const byPriority = priorityOf(b.rollout) - priorityOf(a.rollout);
  if (byPriority !== 0) return byPriority;
  return a.rollout.createdAt - b.rollout.createdAt || (a.rollout.id < b.rollout.id ? -1 : 1);
}

/** Whether the wave of this phone has ever been opened, and the rollout still goes on. */
function isReleased(rollout: Rollout, progress: Progress): boolean {
  const isGoing = rollout.state === 'running' || rollout.state === 'paused';
  return isGoing && rollout.waves[progress.wave]?.openedAt !== undefined;
}
