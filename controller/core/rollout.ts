import {
  type DurationMs,
  type EpochMs,
  earliest,
  type Id,
  laterBy,
  minutes,
} from '@ringwave/protocol/units';
import { audit } from './audit.ts';
import { afterBusinessHours } from './business-hours.ts';
import { nextRungAt, urgencyAt } from './deadline.ts';
import { gateMet, gateOf, isWatched, judgeWave } from './gate.ts';
import { followHalt } from './halt-followed.ts';
import { nextLook } from './pace.ts';
import { ended } from './progress.ts';
import { finish, pause } from './rollout-end.ts';
import type { CheckVerdict } from './rollout-state.ts';
import type { ControllerDraft, Gate, Rollout, Wave } from './state.ts';
import { type Moved, openWave, passWave, releasePaced, reopened, setWave } from './wave-release.ts';

// How a rollout moves: waves open one after another, a gate between them. Every stop names who and why.

/** Moves a rollout as far as its results and the time allow. */
export function advance(draft: ControllerDraft, id: Id, now: EpochMs, moved: Moved): void {
  const rollout = draft.rollouts.get(id);
  if (!rollout) return;
  if (rollout.state === 'scheduled') {
    if (startsLater(draft, rollout, now)) return;
    start(draft, rollout, now, moved);
    return advance(draft, id, now, moved);
  }
  if (rollout.state === 'running' || rollout.state === 'paused') climb(draft, rollout, now, moved);
  followHalt(draft, id, now);
  if (rollout.state !== 'running') return;
  for (const [index, wave] of rollout.waves.entries()) {
    if (wave.paced && wave.paced.waiting > 0) releasePaced(draft, id, index, now, moved);
  }
  const fresh = draft.rollouts.get(id) ?? rollout;
  const isOver = fresh.waves.every((wave) => ended(wave.counts) === wave.counts.total);
  // A wave that catches late phones has no last one: a person ends such a rollout.
  if (isOver && !fresh.waves.some((wave) => wave.spec.dynamic) && !isStillAsked(fresh)) {
    return finish(draft, fresh, now, moved);
  }
  judgeOpenWave(draft, fresh, now, moved);
}

/**
 * All phones have ended, and what the gate of the last wave asks for beyond results is still to come. The hour of soak that
 * a rollout has between its waves keeps none from ending: its last wave soaks where it says so itself, or before it asks.
 */
function isStillAsked(rollout: Rollout): boolean {
  const wave = rollout.waves.at(-1);
  if (!wave || !isUndecided(wave) || lateFailure(rollout)) return false;
  const { askPerson = false, askUrl } = gateOf(rollout, wave);
  const asks = askPerson || askUrl !== undefined || (wave.spec.gate?.soak ?? 0) > 0;
  return asks && judgeWave(rollout, wave).kind === 'passed';
}

/** When time alone moves a rollout next; undefined where only an event can. */
export function nextTimeOf(
  draft: ControllerDraft,
  rollout: Rollout,
  now: EpochMs,
): EpochMs | undefined {
  if (rollout.state === 'scheduled') return startTime(draft, rollout, now);
  const rung =
    rollout.deadline && rollout.startedAt !== undefined
      ? nextRungAt(rollout.deadline, rollout.startedAt, now)
      : undefined;
  if (rollout.state === 'paused') return rung;
  if (rollout.state !== 'running') return undefined;
  const { pace, waves } = rollout;
  const done = waves.reduce((sum, wave) => sum + wave.counts.done, 0);
  const ofWaves = waves.map(({ paced, soakUntil, askAgainAt }) =>
    earliest(
      soakUntil,
      askAgainAt,
      pace && paced && paced.waiting > 0 ? nextLook(pace, paced, done) : undefined,
    ),
  );
  return earliest(rung, ...ofWaves);
}

/** One whose time has come waits for what goes before it, and that is no matter of time. */
function startTime(draft: ControllerDraft, rollout: Rollout, now: EpochMs): EpochMs | undefined {
  const { startAt = now } = rollout;
  if (now < startAt) return startAt;
  return startsLater(draft, rollout, now) ? undefined : now;
}

function startsLater(draft: ControllerDraft, rollout: Rollout, now: EpochMs): boolean {
  if (rollout.startAt !== undefined && now < rollout.startAt) return true;
  return unfinishedBefore(draft, rollout).length > 0;
}

/** The rollouts that this one waits for and that have not ended, each of their waves with its gate met or passed by a person. */
export const unfinishedBefore = (
  draft: { readonly rollouts: { get(id: string): Rollout | undefined } },
  { after = [] }: Pick<Rollout, 'after'>,
): readonly Id[] =>
  after.filter((id) => {
    const before = draft.rollouts.get(id);
    const hasEnded = before?.state === 'done' || before?.state === 'done-with-failures';
    return !hasEnded || !before.waves.every((wave) => wave.state === 'passed');
  });

function start(draft: ControllerDraft, rollout: Rollout, now: EpochMs, moved: Moved): void {
  draft.rollouts.put(rollout.id, { ...rollout, state: 'running', startedAt: now });
  audit(draft, { at: now, who: 'ringwave', what: 'rollout started', object: rollout.id });
  openWave(draft, rollout.id, 0, now, moved);
}

/** Follows the rungs of a deadline: plans of all its sites carry the new urgency. */
function climb(draft: ControllerDraft, rollout: Rollout, now: EpochMs, moved: Moved): void {
  const { id, deadline, startedAt } = rollout;
  if (!deadline || startedAt === undefined) return;
  const urgency = urgencyAt(deadline, startedAt, now);
  if (urgency === rollout.urgency) return;
  draft.rollouts.put(id, { ...rollout, urgency });
  const detail = `${urgency}: due ${new Date(deadline.dueAt).toISOString()}, ${deadline.because}`;
  audit(draft, { at: now, who: 'ringwave', what: 'deadline nearer', object: id, detail });
  for (const site of rollout.sites) moved.sites.add(site);
}

const isUndecided = (wave: Wave): boolean =>
  wave.state === 'open' || wave.state === 'soaking' || wave.asks !== undefined;

/** The last wave that has not passed decides; waves before it have passed. */
function judgeOpenWave(draft: ControllerDraft, rollout: Rollout, now: EpochMs, moved: Moved): void {
  const late = lateFailure(rollout);
  if (late) return stop(draft, rollout.id, late.index, haltedBecause(late.why), now, moved);
  const index = rollout.waves.findLastIndex(isUndecided);
  const wave = rollout.waves[index];
  if (!wave) return;
  const verdict = judgeWave(rollout, wave);
  switch (verdict.kind) {
    case 'undecided':
      // New results may take back what an earlier look had found good enough.
      if (wave.state !== 'open')
        setWave(draft, rollout.id, index, { ...reopened(wave), why: verdict.why });
      else if (wave.why !== verdict.why)
        setWave(draft, rollout.id, index, { ...wave, why: verdict.why });
      return;
    case 'held':
      // Members may still come into a wave that catches late phones.
      if (wave.spec.dynamic && wave.counts.total === 0) return;
      return stop(draft, rollout.id, index, { state: 'held', why: verdict.why }, now, moved);
    case 'halted':
      return stop(draft, rollout.id, index, haltedBecause(verdict.why), now, moved);
    case 'passed':
      return soak(draft, rollout, index, now, moved);
    default:
      return verdict satisfies never;
  }
}

type Stop = Pick<Wave, 'byResults'> & { state: 'held' | 'halted'; why: string };

const haltedBecause = (why: string): Stop => ({ state: 'halted', byResults: true, why });

/** The gate stops the rollout at this wave, and says why. */
export function stop(
  draft: ControllerDraft,
  id: Id,
  index: number,
  stopped: Stop,
  now: EpochMs,
  moved: Moved,
): void {
  const wave = draft.rollouts.get(id)?.waves[index];
  if (!wave) return;
  setWave(draft, id, index, { ...reopened(wave), ...stopped });
  pause(draft, id, { by: 'gate', who: wave.spec.name, reason: stopped.why }, now, moved);
}

/** A wave passes on its sample; failures of its other phones may come later, and still halt the rollout. */
function lateFailure(rollout: Rollout) {
  for (const [index, wave] of rollout.waves.entries()) {
    if (!isWatched(wave)) continue;
    const verdict = judgeWave(rollout, wave);
    if (verdict.kind === 'halted') return { index, why: verdict.why };
  }
  return undefined;
}

function soak(
  draft: ControllerDraft,
  rollout: Rollout,
  index: number,
  now: EpochMs,
  moved: Moved,
): void {
  const wave = rollout.waves[index];
  if (!wave || wave.asks) return askAgain(draft, rollout, index, now, moved);
  const gate = gateOf(rollout, wave);
  const soakUntil = wave.soakUntil ?? soakEnds(draft, rollout, gate, now);
  if (now < soakUntil) {
    if (wave.state === 'soaking') return;
    const how = gate.soakIn ? 'hours of work' : 'time';
    const why = `Gate met; must stay healthy for some ${how} while it soaks`;
    return setWave(draft, rollout.id, index, { ...wave, state: 'soaking', soakUntil, why });
  }
  return pastSoak(draft, rollout.id, index, now, moved);
}

/** The last of its sites decides where hours of work are asked for. */
function soakEnds(draft: ControllerDraft, rollout: Rollout, gate: Gate, now: EpochMs): EpochMs {
  if (!gate.soakIn) return laterBy(now, gate.soak);
  const calendars = new Map<string, EpochMs>();
  for (const id of rollout.sites) {
    const site = draft.sites.get(id);
    if (!site) continue;
    const key = `${site.zone}\n${site.blackout.join()}`;
    if (!calendars.has(key)) calendars.set(key, afterBusinessHours(site, now, gate.soak));
  }
  return [...calendars.values()].reduce((last, at) => (at > last ? at : last), now);
}

/** Results and time are right: what is left is an outside check, then a person, where the gate wants them. */
function pastSoak(draft: ControllerDraft, id: Id, index: number, now: EpochMs, moved: Moved): void {
  const rollout = draft.rollouts.get(id);
  const wave = rollout?.waves[index];
  if (!rollout || !wave) return;
  const gate = gateOf(rollout, wave);
  const { soakUntil: _soak, ...rest } = wave;
  if (gate.askUrl !== undefined) {
    const why = 'Gate met; its outside check is being asked';
    const askAgainAt = laterBy(now, askPause);
    setWave(draft, id, index, {
      ...rest,
      state: 'held',
      asks: 'url',
      question: (wave.question ?? 0) + 1,
      unanswered: 0,
      askAgainAt,
      why,
    });
    moved.asks.push({ rollout: id, wave: index });
    return;
  }
  if (gate.askPerson) return askPerson(draft, id, index, 'Gate met');
  passWave(draft, id, index, gateMet, now, moved);
  return advance(draft, id, now, moved);
}

function askPerson(draft: ControllerDraft, id: Id, index: number, because: string): void {
  const wave = draft.rollouts.get(id)?.waves[index];
  if (!wave) return;
  const { soakUntil: _soak, askAgainAt: _again, ...rest } = wave;
  const isLast = index + 1 === draft.rollouts.get(id)?.waves.length;
  const what = isLast ? 'the rollout end' : 'the next wave open';
  const why = `${because}; a person lets ${what}: ringwave rollout pass ${id}`;
  setWave(draft, id, index, { ...rest, state: 'held', asks: 'person', why });
}

/** An outside check that does not answer is asked again after this. */
export const askPause: DurationMs = minutes(5);
/** Without a clear answer after so many questions a person is asked. */
export const asksMax = 3;

function askAgain(
  draft: ControllerDraft,
  rollout: Rollout,
  index: number,
  now: EpochMs,
  moved: Moved,
): void {
  const wave = rollout.waves[index];
  if (wave?.asks !== 'url' || wave.askAgainAt === undefined || now < wave.askAgainAt) return;
  const question = (wave.question ?? 0) + 1;
  setWave(draft, rollout.id, index, { ...wave, question, askAgainAt: laterBy(now, askPause) });
  moved.asks.push({ rollout: rollout.id, wave: index });
}

/** What an outside check said to the present question. Only a clear yes lets the wave pass; what is no answer holds it. */
export function checkAnswered(
  draft: ControllerDraft,
  answer: { rollout: Id; wave: number; question: number; verdict: CheckVerdict; detail: string },
  now: EpochMs,
  moved: Moved,
): void {
  const rollout = draft.rollouts.get(answer.rollout);
  const wave = rollout?.waves[answer.wave];
  if (!rollout || wave?.asks !== 'url' || rollout.state !== 'running') return;
  if (answer.question !== wave.question) return;
  const { id } = rollout;
  const said = answer.detail.slice(0, 200) || 'no detail';
  const what = `wave checked outside: ${answer.verdict}`;
  const object = `${id}/${wave.spec.name}`;
  audit(draft, { at: now, who: 'check', what, object, detail: said });
  if (answer.verdict === 'fail') {
    const why = `Its outside check said no: ${said}`;
    return stop(draft, id, answer.wave, { state: 'halted', why }, now, moved);
  }
  if (answer.verdict === 'pass') {
    if (gateOf(rollout, wave).askPerson) {
      return askPerson(draft, id, answer.wave, 'Gate met and checked outside');
    }
    passWave(draft, id, answer.wave, gateMet, now, moved);
    return;
  }
  const unanswered = (wave.unanswered ?? 0) + 1;
  if (unanswered >= asksMax) {
    const because = `Its outside check gave no clear answer ${asksMax} times (${said})`;
    return askPerson(draft, id, answer.wave, because);
  }
  const why = `Its outside check gave no clear answer (${said}); it is asked again`;
  const askAgainAt = laterBy(now, askPause);
  setWave(draft, id, answer.wave, { ...wave, unanswered, askAgainAt, why });
}
