import { type DurationMs, seconds } from '@ringwave/protocol/units';
import { type SteadyMs, steadyNow } from '@ringwave/runtime/clock';

/** A transfer under way, read or write. */
export interface Talk {
  /** The peer has answered from its port. */
  readonly verified: boolean;
  readonly startedAt: SteadyMs;
  /** When the peer last moved it on. */
  readonly heardAt: SteadyMs;
  take(bytes: Buffer): void;
  scan(now: SteadyMs): void;
  repeatFirst(): void;
  abort(why: string): void;
}

export interface Entry {
  readonly kind: 'read' | 'write';
  readonly fileName: string;
  /** Absent while the file is looked up or a place awaited. */
  talk?: Talk;
  /** Gives up what it waits for. */
  withdraw?: () => void;
}

export interface TftpLimits {
  /** Transfers at once; each holds a socket. Requests beyond get silence: a phone asks again in seconds. */
  readonly transfersMax: number;
  /** Transfers at once for one address. A phone runs one; behind one router there are a few. */
  readonly transfersPerSourceMax: number;
  /** Of them images: the rest is kept for configurations, by which phones boot. Absent: all but 64, or an eighth where there are few. */
  readonly imagesMax?: number;
}

export const phoneLimits: TftpLimits = { transfersMax: 1088, transfersPerSourceMax: 8 };

/** How often overdue answers are looked for, while there are transfers. */
const scanEveryMs = 10;

/** Every transfer by the phone's address and port. One timer looks after all of them, and none when there are none. */
export class TftpLive {
  readonly #limits: TftpLimits;
  readonly #entries = new Map<string, Entry>();
  readonly #perSource = new Map<string, number>();
  readonly #eachScan: (now: SteadyMs) => void;
  #timer: NodeJS.Timeout | undefined;
  #closing: (() => void) | undefined;

  constructor(limits: TftpLimits, eachScan: (now: SteadyMs) => void) {
    this.#limits = limits;
    this.#eachScan = eachScan;
  }

  get size(): number {
    return this.#entries.size;
  }

  get isClosing(): boolean {
    return this.#closing !== undefined;
  }

  /** Whether the timer runs. */
  get isAwake(): boolean {
    return this.#timer !== undefined;
  }

  at(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  isFull(address: string): boolean {
    const { transfersMax, transfersPerSourceMax } = this.#limits;
    const fromHere = this.#perSource.get(address) ?? 0;
    return this.#entries.size >= transfersMax || fromHere >= transfersPerSourceMax;
  }

  /** The transfer of this file to this address that has been silent the longest since `before`. */
  stalled(address: string, about: { fileName: string; before: SteadyMs }): Talk | undefined {
    if (!this.#perSource.has(address)) return undefined;
    for (const [key, { fileName, talk }] of this.#entries) {
      if (talk && fileName === about.fileName && talk.heardAt < about.before) {
        if (addressOf(key) === address) return talk;
      }
    }
    return undefined;
  }

  admit(key: string, entry: Entry): void {
    const pending = this.#entries.get(key);
    if (pending) this.release(key, pending);
    const address = addressOf(key);
    this.#entries.set(key, entry);
    this.#perSource.set(address, (this.#perSource.get(address) ?? 0) + 1);
    this.#timer ??= setInterval(() => {
      // After the poll phase: else a busy loop takes answers that already wait in the socket for missing.
      setImmediate(() => this.#scanAll());
    }, scanEveryMs);
  }

  #scanAll(): void {
    const now = steadyNow();
    for (const { talk } of this.#entries.values()) talk?.scan(now);
    this.#eachScan(now);
  }

  /** Does nothing where another entry has taken this key. */
  release(key: string, entry: Entry): void {
    if (this.#entries.get(key) !== entry) return;
    this.#entries.delete(key);
    entry.withdraw?.();
    const address = addressOf(key);
    const left = (this.#perSource.get(address) ?? 1) - 1;
    if (left > 0) this.#perSource.set(address, left);
    else this.#perSource.delete(address);
    if (this.#entries.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#closing?.();
  }

  /** Lets transfers end for `drain`, then ends them. */
  async close(drain: DurationMs = seconds(0)): Promise<void> {
    const drained = new Promise<void>((resolve) => {
      this.#closing = resolve;
    });
    if (this.#entries.size === 0) this.#closing?.();
    const timer = setTimeout(() => this.#abortAll(), drain);
    await drained;
    clearTimeout(timer);
  }

  #abortAll(): void {
    for (const [key, entry] of this.#entries) {
      if (entry.talk) entry.talk.abort('Server is stopping');
      else this.release(key, entry);
    }
  }
}

/** An address may hold blanks only before the last one. */
const addressOf = (key: string): string => key.slice(0, key.lastIndexOf(' '));
