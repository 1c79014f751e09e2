import { FAULTS } from '@ringwave/protocol/faults';
import type { Plan } from '@ringwave/protocol/messages';
import { holdsSlot, isFinal } from '@ringwave/protocol/phases';
import { type EpochMs, earliest, laterBy, minutes } from '@ringwave/protocol/units';
import { isClockWrong } from './clock-check.ts';
import { isOnSite, releaseIn } from './image-needs.ts';
import { presentHop } from './phone-update.ts';
import { type Candidate, floorOf, inOrder, phoneBlock, siteBlock, withSlot } from './queue.ts';
import { reconcile } from './plan-intake.ts';
import { move, put } from './work-report.ts';
import type { AgentDraft, AgentEffect, Why, Work } from './state.ts';

/** Moves every phone whose phase has taken too long. Gives the next such instant. */
export function timeOut(draft: AgentDraft, now: EpochMs): EpochMs | undefined {
  const ahead: EpochMs[] = [];
  for (const work of Array.from(draft.work.values())) {
    if (work.deadlineAt === undefined) continue;
    if (work.deadlineAt > now) ahead.push(work.deadlineAt);
    else move(draft, work, 'deadline', now);
  }
  return earliest(...ahead);
}

/** Lines up every phone that is not down, and starts those that may be. Gives when a retry falls due. */
export function grantSlots(
  draft: AgentDraft,
  plan: Plan,
  now: EpochMs,
  effects: AgentEffect[],
): EpochMs | undefined {
  const candidates = candidatesOf(draft, plan, now);
  const waiting = candidates.filter(({ work }) => !isFinal(work.phase) && !holdsSlot(work.phase));
  if (waiting.length === 0) return undefined;
  let floor = floorOf(plan, draft.halt.get('halt'), isClockWrong(draft, now), candidates);
  const closed = siteBlock(floor, now) ?? justStarted(draft, now);
  const retries: EpochMs[] = [];
  for (const candidate of inOrder(waiting)) {
    const work = staged(draft, plan, candidate, closed, now);
    if (work.phase === 'scheduled') continue;
    const block = closed ?? phoneBlock(floor, { ...candidate, work }, now) ?? unseen(draft, work);
    if (block) {
      lineUp(draft, work, block, now);
      if (!closed && work.retryAt && work.retryAt > now) retries.push(work.retryAt);
      continue;
    }
    const started = move(draft, work, 'slot', now);
    if (!started) continue;
    floor = withSlot(floor, { ...candidate, work: started });
    effects.push(...wakeOf(draft, started));
  }
  return earliest(...retries);
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

function candidatesOf(draft: AgentDraft, plan: Plan, now: EpochMs): Candidate[] {
  const candidates: Candidate[] = [];
  for (const phone of plan.phones) {
    const known = draft.work.get(phone.mac);
    // Work that a newer plan changed while the phone was down is taken up once the phone is up again.
    const work = known && !holdsSlot(known.phase) ? reconcile(draft, plan, phone, now) : known;
    if (work) candidates.push({ work, phone });
  }
  return candidates;
}

/** Brings `scheduled` and `staged` in line with whether the image of the present hop is on site. */
function staged(
  draft: AgentDraft,
  plan: Plan,
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
  const reason = failed?.fault
    ? FAULTS[failed.fault].advice
    : 'The image is on its way to the site';
  const nextAttemptAt = failed?.retryAt ?? closed?.nextAttemptAt ?? null;
  const waitingFor = failed?.state === 'failed' ? 'person' : 'image';
  return put(draft, { ...away, why: { reason, waitingFor, nextAttemptAt } }, now);
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
/** A next attempt that moves by less than this is not worth a report. */
const whyChangesAfter = minutes(5);

function lineUp(draft: AgentDraft, work: Work, why: Why, now: EpochMs): void {
  const phase = HOLDS.includes(why.waitingFor) ? 'held' : 'staged';
  const closeBy =
    Math.abs((why.nextAttemptAt ?? 0) - (work.why.nextAttemptAt ?? 0)) < whyChangesAfter;
  if (work.phase === phase && work.why.reason === why.reason && closeBy) return;
  put(draft, { ...work, phase, since: work.phase === phase ? work.since : now, why }, now);
}

export function wakeOf(draft: AgentDraft, work: Work): AgentEffect[] {
  const sighting = draft.sightings.get(work.mac);
  const phone = draft.plan.get('plan')?.plan.phones.find((one) => one.mac === work.mac);
  if (!sighting || !phone) return [];
  const { mac, starts } = work;
  return [
    { kind: 'wake-phone', mac, start: starts, vendor: phone.vendor, address: sighting.address },
  ];
}
