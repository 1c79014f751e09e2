import { fractionOf } from '@ringwave/protocol/keyed-hash';
import type { Halt, Plan, PlanOpening, PlanPhone } from '@ringwave/protocol/messages';
import { holdsSlot, isFinal, updateTakesUsually } from '@ringwave/protocol/phases';
import { type EpochMs, laterBy } from '@ringwave/protocol/units';
import type { Why, Work } from './state.ts';

// Who may be down now. A slot is owned by one phone; it is freed by leaving the slot phases, so it cannot
// leak: it is counted from the work itself, never kept beside it.

/** The site as the queue sees it in one step. */
export interface Floor {
  readonly plan: Plan;
  readonly halt: Halt | undefined;
  readonly clockWrong: boolean;
  /** Phones that are down or may go down without being asked again. */
  readonly down: readonly Work[];
  /** Took an image and never came back: down until they show themselves. */
  readonly lost: readonly Work[];
  /** Ordinary phones whose work has not ended; emergency phones wait for it to be zero. */
  readonly ordinaryOpen: number;
  /** An emergency phone is down: nothing else may be. */
  readonly emergencyDown: boolean;
}

export interface Candidate {
  readonly work: Work;
  readonly phone: PlanPhone;
}

export function floorOf(
  plan: Plan,
  halt: Halt | undefined,
  clockWrong: boolean,
  candidates: readonly Candidate[],
): Floor {
  const work = candidates.map((one) => one.work);
  return {
    plan,
    halt,
    clockWrong,
    down: work.filter((one) => holdsSlot(one.phase)),
    lost: work.filter((one) => one.fault === 'phone-silent-after-restart' && !holdsSlot(one.phase)),
    ordinaryOpen: candidates.filter((one) => !one.phone.emergency && !isFinal(one.work.phase))
      .length,
    emergencyDown: candidates.some(
      ({ phone, work: one }) => phone.emergency && holdsSlot(one.phase),
    ),
  };
}

/** The same floor once this phone has its slot. */
export const withSlot = (floor: Floor, { work, phone }: Candidate): Floor => ({
  ...floor,
  down: [...floor.down, work],
  emergencyDown: floor.emergencyDown || phone.emergency,
});

const byPerson = (reason: string): Why => ({ reason, waitingFor: 'person', nextAttemptAt: null });

/** What stands in the way of starting any phone on this site; undefined when nothing does. */
export function siteBlock({ plan, halt, clockWrong }: Floor, now: EpochMs): Why | undefined {
  if (halt?.halted) return byPerson(`All sites are stopped: ${halt.reason}`);
  if (clockWrong) {
    const reason = 'The clock of the box differs from the controller’s';
    return { reason, waitingFor: 'clock', nextAttemptAt: null };
  }
  if (now >= plan.startUntil) return planEnded('The plan no longer permits starts');
  const opening = openingNow(plan, now);
  if (!opening) return beforeOpening(plan, now, 'Outside the reboot window');
  if (laterBy(now, updateTakesUsually) <= opening.end) return undefined;
  return beforeOpening(plan, now, 'Too late in this opening to finish');
}

const planEnded = (reason: string): Why => ({ reason, waitingFor: 'plan', nextAttemptAt: null });

export const openingNow = (plan: Plan, now: EpochMs): PlanOpening | undefined =>
  plan.openings.find((opening) => opening.start <= now && now < opening.end);

export const nextOpening = (plan: Plan, now: EpochMs): PlanOpening | undefined =>
  plan.openings.find((opening) => opening.start > now && opening.start < plan.startUntil);

function beforeOpening(plan: Plan, now: EpochMs, reason: string): Why {
  const next = nextOpening(plan, now);
  if (!next) return planEnded('No opening before the plan ends; a new plan is needed');
  return { reason, waitingFor: 'opening', nextAttemptAt: next.start as EpochMs };
}

/** Ordinary phones in hashed order, then the emergency phones. */
export function inOrder(candidates: readonly Candidate[]): readonly Candidate[] {
  const ranked = candidates.map((one) => ({
    one,
    rank: (one.phone.emergency ? 1 : 0) + fractionOf(one.work.rollout, one.phone.mac),
  }));
  return ranked.sort((a, b) => a.rank - b.rank).map(({ one }) => one);
}

/** What stands in the way of starting this phone beyond the site's own block; asked anew before each start. */
export function phoneBlock(
  floor: Floor,
  { work, phone }: Candidate,
  now: EpochMs,
): Why | undefined {
  const paused = floor.plan.pausedRollouts.find((one) => one.rollout === work.rollout);
  if (paused) return byPerson(`Rollout paused: ${paused.reason}`);
  if (work.retryAt !== undefined && now < work.retryAt) {
    return { ...work.why, nextAttemptAt: work.retryAt };
  }
  const waits = (reason: string, waitingFor: Why['waitingFor']): Why => ({
    reason,
    waitingFor,
    nextAttemptAt: firstDeadline(floor.down),
  });
  if (phone.emergency && floor.down.length + floor.ordinaryOpen > 0) {
    return waits('Emergency phone: last, and one at a time', 'slot');
  }
  if (floor.emergencyDown) return waits('An emergency phone is being updated, alone', 'slot');
  if (floor.down.length >= floor.plan.phonesUpdatingMax) {
    return waits(`The site updates ${floor.plan.phonesUpdatingMax} phones at once`, 'slot');
  }
  if (breaksCoverage(floor, phone)) {
    return waits(`Coverage group ${phone.coverageGroup} must keep its phones up`, 'coverage');
  }
  return undefined;
}

/** A slot is free again at the latest when its owner's time is up. */
const firstDeadline = (down: readonly Work[]): EpochMs | null =>
  down.reduce<EpochMs | null>(
    (first, { deadlineAt }) =>
      deadlineAt && (first === null || deadlineAt < first) ? deadlineAt : first,
    null,
  );

function breaksCoverage(floor: Floor, phone: PlanPhone): boolean {
  const group = floor.plan.coverage.find((one) => one.id === phone.coverageGroup);
  if (!group) return false;
  const members = new Set<string>();
  for (const one of floor.plan.phones) if (one.coverageGroup === group.id) members.add(one.mac);
  const gone = [...floor.down, ...floor.lost].filter((one) => members.has(one.mac)).length;
  return members.size - gone - 1 < group.minUp;
}
