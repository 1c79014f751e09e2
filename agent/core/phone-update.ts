import { CLASS_RULES, classOf, FAULTS, type FaultCode } from '@ringwave/protocol/faults';
import { fractionOf } from '@ringwave/protocol/keyed-hash';
import { isFinal, type PhonePhase } from '@ringwave/protocol/phases';
import {
  type DurationMs,
  type EpochMs,
  earliest,
  type Id,
  laterBy,
  minutes,
  seconds,
} from '@ringwave/protocol/units';
import type { Why, Work } from './state.ts';

// How one phone gets from one version to the next. The table is the machine; the functions below only
// compute what a move carries with it. A missing cell means "not now": late and doubled events are normal.

export type Cause =
  | 'image-held'
  | 'image-lost'
  | 'slot'
  | 'wake-busy'
  | 'wake-refused'
  | 'wake-login-refused'
  | 'wake-silent'
  | 'image-began'
  | 'image-taken'
  | 'target-seen'
  | 'settled'
  | 'registered'
  | 'unregistered'
  | 'old-seen'
  | 'newer-seen'
  | 'beside-road'
  | 'other-model'
  | 'deadline';

/** `again` is resolved by `afterFailure`: held for another start, or final. */
type Next = PhonePhase | 'again';

/** A phone that was not being updated and shows the new version has it already: nothing to wait for. */
const hasIt = { 'target-seen': 'done', settled: 'done' } as const;
const isBack = { 'target-seen': 'verifying', settled: 'done' } as const;

export const NEXT: Record<PhonePhase, Partial<Record<Cause, Next>>> = {
  waiting: { ...hasIt, 'image-held': 'staged' },
  scheduled: {
    ...hasIt,
    'image-held': 'staged',
    'newer-seen': 'skipped',
    'other-model': 'skipped',
  },
  staged: {
    ...hasIt,
    slot: 'offered',
    'newer-seen': 'skipped',
    'other-model': 'skipped',
    'image-lost': 'scheduled',
  },
  // One that came back too late for its slot waits here for its registration, where that proves.
  held: {
    ...hasIt,
    slot: 'offered',
    'newer-seen': 'skipped',
    'other-model': 'skipped',
    'image-lost': 'scheduled',
    registered: 'done',
    unregistered: 'again',
  },
  offered: {
    ...isBack,
    'wake-busy': 'held',
    'wake-refused': 'again',
    'wake-login-refused': 'again',
    'wake-silent': 'again',
    'image-began': 'downloading',
    'newer-seen': 'skipped',
    'beside-road': 'held',
    'other-model': 'skipped',
    deadline: 'again',
  },
  downloading: {
    ...isBack,
    'image-began': 'downloading',
    'image-taken': 'rebooting',
    deadline: 'again',
  },
  rebooting: { ...isBack, 'old-seen': 'again', deadline: 'again' },
  // Where the site's registrar proves, a registration ends it and silence fails it; elsewhere the phone's own word does.
  verifying: { settled: 'done', deadline: 'done', registered: 'done', unregistered: 'again' },
  // Proof beats the clock: a phone that was given up and then shows the new version has arrived.
  failed: { ...hasIt, registered: 'done' },
  'rolled-back': hasIt,
  unreachable: hasIt,
  skipped: hasIt,
  done: {},
};

/** From NOTIFY to the first byte of the image: a slow phone restarts (2 min) before it asks. */
export const offerTakesMax: DurationMs = minutes(10);
/** Without a new block of the image. Phones pause up to 30 s to erase flash. */
export const downloadStallMax: DurationMs = minutes(5);
/** From the first block to the last, however steadily they come: as long as a whole update may take, and a loop takes longer. */
export const downloadTakesMax: DurationMs = minutes(90);
/** From the last byte to the first request with a version: flash and boot take 3 to 15 minutes. */
export const restartTakesMax: DurationMs = minutes(15);
/** Requests sooner than this after the last byte are still those of the old run. */
export const restartTakesMin: DurationMs = seconds(15);
/** Between the first request with the new version and the phone's own configuration fetched. */
export const settleTakesMax: DurationMs = minutes(5);
/** After a call the phone is tried again; short, since most calls are, and longer each time it is still in one. */
export const callPause: DurationMs = minutes(3);
export const callPauseMax: DurationMs = minutes(15);
export const retryPauseMin: DurationMs = minutes(2);
export const retryPauseMax: DurationMs = minutes(30);

const PHASE_TIME: Partial<Record<PhonePhase, DurationMs>> = {
  offered: offerTakesMax,
  downloading: downloadStallMax,
  rebooting: restartTakesMax,
  verifying: settleTakesMax,
};

/** What ended a start, by the phase it ended in. */
const FAULT_AT: Partial<Record<PhonePhase, FaultCode>> = {
  offered: 'phone-never-asked',
  downloading: 'download-stalled',
  rebooting: 'phone-silent-after-restart',
};

const FAULT_OF: Partial<Record<Cause, FaultCode>> = {
  'wake-refused': 'phone-refused-wake',
  'wake-login-refused': 'phone-login-refused',
  'old-seen': 'phone-came-back-old',
  unregistered: 'phone-not-registered',
};

/** Undefined when the cause means nothing in this phase. */
export function moved(work: Work, cause: Cause, now: EpochMs, why?: Why): Work | undefined {
  const next = NEXT[work.phase][cause];
  if (!next) return undefined;
  if (next === 'again') return afterFailure(work, FAULT_OF[cause] ?? faultAt(work), now);
  if (cause === 'image-began') {
    const { brokeOff: _again, backSince: _seen, ...begun } = work;
    if (next === work.phase) return withDeadline(begun, now);
  }
  if (next === 'done') return arrived(work, now);
  if (cause === 'wake-busy') return afterCall(work, now);
  if (next === 'offered') return started(work, now);
  const { deadlineAt: _old, fault: _fault, backSince: _back, ...rest } = work;
  if (next === 'skipped') {
    const reason = why?.reason ?? 'Runs something newer than the rollout offers';
    const ended = { reason, waitingFor: 'person' as const, nextAttemptAt: null };
    const fault = cause === 'other-model' ? 'model-differs' : 'no-upgrade-path';
    return { ...rest, phase: next, since: now, fault, why: ended };
  }
  return withDeadline({ ...rest, phase: next, since: now, why: why ?? usualWhy(next) }, now);
}

/** A phone that broke its image off, is up on what it ran before and asks no more will not take this image. */
function faultAt({ phase, brokeOff }: Work): FaultCode | undefined {
  const isRefused = brokeOff !== undefined && (brokeOff.isSaid || brokeOff.isBackOld);
  return phase === 'downloading' && isRefused ? 'phone-refused-image' : FAULT_AT[phase];
}

/** By when something must be heard of a phone in this phase; undefined where nothing need be. */
export function deadlineOf({ phase, since }: Work, now: EpochMs): EpochMs | undefined {
  const time = PHASE_TIME[phase];
  const next = time && laterBy(now, time);
  return phase === 'downloading' ? earliest(next, laterBy(since, downloadTakesMax)) : next;
}

function withDeadline(work: Work, now: EpochMs): Work {
  const deadlineAt = deadlineOf(work, now);
  if (deadlineAt === undefined) return work;
  return { ...work, deadlineAt, why: { ...work.why, nextAttemptAt: deadlineAt } };
}

function started(work: Work, now: EpochMs): Work {
  const { retryAt: _retry, fault: _fault, polls: _polls, ...before } = work;
  const { brokeOff: _broken, backSince: _back, unanswered: _silent, ...rest } = before;
  const fresh = {
    ...rest,
    phase: 'offered' as const,
    since: now,
    starts: work.starts + 1,
    startedAt: now,
  };
  return withDeadline({ ...fresh, woken: false, taken: [], why: usualWhy('offered') }, now);
}

/**
 * The last hop ends the work; an earlier one frees the slot and puts the next hop in line. What was given up on its way
 * stays so until a person has it tried again: it has been counted, and its partners have gone on without it.
 */
function arrived(work: Work, now: EpochMs): Work | undefined {
  const { deadlineAt: _deadline, retryAt: _retry, fault: _fault, backSince: _back, ...rest } = work;
  if (isAtLast(work)) return { ...rest, phase: 'done', since: now, why: usualWhy('done') };
  if (isFinal(work.phase)) return undefined;
  return {
    ...rest,
    hop: work.hop + 1,
    phase: 'scheduled',
    since: now,
    taken: [],
    why: usualWhy('scheduled'),
  };
}

const isAtLast = ({ hop, hops }: Pick<Work, 'hop' | 'hops'>): boolean => hop + 1 >= hops.length;

/** A phone that has been told nothing gives its slot back, and has lost nothing by it. */
export function takenBack(work: Work, why: Why, now: EpochMs): Work {
  const { deadlineAt: _deadline, polls: _polls, ...rest } = work;
  return { ...rest, phase: 'held', since: now, why };
}

function afterCall(work: Work, now: EpochMs): Work {
  const { deadlineAt: _deadline, ...rest } = work;
  const calls = (work.calls ?? 0) + 1;
  const retryAt = laterBy(now, Math.min(callPause * calls, callPauseMax) as DurationMs);
  const why: Why = { reason: 'In a call', waitingFor: 'call', nextAttemptAt: retryAt };
  return { ...rest, phase: 'held', since: now, calls, retryAt, fault: 'phone-in-call', why };
}

const FINAL_AFTER: Partial<Record<FaultCode, PhonePhase>> = {
  'phone-never-asked': 'unreachable',
  'phone-came-back-old': 'rolled-back',
};

/**
 * One more start later, or the end: the fault says whether another try can help, its class whether this one cost an
 * attempt. Tries that cost none are bounded too: beyond their bound they cost one like any other.
 */
export function afterFailure(work: Work, fault: FaultCode | undefined, now: EpochMs): Work {
  const code = fault ?? 'phone-never-asked';
  const { deadlineAt: _deadline, ...rest } = work;
  const name = classOf(code);
  const tries = (work.free?.[name] ?? 0) + 1;
  const isFree = tries <= CLASS_RULES[name].freeTriesMax;
  const failures = isFree ? work.failures : work.failures + 1;
  const free = isFree ? { ...work.free, [name]: tries } : work.free;
  if (failures >= work.attemptsMax || FAULTS[code].retry === 'never') {
    const phase = FINAL_AFTER[code] ?? 'failed';
    return { ...rest, phase, since: now, failures, fault: code, why: ended(code, work) };
  }
  const inRow = work.failures + sumOf(work.free) + 1;
  const retryAt = laterBy(now, retryPause(work, inRow));
  const why: Why = { reason: FAULTS[code].advice, waitingFor: 'retry', nextAttemptAt: retryAt };
  const counted = { failures, ...(free ? { free } : {}) };
  return { ...rest, ...counted, phase: 'held', since: now, retryAt, fault: code, why };
}

const sumOf = (free: Work['free']): number =>
  Object.values(free ?? {}).reduce((sum, count) => sum + count, 0);

/** Doubles from 2 to 30 minutes; spread over half of it by a hash of rollout and phone. */
function retryPause(work: Work, failures: number): DurationMs {
  const whole = Math.min(retryPauseMin * 2 ** Math.min(failures - 1, 10), retryPauseMax);
  return Math.round(
    whole * (0.75 + fractionOf(work.rollout, work.mac, failures) / 2),
  ) as DurationMs;
}

const unregisteredOnItsWay =
  'Look why this phone does not register: it shows a version on its way. Try it again once it is registered.';

/** Why a work that ended by this fault stands where it stands. */
export const ended = (code: FaultCode, work: Pick<Work, 'hop' | 'hops'>): Why => ({
  reason:
    code === 'phone-not-registered' && !isAtLast(work) ? unregisteredOnItsWay : FAULTS[code].advice,
  waitingFor: 'person',
  nextAttemptAt: null,
});

const USUAL: Record<PhonePhase, [string, Why['waitingFor']]> = {
  waiting: ['Its wave is not open', 'wave'],
  scheduled: ['The image is not on site yet', 'image'],
  staged: ['Image on site; waits for a slot', 'slot'],
  offered: ['Woken; has not asked for its image yet', 'phone'],
  downloading: ['Takes its image', 'phone'],
  rebooting: ['Has its image; restarts', 'phone'],
  verifying: ['Shows the new version; fetches its configuration', 'phone'],
  held: ['Held', 'slot'],
  done: ['Runs the new version', 'phone'],
  skipped: ['Skipped', 'person'],
  failed: ['Failed', 'person'],
  'rolled-back': ['Back on its earlier version', 'person'],
  unreachable: ['Never answered', 'person'],
};

export const usualWhy = (phase: PhonePhase): Why => ({
  reason: USUAL[phase][0],
  waitingFor: USUAL[phase][1],
  nextAttemptAt: null,
});

/** The release this phone should be offered now. */
export const presentHop = (work: Work): Id => {
  const hop = work.hops[work.hop];
  if (!hop) throw new RangeError(`work of ${work.mac} has no hop ${work.hop}`);
  return hop;
};
