import { type Change, fold, type Tables } from '@ringwave/protocol/tables';
import type { EpochMs } from '@ringwave/protocol/units';
import { durableWithin } from '@ringwave/runtime/group-flush';
import type { Step } from '@ringwave/runtime/step-loop';
import type { Timeline } from '../../rehearsal/timeline.ts';

export type CrashPoint = 'before-commit' | 'after-commit' | 'disk-full';

export interface NodeParts<T extends Tables, Event, Effect> {
  readonly name: string;
  readonly empty: () => T;
  readonly volatile: readonly string[];
  readonly timeline: Timeline;
  step(tables: T, event: Event, now: EpochMs): Step<T, Effect>;
  act(effect: Effect): void;
  /** As the loop's; absent: every commit is durable. */
  mayWait?(changes: readonly Change<T>[]): boolean;
  /** Asked before each commit: whether the power fails here. */
  crashes(): CrashPoint | undefined;
  /** Of so many commits that were not flushed: how many are on the disk after a power cut, the first of them first. */
  survive(commits: number): number;
  /** The process is gone; whoever restarts it calls `restart`. */
  crashed(): void;
  checked(event: Event, step: Step<T, Effect>): void;
  readonly woke: Event;
  /** The first event of its nth process. */
  started(process: number): Event;
}

/**
 * One program under virtual time: the production step with a disk that keeps what was committed and a
 * memory that does not survive. It does what `StepLoop` does, with power failures at the worst moments: of what may wait
 * for the disk only the first commits survive, often none.
 */
export class SimNode<T extends Tables, Event, Effect> {
  readonly #parts: NodeParts<T, Event, Effect>;
  readonly disk: T;
  /** Committed in order and not durable yet. */
  #owed: Change<T>[][] = [];
  #cancelFlush: (() => void) | undefined;
  tables: T;
  isUp = false;
  /** Processes so far. */
  process = 0;
  #cancelWake: () => void = () => {};
  #waiting: Event[] = [];
  #busy = false;

  constructor(parts: NodeParts<T, Event, Effect>) {
    this.#parts = parts;
    this.disk = parts.empty();
    this.tables = parts.empty();
  }

  restart(): void {
    this.tables = this.#parts.empty();
    for (const [name, rows] of Object.entries(this.disk)) {
      // Rows come back from a store in order of their keys, not in order of writing.
      const sorted = [...rows].sort(([a], [b]) => (a < b ? -1 : 1));
      for (const [key, value] of sorted) this.tables[name]?.set(key, value);
    }
    this.isUp = true;
    this.process += 1;
    this.submit(this.#parts.started(this.process));
  }

  submit(event: Event): void {
    if (!this.isUp) return;
    this.#waiting.push(event);
    if (this.#busy) return;
    this.#busy = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      this.#run(next);
    }
    this.#busy = false;
  }

  #run(event: Event): void {
    const { timeline } = this.#parts;
    const step = this.#parts.step(this.tables, event, timeline.now);
    const crash = this.#parts.crashes();
    // What shares a flush is one transaction: where the disk is full nothing of it is there, and the process stops.
    if (crash === 'disk-full') this.#owed = [];
    if (crash === 'before-commit' || crash === 'disk-full') return this.crash();
    this.#commit(step);
    if (crash === 'after-commit') return this.crash();
    fold(this.tables, step.changes);
    this.#parts.checked(event, step);
    for (const effect of step.effects) this.#parts.act(effect);
    this.#cancelWake();
    if (step.wakeAt !== undefined && this.isUp) {
      const at = Math.max(step.wakeAt, timeline.now + 1);
      this.#cancelWake = timeline.at(at, () => this.submit(this.#parts.woke));
    }
  }

  #commit({ changes, effects }: Step<T, Effect>): void {
    this.#owed.push(this.#kept(changes));
    if (effects.length > 0 || !this.#parts.mayWait?.(changes)) return this.#flush();
    const { timeline } = this.#parts;
    this.#cancelFlush ??= timeline.at(timeline.now + durableWithin, () => this.#flush());
  }

  #flush(): void {
    this.#cancelFlush?.();
    this.#cancelFlush = undefined;
    fold(this.disk, this.#owed.flat());
    this.#owed = [];
  }

  #kept(changes: readonly Change<T>[]): Change<T>[] {
    return changes.filter((change) => !this.#parts.volatile.includes(change.table));
  }

  /** A copy of what the disk holds: rows are never mutated, so the maps are enough. */
  backup(): Map<string, Map<string, unknown>> {
    return new Map(Object.entries(this.disk).map(([name, rows]) => [name, new Map(rows)]));
  }

  /** Puts an earlier copy back in place of the disk; the process must be down. */
  restore(copy: ReadonlyMap<string, ReadonlyMap<string, unknown>>): void {
    for (const [name, rows] of Object.entries(this.disk)) {
      rows.clear();
      for (const [key, value] of copy.get(name) ?? []) rows.set(key, value);
    }
  }

  /** Ends it for good. */
  stop(): void {
    this.isUp = false;
    this.#waiting = [];
    this.#cancelWake();
    this.#flush();
  }

  crash(): void {
    this.isUp = false;
    this.#waiting = [];
    this.#cancelWake();
    this.#cancelFlush?.();
    this.#cancelFlush = undefined;
    const kept = this.#owed.slice(0, this.#parts.survive(this.#owed.length));
    fold(this.disk, kept.flat());
    this.#owed = [];
    this.#parts.crashed();
  }
}
