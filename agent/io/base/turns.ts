import type { DurationMs } from '@ringwave/protocol/units';

export interface TurnLimits {
  readonly atOnceMax: number;
  /** Beyond them nobody waits. */
  readonly waitingMax: number;
  readonly waitsFor: DurationMs;
}

/** Lets so many go at once; the others wait in the order they came, and not longer than they may. */
export class Turns {
  readonly #limits: TurnLimits;
  #taken = 0;
  readonly #waiting = new Map<() => void, NodeJS.Timeout>();

  constructor(limits: TurnLimits) {
    this.#limits = limits;
  }

  /** True: the turn has come, and `end` gives it on. False: none was to be had in time. */
  take(): Promise<boolean> {
    if (this.#taken < this.#limits.atOnceMax) {
      this.#taken += 1;
      return Promise.resolve(true);
    }
    if (this.#waiting.size >= this.#limits.waitingMax) return Promise.resolve(false);
    return new Promise((resolve) => {
      const go = () => resolve(true);
      const giveUp = () => {
        this.#waiting.delete(go);
        resolve(false);
      };
      this.#waiting.set(go, setTimeout(giveUp, this.#limits.waitsFor));
    });
  }

  end(): void {
    const [first] = this.#waiting;
    if (!first) {
      this.#taken -= 1;
      return;
    }
    const [go, timer] = first;
    this.#waiting.delete(go);
    clearTimeout(timer);
    go();
  }
}
