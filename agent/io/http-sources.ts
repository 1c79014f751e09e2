import { RateLimit } from './rate-limit.ts';

/** What is known of one address. */
export interface Source {
  /** Connections. */
  open: number;
  readonly requests: RateLimit | undefined;
  readonly failedLogins: RateLimit;
}

/** Wrong logins a second of one address; a phone sends one or two and then asks its user. */
const failedLoginsPerSecond = 2;
/** Addresses without a connection of which something still counts: more than phones of a site ask within seconds. */
const restingMax = 4096;

/**
 * What each address did, while it has a connection and until nothing of it counts any more: who makes a new connection
 * for each guess is limited as who keeps one.
 */
export class HttpSources {
  readonly #requestsPerSecond: number | undefined;
  readonly #open = new Map<string, Source>();
  /** Those that left last are last. */
  readonly #resting = new Map<string, Source>();

  constructor(requestsPerSecond: number | undefined) {
    this.#requestsPerSecond = requestsPerSecond;
  }

  get size(): number {
    return this.#open.size + this.#resting.size;
  }

  /** Undefined where nothing counts. */
  at(address: string): Source | undefined {
    return this.#open.get(address) ?? this.#resting.get(address);
  }

  /** Called once for each connection that is taken. */
  entered(address: string): void {
    const source = this.at(address) ?? this.#new();
    source.open += 1;
    this.#resting.delete(address);
    this.#open.set(address, source);
  }

  /** Called once when it is gone. */
  left(address: string): void {
    const source = this.#open.get(address);
    if (!source) return;
    source.open -= 1;
    if (source.open > 0) return;
    this.#open.delete(address);
    this.#resting.set(address, source);
    this.#forget();
  }

  #new(): Source {
    const perSecond = this.#requestsPerSecond;
    return {
      open: 0,
      requests: perSecond === undefined ? undefined : new RateLimit(perSecond),
      failedLogins: new RateLimit(failedLoginsPerSecond),
    };
  }

  #forget(): void {
    for (const [address, { requests, failedLogins }] of this.#resting) {
      const counts = requests?.isFull() === false || !failedLogins.isFull();
      if (counts && this.#resting.size <= restingMax) return;
      this.#resting.delete(address);
    }
  }
}
