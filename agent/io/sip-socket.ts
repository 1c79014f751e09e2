import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIP, isIPv6 } from 'node:net';
import { type Clock, wallClock } from '@ringwave/runtime/clock';
import { between } from '@ringwave/protocol/units';
import { parseSip, sipHeader, sipParameter } from '../core/sip/message.ts';
import {
  answerNotify,
  beginNotify,
  isAnswerTo,
  type Notify,
  type NotifyOutcome,
  type NotifyStep,
  wakeNotify,
} from '../core/sip/notify.ts';
import { plainAddress } from './file-source.ts';

export interface SipSocketOptions {
  readonly host: string;
  /** 0 takes any free port; phones answer to where the request came from. */
  readonly port: number;
  readonly clock?: Clock;
}

export interface Wake {
  /** The IP address of one phone. */
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly event: string;
  readonly login?: { readonly user: string; readonly password: string };
}

/** 'not-sent': nothing left this machine, for a reason of ours. */
export type WakeOutcome = NotifyOutcome | { readonly kind: 'not-sent'; readonly reason: string };

/** NOTIFYs under way at once; far above the slots of any site. */
const notifiesMax = 256;

interface Underway {
  readonly address: string;
  notify: Notify;
  cancel: () => void;
  readonly settle: (outcome: WakeOutcome) => void;
}

/** One UDP socket from which phones are woken. It decides nothing: the transaction of core/sip/notify.ts does. */
export class SipSocket {
  readonly #socket: Socket;
  readonly #clock: Clock;
  /** By branch, which only the phone that was asked can know. */
  readonly #underway = new Map<string, Underway>();
  #isClosed = false;

  private constructor(socket: Socket, clock: Clock) {
    this.#socket = socket;
    this.#clock = clock;
  }

  /** Rejects with Node's own error where the port cannot be had. */
  static async open(options: SipSocketOptions): Promise<SipSocket> {
    const socket = createSocket(isIPv6(options.host) ? 'udp6' : 'udp4');
    socket.bind({ address: options.host, port: options.port, exclusive: true });
    await once(socket, 'listening');
    const sip = new SipSocket(socket, options.clock ?? wallClock());
    socket.on('message', (bytes, from) => sip.#take(bytes, plainAddress(from.address)));
    // Only sending can fail here, and each send hears of it by itself.
    socket.on('error', () => {});
    return sip;
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** Asks one phone to act on `event`. Always resolves, 32 s after the beginning or the login at the latest. */
  async notify(wake: Wake): Promise<WakeOutcome> {
    if (isIP(wake.address) === 0 || wake.port < 1 || wake.port > 65_535) {
      return { kind: 'not-sent', reason: `${wake.address}:${wake.port} is no address of a phone` };
    }
    if (this.#isClosed) return { kind: 'not-sent', reason: 'the SIP socket is closed' };
    if (this.#underway.size >= notifiesMax) {
      return { kind: 'not-sent', reason: `${notifiesMax} phones are being woken already` };
    }
    const from = { address: await this.#ownAddress(wake), port: this.port };
    const { address, port, user, event, login } = wake;
    const ask = { phone: { address, port }, user, event, from, ids: mintIds() };
    const step = beginNotify(login ? { ...ask, login } : ask, this.#clock.now());
    return new Promise((settle) => this.#follow(step, { address, settle }));
  }

  /** On a wildcard socket the address depends on the way to the phone; the kernel tells it for nothing. */
  async #ownAddress(wake: Wake): Promise<string> {
    const { address } = this.#socket.address();
    if (address !== '0.0.0.0' && address !== '::') return address;
    const probe = createSocket(isIPv6(wake.address) ? 'udp6' : 'udp4');
    try {
      await new Promise<void>((resolve, reject) => {
        probe.once('error', reject);
        probe.connect(wake.port, wake.address, resolve);
      });
      return probe.address().address;
    } catch {
      return '127.0.0.1';
    } finally {
      probe.close();
    }
  }

  #follow(step: NotifyStep, to: Pick<Underway, 'address' | 'settle'>): void {
    if (step.kind === 'ended') return to.settle(step.outcome);
    const { notify, send, wakeAt } = step;
    const wait = between(this.#clock.now(), wakeAt);
    const underway: Underway = {
      ...to,
      notify,
      cancel: this.#clock.after(wait, () => {
        this.#underway.delete(notify.branch);
        this.#follow(wakeNotify(underway.notify, this.#clock.now()), to);
      }),
    };
    this.#underway.set(notify.branch, underway);
    if (send) this.#send(send, underway);
  }

  #send(bytes: Buffer, underway: Underway): void {
    const { phone } = underway.notify.ask;
    this.#socket.send(bytes, phone.port, phone.address, (error) => {
      if (!error || this.#underway.get(underway.notify.branch) !== underway) return;
      this.#end(underway, { kind: 'not-sent', reason: error.message });
    });
  }

  #take(bytes: Buffer, address: string): void {
    const message = parseSip(bytes);
    if (message?.kind !== 'response') return;
    const branch = sipParameter(sipHeader(message, 'via'), 'branch') ?? '';
    const underway = this.#underway.get(branch);
    if (underway?.address !== address || !isAnswerTo(underway.notify, message)) return;
    underway.cancel();
    this.#underway.delete(branch);
    this.#follow(answerNotify(underway.notify, message, this.#clock.now()), underway);
  }

  #end(underway: Underway, outcome: WakeOutcome): void {
    underway.cancel();
    this.#underway.delete(underway.notify.branch);
    underway.settle(outcome);
  }

  /** What is under way ends as not sent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const underway of this.#underway.values()) {
      this.#end(underway, { kind: 'not-sent', reason: 'the agent is stopping' });
    }
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()));
  }
}

/** 128 bits each: nobody guesses a branch, and no two agents mint the same Call-ID. */
function mintIds() {
  const mint = () => randomBytes(16).toString('hex');
  const branches = [mint(), mint(), mint()] as const;
  return { callId: mint(), tag: mint(), branches, clientNonce: mint() };
}
