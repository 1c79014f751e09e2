// The clock port: whoever waits or dates something takes a Clock, so that the demo and the tests can
// run the same code faster than the wall. Retransmission on the wire measures real time: SteadyMs.
import { performance } from 'node:perf_hooks';
import type { DurationMs, EpochMs } from '@ringwave/protocol/units';

export interface Clock {
  now(): EpochMs;
  /** Calls `fn` once, `wait` from now on this clock; gives the cancel. Keeps the process alive while it waits. */
  after(wait: DurationMs, fn: () => void): () => void;
  /** A clock beside it that nobody can set, for whoever must know that this one was set. Absent where nobody sets it. */
  steady?(): SteadyMs;
}

/** Milliseconds on a clock that never steps, for round trips and rates; its zero means nothing. */
export type SteadyMs = number & { readonly unit: 'steady-ms' };

export const steadyNow = (): SteadyMs => performance.now() as SteadyMs;
export const steadyLater = (at: SteadyMs, waitMs: number): SteadyMs => (at + waitMs) as SteadyMs;

/** One day. A timer of Node holds at most 24.8 days and fires at once beyond; longer waits go in steps. */
const timerMsMax = 86_400_000;

export function wallClock(): Clock {
  return {
    now: () => Date.now() as EpochMs,
    after: (wait, fn) => wallTimer(wait, fn),
    steady: steadyNow,
  };
}

/**
 * A clock that showed `startedAt` when the wall showed `wallStartedAt` and runs `speed` times as fast.
 * Processes given the same three values agree on the time.
 */
export function fastClock(from: {
  speed: number;
  startedAt: EpochMs;
  wallStartedAt: EpochMs;
}): Clock {
  const { speed, startedAt, wallStartedAt } = from;
  return {
    now: () => (startedAt + Math.floor((Date.now() - wallStartedAt) * speed)) as EpochMs,
    after: (wait, fn) => wallTimer(Math.ceil(wait / speed), fn),
  };
}

function wallTimer(waitMs: number, fn: () => void): () => void {
  let timer: NodeJS.Timeout;
  const arm = (leftMs: number) => {
    const step = Math.min(Math.max(leftMs, 0), timerMsMax);
    timer = setTimeout(() => (leftMs > step ? arm(leftMs - step) : fn()), step);
  };
  arm(waitMs);
  return () => clearTimeout(timer);
}
