import { countsInGate } from '@ringwave/protocol/faults';
import { isFinal, type PhonePhase } from '@ringwave/protocol/phases';
import type { Id } from '@ringwave/protocol/units';
import type { Released, Told } from './rollout-state.ts';
import {
  type ControllerDraft,
  type Progress,
  progressKey,
  type Rollout,
  type WaveCounts,
} from './state.ts';

type CountName = 'done' | 'failed' | 'skipped' | 'aside';

const COUNT_OF: Partial<Record<PhonePhase, CountName>> = {
  done: 'done',
  failed: 'failed',
  'rolled-back': 'failed',
  unreachable: 'failed',
  skipped: 'skipped',
};

/**
 * What one phone's result counts as. A trouble of its whole site counts once, with the phone that leads it; a
 * failure of a class that says nothing about the release counts as neither.
 */
function countOf({ phase, incident, leads, mac, fault }: Progress): CountName | undefined {
  const name = COUNT_OF[phase];
  if (name !== 'failed') return name;
  const isPartOfMore = incident !== undefined && incident !== mac && !leads;
  return isPartOfMore || !countsInGate(fault) ? 'aside' : 'failed';
}

/** Stores a phone's progress and keeps its wave's counts, so that a gate never has to count phones. */
export function putProgress(draft: ControllerDraft, next: Progress): void {
  const before = draft.progress.get(progressKey(next.rollout, next.mac));
  replaceProgress(draft, before, next);
}

/** As `putProgress`, for who has read just now what is stored, and may have its very key: made anew, it is compared letter by letter. */
export function replaceProgress(
  draft: ControllerDraft,
  before: Progress | undefined,
  next: Progress,
  key: string = progressKey(next.rollout, next.mac),
): void {
  draft.progress.put(key, next);
  const from = before && countOf(before);
  const to = countOf(next);
  const came = Number(isAlready(next)) - Number(before !== undefined && isAlready(before));
  if (from !== to || came !== 0) recount(draft, next, { from, to, came });
}

const isAlready = ({ phase, already }: Progress): boolean => phase === 'done' && already === true;

function recount(
  draft: ControllerDraft,
  { rollout: rolloutId, wave: index }: Progress,
  { from, to, came }: { from: CountName | undefined; to: CountName | undefined; came: number },
): void {
  const rollout = draft.rollouts.get(rolloutId);
  if (!rollout) return;
  const waves = rollout.waves.map((wave, place) => {
    if (place !== index) return wave;
    const counts = { ...wave.counts };
    if (from) counts[from] = (counts[from] ?? 0) - 1;
    if (to) counts[to] = (counts[to] ?? 0) + 1;
    if (came !== 0) counts.already = (counts.already ?? 0) + came;
    return {
      ...wave,
      counts,
      ...(wave.released ? { released: stillKnown(wave.released, counts) } : {}),
    };
  });
  draft.rollouts.put(rolloutId, { ...rollout, waves });
}

/** A failure that was taken back is forgiven no more: a new one in its place counts. */
const stillKnown = (released: Released, { failed }: WaveCounts): Released =>
  failed < released.failed ? { ...released, failed } : released;

/** Of fewer phones each is looked up in no time. */
const walkedMin = 50_000;

/**
 * Phones of a rollout, by site roster: cost grows with the sites named, not with the fleet. Where they are most of all that
 * is known of any rollout, the table is walked instead, in its own order: several times quicker than a million look-ups.
 */
export function* progressOf(
  draft: ControllerDraft,
  rollout: RolloutReach,
): IterableIterator<Progress> {
  for (const [, progress] of progressRowsOf(draft, rollout)) yield progress;
}

type RolloutReach = Pick<Rollout, 'id' | 'sites' | 'waves'>;

/** The same with the keys under which they are stored. */
export function* progressRowsOf(
  draft: ControllerDraft,
  rollout: RolloutReach,
): IterableIterator<readonly [string, Progress]> {
  const phones = rollout.waves.reduce((sum, { counts }) => sum + counts.total, 0);
  if (phones >= walkedMin && 2 * phones >= draft.progress.base.size) {
    const sites = new Set<Id | undefined>(rollout.sites);
    for (const row of draft.progress.entries()) {
      const [, { rollout: of, mac }] = row;
      if (of === rollout.id && sites.has(draft.phones.get(mac)?.site)) yield row;
    }
    return;
  }
  for (const site of rollout.sites) {
    for (const mac of draft.rosters.get(site) ?? []) {
      const key = progressKey(rollout.id, mac);
      const progress = draft.progress.get(key);
      if (progress) yield [key, progress];
    }
  }
}

export const ended = ({ done, failed, skipped, aside = 0 }: WaveCounts): number =>
  done + failed + skipped + aside;

export const hasEnded = (progress: Progress): boolean => isFinal(progress.phase);

/** What its site has said of a part, for who takes it back: the site may never hear of that. */
export const wordOf = ({ phase, fault, waiting }: Told): Told => ({
  phase,
  ...(fault ? { fault } : {}),
  ...(waiting ? { waiting } : {}),
});

export function withoutWaiting(progress: Progress): Progress {
  if (!('waiting' in progress)) return progress;
  const { waiting: _waiting, ...rest } = progress;
  return rest;
}
