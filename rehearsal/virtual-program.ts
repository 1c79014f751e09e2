import { type Change, fold, type Tables } from '@ringwave/protocol/tables';
import type { EpochMs } from '@ringwave/protocol/units';
import type { Step } from '@ringwave/runtime/step-loop';
import type { Timeline } from './timeline.ts';

export interface ProgramParts<T extends Tables, Event, Effect> {
  readonly tables: T;
  readonly timeline: Timeline;
  step(tables: T, event: Event, now: EpochMs): Step<T, Effect>;
  act(effect: Effect): void;
  /** Sees what each step changed, before its effects. */
  stepped(changes: readonly Change<T>[]): void;
  readonly woke: Event;
}

/**
 * One program under virtual time: the production step, its changes folded in at once, one timer. It does what
 * `StepLoop` does without a disk: in a rehearsal nothing is lost.
 */
export class VirtualProgram<T extends Tables, Event, Effect> {
  readonly tables: T;
  readonly #parts: ProgramParts<T, Event, Effect>;
  #cancelWake: () => void = () => {};
  readonly #waiting: Event[] = [];
  #busy = false;

  constructor(parts: ProgramParts<T, Event, Effect>) {
    this.#parts = parts;
    this.tables = parts.tables;
  }

  submit(event: Event): void {
    this.#waiting.push(event);
    if (this.#busy) return;
    this.#busy = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      this.#run(next);
    }
    this.#busy = false;
  }

  #run(event: Event): void {
    const { timeline, tables } = this.#parts;
    const step = this.#parts.step(tables, event, timeline.now);
    fold(tables, step.changes);
    this.#parts.stepped(step.changes);
    for (const effect of step.effects) this.#parts.act(effect);
    this.#cancelWake();
    this.#cancelWake = () => {};
    if (step.wakeAt === undefined) return;
    const at = Math.max(step.wakeAt, timeline.now + 1);
    this.#cancelWake = timeline.at(at, () => this.submit(this.#parts.woke));
  }
}
