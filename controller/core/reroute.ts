import { isFor } from '@ringwave/firmware-catalog/release';
import { holdsSlot, isFinal } from '@ringwave/protocol/phases';
import type { EpochMs, Id, Mac } from '@ringwave/protocol/units';
import { isParted, partedBy, partPair } from './pairs.ts';
import { progressOf, putProgress, withoutWaiting, wordOf } from './progress.ts';
import {
  type ControllerDraft,
  type Phone,
  type Progress,
  progressKey,
  type Rollout,
} from './state.ts';
import { standLast } from './wave-line.ts';
import { bringBack, giveWork, letPartnersGo, type Moved, release } from './wave-release.ts';
import { mayUse } from './waves.ts';

// A road is planned when a wave opens, and begun maybe days later. Until then it follows what the phone is and runs, and
// which releases may be used: a road from elsewhere may skip a stepping stone, or lead to what was called back.

/**
 * The inventory says that a phone is of another kind. One that was skipped as what it is not is looked at anew; of one that
 * has ended otherwise no plan names the road of the other kind any more.
 */
export function rerouteAsStored(
  draft: ControllerDraft,
  mac: Mac,
  now: EpochMs,
  moved: Moved,
): void {
  for (const id of draft.assignments.get(mac) ?? []) {
    const rollout = draft.rollouts.get(id);
    const progress = draft.progress.get(progressKey(id, mac));
    if (!rollout || !progress || rollout.endedAt !== undefined) continue;
    const { phase } = progress;
    if (phase === 'skipped' && !isParted(progress)) lookAnew(draft, rollout, progress, now, moved);
    else if (isFinal(phase)) putProgress(draft, { ...progress, hops: [] });
    else reroute(draft, rollout, progress, now, moved);
    moved.sites.add(progress.site);
  }
}

/** As if its wave had never met it, and so for those that were taken out for its sake. */
export function lookAnew(
  draft: ControllerDraft,
  rollout: Rollout,
  { fault: _fault, detail: _detail, ...progress }: Progress,
  now: EpochMs,
  moved: Moved,
): void {
  const again: Progress = { ...progress, phase: 'waiting', hops: [], at: now };
  putProgress(draft, again);
  moved.rollouts.add(rollout.id);
  const partners = partedBy(draft, again);
  const isInLine = rollout.waves[again.wave]?.paced !== undefined;
  if (isInLine) standLast(draft, rollout.id, again);
  bringBack(draft, rollout, isInLine ? partners : [again, ...partners], now, moved);
}

/** A phone shows another version. */
export function rerouteAll(draft: ControllerDraft, mac: Mac, now: EpochMs, moved: Moved): void {
  for (const id of draft.assignments.get(mac) ?? []) {
    const rollout = draft.rollouts.get(id);
    const progress = draft.progress.get(progressKey(id, mac));
    if (rollout && progress) reroute(draft, rollout, progress, now, moved);
  }
}

/** A rollout goes on: what it was paused for may be a stepping stone that was called back. */
export function rerouteCalledBack(
  draft: ControllerDraft,
  rollout: Rollout,
  now: EpochMs,
  moved: Moved,
): void {
  const usable = mayUse(draft, rollout);
  const stuck = Array.from(progressOf(draft, rollout)).filter((one) => !one.hops.every(usable));
  for (const progress of stuck) reroute(draft, rollout, progress, now, moved);
}

/** A phone comes out of a try, or of its end, and has more before it. What changed meanwhile counts from here. */
export function rerouteIfStrayed(
  draft: ControllerDraft,
  rollout: Rollout,
  progress: Progress,
  now: EpochMs,
  moved: Moved,
): void {
  const phone = draft.phones.get(progress.mac);
  if (!phone?.running || isFinal(progress.phase) || holdsSlot(progress.phase)) return;
  const { version } = phone.running;
  const usable = mayUse(draft, rollout);
  const { from, hops } = progress;
  const isStone = (hop: Id) => draft.releases.get(hop)?.version === version;
  const isOnRoad = version === from || hops.some(isStone);
  const fits = isRoadFor(draft, phone, hops) && hops.every(usable);
  if (!isOnRoad || !fits) reroute(draft, rollout, progress, now, moved);
}

/** It had been taken out, and its site began before it heard of that: no plan names it, so that nothing more would come of it. */
export function outAgain(
  draft: ControllerDraft,
  rollout: Rollout,
  progress: Progress,
  now: EpochMs,
  moved: Moved,
): void {
  if (rollout.endedAt !== undefined) return;
  giveWork(draft, rollout, progress, now, moved);
}

function reroute(
  draft: ControllerDraft,
  rollout: Rollout,
  progress: Progress,
  now: EpochMs,
  moved: Moved,
): void {
  const { hops, phase, mac } = progress;
  const phone = draft.phones.get(mac);
  const isBegun = isFinal(phase) || holdsSlot(phase);
  if (rollout.endedAt !== undefined || hops.length === 0 || isBegun || !phone?.running) return;
  const found = release(draft, rollout, phone, now);
  const isThere = found.phase === 'done';
  // Its agent says itself that it has arrived; on the road of another model it never would.
  if (isThere && isRoadFor(draft, phone, hops)) return;
  if (found.hops && isAsBefore(draft, progress, phone, found.hops)) return;
  moved.rollouts.add(rollout.id);
  if (found.hops === undefined) {
    // Without a road no plan names it.
    const { told = wordOf(progress) } = progress;
    const target = isThere ? phone.running.version : progress.target;
    const ended: Progress = { ...withoutWaiting(progress), ...found, target, told, hops: [] };
    putProgress(draft, ended);
    partPair(draft, ended, now);
    if (isThere) letPartnersGo(draft, ended, now, moved);
    return;
  }
  // What its site has told of it stands until that hears of the other road.
  const { phase: _scheduled, at: _now, ...road } = found;
  putProgress(draft, { ...progress, ...road });
}

const isRoadFor = (draft: ControllerDraft, phone: Phone, hops: readonly Id[]): boolean =>
  hops.every((hop) => {
    const release = draft.releases.get(hop);
    return release !== undefined && isFor(release, phone);
  });

/** The road that it has begins where the phone is, or it stands at one of its stones. */
function isAsBefore(
  draft: ControllerDraft,
  { hops, from }: Progress,
  { running }: Phone,
  found: readonly Id[],
): boolean {
  const made = hops.length - found.length;
  if (made < 0 || !found.every((hop, place) => hop === hops[made + place])) return false;
  const last = hops[made - 1];
  return running?.version === (last === undefined ? from : draft.releases.get(last)?.version);
}
