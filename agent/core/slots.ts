import type { Plan } from '@ringwave/protocol/messages';
import { holdsSlot } from '@ringwave/protocol/phases';
import { type EpochMs, earliest, laterBy, minutes, ms } from '@ringwave/protocol/units';
import { isClockWrong } from './clock-check.ts';
import { holdOf } from './holds.ts';
import { wantImages } from './image-needs.ts';
import { type Cause, takenBack } from './phone-update.ts';
import { edgesPassed, phoneIn, planIndex } from './plan-index.ts';
import { reconcile } from './plan-intake.ts';
import {
  nextOpening,
  openingNow,
  outsideOpening,
  pausedBlock,
  siteBlock,
  startsCountedOver,
} from './queue.ts';
import { wanNow } from './rates.ts';
import { mustRegister } from './registration-proof.ts';
import {
  type Before,
  type Found,
  lookBefore,
  rememberLook,
  type Scene,
  wasInLine,
} from './settled.ts';
import type { AgentDraft, AgentEffect, Why, Work } from './state.ts';
import { askAll, askSome, type Line } from './turns.ts';
import { move, put } from './work-report.ts';
import { worksDown, worksTimed } from './work-table.ts';

/** Moves every phone whose phase has taken too long. Gives the next such instant. */
export function timeOut(draft: AgentDraft, now: EpochMs): EpochMs | undefined {
  const due: Work[] = [];
  let next: EpochMs | undefined;
  for (const work of worksTimed(draft)) {
    const { deadlineAt = now } = work;
    if (deadlineAt <= now) due.push(work);
    else if (next === undefined || deadlineAt < next) next = deadlineAt;
  }
  for (const work of due.sort(byDeadline)) move(draft, work, timeIsUp(draft, work), now);
  return next;
}

const timeIsUp = (draft: AgentDraft, { phase }: Work): Cause =>
  (phase === 'verifying' || phase === 'held') && mustRegister(draft) ? 'unregistered' : 'deadline';

const byDeadline = (a: Work, b: Work): number =>
  (a.deadlineAt ?? 0) - (b.deadlineAt ?? 0) || (a.mac < b.mac ? -1 : 1);

/**
 * Fetches what is missing, lines up every phone that is not down, and starts those that may be. Asks all phones only
 * where something of the site has changed since it last did, else those that changed and whose turn has come. Gives
 * when time alone changes something.
 */
export function serveQueue(
  draft: AgentDraft,
  plan: Plan,
  now: EpochMs,
  effects: AgentEffect[],
): EpochMs | undefined {
  const scene = sceneNow(draft, plan, now);
  endPolls(draft, scene, now);
  bringInLine(draft, plan, now);
  const line = { draft, scene, now, effects };
  const before = lookBefore(draft, scene, now);
  const found = before && afterLook(line, before);
  if (found) return rememberLook(draft, scene, found);
  const image = scene.isLineShut ? undefined : wantImages(draft, plan, now, effects);
  const all = askAll(line);
  return rememberLook(draft, scene, { ...all, again: earliest(image, all.again) });
}

const afterLook = (line: Line, { isSettled, found, changed }: Before): Found | undefined =>
  isSettled ? found : askSome(line, found, changed);

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

/** What stops a site or a rollout stops phones, too, that hold a slot for hours and would begin their update by themselves. */
function endPolls(draft: AgentDraft, { plan, stop }: Scene, now: EpochMs): void {
  for (const work of worksDown(draft)) {
    if (work.phase !== 'offered' || !work.polls) continue;
    const why = stop ?? pausedBlock(plan, work) ?? withdrawn(plan, work);
    if (why) put(draft, takenBack(work, why, now), now);
  }
}

function withdrawn(plan: Plan, { mac, rollout, round }: Work): Why | undefined {
  const wanted = phoneIn(plan, mac)?.work;
  if (wanted?.rollout === rollout && wanted.round === round) return undefined;
  return { reason: 'Its rollout no longer asks for it', waitingFor: 'plan', nextAttemptAt: null };
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

/** A box that comes back may have been restored from a backup: it first asks what happened meanwhile. */
export const askFirstFor = minutes(2);

/**
 * When a fresh process may start phones; undefined when it may. Restored from a backup it does not know what restarted in
 * the last minute, so that where starts are counted it lets one pass.
 */
export function graceEnds(draft: AgentDraft, now: EpochMs): EpochMs | undefined {
  const resumedAt = draft.resumed.get('resumed');
  if (resumedAt === undefined) return undefined;
  const isCounted = draft.plan.get('plan')?.plan.restartsPerMinuteMax !== undefined;
  const isAnswered = draft.link.get('link')?.answered === true;
  const wait = isAnswered ? (isCounted ? startsCountedOver : ms(0)) : askFirstFor;
  const until = laterBy(resumedAt, wait);
  return now < until ? until : undefined;
}

function justStarted(draft: AgentDraft, now: EpochMs): Why | undefined {
  const until = graceEnds(draft, now);
  if (until === undefined) return undefined;
  const isAnswered = draft.link.get('link')?.answered === true;
  const reason = isAnswered
    ? 'The agent has just started and does not know what restarted in the last minute'
    : 'The agent has just started and asks the controller first';
  return { reason, waitingFor: 'agent', nextAttemptAt: until };
}

/**
 * Whether a start that a box may have died in is repeated: it comes back after the opening, to a site that is held, or to
 * one that counts the starts of each minute. A phone that is not woken again is given up by its deadline and tried again;
 * one whose time is up already is given up now.
 */
export function mayWakeAgain(draft: AgentDraft, plan: Plan, work: Work, now: EpochMs): boolean {
  const { mac, deadlineAt } = work;
  if (deadlineAt !== undefined && now >= deadlineAt) return false;
  const phone = phoneIn(plan, mac);
  const halt = draft.halt.get('halt');
  const hold = holdOf(draft, plan, now);
  const isBlocked = siteBlock({ plan, halt, clockWrong: isClockWrong(draft, now), hold }, now);
  const isCounted = plan.restartsPerMinuteMax !== undefined;
  return phone !== undefined && !isBlocked && !isCounted && !outsideOpening(plan, { phone }, now);
}
