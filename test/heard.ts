/** 10 s: far beyond what loopback needs on a busy machine; a test that waits so long has failed. */
const patienceMs = 10_000;

/** Collects what happened, and lets a test wait for what will: never by time, only with a last deadline. */
export class Heard<T> {
  readonly all: T[] = [];
  readonly #name: string;
  #waiting: (() => void)[] = [];

  constructor(name: string) {
    this.#name = name;
  }

  readonly add = (item: T): void => {
    this.all.push(item);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const look of waiting) look();
  };

  /** The first item that matches, now or later. */
  first(matches: (item: T) => boolean = () => true): Promise<T> {
    return this.until((all) => all.find(matches));
  }

  /** All items, once there are at least this many. */
  async atLeast(count: number): Promise<readonly T[]> {
    return this.until((all) => (all.length >= count ? all : undefined));
  }

  until<R>(look: (all: readonly T[]) => R | undefined): Promise<R> {
    return new Promise((found, failed) => {
      const timer = setTimeout(() => {
        const got = JSON.stringify(this.all.slice(-20));
        failed(new Error(`${this.#name}: waited in vain after ${this.all.length} items: ${got}`));
      }, patienceMs);
      const again = () => {
        const result = look(this.all);
        if (result === undefined) return void this.#waiting.push(again);
        clearTimeout(timer);
        found(result);
      };
      again();
    });
  }
}
