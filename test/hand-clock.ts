import { type DurationMs, type EpochMs, laterBy, ms } from '@ringwave/protocol/units';
import type { Clock } from '@ringwave/runtime/clock';

/** Time moves only when the test says so; timers that fall due run in order, at their own instant. */
export class HandClock implements Clock {
  #now: EpochMs;
  #timers: { at: EpochMs; fn: () => void }[] = [];

  constructor(now: EpochMs) {
    this.#now = now;
  }

  now(): EpochMs {
    return this.#now;
  }

  after(wait: DurationMs, fn: () => void): () => void {
    const timer = { at: laterBy(this.#now, wait), fn };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((one) => one !== timer);
    };
  }

  pass(waitMs: number): void {
    const end = laterBy(this.#now, ms(waitMs));
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.#timers = this.#timers.filter((one) => one !== next);
      this.#now = next.at;
      next.fn();
    }
    this.#now = end;
  }
}
