import { FAULTS } from '@ringwave/protocol/faults';
import { isFinal, type PhonePhase, type Waiting } from '@ringwave/protocol/phases';
import { type DurationMs, type EpochMs, type Id, laterBy, minutes } from '@ringwave/protocol/units';
import type { ControllerTables, Phone, Progress, Rollout } from './state.ts';

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
}

/** Every rollout that this phone is or was part of, newest first. */
export function explainPhone(
  tables: ControllerTables,
  phone: Phone,
  now: EpochMs,
): readonly Explanation[] {
  return [...tables.rollouts.values()]
    .flatMap((rollout) => {
      const progress = tables.progress.get(`${rollout.id}/${phone.mac}`);
      return progress ? [{ rollout, progress }] : [];
    })
    .sort((a, b) => b.rollout.createdAt - a.rollout.createdAt)
    .map(({ rollout, progress }) => explain(tables, rollout, progress, now));
}

export function explain(
  tables: ControllerTables,
  rollout: Rollout,
  progress: Progress,
  now: EpochMs,
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
    ...(progress.fault ? { fault: progress.fault, advice: FAULTS[progress.fault].advice } : {}),
  };
  if (isFinal(progress.phase)) return { ...head, reason: progress.detail ?? ENDED[progress.phase] };
  return { ...head, ...waitingOf(tables, rollout, progress, now) };
}

const ENDED = {
  done: 'Runs the new version',
  skipped: 'Taken out of the rollout',
  failed: 'Failed',
  'rolled-back': 'Back on its earlier version',
  unreachable: 'Never answered',
} as const;

function waitingOf(
  tables: ControllerTables,
  rollout: Rollout,
  progress: Progress,
  now: EpochMs,
): Waiting {
  const base = {
    attempt: 1,
    attemptsMax: rollout.attemptsMax,
    nextAttemptAt: nextOpeningAt(tables, progress.site, now),
  };
  if (rollout.state === 'awaiting-approval' || rollout.state === 'draft') {
    return {
      ...base,
      reason: 'The rollout waits for approval',
      waitingFor: 'person',
      nextAttemptAt: null,
    };
  }
  if (rollout.state === 'scheduled') {
    return {
      ...base,
      reason: 'The rollout has not begun',
      waitingFor: 'wave',
      nextAttemptAt: rollout.startAt ?? null,
    };
  }
  const wave = rollout.waves[progress.wave];
  if (rollout.paused && progress.phase === 'waiting') {
    return {
      ...base,
      reason: `Paused by ${rollout.paused.by}: ${rollout.paused.reason}`,
      waitingFor: 'person',
      nextAttemptAt: null,
    };
  }
  if (wave && wave.openedAt === undefined) {
    // At the earliest when the wave before has soaked, and then only in an opening.
    const nextAttemptAt = nextOpeningAt(tables, progress.site, laterBy(now, rollout.gate.soak));
    const reason = beforeWave(rollout, progress.wave);
    return { ...base, reason, waitingFor: 'wave', nextAttemptAt };
  }
  const presence = tables.presence.get(progress.site);
  const isAway = !presence?.up || now > laterBy(presence.lastHeardAt, agentSilentAfter);
  if (progress.waiting && !isAway) return progress.waiting;
  if (progress.waiting)
    return {
      ...progress.waiting,
      reason: `${progress.waiting.reason} (last word of the site's agent ${lastWord(presence?.lastHeardAt)})`,
    };
  const plan = tables.plans.get(progress.site);
  if (isAway)
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

/** An instant and not an age: a reason that was read an hour ago must not have become untrue. */
const lastWord = (at: EpochMs | undefined): string =>
  at === undefined
    ? 'never'
    : `at ${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

function beforeWave(rollout: Rollout, index: number): string {
  const before = rollout.waves[index - 1];
  const name = rollout.waves[index]?.spec.name ?? '';
  if (!before) return `Wave ${name} is about to open`;
  // Without the counts of that wave: they change with every phone, and the wave itself shows them.
  return `Wave ${name} opens when ${before.spec.name} has passed its gate`;
}

/** The next opening of the site by its newest plan; null when the plan knows none. */
function nextOpeningAt(tables: ControllerTables, site: Id, now: EpochMs): number | null {
  const openings = tables.plans.get(site)?.plan.openings ?? [];
  const next = openings.find((opening) => opening.end > now);
  return next ? Math.max(next.start, now) : null;
}
