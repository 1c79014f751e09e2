import { type Change, fold, type Tables } from '@ringwave/protocol/tables';
import { type DurationMs, type EpochMs, ms } from '@ringwave/protocol/units';
import type { Clock } from './clock.ts';

// The shell around a step: commit the changes, fold them into what is known, then act. Events are taken
// one after another; whoever submitted one is answered only after its commit. The same loop drives the
// controller and the agent, and the simulation drives the same steps under virtual time.

export interface Step<T extends Tables, Effect> {
  readonly changes: readonly Change<T>[];
  readonly effects: readonly Effect[];
  readonly wakeAt: EpochMs | undefined;
}

/** Where committed rows are kept. A commit is all or nothing and durable when it returns. */
export interface TableStore {
  load(): ReadonlyMap<string, ReadonlyMap<string, unknown>>;
  commit(changes: readonly Change[]): void;
  close(): void;
}

export interface LoopParts<T extends Tables, Event, Effect> {
  readonly tables: T;
  readonly store: TableStore;
  readonly clock: Clock;
  step(event: Event, now: EpochMs): Step<T, Effect>;
  /** Performs one effect. It must not throw: what the world does wrong comes back as an event. */
  act(effect: Effect): void;
  /** Sees each committed step, in order: the live view hangs here. */
  committed?(changes: readonly Change<T>[], event: Event, now: EpochMs): void;
  /** A bug or a broken disk: the process must not go on with half a truth. */
  failed(error: unknown, event: Event): void;
  /** The event that time itself sends. */
  readonly woke: Event;
}

/** Timers further away than this are set again when it has passed: Node's own end at 24.8 days. */
const timerMax: DurationMs = ms(86_400_000);

export class StepLoop<T extends Tables, Event, Effect> {
  readonly #parts: LoopParts<T, Event, Effect>;
  #cancelTimer: (() => void) | undefined;
  #stopped = false;
  /** Effects may submit events: those wait until the present step has been folded in. */
  readonly #waiting: Event[] = [];
  #busy = false;

  constructor(parts: LoopParts<T, Event, Effect>) {
    this.#parts = parts;
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
    if (this.#stopped) return;
    const { store, clock, tables } = this.#parts;
    const now = clock.now();
    let step: Step<T, Effect>;
    try {
      step = this.#parts.step(event, now);
      if (step.changes.length > 0) store.commit(step.changes as readonly Change[]);
    } catch (error) {
      this.stop();
      this.#parts.failed(error, event);
      return;
    }
    fold(tables, step.changes);
    this.#parts.committed?.(step.changes, event, now);
    for (const effect of step.effects) this.#parts.act(effect);
    this.#sleepUntil(step.wakeAt, now);
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
    this.#waiting.length = 0;
  }
}
