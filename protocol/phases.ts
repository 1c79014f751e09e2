import { type DurationMs, minutes } from './units.ts';

// The words for where a phone, a rollout and a wave stand; the same in code, API, CLI, console and docs.

export const PHONE_PHASES = [
  'waiting',
  'scheduled',
  'staged',
  'offered',
  'downloading',
  'rebooting',
  'verifying',
  'done',
  'held',
  'skipped',
  'failed',
  'rolled-back',
  'unreachable',
] as const;
export type PhonePhase = (typeof PHONE_PHASES)[number];

export const FINAL_PHASES = ['done', 'skipped', 'failed', 'rolled-back', 'unreachable'] as const;
export type FinalPhase = (typeof FINAL_PHASES)[number];

/** Phones in these phases may be down, or go down without being asked again. */
export const SLOT_PHASES = ['offered', 'downloading', 'rebooting', 'verifying'] as const;

const finals: readonly string[] = FINAL_PHASES;
const slots: readonly string[] = SLOT_PHASES;
export const isFinal = (phase: PhonePhase): phase is FinalPhase => finals.includes(phase);
export const holdsSlot = (phase: PhonePhase): boolean => slots.includes(phase);

/** A start needs this much of an opening ahead of it where its model’s updates were not timed yet, with flash and boot. */
export const updateTakesUsually: DurationMs = minutes(15);

/**
 * When a phone may be started: in openings where it is known to be idle, in openings (the usual), or in any minute in which
 * it is known to be idle.
 */
export const URGENCIES = ['idle-only', 'window', 'any-idle-minute'] as const;
export type Urgency = (typeof URGENCIES)[number];

export const ROLLOUT_STATES = [
  'draft',
  'awaiting-approval',
  'scheduled',
  'running',
  'paused',
  'done',
  'done-with-failures',
  'aborted',
] as const;
export type RolloutState = (typeof ROLLOUT_STATES)[number];

export const WAVE_STATES = ['closed', 'open', 'soaking', 'passed', 'held', 'halted'] as const;
export type WaveState = (typeof WAVE_STATES)[number];

/** Why a phone is where it is. Every phase that is not final carries all four fields. */
export interface Waiting {
  /** A sentence for a person. */
  readonly reason: string;
  /** What has to happen next, in one word of this list. */
  readonly waitingFor: WaitingFor;
  /** Milliseconds since 1970; null only where the answer depends on a person. */
  readonly nextAttemptAt: number | null;
  readonly attempt: number;
  readonly attemptsMax: number;
}

export const WAITING_FOR = [
  'wave',
  'plan',
  'image',
  'opening',
  'slot',
  'coverage',
  'call',
  'phone',
  'retry',
  'person',
  'clock',
  'agent',
  'budget',
] as const;
export type WaitingFor = (typeof WAITING_FOR)[number];
