import { randomBytes } from 'node:crypto';
import { between, type EpochMs } from '@ringwave/protocol/units';
import type { Clock } from '@ringwave/runtime/clock';
import { type SipResponse, sipHeader, sipParameter } from '../core/sip/message.ts';
import {
  answerNotify,
  beginNotify,
  isAnswerTo,
  type Notify,
  type NotifyAsk,
  type NotifyOutcome,
  type NotifyStep,
  wakeNotify,
} from '../core/sip/notify.ts';

/** 'not-sent': nothing left this machine, for a reason of ours. */
export type WakeOutcome = NotifyOutcome | { readonly kind: 'not-sent'; readonly reason: string };

/** How one transaction reaches its phone. */
export interface Line {
  /** Who may answer: an address over UDP, a connection over a stream. */
  readonly source: string;
  send(bytes: Buffer, failed: (reason: string) => void): void;
}

interface Underway {
  readonly line: Line;
  notify: Notify;
  cancel: () => void;
  readonly settle: (outcome: WakeOutcome) => void;
}

/** Requests under way at once; far above the slots of any site. */
const underwayMax = 256;

/** Client transactions over whatever carries them. It decides nothing: core/sip/notify.ts does. */
export class SipTransactions {
  readonly #clock: Clock;
  /** By branch, which only the phone that was asked can know. */
  readonly #underway = new Map<string, Underway>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Of a clock that nobody can set, where there is one: the network takes as long as before when the wall clock jumps. */
  #now(): EpochMs {
    return Math.ceil(this.#clock.steady?.() ?? this.#clock.now()) as EpochMs;
  }

  /** Always resolves, 32 s after the beginning or the login at the latest. */
  run(ask: NotifyAsk, line: Line): Promise<WakeOutcome> {
    if (this.#underway.size >= underwayMax) {
      const reason = `${underwayMax} phones are being woken already`;
      return Promise.resolve({ kind: 'not-sent', reason });
    }
    const step = beginNotify(ask, this.#now());
    return new Promise((settle) => this.#follow(step, { line, settle }));
  }

  #follow(step: NotifyStep, to: Pick<Underway, 'line' | 'settle'>): void {
    if (step.kind === 'ended') return to.settle(step.outcome);
    const { notify, send, wakeAt } = step;
    const underway: Underway = {
      line: to.line,
      settle: to.settle,
      notify,
      cancel: this.#clock.after(between(this.#now(), wakeAt), () => {
        this.#underway.delete(notify.branch);
        this.#follow(wakeNotify(underway.notify, this.#now()), to);
      }),
    };
    this.#underway.set(notify.branch, underway);
    if (!send) return;
    to.line.send(send, (reason) => {
      if (this.#underway.get(notify.branch) !== underway) return;
      this.#end(underway, { kind: 'not-sent', reason });
    });
  }

  /** What nobody asked for, or somebody else than who was asked answers, changes nothing. */
  take(message: SipResponse, source: string): void {
    const branch = sipParameter(sipHeader(message, 'via'), 'branch') ?? '';
    const underway = this.#underway.get(branch);
    if (underway?.line.source !== source || !isAnswerTo(underway.notify, message)) return;
    underway.cancel();
    this.#underway.delete(branch);
    this.#follow(answerNotify(underway.notify, message, this.#now()), underway);
  }

  /** Ends the one of this branch, where it is under way. */
  end(branch: string, reason: string): void {
    const underway = this.#underway.get(branch);
    if (underway) this.#end(underway, { kind: 'not-sent', reason });
  }

  /** Ends what is under way, to this source or to all. */
  endAll(reason: string, source?: string): void {
    for (const underway of Array.from(this.#underway.values())) {
      if (source !== undefined && underway.line.source !== source) continue;
      this.#end(underway, { kind: 'not-sent', reason });
    }
  }

  #end(underway: Underway, outcome: WakeOutcome): void {
    underway.cancel();
    this.#underway.delete(underway.notify.branch);
    underway.settle(outcome);
  }
}

/** 128 bits each: nobody guesses a branch, and no two agents mint the same Call-ID. */
export function mintIds(): NotifyAsk['ids'] {
  const mint = () => randomBytes(16).toString('hex');
  const branches = [mint(), mint(), mint()] as const;
  return { callId: mint(), tag: mint(), branches, clientNonce: mint() };
}
