import type { EpochMs } from '@ringwave/protocol/units';

interface Due {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

/** Virtual time: what is due happens in order of time, then of asking. A binary heap. */
export class Timeline {
  now: EpochMs;
  #heap: Due[] = [];
  #order = 0;

  constructor(now: EpochMs) {
    this.now = now;
  }

  /** Runs once at that instant, or now if it has passed; gives the cancel. */
  at(at: number, run: () => void): () => void {
    const due: Due = {
      at: Math.max(Math.ceil(at), this.now),
      order: this.#order++,
      run,
      cancelled: false,
    };
    this.#push(due);
    return () => {
      due.cancelled = true;
    };
  }

  after(wait: number, run: () => void): () => void {
    return this.at(this.now + wait, run);
  }

  runUntil(end: number): void {
    for (let due = this.#heap[0]; due && due.at <= end; due = this.#heap[0]) {
      this.#pop();
      if (due.cancelled) continue;
      this.now = due.at as EpochMs;
      due.run();
    }
    this.now = end as EpochMs;
  }

  #before(a: Due, b: Due): boolean {
    return a.at < b.at || (a.at === b.at && a.order < b.order);
  }

  #push(due: Due): void {
    const heap = this.#heap;
    let place = heap.push(due) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = heap[parent];
      if (!above || !this.#before(due, above)) break;
      heap[place] = above;
      heap[parent] = due;
      place = parent;
    }
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let place = 0;
    for (;;) {
      const left = 2 * place + 1;
      const right = left + 1;
      const a = heap[left];
      const b = heap[right];
      const child = b && a && this.#before(b, a) ? right : left;
      const lower = heap[child];
      if (!lower || !this.#before(lower, last)) break;
      heap[place] = lower;
      place = child;
    }
    heap[place] = last;
  }
}
