import type { Id } from '@ringwave/protocol/units';
import type { DownKind, UpKind } from '@ringwave/protocol/topics';

/** Something that arrived from a site's agent; the transport has checked only that the site may say it. */
export interface Uplink {
  readonly site: Id;
  readonly kind: UpKind;
  readonly raw: Uint8Array;
}

/**
 * The wire between the controller and its agents. Two implementations: the broker inside the controller
 * (aedes with an in-process consumer) and any broker outside it. Nothing sent is trusted to have arrived,
 * and nothing that the broker acknowledges counts: only the agents' own numbers do.
 */
export interface Transport {
  /** Sends to one site at QoS 1, not retained. Gives false when the site is known not to be connected. */
  send(site: Id, kind: DownKind, body: string | Buffer): boolean;
  /** Sends to every connected site. */
  sendAll(kind: 'halt' | 'bye', body: string | Buffer): void;
  /** Ends the connection of a site whose login has ended; a broker outside ends it by its own rules. */
  cut(site: Id): void;
  /** A hint only: on brokers outside, presence is the last message's age. */
  connected(site: Id): boolean;
  close(): Promise<void>;
}

/** What a transport needs to know of the world; given once when it is opened. */
export interface TransportEvents {
  onUp(message: Uplink): void;
  /** A connection was refused or cut, or a site tried what it may not: for the log and the security view. */
  onGuard(event: {
    readonly kind: 'refused-login' | 'refused-publish' | 'refused-subscribe' | 'cut' | 'taken-over';
    readonly client: string;
    readonly detail: string;
  }): void;
  onPresence?(site: Id, up: boolean): void;
}
