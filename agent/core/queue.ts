import type { Halt, Plan, PlanOpening, PlanPhone } from '@ringwave/protocol/messages';
import { updateTakesUsually } from '@ringwave/protocol/phases';
import {
  type DurationMs,
  type EpochMs,
  laterBy,
  type Mac,
  minutes,
} from '@ringwave/protocol/units';
import { openingsFor, planIndex } from './plan-index.ts';
import type { Place, Why, Work } from './state.ts';

// Who may be down now. A slot is owned by one phone; it is freed by leaving the slot phases, so it cannot
// leak: it is counted from the work itself, never kept beside it.

/** What may stop a whole site. */
export interface SiteState {
  readonly plan: Plan;
  readonly halt: Halt | undefined;
  readonly clockWrong: boolean;
  /** What is on at the site itself. */
  readonly hold?: Why | undefined;
}

/** The site as the queue sees it in one step. */
export interface Floor {
  readonly plan: Plan;
  /** Phones that are down or may go down without being asked again. */
  readonly down: readonly Work[];
  /** By coverage group: its members that are down, also those that were lost in an update. */
  readonly gone: ReadonlyMap<string, number>;
  /** By switch: the phones on it that are being updated. */
  readonly onSwitch: ReadonlyMap<string, number>;
  /** By pair: its members that are down or lost. */
  readonly pairs: ReadonlyMap<string, number>;
  /** Who of these was lost and is not down by its work: its own next try takes nobody away. */
  readonly lost: ReadonlySet<string>;
  /** The same by coverage group and by pair. */
  readonly lostOf: LostOf;
  readonly lostOfPair: LostOf;
  /** Ordinary phones whose work goes on by itself and is not paused; emergency phones wait for it to be none. */
  readonly isOrdinaryOpen: () => boolean;
  /** An emergency phone is down: nothing else may be. */
  readonly emergencyDown: boolean;
  /** Starts of the last minute, oldest first. */
  readonly starts: readonly EpochMs[];
}

export type LostOf = ReadonlyMap<string, readonly Mac[]>;

export interface Candidate {
  readonly work: Work;
  readonly phone: PlanPhone;
}

/** A phone that is down or counts as down, in the plan or not. */
export interface Absent {
  readonly work: Work;
  readonly place: Place;
}

interface FloorOf {
  readonly plan: Plan;
  /** Down by their work. */
  readonly down: readonly Absent[];
  /** Lost in an update, and not down by their work. */
  readonly lost: readonly PlanPhone[];
  /** In line; asked only where an emergency phone would go. */
  readonly waiting: () => Iterable<Candidate>;
  readonly starts: readonly EpochMs[];
}

export function floorOf({ plan, down, lost, waiting, starts }: FloorOf): Floor {
  const paused = new Set(plan.pausedRollouts.map((one) => one.rollout));
  const isOpen = ({ work, phone }: Candidate) => !phone.emergency && !paused.has(work.rollout);
  const places = down.map((one) => one.place);
  const gone: readonly Place[] = [...places, ...lost];
  return {
    plan,
    down: down.map((one) => one.work),
    gone: counted(gone, 'coverageGroup'),
    onSwitch: counted(places, 'switch'),
    pairs: counted(gone, 'pair'),
    lost: new Set(lost.map(({ mac }) => mac)),
    lostOf: lostBy(lost, 'coverageGroup'),
    lostOfPair: lostBy(lost, 'pair'),
    isOrdinaryOpen: () =>
      places.some((one) => !one.emergency) || Iterator.from(waiting()).some(isOpen),
    emergencyDown: places.some((one) => one.emergency),
    starts,
  };
}

/** Members of coverage groups or pairs that were lost and are not down by their work. */
export function lostBy(lost: readonly PlanPhone[], by: 'coverageGroup' | 'pair'): LostOf {
  const groups = Map.groupBy(lost, (phone) => phone[by] ?? '');
  return new Map([...groups].map(([id, phones]) => [id, phones.map(({ mac }) => mac as Mac)]));
}

function counted(places: readonly Place[], by: 'coverageGroup' | 'switch' | 'pair') {
  const counts = new Map<string, number>();
  for (const place of places) {
    const name = place[by];
    if (name) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

const byPerson = (reason: string): Why => ({ reason, waitingFor: 'person', nextAttemptAt: null });

/** What stands in the way of starting any phone on this site at any time; undefined when nothing does. */
export function siteBlock(
  { plan, halt, clockWrong, hold }: SiteState,
  now: EpochMs,
): Why | undefined {
  if (halt?.halted) return byPerson(`All sites are stopped: ${halt.reason}`);
  if (clockWrong) {
    const reason = 'The clock of the box differs from the controller’s';
    return { reason, waitingFor: 'clock', nextAttemptAt: null };
  }
  if (now >= plan.startUntil) return planEnded('The plan no longer permits starts');
  return hold;
}

/** Why this phone may not be started for the time that it is; undefined within an opening that is long enough. */
export function outsideOpening(
  plan: Plan,
  { phone }: Pick<Candidate, 'phone'>,
  now: EpochMs,
): Why | undefined {
  const isFree = phone.work?.urgency === 'any-idle-minute';
  const day = isFree ? blackoutBefore(plan, laterBy(now, takesWorst(plan, phone)), now) : undefined;
  if (isFree && !day) return undefined;
  const own = { startUntil: plan.startUntil, openings: openingsFor(plan, phone) };
  const opening = openingNow(own, now);
  if (day && (!opening || laterBy(now, takesWorst(plan, phone)) > opening.end))
    return beforeEnd(plan, day, now);
  if (!opening) return beforeOpening(own, now, 'Outside the reboot window');
  if (laterBy(now, takesWorst(plan, phone)) <= opening.end) return undefined;
  return beforeOpening(own, now, 'Too late in this opening to finish');
}

/**
 * Until when a phone that may be started now may be: its update has to be over with the opening, or before a day of blackout
 * where it needs no opening.
 */
export function startableUntil(plan: Plan, phone: PlanPhone, now: EpochMs): EpochMs {
  const isFree = phone.work?.urgency === 'any-idle-minute';
  const ownTimes = { startUntil: plan.startUntil, openings: openingsFor(plan, phone) };
  const ends = isFree
    ? (plan.blackout ?? []).map(({ from }) => from).filter((from) => from > now)
    : [openingNow(ownTimes, now)?.end ?? now];
  const end = Math.min(...ends) - takesWorst(plan, phone);
  return Math.min(end, plan.startUntil) as EpochMs;
}

type BlackoutDay = NonNullable<Plan['blackout']>[number];

/** The day of blackout that is on, or that begins before what is started now would be done. */
const blackoutBefore = (
  { blackout = [] }: Plan,
  done: EpochMs,
  now: EpochMs,
): BlackoutDay | undefined => blackout.find(({ from, until }) => from < done && now < until);

/** A deadline frees a phone from windows, and never from days of blackout. */
function beforeEnd({ startUntil }: Plan, { from, until }: BlackoutDay, now: EpochMs): Why {
  if (until >= startUntil)
    return planEnded('Days of blackout outlast the plan; a new plan is needed');
  const reason = from <= now ? 'A day of blackout' : 'Too late to finish before a day of blackout';
  return { reason, waitingFor: 'opening', nextAttemptAt: until as EpochMs };
}

/** How long an update of this phone takes at worst: as its model was timed, else as updates usually go. */
export const takesWorst = (plan: Plan, { vendor, model }: PlanPhone): DurationMs =>
  (plan.takes && planIndex(plan).takes.get(`${vendor}/${model}`)) ?? updateTakesUsually;

const planEnded = (reason: string): Why => ({ reason, waitingFor: 'plan', nextAttemptAt: null });

type Times = Pick<Plan, 'startUntil'> & { readonly openings: readonly PlanOpening[] };

export const openingNow = (plan: Times, now: EpochMs): PlanOpening | undefined =>
  plan.openings.find((opening) => opening.start <= now && now < opening.end);

export const nextOpening = (plan: Times, now: EpochMs): PlanOpening | undefined =>
  plan.openings.find((opening) => opening.start > now && opening.start < plan.startUntil);

function beforeOpening(plan: Times, now: EpochMs, reason: string): Why {
  const next = nextOpening(plan, now);
  if (!next) return planEnded('No opening before the plan ends; a new plan is needed');
  return { reason, waitingFor: 'opening', nextAttemptAt: next.start as EpochMs };
}

export function pausedBlock({ pausedRollouts }: Plan, { rollout }: Work): Why | undefined {
  const paused = pausedRollouts.find((one) => one.rollout === rollout);
  return paused && byPerson(`Rollout paused: ${paused.reason}`);
}

/** Of a phone whose work was taken away, or whose image was, since it was tried. */
const untilRetry = {
  reason: 'Was tried a short while ago; waits before its next try',
  waitingFor: 'retry',
} as const;

/** What stands in the way of starting this phone beyond the site's own block; asked anew before each start. */
export function phoneBlock(
  floor: Floor,
  { work, phone }: Candidate,
  now: EpochMs,
): Why | undefined {
  const paused = pausedBlock(floor.plan, work);
  if (paused) return paused;
  const never = neverSpared(floor.plan, phone);
  if (never) return never;
  if (work.retryAt !== undefined && now < work.retryAt) {
    const isSaid = work.why.waitingFor === 'retry' || work.why.waitingFor === 'call';
    return { ...(isSaid ? work.why : untilRetry), nextAttemptAt: work.retryAt };
  }
  const waits = (reason: string, waitingFor: Why['waitingFor']): Why => ({
    reason,
    waitingFor,
    nextAttemptAt: firstDeadline(floor.down),
  });
  if (phone.emergency && (floor.down.length > 0 || floor.isOrdinaryOpen())) {
    return waits('Emergency phone: last, and one at a time', 'slot');
  }
  const full = fullBlock(floor);
  if (full) return full;
  const forOther = waitsForOther(floor.lostOfPair, phone);
  if (forOther) return forOther;
  if (phone.pair && (floor.pairs.get(phone.pair) ?? 0) > ownLoss(floor, phone)) {
    return waits(`The other phone of pair ${phone.pair} is down`, 'coverage');
  }
  const { phonesPerSwitchMax } = floor.plan;
  if (phonesPerSwitchMax && (floor.onSwitch.get(phone.switch ?? '') ?? 0) >= phonesPerSwitchMax) {
    return waits(`Switch ${phone.switch} has ${phonesPerSwitchMax} phones updating`, 'slot');
  }
  const forLost = waitsForLost(floor.plan, floor.lostOf, phone);
  if (forLost) return forLost;
  if (breaksCoverage(floor, phone)) {
    return waits(`Coverage group ${phone.coverageGroup} must keep its phones up`, 'coverage');
  }
  return tooManyStarts(floor, now);
}

/** What keeps every ordinary phone of the site waiting until a slot is free; undefined while there is one. */
export function fullBlock({ plan, down, emergencyDown }: Floor): Why | undefined {
  const { phonesUpdatingMax } = plan;
  if (!emergencyDown && down.length < phonesUpdatingMax) return undefined;
  const reason = emergencyDown
    ? 'An emergency phone is being updated, alone'
    : `The site updates ${phonesUpdatingMax} phones at once`;
  return { reason, waitingFor: 'slot', nextAttemptAt: firstDeadline(down) };
}

/** Starts are counted over this: what restarts registers again within some minutes, spread as its start was. */
export const startsCountedOver = minutes(1);

/** How a phone says that it waits for the minute to pass. */
export const startsPaced = 'The site starts only so many phones at a time';

function tooManyStarts({ plan, starts }: Floor, now: EpochMs): Why | undefined {
  const most = plan.restartsPerMinuteMax;
  if (most === undefined) return undefined;
  const recent = starts.filter((at) => now < laterBy(at, startsCountedOver));
  const oldest = recent.at(-most);
  if (oldest === undefined) return undefined;
  const reason = `${startsPaced}: ${most} a minute`;
  return { reason, waitingFor: 'slot', nextAttemptAt: laterBy(oldest, startsCountedOver) };
}

/** A slot is free again at the latest when its owner's time is up. */
export const firstDeadline = (down: readonly Work[]): EpochMs | null =>
  down.reduce<EpochMs | null>(
    (first, { deadlineAt }) =>
      deadlineAt && (first === null || deadlineAt < first) ? deadlineAt : first,
    null,
  );

/** A lost phone is counted as down already. */
const ownLoss = ({ lost }: Floor, { mac }: PlanPhone): number => (lost.has(mac) ? 1 : 0);

const groupOf = ({ coverage }: Plan, { coverageGroup }: PlanPhone) =>
  coverage.find((one) => one.id === coverageGroup);

/** How a phone says that its group has no more phones than have to be up. */
export const sparesNobody = 'Its coverage group can never let it go';

/** Whatever becomes of the others: only who changes the site's coverage, or the group, lets this phone go. */
export function neverSpared(plan: Plan, phone: PlanPhone): Why | undefined {
  const group = groupOf(plan, phone);
  const members = planIndex(plan).groups.get(phone.coverageGroup ?? '') ?? 0;
  if (!group || members - 1 >= group.minUp) return undefined;
  const has = `${members} ${members === 1 ? 'phone' : 'phones'}`;
  const ends = 'goes on when the site’s coverage is changed';
  return byPerson(`${sparesNobody}: ${group.id} has ${has} and needs ${group.minUp} up; ${ends}`);
}

/** Nobody is told more of them than these: a reason has 240 characters, and the group's name up to 64. */
const lostNamedMax = 2;

/**
 * The phones of its group that were lost leave nobody to spare, whoever else comes back. Only those phones end it, or who looks
 * after them.
 */
export function waitsForLost(plan: Plan, lostOf: LostOf, phone: PlanPhone): Why | undefined {
  const group = groupOf(plan, phone);
  const lost = (lostOf.get(group?.id ?? '') ?? []).filter((mac) => mac !== phone.mac);
  const members = planIndex(plan).groups.get(group?.id ?? '') ?? 0;
  if (!group || lost.length === 0 || members - lost.length - 1 >= group.minUp) return undefined;
  const more = lost.length - lostNamedMax;
  const named = lost.slice(0, lostNamedMax).join(', ');
  const who = more > 0 ? `${named} and ${more} more` : named;
  const ends = `${lost.length > 1 ? 'they show themselves' : 'it shows itself'}, or the site’s coverage is changed`;
  const reason = `Coverage group ${group.id} must keep its phones up, and lost ${who}: goes on when ${ends}`;
  return { reason, waitingFor: 'coverage', nextAttemptAt: null };
}

/** The other phone of its pair was lost: only who finds that one lets it go. */
export function waitsForOther(lostOfPair: LostOf, { mac, pair }: PlanPhone): Why | undefined {
  const lost = pair && lostOfPair.get(pair)?.find((other) => other !== mac);
  if (!lost) return undefined;
  const reason = `The other phone of pair ${pair} was lost: goes on when ${lost} shows itself`;
  return { reason, waitingFor: 'coverage', nextAttemptAt: null };
}

function breaksCoverage(floor: Floor, phone: PlanPhone): boolean {
  const { plan, gone } = floor;
  const group = groupOf(plan, phone);
  if (!group) return false;
  const members = planIndex(plan).groups.get(group.id) ?? 0;
  const others = (gone.get(group.id) ?? 0) - ownLoss(floor, phone);
  return members - others - 1 < group.minUp;
}
