import type { Halt, Plan, PlanOpening, PlanPhone } from '@ringwave/protocol/messages';
import { holdsSlot, isFinal, updateTakesUsually } from '@ringwave/protocol/phases';
import { type EpochMs, laterBy } from '@ringwave/protocol/units';
import { planIndex } from './plan-index.ts';
import type { Why, Work } from './state.ts';
import { isLost } from './work-table.ts';

// Who may be down now. A slot is owned by one phone; it is freed by leaving the slot phases, so it cannot
// leak: it is counted from the work itself, never kept beside it.

/** What may stop a whole site. */
export interface SiteState {
  readonly plan: Plan;
  readonly halt: Halt | undefined;
  readonly clockWrong: boolean;
}

/** The site as the queue sees it in one step. */
export interface Floor {
  readonly plan: Plan;
  /** Phones that are down or may go down without being asked again. */
  readonly down: readonly Work[];
  /** Members of each coverage group that are down, also those that took an image and never came back. */
  readonly gone: ReadonlyMap<string, number>;
  /** Ordinary phones whose work has not ended; emergency phones wait for it to be zero. */
  readonly ordinaryOpen: number;
  /** An emergency phone is down: nothing else may be. */
  readonly emergencyDown: boolean;
}

export interface Candidate {
  readonly work: Work;
  readonly phone: PlanPhone;
}

/** `candidates`: phones that are down, lost, or wait for their turn. */
export function floorOf(
  { plan }: Pick<SiteState, 'plan'>,
  candidates: readonly Candidate[],
): Floor {
  const down: Work[] = [];
  const gone = new Map<string, number>();
  let ordinaryOpen = 0;
  let emergencyDown = false;
  for (const { work, phone } of candidates) {
    const isDown = holdsSlot(work.phase);
    if (isDown) down.push(work);
    if (isDown || isLost(work)) count(gone, phone.coverageGroup);
    if (!phone.emergency && !isFinal(work.phase)) ordinaryOpen += 1;
    emergencyDown ||= phone.emergency && isDown;
  }
  return { plan, down, gone, ordinaryOpen, emergencyDown };
}

function count(gone: Map<string, number>, group: string | undefined): void {
  if (group) gone.set(group, (gone.get(group) ?? 0) + 1);
}

/** The same floor once this phone has its slot. */
export function withSlot(floor: Floor, { work, phone }: Candidate): Floor {
  const gone = new Map(floor.gone);
  count(gone, phone.coverageGroup);
  const emergencyDown = floor.emergencyDown || phone.emergency;
  return { ...floor, down: [...floor.down, work], gone, emergencyDown };
}

const byPerson = (reason: string): Why => ({ reason, waitingFor: 'person', nextAttemptAt: null });

/** What stands in the way of starting any phone on this site; undefined when nothing does. */
export function siteBlock({ plan, halt, clockWrong }: SiteState, now: EpochMs): Why | undefined {
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

function breaksCoverage({ plan, gone }: Floor, { coverageGroup }: PlanPhone): boolean {
  const group = plan.coverage.find((one) => one.id === coverageGroup);
  if (!group) return false;
  const members = planIndex(plan).groups.get(group.id) ?? 0;
  return members - (gone.get(group.id) ?? 0) - 1 < group.minUp;
}
