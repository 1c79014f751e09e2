import { FAULTS } from '@ringwave/protocol/faults';
import type { Plan, PlanPhone } from '@ringwave/protocol/messages';
import { holdsSlot, isFinal } from '@ringwave/protocol/phases';
import { type EpochMs, earliest, laterBy, minutes } from '@ringwave/protocol/units';
import { isClockWrong } from './clock-check.ts';
import { isOnSite, releaseIn, wantImages } from './image-needs.ts';
import { type Cause, presentHop } from './phone-update.ts';
import { edgesPassed, phoneIn, planIndex } from './plan-index.ts';
import { reconcile } from './plan-intake.ts';
import {
  type Candidate,
  type Floor,
  floorOf,
  nextOpening,
  openingNow,
  outsideOpening,
  phoneBlock,
  siteBlock,
  startsCountedOver,
  startsPaced,
  withSlot,
} from './queue.ts';
import { holdOf } from './holds.ts';
import { wanNow } from './rates.ts';
import {
  rememberLook,
  sameWhy,
  type Scene,
  settledLook,
  type Told,
  wasInLine,
  whyChangesAfter,
} from './settled.ts';
import { mustRegister } from './registration-proof.ts';
import { move, put } from './work-report.ts';
import { worksDown, worksLost, worksTimed } from './work-table.ts';
import type { AgentDraft, AgentEffect, Place, Why, Work } from './state.ts';

/** Moves every phone whose phase has taken too long. Gives the next such instant. */
export function timeOut(draft: AgentDraft, now: EpochMs): EpochMs | undefined {
  const timed = worksTimed(draft);
  const due = timed.filter((work) => (work.deadlineAt ?? now) <= now);
  for (const work of due.sort(byDeadline)) move(draft, work, timeIsUp(draft, work), now);
  return earliest(
    ...timed.map(({ deadlineAt }) => (deadlineAt && deadlineAt > now ? deadlineAt : undefined)),
  );
}

const timeIsUp = (draft: AgentDraft, work: Work): Cause =>
  work.phase === 'verifying' && mustRegister(draft) ? 'unregistered' : 'deadline';

const byDeadline = (a: Work, b: Work): number =>
  (a.deadlineAt ?? 0) - (b.deadlineAt ?? 0) || (a.mac < b.mac ? -1 : 1);

/**
 * Fetches what is missing, lines up every phone that is not down, and starts those that may be. Looks at all phones
 * only where something has changed since it last did. Gives when time alone changes something.
 */
export function serveQueue(
  draft: AgentDraft,
  plan: Plan,
  now: EpochMs,
  effects: AgentEffect[],
): EpochMs | undefined {
  const scene = sceneNow(draft, plan, now);
  const settled = settledLook(draft, scene, now);
  if (settled) return settled.again;
  bringInLine(draft, plan, now);
  const image = scene.isLineShut ? undefined : wantImages(draft, plan, now, effects);
  const { retry, hasStarted, told } = grantSlots(draft, scene, now, effects);
  const again = earliest(image, retry);
  rememberLook(draft, scene, { again, isFinal: !hasStarted, told });
  return again;
}

function sceneNow(draft: AgentDraft, plan: Plan, now: EpochMs): Scene {
  const halt = draft.halt.get('halt');
  const clockWrong = isClockWrong(draft, now);
  const hold = holdOf(draft, plan, now) ?? justStarted(draft, now);
  const opening = openingNow(plan, now);
  const { worsts } = planIndex(plan);
  const late = opening ? worsts.filter((worst) => laterBy(now, worst) > opening.end).length : 0;
  return {
    plan,
    stop: siteBlock({ plan, halt, clockWrong, hold }, now),
    opening,
    next: nextOpening(plan, now),
    late: late + edgesPassed(plan, now),
    isLineShut: wanNow(plan, now).rate === 'none',
  };
}

/** Work that a newer plan changed while the phone was down is taken up once the phone is up again. */
function bringInLine(draft: AgentDraft, plan: Plan, now: EpochMs): void {
  const { phones } = planIndex(plan);
  const macs = wasInLine(draft, plan) ? draft.work.written().keys() : phones.keys();
  for (const mac of Array.from(macs)) {
    const phone = phones.get(mac);
    const known = draft.work.get(mac);
    if (phone && known && !holdsSlot(known.phase)) reconcile(draft, plan, phone, now);
  }
}

function grantSlots(
  draft: AgentDraft,
  scene: Scene,
  now: EpochMs,
  effects: AgentEffect[],
): { retry: EpochMs | undefined; hasStarted: boolean; told: Told | undefined } {
  const { plan } = scene;
  const waiting = waitingIn(draft, plan);
  let hasStarted = false;
  let retry: EpochMs | undefined;
  let floor: Floor | undefined;
  let told: Told | undefined;
  for (const candidate of waiting) {
    const closed = scene.stop ?? outsideOpening(plan, candidate, now);
    const work = staged(draft, scene, candidate, closed, now);
    if (work.phase === 'scheduled') continue;
    if (!closed) floor ??= floorNow(draft, plan, waiting);
    const block =
      closed ??
      (floor && phoneBlock(floor, { ...candidate, work }, now)) ??
      partedPair(draft, plan, candidate) ??
      unseen(draft, work);
    if (block) {
      const { why } = lineUp(draft, work, block, now);
      if (why.waitingFor === 'slot' || why.waitingFor === 'coverage') told = alsoTold(told, why);
      if (!closed) retry = earliest(retry, dueAgain(work, block, now));
      continue;
    }
    const started = move(draft, { ...work, place: placeOf(candidate.phone) }, 'slot', now);
    if (!started) continue;
    hasStarted = true;
    floor = floor && withSlot(floor, { ...candidate, work: started }, now);
    noteStart(draft, plan, now);
    effects.push(...wakeOf(draft, started));
  }
  return { retry, hasStarted, told };
}

function alsoTold(told: Told | undefined, { nextAttemptAt }: Why): Told {
  const at = nextAttemptAt ?? 0;
  return { first: Math.min(told?.first ?? at, at), last: Math.max(told?.last ?? at, at) };
}

const placeOf = ({ emergency, coverageGroup, switch: at, pair }: PlanPhone): Place => ({
  emergency,
  ...(coverageGroup ? { coverageGroup } : {}),
  ...(at ? { switch: at } : {}),
  ...(pair ? { pair } : {}),
});

/** When a phone that is not closed out must be looked at again though nothing happens. */
function dueAgain(work: Work, block: Why, now: EpochMs): EpochMs | undefined {
  if (work.retryAt && work.retryAt > now) return work.retryAt;
  // A minute's starts pass by themselves; a slot is freed by an event.
  const isPaced = block.waitingFor === 'slot' && block.reason.startsWith(startsPaced);
  return isPaced ? (block.nextAttemptAt ?? undefined) : undefined;
}

/** Only what a limit on starts asks about is kept. */
function noteStart(draft: AgentDraft, plan: Plan, now: EpochMs): void {
  if (plan.restartsPerMinuteMax === undefined) return;
  const known = knownStarts(draft);
  const recent = known.filter((at) => now < laterBy(at, startsCountedOver));
  draft.starts.put('starts', [...recent, now]);
}

/** A box that died a moment ago still knows by its works what it started. */
const knownStarts = (draft: AgentDraft): readonly EpochMs[] =>
  draft.starts.get('starts') ??
  [...draft.work.values()].flatMap(({ startedAt }) => startedAt ?? []).sort((a, b) => a - b);

/** Phones in line, in the order in which they get their turn. */
function waitingIn(draft: AgentDraft, plan: Plan): Candidate[] {
  const waiting: Candidate[] = [];
  for (const phone of planIndex(plan).inOrder) {
    const work = draft.work.get(phone.mac);
    if (work && !isFinal(work.phase) && !holdsSlot(work.phase)) waiting.push({ work, phone });
  }
  return waiting;
}

function floorNow(draft: AgentDraft, plan: Plan, waiting: readonly Candidate[]): Floor {
  const { phones } = planIndex(plan);
  const down = worksDown(draft).map((work) => {
    const place = phones.get(work.mac) ?? work.place ?? { emergency: false };
    return { work, place };
  });
  const lost: Place[] = [];
  const macs = [...draft.missing.values(), ...worksLost(draft)].map((one) => one.mac);
  for (const mac of new Set(macs)) {
    const work = draft.work.get(mac);
    const phone = phones.get(mac);
    if (phone && !(work && holdsSlot(work.phase))) lost.push(phone);
  }
  const mayCome = waiting.filter(({ work, phone }) => !needsPerson(draft, plan, work, phone));
  return floorOf({ plan, down, lost, waiting: mayCome, starts: knownStarts(draft) });
}

/** Nothing that the site does brings it on: emergency phones would wait for it until they are forgotten. */
function needsPerson(draft: AgentDraft, plan: Plan, work: Work, { mac }: PlanPhone): boolean {
  if (!draft.sightings.has(mac)) return true;
  const images = releaseIn(plan, presentHop(work))?.images ?? [];
  return images.some((image) => draft.images.get(image.sha256)?.state === 'failed');
}

/** A box that comes back may have been restored from a backup: it first asks what happened meanwhile. */
export const askFirstFor = minutes(2);

/** When a fresh process stops waiting for the controller; undefined when it no longer does. */
export function graceEnds(draft: AgentDraft, now: EpochMs): EpochMs | undefined {
  const resumedAt = draft.resumed.get('resumed');
  if (resumedAt === undefined || draft.link.get('link')?.answered) return undefined;
  const until = laterBy(resumedAt, askFirstFor);
  return now < until ? until : undefined;
}

function justStarted(draft: AgentDraft, now: EpochMs): Why | undefined {
  const until = graceEnds(draft, now);
  if (until === undefined) return undefined;
  const reason = 'The agent has just started and asks the controller first';
  return { reason, waitingFor: 'agent', nextAttemptAt: until };
}

/** Brings `scheduled` and `staged` in line with whether the image of the present hop is on site. */
function staged(
  draft: AgentDraft,
  { plan, isLineShut }: Scene,
  { work, phone }: Candidate,
  closed: Why | undefined,
  now: EpochMs,
): Work {
  const release = releaseIn(plan, presentHop(work));
  if (!release) return work;
  if (isOnSite(draft, release, phone.model)) {
    return work.phase === 'scheduled' ? (move(draft, work, 'image-held', now) ?? work) : work;
  }
  const away = work.phase === 'scheduled' ? work : (move(draft, work, 'image-lost', now) ?? work);
  const failed = release.images
    .map((image) => draft.images.get(image.sha256))
    .find((row) => row?.fault);
  if (isLineShut && failed?.state !== 'failed') return waitsForLine(draft, plan, away, now);
  const reason = failed?.fault
    ? FAULTS[failed.fault].advice
    : 'The image is on its way to the site';
  const nextAttemptAt = failed?.retryAt ?? closed?.nextAttemptAt ?? null;
  const waitingFor = failed?.state === 'failed' ? 'person' : 'image';
  const why: Why = { reason, waitingFor, nextAttemptAt };
  return sameWhy(away.why, why) ? away : put(draft, { ...away, why }, now);
}

/** The site's line is not to be used at this time of day. */
function waitsForLine(draft: AgentDraft, plan: Plan, away: Work, now: EpochMs): Work {
  const nextAttemptAt = wanNow(plan, now).until ?? null;
  const reason = 'The image waits for the hours in which the site’s line may be used';
  const why: Why = { reason, waitingFor: 'budget', nextAttemptAt };
  return sameWhy(away.why, why) ? away : put(draft, { ...away, why }, now);
}

/** Both of a pair stay on one version: the other one ended without it, and the controller may not know yet. */
function partedPair(draft: AgentDraft, plan: Plan, { phone, work }: Candidate): Why | undefined {
  if (phone.pair === undefined) return undefined;
  const others = planIndex(plan).pairs.get(phone.pair) ?? [];
  const lost = others.find(({ mac }) => {
    const theirs = mac === phone.mac ? undefined : draft.work.get(mac);
    return theirs?.rollout === work.rollout && isFinal(theirs.phase) && theirs.phase !== 'done';
  });
  if (!lost) return undefined;
  const reason = `The other phone of pair ${phone.pair} ended without the version`;
  return { reason, waitingFor: 'person', nextAttemptAt: null };
}

const unseen = (draft: AgentDraft, work: Work): Why | undefined =>
  draft.sightings.has(work.mac)
    ? undefined
    : { reason: 'Never seen on this site', waitingFor: 'phone', nextAttemptAt: null };

const HOLDS: readonly Why['waitingFor'][] = [
  'coverage',
  'call',
  'person',
  'clock',
  'retry',
  'phone',
];
function lineUp(draft: AgentDraft, work: Work, why: Why, now: EpochMs): Work {
  const phase = HOLDS.includes(why.waitingFor) ? 'held' : 'staged';
  const closeBy =
    Math.abs((why.nextAttemptAt ?? 0) - (work.why.nextAttemptAt ?? 0)) < whyChangesAfter;
  if (work.phase === phase && work.why.reason === why.reason && closeBy) return work;
  return put(draft, { ...work, phase, since: work.phase === phase ? work.since : now, why }, now);
}

export function wakeOf(draft: AgentDraft, work: Work): AgentEffect[] {
  const sighting = draft.sightings.get(work.mac);
  const phone = phoneIn(draft.plan.get('plan')?.plan, work.mac);
  if (!sighting || !phone) return [];
  const { mac, starts } = work;
  const { vendor } = phone;
  const { address } = sighting;
  const isUsual = (phone.work?.urgency ?? 'window') === 'window';
  const mustBeIdle = isUsual ? {} : { mustBeIdle: true as const };
  return [{ kind: 'wake-phone', mac, start: starts, vendor, address, ...mustBeIdle }];
}

/**
 * Whether a start that a box may have died in is repeated: it comes back after the opening, or to a site that is held. A
 * phone that is not woken again is given up by its deadline and tried in the next opening.
 */
export function mayWakeAgain(draft: AgentDraft, plan: Plan, { mac }: Work, now: EpochMs): boolean {
  const phone = phoneIn(plan, mac);
  const halt = draft.halt.get('halt');
  const hold = holdOf(draft, plan, now);
  const isBlocked = siteBlock({ plan, halt, clockWrong: isClockWrong(draft, now), hold }, now);
  return phone !== undefined && !isBlocked && !outsideOpening(plan, { phone }, now);
}
