import { setImmediate, setTimeout } from 'node:timers/promises';
import { type DurationMs, seconds } from '@ringwave/protocol/units';
import { type Clock, type SteadyMs, steadyNow } from './clock.ts';

/** What nobody waits for is durable within this time: a crash or a power cut takes a second of it at most. */
export const durableWithin: DurationMs = seconds(1);

/** Flushes that follow one another begin this far apart, in milliseconds: each costs the same, however much it holds. */
const paceMs = 10;

export interface FlushParts {
  readonly clock: Clock;
  /** Resolves when everything that was committed before the call survives a power cut. */
  flush(): Promise<void>;
  failed(error: unknown): void;
}

const never = (): Promise<void> => new Promise(() => {});

/** Makes commits durable many at a time while the loop goes on: a burst of phones costs a few waits for the disk. */
export class GroupFlush {
  readonly #parts: FlushParts;
  #underWay: Promise<void> | undefined;
  /** The flush that begins when the present one ends; what is committed meanwhile is part of it. */
  #next: Promise<void> | undefined;
  #acts: (() => void)[] = [];
  #newest: Promise<void> = Promise.resolve();
  #beganAt = 0 as SteadyMs;
  #cancelTimer: (() => void) | undefined;
  #stopped = false;

  constructor(parts: FlushParts) {
    this.#parts = parts;
  }

  /** Acts when all that is committed by now is durable; acts keep their order. */
  soon(act: () => void): void {
    this.#acts.push(act);
    this.#newest = this.#next ??= this.#flushAfter(this.#underWay);
  }

  later(): void {
    this.#cancelTimer ??= this.#parts.clock.after(durableWithin, () => this.soon(() => {}));
  }

  /** Resolves when everything that must not wait is durable; never after a stop. */
  settled(): Promise<void> {
    return this.#stopped ? never() : this.#newest;
  }

  async #flushAfter(present: Promise<void> | undefined): Promise<void> {
    // What arrives in one turn of the event loop is flushed together, and more of it where there is much.
    await (present?.then(() => this.#paced()) ?? setImmediate());
    this.#beganAt = steadyNow();
    const acts = this.#acts;
    this.#acts = [];
    this.#underWay = this.#next;
    this.#next = undefined;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    try {
      if (!this.#stopped) await this.#parts.flush();
    } catch (error) {
      if (!this.#stopped) this.#parts.failed(error);
    }
    // Whoever waits for what is not durable must not go on.
    if (this.#stopped) return never();
    if (this.#next === undefined) this.#underWay = undefined;
    for (const act of acts) act();
  }

  async #paced(): Promise<void> {
    const restMs = this.#beganAt + paceMs - steadyNow();
    if (restMs > 0 && !this.#stopped) await setTimeout(restMs);
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelTimer?.();
  }
}
