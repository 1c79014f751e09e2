import { holdsSlot, isFinal } from '@ringwave/protocol/phases';
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
  const kept = keptByPartners(draft, rollout, progress, mayGo(draft, rollout, progress, now));
  const held = kept ?? goesBehind(draft, rollout, progress);
  if (parted === undefined && !held) return;
  const next: Progress =
    parted === undefined
      ? { ...progress, phase: 'waiting', hops: [], at: now, ...(held ? { waiting: held } : {}) }
      : partedNow(progress, parted, now);
  putProgress(draft, { ...next, told: wordOf(progress) });
  moved.sites.add(progress.site);
  moved.rollouts.add(rollout.id);
}

/**
 * What a site tells of a phone before it knows that its partners keep it: that one has ended without the version, or that
 * its work was taken back. What had begun by then goes on.
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
  if (!isHeldBack(before)) return told;
  if (!isBegun) return { ...before, attempt: told.attempt, told: wordOf(told) };
  const phone = draft.phones.get(told.mac);
  const path = phone && pathFor(draft, rollout, phone);
  return path?.kind === 'path' ? { ...told, hops: path.hops.map((hop) => hop.id) } : told;
}
