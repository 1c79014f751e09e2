import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIP, isIPv4, isIPv6 } from 'node:net';
import { type Clock, wallClock } from '@ringwave/runtime/clock';
import { type Mac, seconds } from '@ringwave/protocol/units';
import { parseSip, type SipRequest, sipHeader } from '../core/sip/message.ts';
import { namedUsers } from '../core/sip/named-users.ts';
import type { NotifyAsk, SipMethod } from '../core/sip/notify.ts';
import { answerTo, tellsOf } from '../core/sip/unasked.ts';
import type { WayAnswer } from '../core/wake/ways.ts';
import { plainAddress } from './file-source.ts';
import { SipRefusals } from './sip-refusals.ts';
import { mintIds, SipTransactions, type WakeOutcome } from './sip-transactions.ts';

export type { WakeOutcome } from './sip-transactions.ts';

export interface SipSocketOptions {
  readonly host: string;
  /** 0 takes any free port; phones answer to where the request came from. */
  readonly port: number;
  readonly clock?: Clock;
  /** Somebody asks something of us, and names these users. */
  readonly unasked?: (users: readonly string[], address: string) => void;
}

export interface Wake {
  /** The IP address of one phone. */
  readonly address: string;
  readonly port: number;
  /** Of the phone, where its certificate may have to name it. */
  readonly mac?: Mac;
  readonly user: string;
  readonly event: string;
  readonly body?: string;
  readonly login?: { readonly user: string; readonly password: string };
  /** A proxy on the way, by its IP address. */
  readonly route?: { readonly address: string; readonly port: number };
}

/** What a phone told of itself after a SUBSCRIBE; absent where it answered and then told nothing. */
export interface Fetched {
  readonly outcome: WakeOutcome;
  readonly body?: string;
}

/** A state that was asked for: who may tell it, of which event, and under which tag of ours. */
interface Fetch {
  readonly address: string;
  readonly event: string;
  readonly tag: string;
  told(body: string): void;
}

/** Between the 200 to a SUBSCRIBE and its NOTIFY; RFC 6665 section 4.2.1.2 wants it at once. */
const notifyTakesMax = seconds(3);
/** Before a phone is taken for one that answers no SUBSCRIBE. */
const subscribeTakesMax = seconds(4);

/** One UDP socket from which phones are asked. It decides nothing: the transaction of core/sip/notify.ts does. */
export class SipSocket {
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #transactions: SipTransactions;
  /** By Call-ID, which only the phone that was asked can know. */
  readonly #fetches = new Map<string, Fetch>();
  readonly #refusals = new SipRefusals();
  readonly #unasked: SipSocketOptions['unasked'];
  #isClosed = false;

  private constructor(socket: Socket, { clock = wallClock(), unasked }: SipSocketOptions) {
    this.#socket = socket;
    this.#clock = clock;
    this.#unasked = unasked;
    this.#transactions = new SipTransactions(clock);
  }

  /** Rejects with Node's own error where the port cannot be had. */
  static async open(options: SipSocketOptions): Promise<SipSocket> {
    const socket = createSocket(isIPv6(options.host) ? 'udp6' : 'udp4');
    socket.bind({ address: options.host, port: options.port, exclusive: true });
    await once(socket, 'listening');
    const sip = new SipSocket(socket, options);
    socket.on('message', (bytes, from) => {
      sip.#take(bytes, { address: plainAddress(from.address), port: from.port });
    });
    // Only sending can fail here, and each send hears of it by itself.
    socket.on('error', () => {});
    return sip;
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** Asks one phone to act on `event`. Always resolves, 32 s after the beginning or the login at the latest. */
  notify(wake: Wake): Promise<WakeOutcome> {
    return this.#request(wake, 'NOTIFY');
  }

  /** Whether anything answers at a contact: any final response does. */
  options(wake: Omit<Wake, 'event'>): Promise<WakeOutcome> {
    return this.#request({ ...wake, event: '' }, 'OPTIONS');
  }

  /** Asks once for the state of an event package. Resolves within 7 s; a phone that tells nothing ends it sooner. */
  async fetchState(wake: Wake): Promise<Fetched> {
    const ids = mintIds();
    let told: (body: string | undefined) => void = () => {};
    const body = new Promise<string | undefined>((resolve) => (told = resolve));
    const { address } = wake.route ?? wake;
    const { event } = wake;
    this.#fetches.set(ids.callId, { address, event, tag: ids.tag, told: (text) => told(text) });
    const late: (() => void)[] = [];
    const after = <T>(wait: number, value: T) =>
      new Promise<T>((resolve) => {
        late.push(this.#clock.after(wait as typeof notifyTakesMax, () => resolve(value)));
      });
    try {
      const silent: WakeOutcome = { kind: 'silent' };
      const answered = this.#request(wake, 'SUBSCRIBE', ids);
      const outcome = await Promise.race([answered, after(subscribeTakesMax, silent)]);
      if (outcome.kind !== 'accepted') return { outcome };
      const text = await Promise.race([body, after(notifyTakesMax, undefined)]);
      return text === undefined ? { outcome } : { outcome, body: text };
    } finally {
      for (const cancel of late) cancel();
      this.#fetches.delete(ids.callId);
    }
  }

  async #request(wake: Wake, method: SipMethod, ids = mintIds()): Promise<WakeOutcome> {
    const to = wake.route ?? wake;
    for (const { address, port } of [wake, to]) {
      if (isIP(address) === 0 || port < 1 || port > 65_535) {
        return { kind: 'not-sent', reason: `${address}:${port} is no address of a phone` };
      }
    }
    if (this.#isClosed) return { kind: 'not-sent', reason: 'the SIP socket is closed' };
    const from = { address: await this.#ownAddress(to), port: this.port };
    const { address, port, mac: _mac, ...more } = wake;
    const ask: NotifyAsk = { ...more, phone: { address, port }, from, ids, method };
    return this.#transactions.run(ask, {
      source: to.address,
      send: (bytes, failed) => {
        const there = this.#asSent(to.address);
        this.#socket.send(bytes, to.port, there, (error) => error && failed(error.message));
      },
    });
  }

  /** On a wildcard socket the address depends on the way to the phone; the kernel tells it for nothing. */
  async #ownAddress(to: { address: string; port: number }): Promise<string> {
    const { address } = this.#socket.address();
    if (address !== '0.0.0.0' && address !== '::') return address;
    const probe = createSocket(isIPv6(to.address) ? 'udp6' : 'udp4');
    try {
      await new Promise<void>((resolve, reject) => {
        probe.once('error', reject);
        probe.connect(to.port, to.address, resolve);
      });
      return probe.address().address;
    } catch {
      return '127.0.0.1';
    } finally {
      probe.close();
    }
  }

  /** A socket of both families takes IPv4 in the form of IPv6 alone. */
  #asSent(address: string): string {
    const isMapped = this.#socket.address().family === 'IPv6' && isIPv4(address);
    return isMapped ? `::ffff:${address}` : address;
  }

  #take(bytes: Buffer, from: { address: string; port: number }): void {
    const message = parseSip(bytes);
    if (message?.kind === 'response') this.#transactions.take(message, from.address);
    if (message?.kind === 'request') this.#answer(message, from);
  }

  /** Only the NOTIFY of a state that we asked for is taken; everything else that is asked of us is refused. */
  #answer(request: SipRequest, from: { address: string; port: number }): void {
    const fetch = this.#fetches.get(sipHeader(request, 'call-id') ?? '');
    const isTold = fetch?.address === from.address && tellsOf(request, fetch);
    const answer = isTold ? answerTo(request, { status: '200 OK' }) : this.#refusals.of(request);
    // To where it came from, never to where it says: nobody is answered in another's stead.
    if (answer) this.#socket.send(answer, from.port, this.#asSent(from.address), () => {});
    if (isTold) fetch.told(request.body);
    // No more than are refused: what is beyond is a flood.
    else if (answer) this.#unasked?.(namedUsers(request), from.address);
  }

  /** What is under way ends as not sent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#transactions.endAll('the agent is stopping');
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()));
  }
}

/** What a request over SIP came to, in the words of the plan of ways. */
export const answerOf = (outcome: WakeOutcome): WayAnswer =>
  outcome.kind === 'not-sent' ? 'unavailable' : outcome.kind;
