import { isFinal, type PhonePhase } from '@ringwave/protocol/phases';
import type { Id } from '@ringwave/protocol/units';
import { type ControllerDraft, type Progress, progressKey, type WaveCounts } from './state.ts';

type CountName = 'done' | 'failed' | 'skipped';

const COUNT_OF: Partial<Record<PhonePhase, CountName>> = {
  done: 'done',
  failed: 'failed',
  'rolled-back': 'failed',
  unreachable: 'failed',
  skipped: 'skipped',
};

/** Stores a phone's progress and keeps its wave's counts, so that a gate never has to count phones. */
export function putProgress(draft: ControllerDraft, next: Progress): void {
  const key = progressKey(next.rollout, next.mac);
  const before = draft.progress.get(key);
  draft.progress.put(key, next);
  const from = before && COUNT_OF[before.phase];
  const to = COUNT_OF[next.phase];
  if (from !== to) recount(draft, next.rollout, next.wave, from, to);
}

function recount(
  draft: ControllerDraft,
  rolloutId: Id,
  index: number,
  from?: CountName,
  to?: CountName,
): void {
  const rollout = draft.rollouts.get(rolloutId);
  if (!rollout) return;
  const waves = rollout.waves.map((wave, place) => {
    if (place !== index) return wave;
    const counts = { ...wave.counts };
    if (from) counts[from] -= 1;
    if (to) counts[to] += 1;
    return { ...wave, counts };
  });
  draft.rollouts.put(rolloutId, { ...rollout, waves });
}

/** Phones of a rollout, by site roster: cost grows with the sites named, not with the fleet. */
export function* progressOf(
  draft: ControllerDraft,
  rollout: { id: Id; sites: readonly Id[] },
): IterableIterator<Progress> {
  for (const site of rollout.sites) {
    for (const mac of draft.rosters.get(site) ?? []) {
      const progress = draft.progress.get(progressKey(rollout.id, mac));
      if (progress) yield progress;
    }
  }
}

export const ended = ({ done, failed, skipped }: WaveCounts): number => done + failed + skipped;

export const hasEnded = (progress: Progress): boolean => isFinal(progress.phase);

export const withoutWaiting = ({ waiting: _waiting, ...progress }: Progress): Progress => progress;
