import { holdsSlot, isFinal, type Waiting } from '@ringwave/protocol/phases';
import type { EpochMs } from '@ringwave/protocol/units';
import { goesBehind, isHeldBack, keptByPartners } from './bonds.ts';
import { partedFrom, partedNow } from './pairs.ts';
import { putProgress, wordOf } from './progress.ts';
import type { ControllerDraft, Progress, Rollout } from './state.ts';
import { pathFor } from './roads.ts';
import { mayGo, type Moved } from './wave-release.ts';

// Work that was given and is taken back for the sake of partners, and what the site tells of it before it knows.

/** Takes the work of a phone back that was not begun, where one of its partners can no longer go, or goes first. */
export function holdBack(
  draft: ControllerDraft,
  rollout: Rollout,
  progress: Progress,
  now: EpochMs,
  moved: Moved,
): void {
  if (rollout.endedAt !== undefined) return;
  const parted = partedFrom(draft, progress);
  const held = heldFor(draft, rollout, progress, now);
  const next =
    parted === undefined
      ? held && heldBack(draft, progress, held, now)
      : { ...partedNow(progress, parted, now), told: wordOf(progress) };
  if (!next) return;
  putProgress(draft, next);
  moved.sites.add(progress.site);
  moved.rollouts.add(rollout.id);
}

const heldFor = (draft: ControllerDraft, rollout: Rollout, progress: Progress, now: EpochMs) =>
  keptByPartners(draft, rollout, progress, mayGo(draft, rollout, progress, now)) ??
  goesBehind(draft, rollout, progress);

function heldBack(
  draft: ControllerDraft,
  progress: Progress,
  waiting: Waiting,
  now: EpochMs,
): Progress {
  const { fault, ...rest } = progress;
  // What it failed by says that it may be lost, unless it was seen since.
  const isSeenSince = (draft.phones.get(progress.mac)?.seenAt ?? 0) > progress.at;
  const lost = fault && !isSeenSince ? { fault } : {};
  const told = wordOf(progress);
  return { ...rest, ...lost, phase: 'waiting', hops: [], at: now, waiting, told };
}

/**
 * What a site tells of a phone before it knows that its partners keep it: that one has ended without the version, or that
 * its work was taken back. What had begun by then goes on until its try has ended.
 */
export function asPartnersAllow(
  draft: ControllerDraft,
  rollout: Rollout,
  { before, told }: { before: Progress; told: Progress },
  now: EpochMs,
): Progress {
  if (isFinal(told.phase)) return told;
  const isBegun = holdsSlot(told.phase);
  const parted = isBegun ? undefined : partedFrom(draft, told);
  if (parted !== undefined) return partedNow(told, parted, now);
  if (!isHeldBack(before)) {
    const isOver = holdsSlot(before.phase) && !isBegun;
    const held = isOver && heldFor(draft, rollout, told, now);
    return held ? heldBack(draft, told, held, now) : told;
  }
  if (!isBegun) return { ...before, attempt: told.attempt, told: wordOf(told) };
  const phone = draft.phones.get(told.mac);
  const path = phone && pathFor(draft, rollout, phone);
  return path?.kind === 'path' ? { ...told, hops: path.hops.map((hop) => hop.id) } : told;
}
