import type { LiveMessage } from '@ringwave/protocol/views';
import { backOffMs, foldLive, type HeardClock, hearClock, type LiveView } from './live-view.ts';

// Keeps one WebSocket to the controller open, resumes where it broke off, and says plainly how fresh the
// picture is.

export type Link =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'catching-up' }
  | { readonly kind: 'live' }
  /** `retryAt` is on this machine's steady clock, milliseconds. */
  | { readonly kind: 'reconnecting'; readonly retryAt: number }
  | { readonly kind: 'logged-out' };

export interface LiveState {
  readonly link: Link;
  readonly view: LiveView | undefined;
  readonly clock: HeardClock | undefined;
}

/** What a connection tells. After `close` it tells nothing more. */
export interface LiveEars {
  opened(): void;
  message(text: string): void;
  closed(): void;
}

/** What the stream needs of a browser, so that tests drive it without one. */
export interface LiveParts {
  open(query: string, ears: LiveEars): { close(): void };
  /** False when the session has ended; a socket's refusal does not tell that apart from a dead line. */
  isLoggedIn(): Promise<boolean>;
  random(): number;
  steadyMs(): number;
  /** Calls once after a wait; gives the cancel. */
  after(waitMs: number, fn: () => void): () => void;
  /** Calls once before the next frame is drawn. */
  beforeFrame(fn: () => void): void;
}

/** The controller says something every 10 s; two and a half times that is a dead line. */
const silenceMaxMs = 25_000;

export class LiveStream {
  readonly #parts: LiveParts;
  readonly #listeners = new Set<() => void>();
  #state: LiveState = { link: { kind: 'connecting' }, view: undefined, clock: undefined };
  /** What was handed out last: one object per frame, however many messages came. */
  #shown: LiveState = this.#state;
  #isFrameAsked = false;
  #socket: { close(): void } | undefined;
  #failures = 0;
  #cancelTimer: () => void = () => {};

  constructor(parts: LiveParts) {
    this.#parts = parts;
  }

  state = (): LiveState => this.#shown;

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Connects now, whatever wait was on. */
  connect = (): void => {
    this.#cancelTimer();
    this.#dropSocket();
    const { view } = this.#state;
    this.#change({ link: { kind: view ? 'catching-up' : 'connecting' } });
    const query = view ? `?epoch=${encodeURIComponent(view.epoch)}&since=${view.seq}` : '';
    this.#socket = this.#parts.open(query, {
      opened: () => this.#watchSilence(),
      message: (text) => this.#take(text),
      closed: () => this.#lost(),
    });
    this.#watchSilence();
  };

  #take(text: string): void {
    const message = JSON.parse(text) as LiveMessage;
    const view = foldLive(this.#state.view, message);
    if (view === 'resync') {
      // Without a picture the next connection asks for everything.
      this.#state = { ...this.#state, view: undefined };
      this.connect();
      return;
    }
    this.#failures = 0;
    const heard = { at: message.at, heardAt: this.#parts.steadyMs() };
    const isOtherEpoch = view.epoch !== this.#state.view?.epoch;
    const clock = hearClock(isOtherEpoch ? undefined : this.#state.clock, heard);
    this.#change({ link: { kind: 'live' }, view, clock });
    this.#watchSilence();
  }

  #watchSilence(): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#parts.after(silenceMaxMs, () => this.#lost());
  }

  #lost(): void {
    this.#cancelTimer();
    this.#dropSocket();
    const waitMs = backOffMs(this.#failures, this.#parts.random());
    this.#failures += 1;
    this.#change({ link: { kind: 'reconnecting', retryAt: this.#parts.steadyMs() + waitMs } });
    this.#cancelTimer = this.#parts.after(waitMs, this.connect);
    void this.#askLogin();
  }

  async #askLogin(): Promise<void> {
    if (await this.#parts.isLoggedIn()) return;
    this.#cancelTimer();
    this.#dropSocket();
    // Whoever logs out leaves nothing to read on the screen.
    this.#change({ link: { kind: 'logged-out' }, view: undefined });
  }

  #dropSocket(): void {
    this.#socket?.close();
    this.#socket = undefined;
  }

  #change(part: Partial<LiveState>): void {
    this.#state = { ...this.#state, ...part };
    if (this.#isFrameAsked) return;
    this.#isFrameAsked = true;
    this.#parts.beforeFrame(() => {
      this.#isFrameAsked = false;
      this.#shown = this.#state;
      for (const listener of this.#listeners) listener();
    });
  }
}
