import { availableParallelism } from 'node:os';
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { EpochMs } from '@ringwave/protocol/units';
import type { FromThread, ToThread } from './group-thread.ts';
import type { SiteAssumptions, SiteBrief } from './rehearsed-site.ts';
import { type Letter, type Lived, SiteGroup, type SiteReport } from './site-group.ts';
import { youngMbMax } from './young-heap.ts';

// Who plays the sites: this thread, and for big fleets some more. A site lives the same in any of them, so that how many
// there are shows in the time only.

/**
 * Some sites, played by one thread. `begin` returns at once where another thread does it; `end` waits for the earliest that
 * was begun and has not ended.
 */
export interface Player {
  open(briefs: readonly SiteBrief[], assume: SiteAssumptions, now: EpochMs): void;
  begin(letters: readonly Letter[], until: EpochMs): void;
  end(): Lived;
  reports(): readonly SiteReport[];
  close(): void;
}

/** Fewer phones are played before another thread has started. */
const phonesForThreads = 10_000;
const threadsMax = 4;
/** A part of a virtual minute takes milliseconds. */
const answersWithinMs = 120_000;

/** Threads that suit so many phones on this machine. */
export const threadsFor = (phones: number): number =>
  phones < phonesForThreads ? 1 : Math.min(threadsMax, availableParallelism());

/** The first is this thread, which plays the controller, too. */
export const crewOf = (threads: number): readonly Player[] => [
  new PlayerHere(),
  ...Array.from({ length: threads - 1 }, () => new PlayerApart()),
];

class PlayerHere implements Player {
  readonly #group = new SiteGroup();
  readonly #asked: { letters: readonly Letter[]; until: EpochMs }[] = [];

  open(briefs: readonly SiteBrief[], assume: SiteAssumptions, now: EpochMs): void {
    this.#group.open(briefs, assume, now);
  }

  begin(letters: readonly Letter[], until: EpochMs): void {
    this.#asked.push({ letters, until });
  }

  end(): Lived {
    const asked = this.#asked.shift();
    if (!asked) throw new Error('nothing was begun');
    return this.#group.live(asked.letters, asked.until);
  }

  reports(): readonly SiteReport[] {
    return this.#group.reports();
  }

  close(): void {
    this.#asked.length = 0;
  }
}

/** Waits without an event loop: a rehearsal runs in one go. */
class PlayerApart implements Player {
  readonly #worker: Worker;
  readonly #port: MessageChannel['port1'];
  /** Counts the answers of the thread. */
  readonly #answers = new Int32Array(new SharedArrayBuffer(4));
  #taken = 0;

  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#worker = new Worker(new URL(import.meta.resolve('@ringwave/rehearsal/group-thread')), {
      workerData: { port: port2, answers: this.#answers },
      transferList: [port2],
      resourceLimits: { maxYoungGenerationSizeMb: youngMbMax },
    });
    this.#worker.unref();
  }

  open(briefs: readonly SiteBrief[], assume: SiteAssumptions, now: EpochMs): void {
    this.#ask({ kind: 'open', briefs, assume, now });
    this.#answer('opened');
  }

  begin(letters: readonly Letter[], until: EpochMs): void {
    this.#ask({ kind: 'live', letters: JSON.stringify(letters), until });
  }

  end(): Lived {
    const { said, nextAt } = this.#answer('lived');
    return { said: JSON.parse(said) as Lived['said'], nextAt };
  }

  reports(): readonly SiteReport[] {
    this.#ask({ kind: 'reports' });
    return this.#answer('reports').reports;
  }

  close(): void {
    this.#port.close();
    void this.#worker.terminate();
  }

  #ask(question: ToThread): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origin.
    this.#port.postMessage(question);
  }

  #answer<K extends FromThread['kind']>(kind: K): Extract<FromThread, { kind: K }> {
    this.#awaitAnswer();
    this.#taken += 1;
    const said = receiveMessageOnPort(this.#port)?.message as FromThread | undefined;
    if (said?.kind === 'failed') throw new Error(said.stack);
    if (said?.kind !== kind) throw new Error(`A thread answered ${said?.kind}, not ${kind}`);
    return said as Extract<FromThread, { kind: K }>;
  }

  /** A notice of an answer that was taken already may wake it once more: what counts is the number of answers. */
  #awaitAnswer(): void {
    const until = performance.now() + answersWithinMs;
    while (Atomics.load(this.#answers, 0) === this.#taken) {
      const left = until - performance.now();
      if (left <= 0) throw new Error('A thread of the rehearsal does not answer');
      Atomics.wait(this.#answers, 0, this.#taken, left);
    }
  }
}
