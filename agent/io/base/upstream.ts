import { Buffer } from 'node:buffer';
import { type DurationMs, seconds } from '@ringwave/protocol/units';
import { type SteadyMs, steadyLater, steadyNow } from '@ringwave/runtime/clock';
import type { UpstreamSettings } from '../../core/provisioning/base.ts';
import { type Answered, askUpstream, isUnreached, reasonOf } from './ask-upstream.ts';
import type { BaseAsked, BaseFile, BaseReader } from './base-file.ts';
import type { LastGood, NotKept } from './last-good.ts';
import { Turns } from './turns.ts';

export interface UpstreamLimits {
  /** The whole answer, and the wait for a turn to ask. A phone waits ten seconds and longer before it gives up. */
  readonly answerWithin: DurationMs;
  /** Once it failed it is not asked again for so long, so that a floor of phones does not wait for each other. */
  readonly restsFor: DurationMs;
}

export const upstreamLimits: UpstreamLimits = {
  answerWithin: seconds(5),
  restsFor: seconds(30),
};

/** Questions to the server at once; a PBX answers some hundred a second. */
const askedAtOnceMax = 32;
/** Questions that wait for their turn: so many a server answers in five seconds that takes 150 ms for each. */
const waitingMax = 1024;
/** Different files that fail one after the other before it is the server that is taken to be down. */
const failuresMax = 3;
/** Files of which it is known that they failed a moment ago. */
const restingMax = 1024;

type Fetched = Answered | Extract<BaseFile, { kind: 'busy' }>;

type Told = (reason: string, fault: NotKept['fault']) => void;

/** The provisioning server of a PBX, asked as the phone asks, with its last good answers for when it is down. */
export class Upstream implements BaseReader {
  readonly name: string;
  readonly #settings: UpstreamSettings;
  readonly #kept: LastGood;
  readonly #limits: UpstreamLimits;
  readonly #told: Told;
  readonly #turns: Turns;
  /** By all that a question says. */
  readonly #underWay = new Map<string, Promise<BaseFile>>();
  #restsUntil = 0 as SteadyMs;
  /** Files that failed, by path, the oldest first: one that cannot be made is not the fault of the others. */
  readonly #resting = new Map<string, SteadyMs>();
  /** Those of them since the server gave anything. */
  readonly #failing = new Set<string>();

  /** `told` hears of every failure for which a phone gets a kept file instead. */
  constructor(
    settings: UpstreamSettings,
    by: { kept: LastGood; told: Told; limits?: UpstreamLimits },
  ) {
    this.#settings = settings;
    this.name = new URL(settings.url).host;
    this.#kept = by.kept;
    this.#told = (reason, fault) => by.told(reason, fault);
    this.#limits = by.limits ?? upstreamLimits;
    const waitsFor = this.#limits.answerWithin;
    this.#turns = new Turns({ atOnceMax: askedAtOnceMax, waitingMax, waitsFor });
  }

  /** Whoever asks the same meanwhile is given the same answer: phones of one model ask for one file at their boot. */
  read(asked: BaseAsked): Promise<BaseFile> {
    const { path, userAgent = null, isConfig, language } = asked;
    const question = JSON.stringify([path, userAgent, isConfig, language?.form]);
    const underWay = this.#underWay.get(question);
    if (underWay) return underWay;
    const reading = this.#read(asked).finally(() => this.#underWay.delete(question));
    this.#underWay.set(question, reading);
    return reading;
  }

  async #read(asked: BaseAsked): Promise<BaseFile> {
    const fetched = await this.#fetched(asked);
    const { path } = asked;
    if (fetched.kind === 'found') {
      const before = asked.isConfig && isBlank(fetched) ? await this.#kept.find(path) : undefined;
      if (before && !isBlank(before))
        return this.#instead(`${this.name} gave nothing for ${path}`, before);
      const lacking = await this.#kept.keep(path, fetched);
      if (lacking) this.#told(lacking.reason, lacking.fault);
      return fetched;
    }
    if (fetched.kind === 'absent') {
      await this.#kept.drop(path);
      return fetched;
    }
    const kept = await this.#kept.find(path);
    // That too many ask is no fault of the server.
    if (fetched.kind === 'busy') return kept ?? fetched;
    if (kept) return this.#instead(fetched.reason, kept);
    return fetched.kind === 'failed' ? fetched : { kind: 'failed', reason: fetched.reason };
  }

  #instead(reason: string, kept: BaseFile): BaseFile {
    this.#told(`${reason}; its last good answer is served`, 'base-unusable');
    return kept;
  }

  async #fetched(asked: BaseAsked): Promise<Fetched> {
    const { path } = asked;
    const rested = down(`${this.name} failed a moment ago`);
    if (this.#rests(path)) return rested;
    if (!(await this.#turns.take())) {
      return { kind: 'busy', reason: `too many files of ${this.name} are asked for at once` };
    }
    try {
      // It may have gone down meanwhile.
      if (this.#rests(path)) return rested;
      const fetched = await askUpstream(this.#settings, asked, this.#limits.answerWithin);
      if (fetched.kind === 'down') this.#failed(path);
      else this.#answered(path);
      return fetched;
    } catch (error) {
      const reason = reasonOf(error, this.#limits.answerWithin);
      this.#failed(path, isUnreached(reason));
      return down(`${this.name} ${reason}`);
    } finally {
      this.#turns.end();
    }
  }

  #rests(path: string): boolean {
    return steadyNow() < Math.max(this.#restsUntil, this.#resting.get(path) ?? 0);
  }

  #answered(path: string): void {
    this.#failing.clear();
    this.#resting.delete(path);
  }

  /** A server that nothing reaches is down at once; one that answers badly once several files in a row got nothing. */
  #failed(path: string, isUnreached = false): void {
    const until = steadyLater(steadyNow(), this.#limits.restsFor);
    this.#failing.add(path);
    if (isUnreached || this.#failing.size >= failuresMax) {
      this.#restsUntil = until;
      this.#failing.clear();
    }
    this.#resting.delete(path);
    this.#resting.set(path, until);
    const [oldest] = this.#resting.keys();
    if (this.#resting.size > restingMax && oldest !== undefined) this.#resting.delete(oldest);
  }
}

const down = (reason: string): Fetched => ({ kind: 'down', reason });

const isBlank = ({ body }: { readonly body: Buffer }): boolean =>
  body.length < 64 && body.toString('latin1').trim() === '';
