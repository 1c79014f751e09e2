import { type Change, fold, type Tables } from '@ringwave/protocol/tables';
import { type DurationMs, type EpochMs, minutes, ms } from '@ringwave/protocol/units';
import type { Clock } from './clock.ts';
import { GroupFlush } from './group-flush.ts';

// The shell around a step: commit the changes, fold them into what is known, then act. Events are taken
// one after another; whoever submitted one is answered only after its commit. The same loop drives the
// controller and the agent, and the simulation drives the same steps under virtual time. Where many steps share a
// flush of the disk, the world still sees nothing of a step before it is durable: effects wait, and so does `settled`.

export interface Step<T extends Tables, Effect> {
  readonly changes: readonly Change<T>[];
  readonly effects: readonly Effect[];
  readonly wakeAt: EpochMs | undefined;
}

/**
 * 'now': survives a power cut once `commit` has returned, and all before it too. 'flushed': is in its order, and a crash or a
 * power cut takes at worst it and all after it, until `flush` or a commit of 'now'.
 */
export type Durable = 'now' | 'flushed';

/** Where committed rows are kept. A commit is all or nothing, in its order, and durable 'now' where nothing else is said. */
export interface TableStore {
  load(): ReadonlyMap<string, ReadonlyMap<string, unknown>>;
  commit(changes: readonly Change[], durable?: Durable): void;
  /** Resolves when every commit before this call survives a power cut. */
  flush(): Promise<void>;
  close(): void;
}

export interface LoopParts<T extends Tables, Event, Effect> {
  readonly tables: T;
  readonly store: TableStore;
  readonly clock: Clock;
  step(event: Event, now: EpochMs): Step<T, Effect>;
  /**
   * True for changes that nobody outside counts on: they are durable within a second. Other steps share the next flush.
   * Absent: each step is durable before `submit` returns.
   */
  mayWait?(changes: readonly Change<T>[]): boolean;
  /** Performs one effect. It must not throw: what the world does wrong comes back as an event. */
  act(effect: Effect): void;
  /** Sees each committed step, in order: the live view hangs here. */
  committed?(changes: readonly Change<T>[], event: Event, now: EpochMs): void;
  /**
   * A bug or a broken disk: the process must not go on with half a truth. What many steps wrote together is told with `woke`,
   * after it was folded in; nothing that follows from it has left.
   */
  failed(error: unknown, event: Event): void;
  /** The event that time itself sends. */
  readonly woke: Event;
  /** The event of a clock that was set while the loop ran, taken before any other. Absent: nobody asks. */
  jumped?(by: DurationMs): Event;
}

/** Timers further away than this are set again when it has passed: Node's own end at 24.8 days. */
const timerMax: DurationMs = ms(86_400_000);

/** A clock that is set by less than this only shortens or lengthens a wait of minutes. */
const jumpMin: DurationMs = minutes(1);

export class StepLoop<T extends Tables, Event, Effect> {
  readonly #parts: LoopParts<T, Event, Effect>;
  #cancelTimer: (() => void) | undefined;
  #stopped = false;
  /** Effects may submit events: those wait until the present step has been folded in. */
  readonly #waiting: Event[] = [];
  #busy = false;
  /** What the clock showed beyond the steady one at the last step; undefined before the first. */
  #ahead: number | undefined;
  /** Absent where each step is durable by itself. */
  readonly #flush: GroupFlush | undefined;

  constructor(parts: LoopParts<T, Event, Effect>) {
    this.#parts = parts;
    const { clock, store } = parts;
    if (!parts.mayWait) return;
    this.#flush = new GroupFlush({
      clock,
      flush: () => store.flush(),
      failed: (error) => this.#fail(error, parts.woke),
    });
  }

  /** Resolves when the world may see everything that was decided by now; never after a fault or a stop. */
  settled(): Promise<void> {
    return this.#flush?.settled() ?? Promise.resolve();
  }

  /** Returns after the commit of this event, and of those before it; never throws what the step caused. */
  submit(event: Event): void {
    if (this.#stopped) return;
    this.#waiting.push(event);
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
        this.#run(next);
      }
    } finally {
      this.#busy = false;
    }
  }

  #run(event: Event): void {
    const jump = this.#jump();
    if (jump !== undefined) this.#step(jump);
    this.#step(event);
  }

  #jump(): Event | undefined {
    const { clock } = this.#parts;
    const steady = clock.steady?.();
    if (steady === undefined) return undefined;
    const before = this.#ahead;
    this.#ahead = clock.now() - steady;
    const by = Math.round(this.#ahead - (before ?? this.#ahead));
    return Math.abs(by) < jumpMin ? undefined : this.#parts.jumped?.(by as DurationMs);
  }

  #step(event: Event): void {
    if (this.#stopped) return;
    const { store, clock, tables } = this.#parts;
    const durable = this.#flush ? 'flushed' : 'now';
    const now = clock.now();
    let step: Step<T, Effect>;
    try {
      step = this.#parts.step(event, now);
      if (step.changes.length > 0) store.commit(step.changes as readonly Change[], durable);
    } catch (error) {
      return this.#fail(error, event);
    }
    fold(tables, step.changes);
    this.#parts.committed?.(step.changes, event, now);
    this.#act(step);
    this.#sleepUntil(step.wakeAt, now);
  }

  #act({ changes, effects }: Step<T, Effect>): void {
    const act = () => {
      for (const effect of effects) if (!this.#stopped) this.#parts.act(effect);
    };
    if (!this.#flush) return act();
    // Effects without changes may still speak of what earlier steps committed.
    if (effects.length > 0 || !this.#parts.mayWait?.(changes)) this.#flush.soon(act);
    else if (changes.length > 0) this.#flush.later();
  }

  #fail(error: unknown, event: Event): void {
    this.stop();
    this.#parts.failed(error, event);
  }

  #sleepUntil(at: EpochMs | undefined, now: EpochMs): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (at === undefined || this.#stopped) return;
    const wait = Math.min(Math.max(at - now, 1), timerMax) as DurationMs;
    this.#cancelTimer = this.#parts.clock.after(wait, () => this.submit(this.#parts.woke));
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelTimer?.();
    this.#flush?.stop();
    this.#waiting.length = 0;
  }
}
