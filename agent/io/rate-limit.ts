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
    return this.#left + ((now - this.#at) / 1000) * this.#perSecond < 1;
  }

  allows(now = steadyNow()): boolean {
    const earned = ((now - this.#at) / 1000) * this.#perSecond;
    this.#left = Math.min(this.#left + earned, 2 * this.#perSecond);
    this.#at = now;
    if (this.#left < 1) {
      this.refused += 1;
      return false;
    }
    this.#left -= 1;
    return true;
  }
}
