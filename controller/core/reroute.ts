import { holdsSlot, isFinal } from '@ringwave/protocol/phases';
import type { EpochMs } from '@ringwave/protocol/units';
import { hasEnded, putProgress, withoutWaiting } from './progress.ts';
import { pathFor } from './roads.ts';
import {
  type ControllerDraft,
  type Phone,
  type Progress,
  progressKey,
  type Rollout,
} from './state.ts';
import { giveWork, type Moved } from './wave-release.ts';

// A phone turns out to be of another kind than its road was made for: somebody puts its model right in the inventory, or
// it shows another hardware. The images of that road are not for it.

const isOneKind = (a: Phone, b: Phone): boolean =>
  a.vendor === b.vendor && a.model === b.model && a.hardware === b.hardware;

/** Takes roads back that are not for the phone as it is now, and gives it others, or says why there are none. */
export function reroute(
  draft: ControllerDraft,
  before: Phone | undefined,
  phone: Phone,
  now: EpochMs,
  moved: Moved,
): void {
  if (!before || isOneKind(before, phone)) return;
  for (const id of draft.assignments.get(phone.mac) ?? []) {
    const rollout = draft.rollouts.get(id);
    const progress = draft.progress.get(progressKey(id, phone.mac));
    if (!rollout || !progress || rollout.endedAt !== undefined || hasEnded(progress)) continue;
    if (progress.hops.length === 0 || leadsOn(draft, rollout, progress, phone)) continue;
    moved.sites.add(progress.site);
    moved.rollouts.add(id);
    // What has begun finishes: no plan names it any more, and its site starts it no further time.
    if (holdsSlot(progress.phase)) putProgress(draft, { ...progress, hops: [], rerouted: true });
    else giveAnew(draft, rollout, progress, now, moved);
  }
}

/** Whether the road that it has is the one that it would be given from where it stands. */
function leadsOn(
  draft: ControllerDraft,
  rollout: Rollout,
  { hops }: Progress,
  phone: Phone,
): boolean {
  const path = pathFor(draft, rollout, phone);
  if (path.kind === 'arrived') return true;
  if (path.kind !== 'path') return false;
  const left = hops.slice(-path.hops.length);
  return path.hops.every(({ id }, place) => id === left[place]);
}

/** Taken out here, so that no plan names it: what its site had not begun when it said so it never will. */
export const isOut = ({ phase, hops }: Progress): boolean => isFinal(phase) && hops.length === 0;

/** What is told of a phone whose road was taken back: where it is up again without the version, it is given another one. */
export function givenAnew(
  draft: ControllerDraft,
  rollout: Rollout,
  told: Progress,
  now: EpochMs,
  moved: Moved,
): boolean {
  if (!told.rerouted || rollout.endedAt !== undefined) return false;
  if (isFinal(told.phase) || holdsSlot(told.phase)) return false;
  giveAnew(draft, rollout, told, now, moved);
  moved.rollouts.add(rollout.id);
  return true;
}

function giveAnew(
  draft: ControllerDraft,
  rollout: Rollout,
  progress: Progress,
  now: EpochMs,
  moved: Moved,
): void {
  const phone = draft.phones.get(progress.mac);
  const path = phone && pathFor(draft, rollout, phone);
  const version = path?.kind === 'path' ? path.hops.at(-1)?.version : undefined;
  const { rerouted: _rerouted, fault: _fault, told: _told, ...rest } = withoutWaiting(progress);
  const target = version ?? progress.target;
  giveWork(draft, rollout, { ...rest, target, phase: 'waiting', hops: [] }, now, moved);
}
