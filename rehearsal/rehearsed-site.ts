import { createHash } from 'node:crypto';
import { fractionOf } from '@ringwave/protocol/keyed-hash';
import type { Hello, Report } from '@ringwave/protocol/messages';
import type { EpochMs, Id, Mac, Sha256 } from '@ringwave/protocol/units';
import { stepAgent } from '../agent/core/agent.ts';
import { sparesNobody } from '../agent/core/queue.ts';
import {
  type AgentEffect,
  type AgentEvent,
  type AgentTables,
  emptyTables as noAgent,
  type Rate,
  type Work,
} from '../agent/core/state.ts';
import type { Phone } from '../controller/core/state.ts';
import { Random } from './random.ts';
import type { Letter } from './site-group.ts';
import { Timeline } from './timeline.ts';
import { type PhoneHabits, VirtualPhone } from './virtual-phone.ts';
import { VirtualProgram } from './virtual-program.ts';
import type { HourInZone } from './zone-hours.ts';

// One site in virtual time: the production steps of its agent, its phones, its line. It has a time of its own and
// shares nothing with other sites: what it says to the controller and hears from it is handed over by whoever runs it.

/** What is known of a site when its rehearsal begins. */
export interface SiteBrief {
  readonly site: Id;
  readonly zone: string;
  readonly phones: readonly Phone[];
  /** What is tallied; what else goes on at the site costs its time and nothing that is told. */
  readonly rollout: Id;
  /** How many of them the rollout has. */
  readonly inRollout: number;
  /** Part of its phones in a call, 0 to 1, by the hour of its week, Monday first. */
  readonly busyByHour: readonly number[];
}

/** How the world is, where a site does not say otherwise. */
export interface SiteAssumptions {
  readonly seed: number;
  /** Part of updates after which the phone comes back on what it ran before. */
  readonly failedPart: number;
  readonly lanBytesPerSecond: number;
  /** Of a site's line where no budget bounds it. */
  readonly wanBytesPerSecond: number;
  /** A phone not seen for longer counts as off. */
  readonly offAfterMs: number;
  /** Whole updates as they were timed, in milliseconds, by `vendor/model`. */
  readonly updatesTook: ReadonlyMap<string, readonly number[]>;
}

/** What one site saw of the rollout. */
export interface SiteTally {
  readonly site: Id;
  phones: number;
  starts: number;
  firstStartAt: EpochMs | null;
  lastDoneAt: EpochMs | null;
  wanBytes: number;
  lanBytes: number;
  phoneMsLost: number;
  /** Phones that had to wait for their coverage group. */
  readonly quorumWaits: Set<Mac>;
}

/** What a site says, and when. */
export interface Said {
  readonly at: EpochMs;
  readonly site: Id;
  readonly message: Hello | Report;
}

const HOUR = 3_600_000;
/** Reports of some five minutes travel together, of each site's own: a rehearsal need not show every packet. */
const talkAfterMs = [240_000, 360_000] as const;
/** Sites that have nothing to say renew their plans all the same. */
const talkDailyMs = 24 * HOUR;
/** A closed budget is looked at again after this. */
const budgetLookMs = 15 * 60_000;

export class RehearsedSite {
  readonly tally: SiteTally;
  /** Phones that count as off. */
  readonly off = new Set<Mac>();
  readonly #site: Id;
  readonly #rollout: Id;
  /** Phones that were started last for this rollout. */
  readonly #started = new Set<Mac>();
  readonly #assume: SiteAssumptions;
  readonly #timeline: Timeline;
  readonly #program: VirtualProgram<AgentTables, AgentEvent, AgentEffect>;
  readonly #phones = new Map<Mac, VirtualPhone>();
  readonly #random: Random;
  readonly #talkAfterMs: number;
  #said: Said[] = [];
  /** What was said on the present connection. */
  readonly #underWay = new Set<string>();
  #conn: string | undefined;
  #conns = 0;
  #willTalk = false;
  /** What the budget of its line permits now. */
  #wanRate: Rate = 'free';

  constructor(brief: SiteBrief, assume: SiteAssumptions, hourIn: HourInZone, now: EpochMs) {
    const { site } = brief;
    this.#site = site;
    this.#rollout = brief.rollout;
    this.#assume = assume;
    this.#timeline = new Timeline(now);
    // Its own dice: what happens at one site does not depend on how many others there are.
    this.#random = new Random(fractionOf(assume.seed, site) * 2 ** 32);
    this.#talkAfterMs = this.#random.whole(...talkAfterMs);
    this.tally = {
      site,
      phones: brief.inRollout,
      starts: 0,
      firstStartAt: null,
      lastDoneAt: null,
      wanBytes: 0,
      lanBytes: 0,
      phoneMsLost: 0,
      quorumWaits: new Set(),
    };
    this.#program = new VirtualProgram<AgentTables, AgentEvent, AgentEffect>({
      tables: noAgent(),
      timeline: this.#timeline,
      step: (tables, event, at) => stepAgent({ site, version: 'rehearsal', tables }, event, at),
      act: (effect) => this.#acts(effect),
      stepped: (changes) => {
        for (const { table, value } of changes) if (table === 'work') this.#notes(value);
        if (this.#program.tables.outbox.size > 0) this.#talkAfter(this.#talkAfterMs);
      },
      woke: { kind: 'woke' },
    });
    const habits: PhoneHabits = {
      busyPart: (at) => brief.busyByHour[hourIn(brief.zone, at)] ?? 0,
      failedPart: assume.failedPart,
      lanBytesPerSecond: assume.lanBytesPerSecond,
      updatesTook: (vendor, model) => assume.updatesTook.get(`${vendor}/${model}`) ?? [],
    };
    for (const phone of brief.phones) this.#openPhone(phone, habits);
    this.#program.submit({ kind: 'started' });
    this.#timeline.after(this.#random.whole(1000, 60_000), () => this.#talkDaily());
  }

  /** When something happens here next. */
  get nextAt(): number {
    return this.#timeline.nextAt;
  }

  /** Lives until then; gives what it said meanwhile, in order. */
  runUntil(end: EpochMs): readonly Said[] {
    this.#timeline.runUntil(end);
    const said = this.#said;
    if (said.length > 0) this.#said = [];
    return said;
  }

  /** What the controller said arrives at an instant that this site has not lived yet. */
  told(at: EpochMs, word: Letter['word']): void {
    this.#timeline.at(at, () => this.#hears(word));
  }

  #hears(word: Letter['word']): void {
    switch (word.kind) {
      case 'halt':
        return this.#program.submit({ kind: 'halt-came', halt: word.halt });
      case 'plan':
        if (!this.#conn) return this.#talkAfter(1000);
        return this.#program.submit({ kind: 'plan-came', plan: word.plan });
      case 'ack': {
        if (!this.#conn) return undefined;
        const { ack } = word;
        // The site is asked to gather its news, as a controller may ask for.
        const isFirst = ack.conn !== undefined;
        const gathered = isFirst ? ack : { ...ack, minGapMs: this.#talkAfterMs };
        return this.#program.submit({ kind: 'acked', ack: gathered });
      }
      default:
        return word satisfies never;
    }
  }

  #openPhone(phone: Phone, habits: PhoneHabits): void {
    const { mac, vendor, model, seenAt, running, address = '' } = phone;
    const { now } = this.#timeline;
    const isOff = seenAt === undefined || now - seenAt > this.#assume.offAfterMs || !running;
    const parts = {
      mac,
      vendor,
      model,
      address,
      timeline: this.#timeline,
      random: this.#random,
      habits,
      agent: () => this.#program.tables,
      tell: (event: AgentEvent) => this.#program.submit(event),
      spent: ({ downMs, lanBytes }: { downMs: number; lanBytes: number }) => {
        if (!this.#started.has(mac)) return;
        this.tally.phoneMsLost += downMs;
        this.tally.lanBytes += lanBytes;
      },
    };
    if (isOff) this.off.add(mac);
    this.#phones.set(mac, new VirtualPhone(parts, { running: running?.version ?? '', isOff }));
  }

  #notes(value: unknown): void {
    const work = value as Work | undefined;
    if (work?.rollout !== this.#rollout) return;
    const { waitingFor, reason } = work.why;
    const isForGroup = waitingFor === 'coverage' || reason.startsWith(sparesNobody);
    if (isForGroup) this.tally.quorumWaits.add(work.mac);
    if (work.phase === 'done') this.tally.lastDoneAt = this.#timeline.now;
  }

  // The line: agents say what they have in batches, and get the plan that is theirs.

  #talkDaily(): void {
    this.#talk();
    this.#timeline.after(talkDailyMs, () => this.#talkDaily());
  }

  #talkAfter(wait: number): void {
    if (this.#willTalk || this.#conn) return;
    this.#willTalk = true;
    this.#timeline.after(wait, () => this.#talk());
  }

  /** Hello, plan, and what there is to report; then a report each while, until there is no more to say. */
  #talk(): void {
    this.#willTalk = false;
    if (this.#conn) return;
    this.#conn = `${this.#site}-${this.#conns++}`;
    this.#program.submit({ kind: 'link-up', conn: this.#conn });
  }

  #hangUp(): void {
    const conn = this.#conn;
    if (conn === undefined) return;
    this.#conn = undefined;
    this.#program.submit({ kind: 'link-down', conn });
  }

  /** Nothing is lost on this line: what is said again before its answer came is under way already. */
  #says(message: Hello | Report): void {
    const { kind } = message;
    const mark = kind === 'hello' ? message.conn : `${message.epoch}/${message.lastSeq}`;
    if (this.#underWay.has(mark)) return;
    if (kind === 'hello') this.#underWay.clear();
    this.#underWay.add(mark);
    this.#said.push({ at: this.#timeline.now, site: this.#site, message });
  }

  /** Begins when the budget permits, and keeps the rate that it began with: nights are asked for, not minutes. */
  #fetch(effect: Extract<AgentEffect, { kind: 'fetch-image' }>): void {
    if (this.#wanRate === 'none') {
      this.#timeline.after(budgetLookMs, () => this.#fetch(effect));
      return;
    }
    const { digest, lengthBytes } = effect;
    const permitted = this.#wanRate === 'free' ? effect.bytesPerSecond : this.#wanRate;
    const rate = permitted || this.#assume.wanBytesPerSecond;
    if (this.#isWanted(digest)) this.tally.wanBytes += lengthBytes;
    this.#timeline.after((lengthBytes / rate) * 1000 + 1000, () =>
      this.#program.submit({ kind: 'image-held', digest, fetchedBytes: lengthBytes }),
    );
  }

  /** By what the rollout has to do here: an image that another one has brought is there already. */
  #isWanted(digest: Sha256): boolean {
    const { plan, work } = this.#program.tables;
    const ahead = new Set(
      [...work.values()].flatMap((one) => (one.rollout === this.#rollout ? one.hops : [])),
    );
    const releases = plan.get('plan')?.plan.releases ?? [];
    return releases.some(
      ({ id, images }) => ahead.has(id as Id) && images.some((image) => image.sha256 === digest),
    );
  }

  #starts(mac: Mac): void {
    const isOurs = this.#program.tables.work.get(mac)?.rollout === this.#rollout;
    if (!isOurs) return void this.#started.delete(mac);
    this.#started.add(mac);
    this.tally.starts += 1;
    this.tally.firstStartAt ??= this.#timeline.now;
  }

  #acts(effect: AgentEffect): void {
    switch (effect.kind) {
      case 'send': {
        const { message } = effect;
        if (message.kind === 'hello' || message.kind === 'report') this.#says(message);
        // Nothing was said for long: whoever has something to say later calls again.
        else this.#hangUp();
        return;
      }
      case 'fetch-image':
        return this.#fetch(effect);
      case 'set-rate':
        if (effect.of === 'wan') this.#wanRate = effect.rate;
        return;
      case 'move-rescues':
        return;
      case 'wake-phone':
        this.#starts(effect.mac);
        this.#phones.get(effect.mac)?.woken(effect.start);
        return;
      case 'make-secret': {
        const { mac, generation } = effect;
        const key = createHash('sha256').update(`${mac}${generation}`).digest('hex');
        const fingerprint = key.slice(0, 32);
        this.#program.submit({ kind: 'secret-made', mac, generation, sealed: '', fingerprint });
        return;
      }
      default:
        effect satisfies never;
    }
  }
}
