import { setTimeout as wait } from 'node:timers/promises';
import type { EpochMs } from '@ringwave/protocol/units';

/** Between the end of one request to a host and the next: four a second at most, less than a person's browser. */
const usualGapMs = 250;

/** Hosts remembered; an operator follows some dozens of feeds. At the bound the one longest unasked is forgotten. */
const hostsMax = 1000;

interface Host {
  /** Settles when the last request that was lined up has ended and the gap has passed. */
  free: Promise<void>;
  /** Not asked before: the host said so itself (Retry-After). */
  restUntil: EpochMs | undefined;
}

/** How a guest behaves: one request at a time per host, a gap between them, and rest where it is asked for. */
export class HostManners {
  readonly #gapMs: number;
  readonly #hosts = new Map<string, Host>();

  constructor({ gapMs = usualGapMs }: { readonly gapMs?: number } = {}) {
    this.#gapMs = gapMs;
  }

  /** Does the work when it is this one's turn at the host. */
  async inTurn<Done>(host: string, work: () => Promise<Done>): Promise<Done> {
    const known = this.#host(host);
    const before = known.free;
    const { promise, resolve } = Promise.withResolvers<void>();
    known.free = promise;
    await before;
    try {
      return await work();
    } finally {
      if (this.#gapMs === 0) resolve();
      // Nobody waits for the gap but the next request: it keeps no program alive.
      else void wait(this.#gapMs, undefined, { ref: false }).then(resolve);
    }
  }

  rest(host: string, until: EpochMs): void {
    this.#host(host).restUntil = until;
  }

  /** Until when a host wants to be left alone; undefined when it does not. */
  restingUntil(host: string, now: EpochMs): EpochMs | undefined {
    const until = this.#hosts.get(host)?.restUntil;
    return until !== undefined && until > now ? until : undefined;
  }

  #host(name: string): Host {
    const known = this.#hosts.get(name) ?? { free: Promise.resolve(), restUntil: undefined };
    this.#hosts.delete(name);
    this.#hosts.set(name, known);
    const [oldest] = this.#hosts.keys();
    if (this.#hosts.size > hostsMax && oldest !== undefined) this.#hosts.delete(oldest);
    return known;
  }
}
