import { networkOf, ofOneNetwork } from '../core/source-network.ts';
import { RateLimit } from './rate-limit.ts';

/** What is known of one address, or of one IPv6 network. */
export interface Source {
  /** Connections. */
  open: number;
  readonly requests: RateLimit | undefined;
  readonly failedLogins: RateLimit;
  /** Somebody there knew a login: what others of its network guess does not shut it out. */
  hasLoggedIn?: true;
  network?: Source;
}

interface Rates {
  readonly requests: number | undefined;
  readonly failedLogins: number;
}

/**
 * How much more than an address a network may do. Requests: five hundred phones that boot at once ask for ten files each, and
 * twice the rate is what may come at once. Wrong logins: a rack of phones with old ones, and no scan of passwords.
 */
const networkTimes = { requests: 25, failedLogins: 10 };

/** Counts a request that is about to be answered. */
export function mayRequest({ requests, network }: Source): boolean {
  return requests?.allows() !== false && (!network || mayRequest(network));
}

/** Whether somebody may still try a login; `oweGuess` counts it where it was wrong. */
export function mayGuess({ failedLogins, hasLoggedIn, network }: Source): boolean {
  return !failedLogins.isSpent() && (hasLoggedIn === true || !network || mayGuess(network));
}

export function oweGuess({ failedLogins, network }: Source): void {
  failedLogins.owe();
  if (network) oweGuess(network);
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
  readonly #rates: Rates;
  /** Absent in the one that counts networks. */
  readonly #networks: HttpSources | undefined;
  readonly #open = new Map<string, Source>();
  /** Those that left last are last. */
  readonly #resting = new Map<string, Source>();

  constructor(requestsPerSecond: number | undefined, of: 'addresses' | 'networks' = 'addresses') {
    const times = of === 'networks' ? networkTimes : { requests: 1, failedLogins: 1 };
    this.#rates = {
      requests: requestsPerSecond === undefined ? undefined : requestsPerSecond * times.requests,
      failedLogins: failedLoginsPerSecond * times.failedLogins,
    };
    this.#networks =
      of === 'addresses' ? new HttpSources(requestsPerSecond, 'networks') : undefined;
  }

  /** Whether one more connection of this address may be taken. */
  hasRoom(
    address: string,
    limits: { readonly connectionsMax: number; readonly connectionsPerSourceMax: number },
  ): boolean {
    const network = networkOf(address);
    const beside = network === undefined ? 0 : (this.#networks?.at(network)?.open ?? 0);
    const open = this.at(address)?.open ?? 0;
    return open < limits.connectionsPerSourceMax && beside < ofOneNetwork(limits.connectionsMax);
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
    const network = networkOf(address);
    if (network !== undefined && this.#networks) {
      this.#networks.entered(network);
      const beside = this.#networks.at(network);
      if (beside) source.network = beside;
    }
    this.#resting.delete(address);
    this.#open.set(address, source);
  }

  /** Called once when it is gone. */
  left(address: string): void {
    const source = this.#open.get(address);
    if (!source) return;
    source.open -= 1;
    const network = networkOf(address);
    if (network !== undefined) this.#networks?.left(network);
    if (source.open > 0) return;
    this.#open.delete(address);
    this.#resting.set(address, source);
    this.#forget();
  }

  #new(): Source {
    const { requests, failedLogins } = this.#rates;
    return {
      open: 0,
      requests: requests === undefined ? undefined : new RateLimit(requests),
      failedLogins: new RateLimit(failedLogins),
    };
  }

  #forget(): void {
    for (const [address, { requests, failedLogins, hasLoggedIn }] of this.#resting) {
      const counts = hasLoggedIn || requests?.isFull() === false || !failedLogins.isFull();
      if (counts && this.#resting.size <= restingMax) return;
      this.#resting.delete(address);
    }
  }
}
