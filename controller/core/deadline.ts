import type { EpochMs } from '@ringwave/protocol/units';
import type { Deadline, Urgency } from './rollout-state.ts';

// A deadline makes a rollout more insistent as it draws near: first only phones that are known to be idle,
// then the agreed windows, then any idle minute, and when it has passed a person is asked.

/** Parts of the time from the start to the deadline at which the next rung begins. */
const RUNGS: readonly { readonly from: number; readonly urgency: Urgency }[] = [
  // Two fifths of the time to go gently: most phones are done in it, and nobody notices.
  { from: 0, urgency: 'idle-only' },
  { from: 0.4, urgency: 'window' },
  // The last fifth: a critical advisory with 72 hours leaves 14 hours for it.
  { from: 0.8, urgency: 'any-idle-minute' },
  { from: 1, urgency: 'ask-person' },
];

const startOf = (from: number, startedAt: EpochMs, dueAt: EpochMs): EpochMs =>
  Math.round(startedAt + from * Math.max(dueAt - startedAt, 0)) as EpochMs;

/** Where a rollout that began at `startedAt` stands now. */
export function urgencyAt({ dueAt }: Deadline, startedAt: EpochMs, now: EpochMs): Urgency {
  const rung = RUNGS.findLast(({ from }) => startOf(from, startedAt, dueAt) <= now);
  return rung?.urgency ?? 'idle-only';
}

/** When it becomes more insistent next; undefined when a person has been asked. */
export function nextRungAt(
  { dueAt }: Deadline,
  startedAt: EpochMs,
  now: EpochMs,
): EpochMs | undefined {
  const rung = RUNGS.find(({ from }) => startOf(from, startedAt, dueAt) > now);
  return rung && startOf(rung.from, startedAt, dueAt);
}

/** From when on phones may be started outside windows. */
export function freeOfWindowsAt({ dueAt }: Deadline, startedAt: EpochMs): EpochMs {
  const rung = RUNGS.find(({ urgency }) => urgency === 'any-idle-minute');
  return startOf(rung?.from ?? 1, startedAt, dueAt);
}

/** What each permits, in the words of the console. */
export const URGENCY_WORDS: Readonly<Record<Urgency, string>> = {
  'idle-only': 'in windows, only phones that are known to be idle',
  window: 'in windows, as usual',
  'any-idle-minute': 'in any minute in which a phone is known to be idle',
  'ask-person': 'it has passed; still in any idle minute, and a person decides',
};
