import { createHash } from 'node:crypto';
import type { Ack, Plan } from '@ringwave/protocol/messages';
import type { EpochMs, Id, Mac } from '@ringwave/protocol/units';
import { stepAgent } from '../agent/core/agent.ts';
import {
  type AgentEffect,
  type AgentEvent,
  type AgentTables,
  emptyTables as noAgent,
  type Rate,
} from '../agent/core/state.ts';
import { stepController } from '../controller/core/controller.ts';
import type {
  Command,
  CommandResult,
  ControllerEffect,
  ControllerEvent,
  ControllerTables,
  Phone,
  Refusal,
} from '../controller/core/state.ts';
import { Random } from './random.ts';
import { Timeline } from './timeline.ts';
import { type PhoneHabits, VirtualPhone } from './virtual-phone.ts';
import { VirtualProgram } from './virtual-program.ts';

// A rollout in virtual time: the production steps of the controller and of every agent it touches, on a copy
// of what is known, with phones that behave by seed. Nothing of it leaves this object.

export interface Assumptions {
  readonly habits: PhoneHabits;
  /** Of a site's line where no budget bounds it. */
  readonly wanBytesPerSecond: number;
  /** A phone not seen for longer counts as off. */
  readonly offAfterMs: number;
  /** Until a person says go on, where the rollout asks one. */
  readonly personTakesMs: number;
  readonly daysMax: number;
}

/** What one site saw of it. */
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

interface VirtualAgent {
  readonly site: Id;
  readonly program: VirtualProgram<AgentTables, AgentEvent, AgentEffect>;
  readonly tally: SiteTally;
  conn: string | undefined;
  conns: number;
  willTalk: boolean;
  readonly talkAfterMs: number;
  /** What the budget of its line permits now. */
  wanRate: Rate;
}

const HOUR = 3_600_000;
/** Reports of some five minutes travel together, of each site's own: a rehearsal need not show every packet. */
const talkAfterMs = [240_000, 360_000] as const;
/** Sites that have nothing to say renew their plans all the same. */
const talkDailyMs = 24 * HOUR;
/** A closed budget is looked at again after this. */
const budgetLookMs = 15 * 60_000;
/** Stops of one rollout by its gates after which a person gives up. */
const resumesMax = 50;

export class Rehearsal {
  readonly timeline: Timeline;
  readonly controller: VirtualProgram<ControllerTables, ControllerEvent, ControllerEffect>;
  readonly agents = new Map<Id, VirtualAgent>();
  readonly phones = new Map<Mac, VirtualPhone>();
  /** Each stop by a gate, and what it said. */
  readonly stops: { at: EpochMs; reason: string }[] = [];
  readonly rollout: Id;
  readonly #assume: Assumptions;
  readonly #random: Random;
  readonly #answers = new Map<string, CommandResult>();
  #isPersonComing = false;

  constructor(
    tables: ControllerTables,
    about: { seed: number; rollout: Id; now: EpochMs; assume: Assumptions },
  ) {
    this.rollout = about.rollout;
    this.#assume = about.assume;
    this.#random = new Random(about.seed);
    this.timeline = new Timeline(about.now);
    this.controller = new VirtualProgram<ControllerTables, ControllerEvent, ControllerEffect>({
      tables: copyOf(tables),
      timeline: this.timeline,
      step: (known, event, now) => stepController({ tables: known }, event, now),
      act: (effect) => this.#controllerActs(effect),
      stepped: () => {},
      woke: { kind: 'woke' },
    });
  }

  /** Empty when the command was taken. */
  command(command: Command, who: string): readonly Refusal[] {
    const id = `rehearsal-${this.#answers.size}`;
    this.controller.submit({ kind: 'command', id, who, command });
    const answer = this.#answers.get(id);
    return answer?.ok === false ? answer.refusals : [];
  }

  /**
   * Runs until the rollout has ended, or as long as is looked ahead. Gives when it ended. Each virtual day is told
   * to `onDay` when it begins.
   */
  run(onDay: (now: EpochMs) => void = () => {}): EpochMs | null {
    const until = this.timeline.now + this.#assume.daysMax * 24 * HOUR;
    for (const site of this.#stored()?.sites ?? []) this.#openSite(site);
    // By the hour: between two looks the programs run by themselves.
    for (let hour = 0; this.timeline.now < until; hour += 1) {
      if (hour % 24 === 0) onDay(this.timeline.now);
      const rollout = this.#stored();
      if (!rollout || rollout.endedAt !== undefined) break;
      this.#askPerson();
      this.timeline.runUntil(Math.min(this.timeline.now + HOUR, until));
    }
    return this.#stored()?.endedAt ?? null;
  }

  #stored() {
    return this.controller.tables.rollouts.get(this.rollout);
  }

  /** Where the rollout waits for somebody, somebody comes, some time later. */
  #askPerson(): void {
    const rollout = this.#stored();
    const asks = rollout?.waves.some((wave) => wave.asks === 'person') ?? false;
    const isPaused = rollout?.state === 'paused';
    if (this.#isPersonComing || (!asks && !isPaused) || this.stops.length >= resumesMax) return;
    this.#isPersonComing = true;
    const reason = rollout?.paused?.reason ?? 'A wave asks a person before the next one opens';
    this.stops.push({ at: this.timeline.now, reason });
    this.timeline.after(this.#assume.personTakesMs, () => {
      this.#isPersonComing = false;
      const kind = isPaused ? 'rollout-resume' : 'rollout-pass';
      this.command({ kind, rollout: this.rollout }, 'a person');
    });
  }

  #openSite(site: Id): void {
    const { tables } = this.controller;
    if (!tables.agents.has(site)) return;
    const tally: SiteTally = {
      site,
      phones: 0,
      starts: 0,
      firstStartAt: null,
      lastDoneAt: null,
      wanBytes: 0,
      lanBytes: 0,
      phoneMsLost: 0,
      quorumWaits: new Set(),
    };
    const program = new VirtualProgram<AgentTables, AgentEvent, AgentEffect>({
      tables: noAgent(),
      timeline: this.timeline,
      step: (known, event, now) =>
        stepAgent({ site, version: 'rehearsal', tables: known }, event, now),
      act: (effect) => this.#agentActs(agent, effect),
      stepped: (changes) => {
        for (const { table, value } of changes) if (table === 'work') this.#notes(agent, value);
        if (program.tables.outbox.size > 0) this.#willTalk(agent, agent.talkAfterMs);
      },
      woke: { kind: 'woke' },
    });
    const agent: VirtualAgent = {
      site,
      program,
      tally,
      conn: undefined,
      conns: 0,
      willTalk: false,
      talkAfterMs: this.#random.whole(...talkAfterMs),
      wanRate: 'free',
    };
    this.agents.set(site, agent);
    for (const mac of tables.rosters.get(site) ?? []) {
      const phone = tables.phones.get(mac);
      if (phone) this.#openPhone(agent, phone);
    }
    program.submit({ kind: 'started' });
    this.timeline.after(this.#random.whole(1000, 60_000), () => this.#talkDaily(agent));
  }

  #openPhone({ site, program, tally }: VirtualAgent, phone: Phone): void {
    const { mac, vendor, model, seenAt, running, address = '' } = phone;
    const isOff =
      seenAt === undefined || this.timeline.now - seenAt > this.#assume.offAfterMs || !running;
    if (this.controller.tables.progress.has(`${this.rollout}/${mac}`)) tally.phones += 1;
    const parts = {
      mac,
      site,
      vendor,
      model,
      address,
      timeline: this.timeline,
      random: this.#random,
      habits: this.#assume.habits,
      agent: () => program.tables,
      tell: (event: AgentEvent) => program.submit(event),
      spent: ({ downMs, lanBytes }: { downMs: number; lanBytes: number }) => {
        tally.phoneMsLost += downMs;
        tally.lanBytes += lanBytes;
      },
    };
    this.phones.set(mac, new VirtualPhone(parts, { running: running?.version ?? '', isOff }));
  }

  #notes({ tally }: VirtualAgent, value: unknown): void {
    const work = value as { mac: Mac; phase: string; why: { waitingFor: string } } | undefined;
    if (work?.why.waitingFor === 'coverage') tally.quorumWaits.add(work.mac);
    if (work?.phase === 'done') tally.lastDoneAt = this.timeline.now;
  }

  // The line: agents say what they have in batches, and get the plan that is theirs.

  #talkDaily(agent: VirtualAgent): void {
    this.#talk(agent);
    this.timeline.after(talkDailyMs, () => this.#talkDaily(agent));
  }

  #willTalk(agent: VirtualAgent, wait: number): void {
    if (agent.willTalk || agent.conn) return;
    agent.willTalk = true;
    this.timeline.after(wait, () => this.#talk(agent));
  }

  /** Hello, plan, and what there is to report; then a report each while, until there is no more to say. */
  #talk(agent: VirtualAgent): void {
    agent.willTalk = false;
    if (agent.conn) return;
    agent.conn = `${agent.site}-${agent.conns++}`;
    agent.program.submit({ kind: 'link-up', conn: agent.conn });
  }

  #hangUp(agent: VirtualAgent): void {
    const { conn } = agent;
    if (conn === undefined) return;
    agent.conn = undefined;
    agent.program.submit({ kind: 'link-down', conn });
  }

  /** The site is asked to gather its news, as a controller may ask for. */
  #acknowledge(agent: VirtualAgent | undefined, ack: Ack): void {
    if (!agent?.conn) return;
    const isFirst = ack.conn !== undefined;
    agent.program.submit({
      kind: 'acked',
      ack: isFirst ? ack : { ...ack, minGapMs: agent.talkAfterMs },
    });
  }

  #controllerActs(effect: ControllerEffect): void {
    switch (effect.kind) {
      case 'answer':
        this.#answers.set(effect.id, effect.result);
        return;
      case 'send-ack':
        return this.#acknowledge(this.agents.get(effect.site), effect.ack);
      case 'send-plan':
        return this.#sendPlan(effect.site, effect.plan);
      case 'send-halt':
        for (const agent of this.agents.values())
          agent.program.submit({ kind: 'halt-came', halt: effect.halt });
        return;
      case 'ask-check': {
        const { rollout, wave } = effect;
        const answer = { verdict: 'pass', detail: 'assumed in rehearsal' } as const;
        this.timeline.after(60_000, () =>
          this.controller.submit({ kind: 'check-answered', rollout, wave, ...answer }),
        );
        return;
      }
      case 'cut-site':
        return;
      default:
        effect satisfies never;
    }
  }

  #sendPlan(site: Id, plan: Plan): void {
    const agent = this.agents.get(site);
    if (!agent) return;
    if (agent.conn) agent.program.submit({ kind: 'plan-came', plan });
    else this.#willTalk(agent, 1000);
  }

  /** Begins when the budget permits, and keeps the rate that it began with: nights are asked for, not minutes. */
  #fetch(agent: VirtualAgent, effect: Extract<AgentEffect, { kind: 'fetch-image' }>): void {
    if (agent.wanRate === 'none') {
      this.timeline.after(budgetLookMs, () => this.#fetch(agent, effect));
      return;
    }
    const { digest, lengthBytes } = effect;
    const permitted = agent.wanRate === 'free' ? effect.bytesPerSecond : agent.wanRate;
    const rate = permitted || this.#assume.wanBytesPerSecond;
    agent.tally.wanBytes += lengthBytes;
    this.timeline.after((lengthBytes / rate) * 1000 + 1000, () =>
      agent.program.submit({ kind: 'image-held', digest, fetchedBytes: lengthBytes }),
    );
  }

  #agentActs(agent: VirtualAgent, effect: AgentEffect): void {
    const { site, program, tally } = agent;
    switch (effect.kind) {
      case 'send': {
        const { message } = effect;
        if (message.kind === 'hello')
          this.controller.submit({ kind: 'hello', site, hello: message });
        else if (message.kind === 'report')
          this.controller.submit({ kind: 'report', site, report: message });
        // Nothing was said for long: whoever has something to say later calls again.
        else this.#hangUp(agent);
        return;
      }
      case 'fetch-image':
        return this.#fetch(agent, effect);
      case 'set-rate':
        if (effect.of === 'wan') agent.wanRate = effect.rate;
        return;
      case 'move-rescues':
        return;
      case 'wake-phone':
        tally.starts += 1;
        tally.firstStartAt ??= this.timeline.now;
        this.phones.get(effect.mac)?.woken(effect.start);
        return;
      case 'make-secret': {
        const { mac, generation } = effect;
        const key = createHash('sha256').update(`${mac}${generation}`).digest('hex');
        const fingerprint = key.slice(0, 32);
        program.submit({ kind: 'secret-made', mac, generation, sealed: '', fingerprint });
        return;
      }
      default:
        effect satisfies never;
    }
  }
}

/** Rows are never mutated, so that copied maps are a copy of all that is known. Connections are not part of it. */
function copyOf(tables: ControllerTables): ControllerTables {
  const copied = Object.entries(tables).map(([name, rows]) => [
    name,
    new Map<string, unknown>(rows as Map<string, unknown>),
  ]);
  const copy = Object.fromEntries(copied) as ControllerTables;
  copy.presence.clear();
  copy.owed.clear();
  return copy;
}
