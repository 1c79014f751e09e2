import { type SteadyMs, steadyNow } from '@ringwave/runtime/clock';

/** Lets `perSecond` things through on average and twice as many at once; the rest is counted. */
export class RateLimit {
  readonly #perSecond: number;
  #left: number;
  #at: SteadyMs;
  refused = 0;

  constructor(perSecond: number, now = steadyNow()) {
    this.#perSecond = perSecond;
    this.#left = 2 * perSecond;
    this.#at = now;
  }

  /** True when the next would be refused; nothing is used up. */
  isSpent(now = steadyNow()): boolean {
    this.#earn(now);
    return this.#left < 1;
  }

  /** True when nothing that went through counts any more: a new one would allow as much. */
  isFull(now = steadyNow()): boolean {
    this.#earn(now);
    return this.#left >= 2 * this.#perSecond;
  }

  /** Counts one that went through before it was known that it counts, also where none was left. */
  owe(now = steadyNow()): void {
    this.#earn(now);
    this.#left -= 1;
  }

  #earn(now: SteadyMs): void {
    const earned = ((now - this.#at) / 1000) * this.#perSecond;
    this.#left = Math.min(this.#left + earned, 2 * this.#perSecond);
    this.#at = now;
  }

  allows(now = steadyNow()): boolean {
    this.#earn(now);
    if (this.#left < 1) {
      this.refused += 1;
      return false;
    }
    this.#left -= 1;
    return true;
  }
}
