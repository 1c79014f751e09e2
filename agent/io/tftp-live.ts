import { type DurationMs, seconds } from '@ringwave/protocol/units';
import { type SteadyMs, steadyNow } from '@ringwave/runtime/clock';
import { namesOnePhone } from '../core/asked-path.ts';
import { ofOneNetwork, SourceCounts, sourcesOf } from '../core/source-network.ts';

/** A transfer under way, read or write. */
export interface Talk {
  /** The peer has answered from its port. */
  readonly verified: boolean;
  /** It acknowledged more than the first packet: somebody takes the file. */
  readonly isUnderWay: boolean;
  readonly startedAt: SteadyMs;
  /** When the peer last moved it on. */
  readonly heardAt: SteadyMs;
  take(bytes: Buffer): void;
  scan(now: SteadyMs): void;
  repeatFirst(): void;
  abort(why: string): void;
  /** Ends it without a word: whoever is at the address may have asked for nothing. */
  forget(): void;
}

export interface Entry {
  readonly kind: 'read' | 'write';
  readonly fileName: string;
  /** It has a place of an image. */
  isImage?: boolean;
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
  /** Silence of a transfer after which the same file asked from the same address may be the same phone starting again. Absent: 5 s. */
  readonly startsAgainAfter?: DurationMs;
}

export const phoneLimits: TftpLimits = { transfersMax: 1088, transfersPerSourceMax: 8 };

const startsAgainAfter = seconds(5);
/** Phones acknowledge within some ms, and within this also while a thousand ask at once. */
const answersWithinMs = 250;

/** How often overdue answers are looked for, while there are transfers. */
const scanEveryMs = 10;

/** Every transfer by the phone's address and port. One timer looks after all of them, and none when there are none. */
export class TftpLive {
  readonly #limits: TftpLimits;
  readonly #entries = new Map<string, Entry>();
  readonly #counts = new SourceCounts();
  readonly #line: { readonly waiting: number; dismiss(now: SteadyMs): void };
  #timer: NodeJS.Timeout | undefined;
  #closing: (() => void) | undefined;

  /** What waits in the line of images holds nothing yet and takes nobody's place. */
  constructor(
    limits: TftpLimits,
    line: { readonly waiting: number; dismiss(now: SteadyMs): void },
  ) {
    this.#limits = limits;
    this.#line = line;
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

  /** False: there is none for this address. Where there was none, the oldest that nobody has answered gives its own up. */
  makeRoom(address: string, now: SteadyMs): boolean {
    if (this.#isFullFor(address)) {
      const full = this.#isAtMost(address) ? [address] : sourcesOf(address);
      this.dropMute(now, (_, key) => sourcesOf(addressOf(key)).some((one) => full.includes(one)));
      if (this.#isFullFor(address)) return false;
    }
    // The place of an image goes to the next in its line.
    if (this.#isFull && !this.dropMute(now, ({ isImage }) => !isImage))
      this.dropMute(now, () => true);
    return !this.#isFull;
  }

  get #isFull(): boolean {
    return this.#entries.size - this.#line.waiting >= this.#limits.transfersMax;
  }

  #isFullFor(address: string): boolean {
    const beside = this.#counts.ofNetwork(address);
    return this.#isAtMost(address) || beside >= ofOneNetwork(this.#limits.transfersMax);
  }

  #isAtMost(address: string): boolean {
    return this.#counts.ofAddress(address) >= this.#limits.transfersPerSourceMax;
  }

  /** Ends the oldest that fits and that nobody has answered in time: many such come from addresses that are forged. */
  dropMute(now: SteadyMs, fits: (entry: Entry, key: string) => boolean): boolean {
    for (const [key, entry] of this.#entries) {
      const { talk } = entry;
      if (!talk || talk.verified || now - talk.startedAt < answersWithinMs) continue;
      if (!fits(entry, key)) continue;
      talk.forget();
      return true;
    }
    return false;
  }

  /**
   * A phone that starts again asks for its file from another port, and its old transfer would go on into the void. What is
   * under way may as well be another phone's behind the same address, or the request a forged one: it ends only for a
   * file of one phone alone, and `isProven` that the phone is there.
   */
  supersede(address: string, by: { fileName: string; now: SteadyMs; isProven?: Talk }): void {
    if (this.#counts.ofAddress(address) === 0) return;
    const after = this.#limits.startsAgainAfter ?? startsAgainAfter;
    const mayEnd = by.isProven !== undefined && namesOnePhone(by.fileName);
    for (const [key, { fileName, talk }] of this.#entries) {
      if (!talk || fileName !== by.fileName || talk === by.isProven) continue;
      if (by.now - talk.heardAt <= after || addressOf(key) !== address) continue;
      if (mayEnd || !talk.isUnderWay)
        return talk.abort('superseded by a new request of the same phone');
    }
  }

  admit(key: string, entry: Entry): void {
    const pending = this.#entries.get(key);
    if (pending) this.release(key, pending);
    this.#entries.set(key, entry);
    this.#counts.count(addressOf(key), 1);
    this.#timer ??= setInterval(() => {
      // After the poll phase: else a busy loop takes answers that already wait in the socket for missing.
      setImmediate(() => this.#scanAll());
    }, scanEveryMs);
  }

  #scanAll(): void {
    const now = steadyNow();
    for (const { talk } of this.#entries.values()) talk?.scan(now);
    this.#line.dismiss(now);
  }

  /** Does nothing where another entry has taken this key. */
  release(key: string, entry: Entry): void {
    if (this.#entries.get(key) !== entry) return;
    this.#entries.delete(key);
    entry.withdraw?.();
    this.#counts.count(addressOf(key), -1);
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
export const addressOf = (key: string): string => key.slice(0, key.lastIndexOf(' '));
