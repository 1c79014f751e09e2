import type { EpochMs, Id } from '@ringwave/protocol/units';
import { audit } from './audit.ts';
import { gateMet, isWatched, judgeWave } from './gate.ts';
import { hasEnded, progressOf, putProgress, withoutWaiting } from './progress.ts';
import { rerouteCalledBack } from './reroute.ts';
import type { ControllerDraft, Progress, Rollout } from './state.ts';
import { dropLines } from './wave-line.ts';
import { type Moved, passWave } from './wave-release.ts';

// How a rollout stops: for a while, for good, or because all its phones have ended.

/** All sites get a plan in which no phone of this rollout is started; what is in flight finishes. */
export function pause(
  draft: ControllerDraft,
  id: Id,
  paused: NonNullable<Rollout['paused']>,
  now: EpochMs,
  moved: Moved,
): void {
  const rollout = draft.rollouts.get(id);
  if (!rollout) return;
  draft.rollouts.put(id, { ...rollout, state: 'paused', paused });
  audit(draft, {
    at: now,
    who: paused.who,
    what: `rollout paused by ${paused.by}`,
    object: id,
    detail: paused.reason,
  });
  for (const site of rollout.sites) moved.sites.add(site);
}

/** Goes on. Waves that a gate had stopped count as passed by the person who resumes: their failures do not stop it again. */
export function resume(
  draft: ControllerDraft,
  id: Id,
  who: string,
  now: EpochMs,
  moved: Moved,
): void {
  const rollout = draft.rollouts.get(id);
  if (!rollout) return;
  const { paused: _paused, ...rest } = rollout;
  // What was paused before its start still waits for it.
  draft.rollouts.put(id, {
    ...rest,
    state: rest.startedAt === undefined ? 'scheduled' : 'running',
  });
  audit(draft, { at: now, who, what: 'rollout resumed', object: id });
  for (const site of rollout.sites) moved.sites.add(site);
  rerouteCalledBack(draft, rollout, now, moved);
  const { waves } = draft.rollouts.get(id) ?? rollout;
  const stopped = waves.findIndex(
    (wave) => (wave.state === 'held' || wave.state === 'halted') && wave.asks === undefined,
  );
  if (stopped !== -1) passWave(draft, id, stopped, `Released by ${who}`, now, moved);
}

/**
 * Final. Phones that were not started are skipped; those in flight finish and are still recorded. By force
 * they are closed at once, too: what is heard of them later is kept beside, not applied.
 */
export function abort(
  draft: ControllerDraft,
  id: Id,
  by: { who: string; reason: string; force?: boolean },
  now: EpochMs,
  moved: Moved,
): void {
  const rollout = draft.rollouts.get(id);
  if (!rollout) return;
  for (const progress of Array.from(progressOf(draft, rollout))) {
    if (hasEnded(progress) || (isInFlight(progress) && !by.force)) continue;
    putProgress(draft, {
      ...withoutWaiting(progress),
      phase: 'skipped',
      at: now,
      detail: `Rollout aborted: ${by.reason}`.slice(0, 240),
    });
  }
  const { paused: _paused, ...current } = draft.rollouts.get(id) ?? rollout;
  const forced = by.force ? { forced: true as const } : {};
  draft.rollouts.put(id, { ...current, ...forced, state: 'aborted', endedAt: now });
  const what = by.force ? 'rollout aborted by force' : 'rollout aborted';
  audit(draft, { at: now, who: by.who, what, object: id, detail: by.reason });
  freePhones(draft, rollout, moved);
}

const isInFlight = ({ phase }: Progress): boolean =>
  phase === 'offered' || phase === 'downloading' || phase === 'rebooting' || phase === 'verifying';

export function finish(draft: ControllerDraft, rollout: Rollout, now: EpochMs, moved: Moved): void {
  const failed = rollout.waves.reduce((sum, wave) => sum + wave.counts.failed, 0);
  const last = rollout.waves.length - 1;
  const waves = rollout.waves.map((wave, index) => {
    const verdict = judgeWave(rollout, wave);
    if (wave.state === 'passed') {
      const isBroken = isWatched(wave) && verdict.kind === 'halted';
      return isBroken ? { ...wave, state: 'held' as const, why: verdict.why } : wave;
    }
    const { soakUntil: _until, asks: _asks, askAgainAt: _again, ...rest } = wave;
    if (verdict.kind === 'passed') return { ...rest, state: 'passed' as const, why: gateMet };
    return {
      ...rest,
      state: 'held' as const,
      why: index === last && 'why' in verdict ? verdict.why : 'Gate not met',
    };
  });
  const state = failed > 0 ? 'done-with-failures' : 'done';
  draft.rollouts.put(rollout.id, { ...rollout, waves, state, endedAt: now });
  audit(draft, { at: now, who: 'ringwave', what: `rollout ${state}`, object: rollout.id });
  freePhones(draft, rollout, moved);
}

/** The rollout no longer claims its phones, and those that waited for its end may begin. */
function freePhones(draft: ControllerDraft, rollout: Rollout, moved: Moved): void {
  for (const progress of progressOf(draft, rollout)) {
    const left = (draft.assignments.get(progress.mac) ?? []).filter((one) => one !== rollout.id);
    if (left.length > 0) draft.assignments.put(progress.mac, left);
    else draft.assignments.remove(progress.mac);
  }
  dropLines(draft, rollout);
  for (const site of rollout.sites) moved.sites.add(site);
  for (const other of draft.rollouts.values()) {
    if (other.state === 'scheduled' && other.after?.includes(rollout.id))
      moved.rollouts.add(other.id);
  }
}
