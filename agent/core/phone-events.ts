import { FAULTS, type FaultCode } from '@ringwave/protocol/faults';
import type { Plan, PlanPhone } from '@ringwave/protocol/messages';
import { holdsSlot, isFinal } from '@ringwave/protocol/phases';
import {
  type DurationMs,
  type EpochMs,
  earliest,
  laterBy,
  minutes,
  seconds,
} from '@ringwave/protocol/units';
import { imagesFor, releaseIn } from './image-needs.ts';
import {
  type Cause,
  deadlineOf,
  ended,
  moved,
  presentHop,
  restartTakesMin,
} from './phone-update.ts';
import { answersAlone } from './pbx/registration.ts';
import { phoneIn } from './plan-index.ts';
import {
  holdUntilRegistered,
  mustRegister,
  mustYetRegister,
  provenByRegistration,
  waitForRegistration,
} from './registration-proof.ts';
import { isNewer, isOlder, otherModel, runs } from './plan-intake.ts';
import { baseServed } from './provisioning/secret-guard.ts';
import { nextOpening, openingNow, startableUntil } from './queue.ts';
import { report } from './reporting.ts';
import { besideRoad } from './road.ts';
import { secretServed } from './rotation.ts';
import type { AgentDraft, AgentEvent, Sighting, WakeAnswer, Why, Work } from './state.ts';
import { move, put } from './work-report.ts';
import { isLost } from './work-table.ts';

// What phones show. A request is evidence of the version that runs; nothing that we sent is.

type Of<K extends AgentEvent['kind']> = Extract<AgentEvent, { kind: K }>;

/** A phone that only repeats itself is reported this often, so that "seen within 24 h" can be judged. */
export const sightingRepeatsAfter: DurationMs = minutes(30);

const planPhone = (
  draft: AgentDraft,
  mac: string,
): { plan: Plan; phone: PlanPhone } | undefined => {
  const plan = draft.plan.get('plan')?.plan;
  const phone = phoneIn(plan, mac);
  return plan && phone && { plan, phone };
};

/** Nothing is kept of a phone that is not in the plan, nor that it was lost. */
export function phoneAsked(draft: AgentDraft, event: Of<'phone-asked'>, now: EpochMs): void {
  // A phone that has a version to show, or fetches what it boots by, is up.
  const isUp = event.version !== null || event.means === 'phone-config';
  const wasLost = isUp && draft.missing.has(event.mac);
  if (isUp) draft.missing.remove(event.mac);
  const known = planPhone(draft, event.mac);
  if (!known) return;
  const before = draft.sightings.get(event.mac)?.version;
  noteSighting(draft, event, wasLost, now);
  if (event.version !== null && before !== event.version) askAgain(draft, event.mac);
  const work = draft.work.get(event.mac);
  if (work && event.version === null && event.means === 'phone-config')
    noteUp(draft, work, now, isBackUnread);
  if (work && event.version === null) giveBackBeside(draft, known, work, now);
  if (!work || event.version === null) return;
  // It may have been silent until now, and be given in this very answer what is not for it.
  const isOther = event.model !== null && event.model !== known.phone.model;
  if (isOther && move(draft, work, 'other-model', now, otherModel(event.model, known.phone)))
    return;
  judgeVersion(draft, known, work, event.version, now);
}

/** Where a phone in line stands on its way hangs on what it runs, so that it is asked anew. */
function askAgain(draft: AgentDraft, mac: string): void {
  const work = draft.work.get(mac);
  if (work && !isFinal(work.phase) && !holdsSlot(work.phase)) draft.work.put(mac, { ...work });
}

/** What the shown version means for the work: arrived, past it already, or back where it was. */
function judgeVersion(
  draft: AgentDraft,
  { plan, phone }: { plan: Plan; phone: PlanPhone },
  work: Work,
  version: string,
  now: EpochMs,
): void {
  const ahead = work.hops.slice(work.hop).findLastIndex((hop) => runs(plan, phone, hop, version));
  // It runs what it was given and is not registered: only its registration mends that, wherever it stands by then.
  if (work.fault === 'phone-not-registered' && mustRegister(draft)) {
    if (ahead > 0) wentOn(draft, { ...work, hop: work.hop + ahead }, now);
    return;
  }
  if (ahead !== -1 && mustYetRegister(draft, work)) {
    holdUntilRegistered(draft, { ...work, hop: work.hop + ahead }, now);
  } else if (ahead !== -1) {
    // A box restored from a backup may still hold a hop for next that the phone made long ago.
    move(draft, { ...work, hop: work.hop + ahead }, 'target-seen', now);
  } else if (work.phase === 'downloading') {
    stillOld(draft, work);
  } else if (goesBack(phone, work)) {
    backOrNot(draft, { plan, phone }, work, version, now);
  } else if (isNewer(plan, phone, presentHop(work), version)) {
    // Between two hops of its road it waits for another one.
    if (isNewer(plan, phone, work.hops.at(-1) ?? '', version)) move(draft, work, 'newer-seen', now);
  } else if (work.phase === 'rebooting' && now >= laterBy(work.since, restartTakesMin)) {
    move(draft, work, 'old-seen', now);
  } else if (work.fault === 'phone-silent-after-restart' && !holdsSlot(work.phase)) {
    cameBackLate(draft, work, now);
  }
  if (draft.work.get(work.mac) === work) giveBackBeside(draft, { plan, phone }, work, now);
  if (draft.work.get(work.mac) === work) noteUp(draft, work, now, cameBackOdd);
}

/** Woken, and found elsewhere than it was when its road was planned: it is given nothing. */
function giveBackBeside(
  draft: AgentDraft,
  { plan, phone }: { plan: Plan; phone: PlanPhone },
  work: Work,
  now: EpochMs,
): void {
  const beside = work.phase === 'offered' && besideRoad(draft, plan, { phone, work });
  if (beside) move(draft, work, 'beside-road', now, beside);
}

/** What was seen of its registration was of the hop before. */
function wentOn(draft: AgentDraft, { backSince: _back, ...work }: Work, now: EpochMs): void {
  put(
    draft,
    work.phase === 'held' ? work : { ...work, why: ended('phone-not-registered', work) },
    now,
  );
}

const goesBack = (phone: PlanPhone, work: Work): boolean =>
  phone.work?.goesBack === true && phone.work.rollout === work.rollout;

/** On the way back the newer version is what is to be left; one older than where the way ends has gone too far. */
function backOrNot(
  draft: AgentDraft,
  { plan, phone }: { plan: Plan; phone: PlanPhone },
  work: Work,
  version: string,
  now: EpochMs,
): void {
  if (isOlder(plan, phone, work.hops.at(-1) ?? '', version)) {
    const reason = 'Runs something older than the way back leads to';
    move(draft, work, 'newer-seen', now, { reason, waitingFor: 'person', nextAttemptAt: null });
  } else if (work.phase === 'rebooting' && now >= laterBy(work.since, restartTakesMin)) {
    move(draft, work, 'old-seen', now);
  } else if (work.fault === 'phone-silent-after-restart' && !holdsSlot(work.phase)) {
    cameBackLate(draft, work, now);
  }
}

/** It was counted as down until now; its slot and its floor may count on it again. */
function cameBackLate(draft: AgentDraft, work: Work, now: EpochMs): void {
  const fault = 'phone-came-back-old';
  const why = { ...work.why, reason: FAULTS[fault].advice };
  const phase = work.phase === 'failed' ? 'rolled-back' : work.phase;
  put(draft, { ...work, phase, fault, why }, now);
}

/** It is up, whatever becomes of its update: a restart that it has yet to make is seen by its image, or by no word of it. */
function noteUp(draft: AgentDraft, work: Work, now: EpochMs, said: string): void {
  const { phase, fault, backSince } = work;
  // What a registrar misses only a registration mends.
  if (backSince !== undefined || (fault === 'phone-not-registered' && mustRegister(draft))) return;
  const isWoken = phase === 'downloading' || (phase === 'offered' && work.woken === true);
  const isBack = phase === 'rebooting' && now >= laterBy(work.since, restartTakesMin);
  if (!isWoken && !isBack && !isLost(work)) return;
  const isOdd = fault === 'phone-silent-after-restart';
  const why = isOdd ? { ...work.why, reason: said } : work.why;
  put(draft, { ...work, backSince: now, why }, now);
}

/** It took its file without a version, is registered, or answers. */
const isBackUnread =
  'Is there again, and has not shown what it runs. Look at this phone, or try it again.';

/** It shows neither what it ran before nor where it was to go: a version on its way, or a newer one. */
const cameBackOdd = 'Came back after all, on another version than it was to get. Try it again.';

function noteSighting(
  draft: AgentDraft,
  event: Of<'phone-asked'>,
  wasLost: boolean,
  now: EpochMs,
): void {
  const before = draft.sightings.get(event.mac);
  const sighting: Sighting = {
    mac: event.mac,
    vendor: event.vendor ?? before?.vendor ?? null,
    model: event.model ?? before?.model ?? null,
    version: event.version ?? before?.version ?? null,
    ...((event.hardware ?? before?.hardware)
      ? { hardware: event.hardware ?? before?.hardware }
      : {}),
    address: event.address,
    at: now,
    versionAt: event.version === null ? (before?.versionAt ?? now) : now,
    ...(before?.registered ? { registered: before.registered } : {}),
  } as Sighting;
  const isNews =
    !before ||
    // Others wait for it, also at other sites.
    wasLost ||
    before.isHearsay === true ||
    before.version !== sighting.version ||
    before.model !== sighting.model ||
    before.address !== sighting.address ||
    // A clock that was set back does not say how long ago that was.
    now < before.at ||
    now >= laterBy(before.at, sightingRepeatsAfter);
  if (!isNews) return;
  draft.sightings.put(event.mac, sighting);
  const { versionAt: _versionAt, registered: _registered, ...seen } = sighting;
  report(draft, { kind: 'phone-seen', source: `${event.protocol}-request`, ...seen });
}

export function imageBegan(
  draft: AgentDraft,
  event: Of<'image-began' | 'image-progressed'>,
  now: EpochMs,
): void {
  const work = draft.work.get(event.mac);
  if (!work || presentHop(work) !== event.release || isFreshlySeen(work, now)) return;
  move(draft, work, 'image-began', now);
}

/** How much later a phone must be seen to take its image before that is written down and reported. */
const takesAgainAfter = seconds(30);

function isFreshlySeen(work: Work, now: EpochMs): boolean {
  const { phase, brokeOff, backSince, deadlineAt } = work;
  if (phase !== 'downloading' || brokeOff || backSince || deadlineAt === undefined) return false;
  return (deadlineOf(work, now) ?? now) - deadlineAt < takesAgainAfter;
}

/** The last byte of the last file the phone needs begins its restart. */
export function imageLeft(draft: AgentDraft, event: Of<'image-left'>, now: EpochMs): void {
  const known = planPhone(draft, event.mac);
  const work = draft.work.get(event.mac);
  if (!known || !work || presentHop(work) !== event.release) return;
  if (!event.whole) return brokenOff(draft, work, event);
  const release = releaseIn(known.plan, event.release);
  if (!release || work.phase !== 'downloading') return;
  const taken = [...new Set([...work.taken, event.fileName])];
  const missing = imagesFor(release, known.phone.model).some((it) => !taken.includes(it.fileName));
  draft.work.put(work.mac, { ...work, taken });
  if (!missing) move(draft, { ...work, taken }, 'image-taken', now);
}

/** Nothing is decided yet: many phones break off and begin again, with other options or after a pause. */
function brokenOff(draft: AgentDraft, work: Work, event: Of<'image-left'>): void {
  if (work.phase !== 'downloading' || event.brokenOff === undefined) return;
  const isSaid = event.brokenOff === 'by-error';
  draft.work.put(work.mac, { ...work, brokeOff: { isSaid, isBackOld: false } });
}

/** It broke its image off and shows what it ran before: what comes next, or nothing, tells whether it refused. */
function stillOld(draft: AgentDraft, work: Work): void {
  if (!work.brokeOff || work.brokeOff.isBackOld) return;
  draft.work.put(work.mac, { ...work, brokeOff: { ...work.brokeOff, isBackOld: true } });
}

const CAUSE: Partial<Record<WakeAnswer, Cause>> = {
  busy: 'wake-busy',
  refused: 'wake-refused',
  'login-refused': 'wake-login-refused',
  silent: 'wake-silent',
};

/** Only an answer to the present start counts; 200 proves delivery, never an update. */
export function wakeAnswered(draft: AgentDraft, event: Of<'wake-answered'>, now: EpochMs): void {
  const work = draft.work.get(event.mac);
  if (!work || work.phase !== 'offered' || work.starts !== event.start) return;
  const cause = CAUSE[event.answer];
  if (event.isThere) draft.missing.remove(event.mac);
  if (event.answer === 'busy') foundInCall(draft, work, event.source, now);
  else if (event.answer === 'away') foundInCall(draft, work, undefined, now, notAvailable);
  else if (event.answer === 'unproven') foundInCall(draft, work, undefined, now, notKnownIdle);
  else if (!cause) draft.work.put(work.mac, woken(work, event.isThere ? now : undefined));
  else if (event.pollTakesMax) leftToPoll(draft, work, event.pollTakesMax, now);
  else if (event.answer === 'silent' && !event.unsent)
    move(draft, { ...work, unanswered: true }, cause, now);
  else move(draft, work, cause, now);
}

function woken(work: Work, backSince: EpochMs | undefined): Work {
  const seen = backSince === undefined ? {} : { backSince };
  return { ...withoutCalls(work), woken: true, ...seen };
}

const notKnownIdle: FaultCode = 'phone-idle-unknown';
const notAvailable: FaultCode = 'phone-unavailable';

/** Times in a row that a phone is found in a call before it is left alone until the next opening. */
export const callsMax = 8;

function foundInCall(
  draft: AgentDraft,
  work: Work,
  source: string | undefined,
  now: EpochMs,
  fault: FaultCode = 'phone-in-call',
): void {
  const held = moved(work, 'wake-busy', now);
  const plan = draft.plan.get('plan')?.plan;
  if (!held) return;
  const said = fault === 'phone-in-call' ? held.why.reason : FAULTS[fault].advice;
  const reason = source ? `In a call, says ${source}` : said;
  const waitingFor: Why['waitingFor'] = fault === notAvailable ? 'retry' : 'call';
  const isGivenUp = (held.calls ?? 0) >= callsMax;
  const opening = plan && (nextOpening(plan, now)?.start ?? openingNow(plan, now)?.end);
  if (!isGivenUp || !opening) {
    put(draft, { ...held, fault, why: { ...held.why, reason, waitingFor } }, now);
    return;
  }
  const retryAt = opening as EpochMs;
  const why = { reason: `${reason}; left until the next opening`, waitingFor };
  put(
    draft,
    { ...withoutCalls(held), fault, retryAt, why: { ...why, nextAttemptAt: retryAt } },
    now,
  );
}

function withoutCalls({ calls: _calls, ...work }: Work): Work {
  return work;
}

/**
 * Nothing woke it: it keeps its slot for as long as the site allows, and no longer than it could be started at all. The time of
 * any offer it has in any case.
 */
function leftToPoll(draft: AgentDraft, work: Work, pollTakesMax: DurationMs, now: EpochMs): void {
  const known = planPhone(draft, work.mac);
  const last = known && startableUntil(known.plan, known.phone, now);
  const until = earliest(laterBy(now, pollTakesMax), last) ?? now;
  const deadlineAt = Math.max(until, work.deadlineAt ?? now) as EpochMs;
  const reason = 'Nothing woke it; it may still ask by itself';
  const why = { reason, waitingFor: 'phone' as const, nextAttemptAt: deadlineAt };
  put(draft, { ...withoutCalls(work), woken: true, polls: true, deadlineAt, why }, now);
}

/** Kept beside what the phone itself showed; of a phone that never showed itself nothing is kept. */
export function registrationSeen(
  draft: AgentDraft,
  { mac, source, address }: Of<'registration-seen'>,
  now: EpochMs,
): void {
  const sighting = draft.sightings.get(mac);
  if (!sighting || !planPhone(draft, mac)) return;
  draft.missing.remove(mac);
  const work = draft.work.get(mac);
  if (work && isLost(work)) noteUp(draft, work, now, isBackUnread);
  // Where a registrar proves, it alone is heard.
  if (source === answersAlone && mustRegister(draft)) return;
  const registered = { source: source.slice(0, 120), address, at: now };
  draft.sightings.put(mac, { ...sighting, registered });
  provenByRegistration(draft, mac, now);
}

/** The phone has its own configuration: with the new version running, that ends the restart. */
export function configServed(draft: AgentDraft, event: Of<'config-served'>, now: EpochMs): void {
  secretServed(draft, event.mac, event.generation, now);
  if (event.ofBase) baseServed(draft, event.mac);
  const work: Work | undefined = draft.work.get(event.mac);
  if (work?.phase !== 'verifying') return;
  if (mustRegister(draft)) waitForRegistration(draft, work, now);
  else move(draft, work, 'settled', now);
}
