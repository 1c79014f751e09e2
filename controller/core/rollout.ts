import { UpgradePlanner } from '@ringwave/firmware-catalog/upgrade-planner';
import type { FaultCode } from '@ringwave/protocol/faults';
import type { Waiting } from '@ringwave/protocol/phases';
import { type EpochMs, type Id, laterBy } from '@ringwave/protocol/units';
import { audit } from './audit.ts';
import { judge } from './gate.ts';
import { ended, hasEnded, progressOf, putProgress, withoutWaiting } from './progress.ts';
import {
  type ControllerDraft,
  type Phone,
  type Progress,
  progressKey,
  type Rollout,
  type RolloutInput,
  type Wave,
} from './state.ts';
import { releaseFor, usableReleases } from './waves.ts';

// How a rollout moves: waves open one after another, a gate between them. Every stop names who and why.

export interface Moved {
  /** Sites whose plan follows from what changed. */
  readonly sites: Set<Id>;
  /** Rollouts in which a phone has moved. */
  readonly rollouts: Set<Id>;
}

/** Moves a rollout as far as its results and the time allow. Gives when time alone moves it next. */
export function advance(
  draft: ControllerDraft,
  id: Id,
  now: EpochMs,
  moved: Moved,
): EpochMs | undefined {
  const rollout = draft.rollouts.get(id);
  if (!rollout) return undefined;
  if (rollout.state === 'scheduled') {
    if (rollout.startAt !== undefined && now < rollout.startAt) return rollout.startAt;
    start(draft, rollout, now, moved);
    return advance(draft, id, now, moved);
  }
  if (rollout.state !== 'running') return undefined;
  if (rollout.waves.every((wave) => ended(wave.counts) === wave.counts.total)) {
    finish(draft, rollout, now, moved);
    return undefined;
  }
  return judgeOpenWave(draft, rollout, now, moved);
}

function start(draft: ControllerDraft, rollout: Rollout, now: EpochMs, moved: Moved): void {
  draft.rollouts.put(rollout.id, { ...rollout, state: 'running', startedAt: now });
  audit(draft, { at: now, who: 'ringwave', what: 'rollout started', object: rollout.id });
  openWave(draft, rollout.id, 0, now, moved);
}

/** The last wave that is open or soaking decides; waves before it have passed. */
function judgeOpenWave(
  draft: ControllerDraft,
  rollout: Rollout,
  now: EpochMs,
  moved: Moved,
): EpochMs | undefined {
  const index = rollout.waves.findLastIndex(
    (wave) => wave.state === 'open' || wave.state === 'soaking',
  );
  const late = lateFailure(rollout);
  if (late) {
    setWave(draft, rollout.id, late.index, { ...late.wave, state: 'halted', why: late.why });
    pause(
      draft,
      rollout.id,
      { by: 'gate', who: late.wave.spec.name, reason: late.why },
      now,
      moved,
    );
    return undefined;
  }
  const wave = rollout.waves[index];
  if (!wave) return undefined;
  const verdict = judge(rollout.gate, wave.counts);
  switch (verdict.kind) {
    case 'undecided':
      // New results may take back what an earlier look had found good enough to soak.
      if (wave.state === 'soaking')
        setWave(draft, rollout.id, index, { ...unsoaked(wave), why: verdict.why });
      else if (wave.why !== verdict.why)
        setWave(draft, rollout.id, index, { ...wave, why: verdict.why });
      return undefined;
    case 'halted':
    case 'held':
      setWave(draft, rollout.id, index, {
        ...unsoaked(wave),
        state: verdict.kind,
        why: verdict.why,
      });
      pause(
        draft,
        rollout.id,
        { by: 'gate', who: wave.spec.name, reason: verdict.why },
        now,
        moved,
      );
      return undefined;
    case 'passed':
      return soak(draft, rollout, index, wave, now, moved);
    default:
      return verdict satisfies never;
  }
}

const gateMet = 'Gate met';

/** A wave passes on its sample; failures of its other phones may come later, and still halt the rollout. */
function lateFailure(rollout: Rollout) {
  for (const [index, wave] of rollout.waves.entries()) {
    // What a person has released is not stopped again by the same failures.
    if (wave.state !== 'passed' || wave.why !== gateMet) continue;
    const verdict = judge(rollout.gate, wave.counts);
    if (verdict.kind === 'halted') return { index, wave, why: verdict.why };
  }
  return undefined;
}

const unsoaked = ({ soakUntil: _until, ...wave }: Wave): Wave => ({ ...wave, state: 'open' });

function soak(
  draft: ControllerDraft,
  rollout: Rollout,
  index: number,
  wave: Wave,
  now: EpochMs,
  moved: Moved,
): EpochMs | undefined {
  const soakUntil = wave.soakUntil ?? laterBy(now, rollout.gate.soak);
  if (now < soakUntil) {
    if (wave.state !== 'soaking') {
      setWave(draft, rollout.id, index, {
        ...wave,
        state: 'soaking',
        soakUntil,
        why: 'Gate met; must stay healthy while it soaks',
      });
    }
    return soakUntil;
  }
  passWave(draft, rollout.id, index, gateMet, now, moved);
  return advance(draft, rollout.id, now, moved);
}

function passWave(
  draft: ControllerDraft,
  id: Id,
  index: number,
  why: string,
  now: EpochMs,
  moved: Moved,
): void {
  const wave = draft.rollouts.get(id)?.waves[index];
  if (!wave) return;
  const { soakUntil: _until, ...rest } = wave;
  setWave(draft, id, index, { ...rest, state: 'passed', why });
  audit(draft, {
    at: now,
    who: 'ringwave',
    what: 'wave passed',
    object: `${id}/${wave.spec.name}`,
    detail: why,
  });
  openWave(draft, id, index + 1, now, moved);
}

export function setWave(draft: ControllerDraft, id: Id, index: number, wave: Wave): void {
  const rollout = draft.rollouts.get(id);
  if (!rollout) return;
  draft.rollouts.put(id, {
    ...rollout,
    waves: rollout.waves.map((old, place) => (place === index ? wave : old)),
  });
}

/** Gives every phone of the wave its hops, as its running version stands now, or says why it has none. */
function openWave(draft: ControllerDraft, id: Id, index: number, now: EpochMs, moved: Moved): void {
  const rollout = draft.rollouts.get(id);
  const wave = rollout?.waves[index];
  // A wave released after a late failure has its successor open already.
  if (!rollout || !wave || wave.openedAt !== undefined) return;
  setWave(draft, id, index, { ...wave, state: 'open', openedAt: now });
  audit(draft, {
    at: now,
    who: 'ringwave',
    what: 'wave opened',
    object: `${id}/${wave.spec.name}`,
  });
  for (const progress of Array.from(progressOf(draft, rollout))) {
    if (progress.wave !== index || hasEnded(progress)) continue;
    moved.sites.add(progress.site);
    putProgress(draft, { ...progress, ...release(draft, rollout, progress, now) });
  }
}

function release(
  draft: ControllerDraft,
  rollout: Rollout,
  progress: Progress,
  now: EpochMs,
): Partial<Progress> & { at: EpochMs } {
  const phone = draft.phones.get(progress.mac);
  if (!phone) return skip('model-differs', 'The phone is no longer in the inventory', now);
  if (!phone.running) return { phase: 'waiting', at: now, waiting: unseen(rollout) };
  const path = pathFor(draft, rollout, phone);
  switch (path.kind) {
    case 'path':
      return { phase: 'scheduled', hops: path.hops.map((hop) => hop.id), at: now };
    case 'arrived':
      return { phase: 'done', at: now, detail: `Already runs ${phone.running?.version}` };
    case 'incomparable':
      return skip('version-incomparable', path.reason, now);
    case 'no-path':
      return skip('no-upgrade-path', path.reason, now);
    default:
      return path satisfies never;
  }
}

const unseen = (rollout: Rollout): Waiting => ({
  reason: 'Never seen: nobody knows yet which version it runs',
  waitingFor: 'phone',
  nextAttemptAt: null,
  attempt: 1,
  attemptsMax: rollout.attemptsMax,
});

/** A phone that shows itself for the first time joins the open waves that waited for it. */
export function joinOpenWaves(
  draft: ControllerDraft,
  phone: Phone,
  now: EpochMs,
  moved: Moved,
): void {
  for (const id of draft.assignments.get(phone.mac) ?? []) {
    const rollout = draft.rollouts.get(id);
    const progress = draft.progress.get(progressKey(id, phone.mac));
    if (!rollout || !progress || progress.hops.length > 0 || hasEnded(progress)) continue;
    if (rollout.waves[progress.wave]?.openedAt === undefined) continue;
    putProgress(draft, { ...withoutWaiting(progress), ...release(draft, rollout, progress, now) });
    moved.sites.add(phone.site);
    moved.rollouts.add(id);
  }
}

const skip = (fault: FaultCode, detail: string, at: EpochMs) => ({
  phase: 'skipped' as const,
  fault,
  detail: detail.slice(0, 240),
  at,
});

export function pathFor(
  draft: ControllerDraft,
  rollout: Pick<RolloutInput, 'id' | 'releases' | 'selection'>,
  phone: Phone,
) {
  const offered = rollout.releases.flatMap((id) => draft.releases.get(id) ?? []);
  const target = releaseFor(phone, offered);
  if (!target)
    return {
      kind: 'no-path' as const,
      reason: `No single release of this rollout fits a ${phone.vendor} ${phone.model}`,
    };
  return plannerFor(draft, rollout).path({
    vendor: phone.vendor,
    model: phone.model,
    ...(phone.hardware ? { hardware: phone.hardware } : {}),
    running: phone.running?.version ?? null,
    target,
  });
}

/** A wave asks for thousands of phones of few kinds in one step; releases do not change within it. */
const planners = new WeakMap<ControllerDraft, Map<Id, UpgradePlanner>>();

function plannerFor(
  draft: ControllerDraft,
  rollout: Pick<RolloutInput, 'id' | 'selection'>,
): UpgradePlanner {
  const ofStep = planners.get(draft) ?? new Map<Id, UpgradePlanner>();
  planners.set(draft, ofStep);
  const planner = ofStep.get(rollout.id) ?? new UpgradePlanner(usableReleases(draft, rollout));
  ofStep.set(rollout.id, planner);
  return planner;
}

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
  const stopped = rollout.waves.findIndex(
    (wave) => wave.state === 'held' || wave.state === 'halted',
  );
  if (stopped !== -1) passWave(draft, id, stopped, `Released by ${who}`, now, moved);
}

/** Final: phones that were not started are skipped; those in flight finish and are still recorded. */
export function abort(
  draft: ControllerDraft,
  id: Id,
  by: { who: string; reason: string },
  now: EpochMs,
  moved: Moved,
): void {
  const rollout = draft.rollouts.get(id);
  if (!rollout) return;
  for (const progress of Array.from(progressOf(draft, rollout))) {
    if (hasEnded(progress) || isInFlight(progress)) continue;
    putProgress(draft, {
      ...withoutWaiting(progress),
      phase: 'skipped',
      at: now,
      detail: `Rollout aborted: ${by.reason}`.slice(0, 240),
    });
  }
  const { paused: _paused, ...current } = draft.rollouts.get(id) ?? rollout;
  draft.rollouts.put(id, { ...current, state: 'aborted', endedAt: now });
  audit(draft, { at: now, who: by.who, what: 'rollout aborted', object: id, detail: by.reason });
  freePhones(draft, rollout, moved);
}

const isInFlight = ({ phase }: Progress): boolean =>
  phase === 'offered' || phase === 'downloading' || phase === 'rebooting' || phase === 'verifying';

function finish(draft: ControllerDraft, rollout: Rollout, now: EpochMs, moved: Moved): void {
  const failed = rollout.waves.reduce((sum, wave) => sum + wave.counts.failed, 0);
  const last = rollout.waves.length - 1;
  const waves = rollout.waves.map((wave, index) => {
    if (wave.state === 'passed') return wave;
    const verdict = judge(rollout.gate, wave.counts);
    const { soakUntil: _until, ...rest } = wave;
    if (verdict.kind === 'passed') return { ...rest, state: 'passed' as const, why: 'Gate met' };
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

/** The rollout no longer claims its phones. */
function freePhones(draft: ControllerDraft, rollout: Rollout, moved: Moved): void {
  for (const progress of progressOf(draft, rollout)) {
    const left = (draft.assignments.get(progress.mac) ?? []).filter((one) => one !== rollout.id);
    if (left.length > 0) draft.assignments.put(progress.mac, left);
    else draft.assignments.remove(progress.mac);
  }
  for (const site of rollout.sites) moved.sites.add(site);
}
