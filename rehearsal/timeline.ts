import { Heap } from '@ringwave/protocol/heap';
import type { EpochMs } from '@ringwave/protocol/units';

interface Due {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

/** Virtual time: what is due happens in order of time, then of asking. */
export class Timeline {
  now: EpochMs;
  readonly #dues = new Heap<Due>((a, b) => a.at < b.at || (a.at === b.at && a.order < b.order));
  #order = 0;

  constructor(now: EpochMs) {
    this.now = now;
  }

  /** When something is due next; infinite when nothing is. */
  get nextAt(): number {
    return this.#dues.least?.at ?? Number.POSITIVE_INFINITY;
  }

  /** Runs once at that instant, or now if it has passed; gives the cancel. */
  at(at: number, run: () => void): () => void {
    const due: Due = {
      at: Math.max(Math.ceil(at), this.now),
      order: this.#order++,
      run,
      cancelled: false,
    };
    this.#dues.push(due);
    return () => {
      due.cancelled = true;
    };
  }

  after(wait: number, run: () => void): () => void {
    return this.at(this.now + wait, run);
  }

  runUntil(end: number): void {
    const dues = this.#dues;
    for (let due = dues.least; due && due.at <= end; due = dues.least) {
      dues.pop();
      if (due.cancelled) continue;
      this.now = due.at as EpochMs;
      due.run();
    }
    this.now = end as EpochMs;
  }
}
