import { FAULTS } from '@ringwave/protocol/faults';
import { holdsSlot, isFinal, type PhonePhase, type Waiting } from '@ringwave/protocol/phases';
import { type DurationMs, type EpochMs, type Id, laterBy, minutes } from '@ringwave/protocol/units';
import { bondWords } from './bonds.ts';
import { freeOfWindowsAt } from './deadline.ts';
import { nextOpening, nextStartAt } from './next-start.ts';
import { activeWork } from './active-work.ts';
import { gateOf } from './gate.ts';
import { priorityOf } from './rollout-state.ts';
import { unfinishedBefore } from './rollout.ts';
import { instantText } from './instant-text.ts';
import { freezeSpans } from './planned-freeze.ts';
import { freezeOf, frozenWords } from './site-freeze.ts';
import type { Deadline } from './rollout-state.ts';
import type { ControllerTables, Phone, Presence, Progress, Rollout } from './state.ts';
import { windowWords } from './wave-windows.ts';

// Why a phone is where it is, what it waits for and when it is tried next. The same words on every screen.

/** An agent that has said nothing for one and a half beats counts as away. */
export const agentSilentAfter: DurationMs = minutes(7.5);

export interface Explanation {
  readonly mac: string;
  readonly rollout: Id;
  readonly phase: PhonePhase;
  readonly target: string;
  readonly running: string | null;
  readonly wave: string;
  readonly since: EpochMs;
  readonly reason: string;
  /** Absent once the phone's part has ended. */
  readonly waitingFor?: Waiting['waitingFor'];
  readonly nextAttemptAt?: number | null;
  readonly attempt?: number;
  readonly attemptsMax?: number;
  readonly fault?: string;
  readonly advice?: string;
  /** From the rollout down to the phone: what holds at each level, outermost first. */
  readonly because: readonly string[];
  /** What would let it go on; absent once its part has ended. */
  readonly goesOnWhen?: string;
}

/**
 * Every rollout that this phone is or was part of, newest first: as it stands at `at`. Of a time ahead it is not known
 * whether an agent will be away then; `heardBy` is when that is asked.
 */
export function explainPhone(
  tables: ControllerTables,
  phone: Phone,
  at: EpochMs,
  heardBy: EpochMs = at,
): readonly Explanation[] {
  return [...tables.rollouts.values()]
    .flatMap((rollout) => {
      const progress = tables.progress.get(`${rollout.id}/${phone.mac}`);
      return progress ? [{ rollout, progress }] : [];
    })
    .sort((a, b) => b.rollout.createdAt - a.rollout.createdAt)
    .map(({ rollout, progress }) => explain(tables, rollout, progress, at, heardBy));
}

export function explain(
  tables: ControllerTables,
  rollout: Rollout,
  progress: Progress,
  now: EpochMs,
  heardBy: EpochMs = now,
): Explanation {
  const phone = tables.phones.get(progress.mac);
  const head = {
    mac: progress.mac,
    rollout: rollout.id,
    phase: progress.phase,
    target: progress.target,
    running: phone?.running?.version ?? null,
    wave: rollout.waves[progress.wave]?.spec.name ?? '',
    since: progress.at,
  };
  const fault = progress.fault && {
    fault: progress.fault,
    advice: FAULTS[progress.fault].advice,
  };
  const because = chainOf(tables, rollout, progress, { now, heardBy });
  if (isFinal(progress.phase)) {
    return { ...head, ...fault, reason: progress.detail ?? ENDED[progress.phase], because };
  }
  const usually: Usually = {
    attempt: 1,
    attemptsMax: rollout.attemptsMax,
    nextAttemptAt: nextStartAt(tables, rollout, progress, now),
  };
  const held = heldBy(tables, rollout, progress, now, usually);
  const waiting = held ?? toldOf(tables, progress, { now, heardBy }, usually);
  // The fault of the last try says nothing of what else keeps it now.
  const isOfTry = !held && ['call', 'retry', 'phone'].includes(waiting.waitingFor);
  const goesOnWhen = GOES_ON[waiting.waitingFor];
  return { ...head, ...(isOfTry ? fault : {}), ...waiting, because, goesOnWhen };
}

/** What would change the answer, by what is waited for. */
const GOES_ON: Record<Waiting['waitingFor'], string> = {
  wave: 'its wave opens, or lets the next phones go',
  plan: 'the site has its newest plan',
  image: 'the image is whole on the site',
  budget: 'the budget of the site’s line permits the download',
  opening: 'the next opening of the site begins',
  slot: 'a phone that is down now is up again',
  coverage: 'enough phones of its group are up',
  call: 'the call has ended',
  phone: 'the phone shows itself, or its time is up',
  retry: 'its pause between attempts is over',
  person: 'a person decides',
  clock: 'the clock of the box is right',
  agent: 'the agent of the site is heard of again',
};

interface Times {
  readonly now: EpochMs;
  readonly heardBy: EpochMs;
}

/** What holds at each level, whether or not it is what keeps the phone now. */
function chainOf(
  tables: ControllerTables,
  rollout: Rollout,
  progress: Progress,
  { now, heardBy }: Times,
): string[] {
  const wave = rollout.waves[progress.wave];
  const bond = tables.phones.get(progress.mac)?.bond;
  const paused = rollout.paused ? `, paused by ${rollout.paused.by}: ${rollout.paused.reason}` : '';
  const due = rollout.deadline ? dueWords(rollout, rollout.deadline, now) : '';
  const presence = tables.presence.get(progress.site);
  const agent = !tables.agents.has(progress.site)
    ? 'not enrolled yet'
    : isAway(presence, heardBy)
      ? `away, last word ${lastWord(presence?.lastHeardAt)}`
      : 'connected';
  const opening = nextOpening(tables, progress.site, wave, now)?.start ?? null;
  const narrows = wave?.spec.windows?.map(windowWords).join('; ');
  const halt = tables.halt.get('halt');
  const frozen = freezeOf(tables, progress.site, now);
  const ahead = freezeSpans(tables, progress.site, now).find(({ from }) => from > now);
  return [
    ...(halt?.halted ? [`All sites are halted: ${halt.reason}`] : []),
    `Rollout ${rollout.id} is ${rollout.state}${paused}${due}`,
    `Wave ${wave?.spec.name ?? progress.wave} is ${wave?.state ?? 'unknown'}${wave?.why ? `: ${wave.why}` : ''}${wave?.soakUntil === undefined ? '' : `, until ${instantText(wave.soakUntil)}`}${narrows ? `; only ${narrows}` : ''}`,
    `Site ${progress.site}: agent ${agent}; ${opening === null ? 'no opening is known' : opening <= now ? 'its opening is on' : `next opening ${instantText(opening)}`}${frozen ? `; ${frozenWords(frozen)}` : ''}${ahead ? `; to be ${frozenWords(ahead)}` : ''}`,
    ...(bond === undefined ? [] : [bondWords(tables, bond, rollout.id)]),
    `Phone ${progress.mac} is ${progress.phase}${progress.incident ? ', as part of a trouble of the whole site' : ''}`,
  ];
}

function dueWords({ startedAt }: Rollout, deadline: Deadline, now: EpochMs): string {
  const due = `, due ${instantText(deadline.dueAt)} (${deadline.because})`;
  const free = startedAt === undefined ? undefined : freeOfWindowsAt(deadline, startedAt);
  if (free === undefined) return due;
  return `${due}, ${free <= now ? 'now' : `from ${instantText(free)} on`} in any idle minute`;
}

const isAway = (presence: Presence | undefined, now: EpochMs): boolean =>
  !presence?.up || now > laterBy(presence.lastHeardAt, agentSilentAfter);

const ENDED = {
  done: 'Runs the new version',
  skipped: 'Taken out of the rollout',
  failed: 'Failed',
  'rolled-back': 'Back on its earlier version',
  unreachable: 'Never answered',
} as const;

/** What is said of a phone of which its site has said nothing. */
type Usually = Omit<Waiting, 'reason' | 'waitingFor'>;

/** What keeps it whatever its site says, outermost first; undefined where the site itself brings it on. */
function heldBy(
  tables: ControllerTables,
  rollout: Rollout,
  progress: Progress,
  now: EpochMs,
  base: Usually,
): Waiting | undefined {
  const wave = rollout.waves[progress.wave];
  const startAfter = (from: EpochMs = now) =>
    nextStartAt(tables, rollout, progress, from > now ? from : now);
  const early = beforeStart(tables, rollout, startAfter);
  if (early) return { ...base, ...early };
  const stopped = holdsSlot(progress.phase) ? undefined : stoppedBy(tables, rollout);
  if (stopped) return { ...base, reason: stopped, waitingFor: 'person', nextAttemptAt: null };
  if (wave && wave.openedAt === undefined)
    return { ...base, ...beforeWave(rollout, progress.wave, now, startAfter) };
  const phone = tables.phones.get(progress.mac);
  const first = phone && progress.hops.length > 0 ? activeWork(tables, phone) : undefined;
  if (first && first.rollout.id !== rollout.id) {
    const reason = `Rollout ${first.rollout.id} (priority ${priorityOf(first.rollout)}) goes first on this phone`;
    return { ...base, reason, waitingFor: 'wave' };
  }
  if (wave?.paced && progress.phase === 'waiting' && !progress.waiting) {
    // Without counts, as before a wave.
    const reason = `Wave ${wave.spec.name} lets its phones go at a pace, and this one has not had its turn`;
    return { ...base, reason, waitingFor: 'wave' };
  }
  const frozen = freezeOf(tables, progress.site, now);
  if (!frozen || holdsSlot(progress.phase)) return undefined;
  const reason = `Site ${progress.site} is ${frozenWords(frozen)}`;
  return { ...base, reason, waitingFor: 'person' };
}

/** Nobody is started, whatever else there is. */
function stoppedBy({ halt }: ControllerTables, { paused }: Rollout): string | undefined {
  const all = halt.get('halt');
  if (all?.halted) return `All sites are halted: ${all.reason}`;
  return paused && `Paused by ${paused.by}: ${paused.reason}`;
}

function toldOf(
  tables: ControllerTables,
  progress: Progress,
  { now, heardBy }: Times,
  base: Usually,
): Waiting {
  const presence = tables.presence.get(progress.site);
  const away = isAway(presence, heardBy);
  if (progress.waiting) {
    const said = asOf(progress.waiting, { now, heardBy }, base.nextAttemptAt);
    if (!away) return said;
    const word = `last word of the site's agent ${lastWord(presence?.lastHeardAt)}`;
    return { ...said, reason: `${said.reason} (${word})` };
  }
  const plan = tables.plans.get(progress.site);
  if (away)
    return {
      ...base,
      reason: `The site's agent is not connected; last word ${lastWord(presence?.lastHeardAt)}`,
      waitingFor: 'agent',
    };
  return {
    ...base,
    reason: `Plan ${plan?.plan.revision ?? '?'} is on its way to the site`,
    waitingFor: 'plan',
  };
}

/** What an agent said holds until the instant that it named; what comes of a try then is not known before. */
function asOf(said: Waiting, { now, heardBy }: Times, nextStart: number | null): Waiting {
  const { nextAttemptAt: named, reason } = said;
  if (named === null || named >= now) return said;
  const isAhead = heardBy < now;
  const known = `said for the time until ${instantText(named)}; what comes then is not known yet`;
  return {
    ...said,
    reason: isAhead ? `${reason} (${known})` : reason,
    nextAttemptAt: nextStart,
  };
}

type Blocked = Pick<Waiting, 'reason' | 'waitingFor' | 'nextAttemptAt'>;

function beforeStart(
  tables: ControllerTables,
  rollout: Rollout,
  startAfter: (from?: EpochMs) => number | null,
): Blocked | undefined {
  if (rollout.state === 'awaiting-approval' || rollout.state === 'draft') {
    return {
      reason: 'The rollout waits for approval',
      waitingFor: 'person',
      nextAttemptAt: null,
    };
  }
  if (rollout.state === 'scheduled') {
    const before = unfinishedBefore({ rollouts: tables.rollouts }, rollout);
    const aborted = before.filter((id) => tables.rollouts.get(id)?.state === 'aborted');
    if (aborted.length > 0) {
      const reason = `Rollout ${aborted.join(', ')} was aborted, and this one begins only after it is done`;
      return { reason, waitingFor: 'person', nextAttemptAt: null };
    }
    const unmet = before.filter((id) => tables.rollouts.get(id)?.endedAt !== undefined);
    if (unmet.length > 0) {
      const reason = `Rollout ${unmet.join(', ')} has ended without meeting its gate, and this one begins only after it has`;
      return { reason, waitingFor: 'person', nextAttemptAt: null };
    }
    if (before.length > 0) {
      const reason = `The rollout begins when ${before.join(', ')} has ended`;
      return { reason, waitingFor: 'wave', nextAttemptAt: null };
    }
    return {
      reason: 'The rollout has not begun',
      waitingFor: 'wave',
      nextAttemptAt: startAfter(rollout.startAt),
    };
  }
  return undefined;
}

/** An instant and not an age: a reason that was read an hour ago must not have become untrue. */
const lastWord = (at: EpochMs | undefined): string =>
  at === undefined ? 'never' : `at ${instantText(at)}`;

function beforeWave(
  rollout: Rollout,
  index: number,
  now: EpochMs,
  startAfter: (from: EpochMs) => number | null,
): Blocked {
  const before = rollout.waves[index - 1];
  const name = rollout.waves[index]?.spec.name ?? '';
  if (before?.asks === 'person') {
    const reason = `Wave ${name} opens when a person lets ${before.spec.name} pass`;
    return { reason, waitingFor: 'person', nextAttemptAt: null };
  }
  const nextAttemptAt = startAfter(soakedBy(rollout, index, now));
  // Without the counts of that wave: they change with every phone, and the wave itself shows them.
  const passes = before && `opens when ${before.spec.name} has passed its gate`;
  const soaks =
    before?.soakUntil === undefined ? '' : `, which soaks until ${instantText(before.soakUntil)}`;
  const reason = `Wave ${name} ${passes ? `${passes}${soaks}` : 'is about to open'}`;
  return { reason, waitingFor: 'wave', nextAttemptAt };
}

/** By then the waves before this one can have soaked: one after another, and each no shorter than it is asked to. */
function soakedBy(rollout: Rollout, index: number, now: EpochMs): EpochMs {
  let at = now;
  for (const wave of rollout.waves.slice(0, index)) {
    if (wave.state === 'passed') continue;
    at = wave.soakUntil ?? laterBy(at, gateOf(rollout, wave).soak);
  }
  return at;
}
