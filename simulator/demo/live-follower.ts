import type { LiveMessage, PhoneView, RolloutView, SiteView } from '@ringwave/protocol/views';

export interface Fleet {
  readonly rollouts: Map<string, RolloutView>;
  readonly sites: Map<string, SiteView>;
  readonly phones: Map<string, PhoneView>;
  at: number;
}

/** Follows the controller's live stream, over restarts, by epoch and number. */
export class LiveFollower {
  readonly fleet: Fleet = { rollouts: new Map(), sites: new Map(), phones: new Map(), at: 0 };
  readonly #access: { url: string; token: string };
  readonly #changed: (message: LiveMessage) => void;
  #last: { epoch: string; seq: number } | undefined;
  #socket: WebSocket | undefined;
  #closed = false;

  constructor(access: { url: string; token: string }, changed: (message: LiveMessage) => void) {
    this.#access = access;
    this.#changed = changed;
    this.#open();
  }

  #open(): void {
    const url = new URL('/api/v1/live', this.#access.url);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    if (this.#last) {
      url.searchParams.set('epoch', this.#last.epoch);
      url.searchParams.set('since', String(this.#last.seq));
    }
    // Node's WebSocket takes headers; browsers send their cookie instead.
    const socket = new WebSocket(url, {
      headers: { authorization: `Bearer ${this.#access.token}` },
    });
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) =>
      this.#take(JSON.parse(String(data)) as LiveMessage),
    );
    socket.addEventListener('error', () => {});
    socket.addEventListener('close', () => {
      if (!this.#closed) setTimeout(() => !this.#closed && this.#open(), 300);
    });
  }

  #take(message: LiveMessage): void {
    const { fleet } = this;
    if (message.kind === 'snapshot') {
      fleet.rollouts.clear();
      fleet.sites.clear();
      fleet.phones.clear();
    } else if (this.#last && message.seq !== this.#last.seq + 1) {
      // A gap: forget the place and ask for everything.
      this.#last = undefined;
      this.#socket?.close();
      return;
    }
    this.#last = { epoch: message.epoch, seq: message.seq };
    fleet.at = message.at;
    for (const rollout of message.rollouts ?? []) fleet.rollouts.set(rollout.id, rollout);
    for (const site of message.sites ?? []) fleet.sites.set(site.id, site);
    for (const phone of message.phones ?? []) fleet.phones.set(phone.mac, phone);
    this.#changed(message);
  }

  close(): void {
    this.#closed = true;
    this.#socket?.close();
  }
}
