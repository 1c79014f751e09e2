// What a phone answers to the requests that reach its SIP port, and which of them wake it. A request that
// is sent again gets the same answer and wakes nobody twice (RFC 3261 section 17.2.2).

import { createHash } from 'node:crypto';
import { type Challenge, challengeLine, type Login, provesLogin } from './digest-login.ts';
import { afterBusy, type Habit } from './habit.ts';
import type { WakeTriggers } from './phone-kinds.ts';
import {
  readSipAsk,
  type Sender,
  type SipAsk,
  type SipSays,
  sipValue,
  wakeOf,
  writeSipAnswer,
} from './sip-answer.ts';

export interface DeskFacts {
  readonly from: Sender;
  readonly habit: Habit;
  readonly login?: Login;
  readonly userAgent: string;
}

export interface DeskAnswer {
  readonly answer: Buffer;
  /** Present for a NOTIFY heard for the first time. */
  readonly notify?: {
    readonly event: string;
    readonly status: number;
    readonly wants?: 'reload' | 'reboot';
    readonly habitNow: Habit;
  };
}

/** Answers kept for requests that come again; within the 32 s of a transaction one agent sends a few. */
const answersMax = 32;

const ok: SipSays = { status: 200, reason: 'OK' };
const busy: SipSays = { status: 486, reason: 'Busy Here' };
const badEvent: SipSays = { status: 489, reason: 'Bad Event' };
const allow = [['Allow', 'OPTIONS, NOTIFY']] as const;

export class NotifyDesk {
  readonly #wakes: WakeTriggers;
  readonly #seed: string;
  readonly #answers = new Map<string, Buffer>();
  #challenge: Challenge | undefined;
  #asked = 0;

  constructor(wakes: WakeTriggers, seed: string) {
    this.#wakes = wakes;
    this.#seed = seed;
  }

  /** Undefined for what deserves no answer. */
  answer(bytes: Buffer, facts: DeskFacts): DeskAnswer | undefined {
    const ask = readSipAsk(bytes);
    if (!ask || ask.method === 'ACK') return undefined;
    const known = this.#answers.get(ask.transaction);
    if (known) return { answer: known };
    this.#asked += 1;
    const { says, notify } = this.#decide(ask, facts);
    const tag = this.#token('tag', this.#asked);
    const answer = writeSipAnswer(ask, says, { tag, userAgent: facts.userAgent, from: facts.from });
    this.#answers.set(ask.transaction, answer);
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > answersMax && oldest !== undefined) this.#answers.delete(oldest);
    return { answer, ...(notify ? { notify } : {}) };
  }

  #decide(ask: SipAsk, facts: DeskFacts): { says: SipSays; notify?: DeskAnswer['notify'] } {
    if (ask.method === 'OPTIONS') return { says: { ...ok, headers: allow } };
    if (ask.method !== 'NOTIFY') {
      return { says: { status: 405, reason: 'Method Not Allowed', headers: allow } };
    }
    const event = sipValue(ask, 'event') ?? '';
    const { habit } = facts;
    const told = (says: SipSays, more: Partial<NonNullable<DeskAnswer['notify']>> = {}) => ({
      says,
      notify: { event, status: says.status, habitNow: habit, ...more },
    });
    const wants = wakeOf({ event, body: ask.body }, this.#wakes);
    if (!wants) return told(badEvent);
    const refusal = this.#refusal(ask, facts);
    if (refusal) return told(refusal);
    if (habit.kind === 'in-call') return told(busy, { habitNow: afterBusy(habit) });
    return told(ok, { wants });
  }

  /** A phone that challenges wants the login it holds; a wrong one gets a new challenge. */
  #refusal(ask: SipAsk, { habit, login }: DeskFacts): SipSays | undefined {
    if (habit.kind !== 'challenges' || !login) return undefined;
    const expected = this.#challenge && {
      challenge: this.#challenge,
      method: ask.method,
      uri: ask.uri,
    };
    if (expected && provesLogin(sipValue(ask, 'authorization'), login, expected)) return undefined;
    this.#challenge = { realm: 'phone', nonce: this.#token('nonce', this.#asked), qop: true };
    const headers = [['WWW-Authenticate', challengeLine(this.#challenge)]] as const;
    return { status: 401, reason: 'Unauthorized', headers };
  }

  #token(what: string, count: number): string {
    const text = `${this.#seed} ${what} ${count}`;
    return createHash('sha256').update(text).digest('hex').slice(0, 16);
  }
}
