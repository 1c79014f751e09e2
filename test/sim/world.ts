import { createHash } from 'node:crypto';
import type { Plan } from '@ringwave/protocol/messages';
import type { EpochMs, Id, Sha256 } from '@ringwave/protocol/units';
import { stepAgent } from '../../agent/core/agent.ts';
import { clockErrorMax } from '../../agent/core/clock-check.ts';
import { mayWait } from '../../agent/core/may-wait.ts';
import {
  type AgentEffect,
  type AgentEvent,
  type AgentTables,
  type Credential,
  type SealedSecret,
  emptyTables as noAgent,
  volatileTables as agentVolatile,
} from '../../agent/core/state.ts';
import { startsFor } from '../../controller/core/plan.ts';
import { stepController } from '../../controller/core/controller.ts';
import {
  type Command,
  type CommandResult,
  type ControllerEffect,
  type ControllerEvent,
  type ControllerTables,
  type Refusal,
  type RolloutInput,
  emptyTables as noController,
  volatileTables as controllerVolatile,
} from '../../controller/core/state.ts';
import type { Faults, Plant } from './faults.ts';
import { type SimFleet, simFleet, type SimPhone } from './fleet.ts';
import { bindPhones, hasBonds } from './bonds.ts';
import { Invariants } from './invariants.ts';
import { type CrashPoint, SimNode } from './node.ts';
import { Random } from './random.ts';
import { Timeline } from '../../rehearsal/timeline.ts';
import { endSecond } from './second.ts';
import { fetchImage, type Line, tellLine } from './shelf.ts';
import { withBlackout } from './wall-clock.ts';
import { Wire } from './wire.ts';
import { Desks, ODD_HABITS, type PhoneState } from './desk.ts';
import { disorder } from './disorder.ts';
import { type Heard, heardAlso } from './heard.ts';
import { fingerprintOf, loginOf, troubleAtSite } from './weather.ts';

// A world of one controller, some agents and their phones: production steps, virtual time, faults by seed.

export type ControllerNode = SimNode<ControllerTables, ControllerEvent, ControllerEffect>;

export interface AgentNode {
  readonly site: Id;
  readonly node: SimNode<AgentTables, AgentEvent, AgentEffect>;
  conn: string | undefined;
  /** The controller at the other end of its line. */
  side: ControllerNode;
  conns: number;
  isCut: boolean;
  backup: ReturnType<SimNode<AgentTables, AgentEvent, AgentEffect>['backup']> | undefined;
  heard: Heard;
  /** Images on the disk of its box. */
  readonly shelf: Set<Sha256>;
  /** How far the clock of its box is from the world's, in milliseconds. */
  clockOff: number;
  clockWasSet?: true;
  wan?: Line;
}

const HOUR = 3_600_000;
/** 2026-11-02T00:00Z, a Monday after the clocks have changed back in Europe and America. */
const EPOCH = Date.UTC(2026, 10, 2);

export interface WorldOptions {
  readonly faults: Faults;
  readonly sites: number;
  readonly phonesPerSite: number;
  readonly plant?: Plant;
  readonly lines?: (line: string) => void;
}

export class World {
  readonly random: Random;
  readonly timeline: Timeline;
  readonly fleet: SimFleet;
  readonly faults: Faults;
  readonly phones = new Map<string, PhoneState>();
  readonly agents = new Map<Id, AgentNode>();
  readonly controller: ControllerNode;
  /** A copy of it that lives beside it. */
  second: ControllerNode | undefined;
  readonly invariants: Invariants;
  /** What was ordered, whatever the controller makes of it. */
  readonly orders = new Map<Id, RolloutInput>();
  readonly answers = new Map<string, CommandResult>();
  readonly desks: Desks = new Desks(this);
  /** Dice of what came later, so that seeds that once failed keep theirs. */
  readonly dice: Random;
  /** Each line of the trace. */
  readonly lines: ((line: string) => void) | undefined;
  steps = 0;
  /** True once all rollouts are approved: what is asked for before must not be forgotten. */
  isOrdered = false;
  /** True once faults have ended: what was lost must now arrive. */
  isHealed = false;
  readonly #trace = createHash('sha256');
  readonly #told: string[] = [];
  /** How long the plans of some seeds let phones be started. */
  #leaseMs: number | undefined;
  readonly #plant: Plant;
  readonly #wire = new Wire();
  readonly isPlanted: boolean;
  /** Its rollouts are rollbacks. */
  readonly goesBack: boolean;
  /** Some of its phones, at several sites, shall end on one version. */
  readonly hasBonds: boolean;
  readonly #began: EpochMs;
  #commands = 0;
  #controllerCopy: ReturnType<World['controller']['backup']> | undefined;

  constructor(seed: number, options: WorldOptions) {
    this.#plant = options.plant ?? {};
    this.isPlanted = options.plant !== undefined;
    this.lines = options.lines;
    this.random = new Random(seed);
    this.dice = new Random(seed ^ 0x5eed_0000);
    if (options.faults.orders && this.dice.chance(0.15)) this.#leaseMs = 6 * HOUR;
    this.timeline = new Timeline((EPOCH + this.random.whole(0, 23) * HOUR) as EpochMs);
    this.#began = this.timeline.now;
    this.faults = options.faults;
    // Every seventh seed, so that those that once failed keep what they are.
    this.goesBack = options.faults.orders && seed % 7 === 5;
    const fleet = simFleet(this.random, { ...options, goesBack: this.goesBack });
    this.fleet = withBlackout(fleet, seed, options.faults);
    this.hasBonds = hasBonds(seed, options.faults);
    if (this.hasBonds) bindPhones(this.fleet, seed);
    this.invariants = new Invariants(this);
    this.controller = this.controllerNode('controller');
    for (const site of this.fleet.sites) this.agents.set(site.id, this.#agentNode(site.id));
    for (const phone of this.fleet.phones) this.phones.set(phone.input.mac, this.#newPhone(phone));
  }

  #newPhone(phone: SimPhone): PhoneState {
    const habit = this.random.chance(this.faults.oddPhones)
      ? this.random.oneOf(ODD_HABITS)
      : 'good';
    return { ...phone, running: phone.old, habit, flashes: [], run: 0 };
  }

  get trace(): string {
    this.#hashTold();
    return this.#trace.copy().digest('hex');
  }

  start(): void {
    this.controller.restart();
    for (const agent of this.agents.values()) {
      agent.node.restart();
      this.#connect(agent);
      if (this.faults.partition > 0) this.#weather(agent);
    }
    if (this.faults.orders) disorder(this);
    for (const phone of this.phones.values()) this.desks.boot(phone, this.random.whole(0, HOUR));
  }

  command(command: Command, who = 'operator'): CommandResult {
    const id = `c${this.#commands++}`;
    // People try again when the controller was down.
    let tries = 0;
    for (; tries < 50 && !this.answers.has(id); tries += 1) {
      this.controller.submit({ kind: 'command', id, who, command });
      if (!this.answers.has(id)) this.timeline.runUntil(this.timeline.now + 60_000);
    }
    const answer = this.answers.get(id);
    if (!answer) throw new Error('the controller never answered');
    // One that died between its commit and its answer is asked again, and says that it has it already.
    const hasIt = (one: Refusal) => one.code === 'conflict' && !one.next.includes('--confirm');
    return tries > 1 && !answer.ok && answer.refusals.every(hasIt) ? { ok: true } : answer;
  }

  /** Somebody asks once, in the middle of everything; told when it was taken. */
  ask(command: Command, taken: () => void = () => {}): void {
    const id = `c${this.#commands++}`;
    this.controller.submit({ kind: 'command', id, who: 'operator', command });
    if (this.answers.get(id)?.ok) taken();
  }

  /** Virtual time since it began, in milliseconds. */
  get age(): number {
    return this.timeline.now - this.#began;
  }

  runFor(hours: number): void {
    this.timeline.runUntil(this.timeline.now + hours * HOUR);
  }

  /** From now on nothing is lost, nobody crashes, all lines are up. */
  heal(): void {
    this.isHealed = true;
    endSecond(this);
    for (const agent of this.agents.values()) {
      this.setClock(agent, 0);
      this.#setCut(agent, false);
    }
  }

  note(line: string): void {
    this.steps += 1;
    this.#told.push(`${this.timeline.now} ${line}\n`);
    if (this.#told.length >= 1000) this.#hashTold();
    this.lines?.(`${new Date(this.timeline.now).toISOString()} ${line}`);
  }

  #hashTold(): void {
    this.#trace.update(this.#told.splice(0).join(''));
  }

  boxTime(agent: AgentNode): number {
    return this.timeline.now + agent.clockOff;
  }

  /** The clock of a box is set, by somebody or something: its timers go by it. */
  setClock(agent: AgentNode, off: number): void {
    if (agent.clockOff === off) return;
    // What drifts by seconds stays as wrong as it was told to be.
    const isFar = Math.abs(off - agent.clockOff) > clockErrorMax;
    agent.clockOff = off;
    agent.clockWasSet = true;
    // Holds end by the clock of the box: one that ended while it ran ahead does not come back.
    const { callHoldsUntil: _until, isCalled: _called, ...heard } = agent.heard;
    agent.heard = isFar ? { ...heard, clockSetBefore: agent.conns } : heard;
    this.invariants.clockSet(agent.site);
    agent.node.submit({ kind: 'woke' });
  }

  /** From now on the phone is another site's, and boots there after a while. */
  carry(phone: PhoneState, input: SimPhone['input'], wait: number): void {
    this.note(`${input.mac} goes from ${phone.input.site} to ${input.site}`);
    this.fleet.move(phone.input.mac, input);
    phone.input = input;
    this.invariants.carried(input.mac);
    this.desks.boot(phone, wait);
  }

  loginOf(row: Credential | undefined, holds: SealedSecret | undefined): number | 'refused' {
    const login = loginOf(row, holds);
    return login === 'refused' && this.#plant.opensDoor ? 0 : login;
  }

  #crashes(): CrashPoint | undefined {
    if (this.isHealed) return undefined;
    if (this.faults.diskFull > 0 && this.dice.chance(this.faults.diskFull)) return 'disk-full';
    if (!this.random.chance(this.faults.crash)) return undefined;
    return this.random.oneOf(['before-commit', 'after-commit'] as const);
  }

  #survive(commits: number): number {
    if (commits === 0 || this.faults.torn === 0 || !this.dice.chance(this.faults.torn)) return 0;
    return this.dice.whole(0, commits);
  }

  controllerNode(name: 'controller' | 'second'): ControllerNode {
    const isFirst = name === 'controller';
    const node: ControllerNode = new SimNode<ControllerTables, ControllerEvent, ControllerEffect>({
      name,
      empty: noController,
      volatile: controllerVolatile,
      timeline: this.timeline,
      step: (tables, event, now) => {
        const seen = this.#plant.controllerEvent?.(event) ?? event;
        const step = stepController({ tables }, seen, now);
        return this.#plant.controllerStep?.(step, { tables, event, now }) ?? step;
      },
      act: (effect) => this.#controllerActs(node, effect),
      crashes: () => (isFirst ? this.#crashes() : undefined),
      survive: (commits) => this.#survive(commits),
      crashed: () => this.#controllerDied(),
      checked: (event, step) => {
        this.note(
          `${name} ${event.kind} ${step.changes.length} ${step.effects.map((one) => one.kind).join()}`,
        );
        if (isFirst) this.invariants.afterController(event, step);
      },
      woke: { kind: 'woke' },
      started: (process) => ({ kind: 'started', run: `${name}-${process}` }),
    });
    return node;
  }

  /** Somebody copies the controller's disk, once all is ordered that shall be. */
  backUpController(): void {
    if (this.controller.isUp && this.isOrdered) this.#controllerCopy = this.controller.backup();
  }

  #controllerDied(): void {
    this.note('controller died');
    for (const agent of this.agents.values()) if (agent.side === this.controller) this.lose(agent);
    this.timeline.after(this.random.whole(1000, 10 * 60_000), () => {
      const { restoreController } = this.faults;
      if (this.#controllerCopy && !this.isHealed && this.dice.chance(restoreController)) {
        this.note('controller restored');
        this.controller.restore(this.#controllerCopy);
        this.invariants.controllerRestored();
      }
      this.controller.restart();
      for (const agent of this.agents.values()) this.#connect(agent);
    });
  }

  #agentNode(site: Id): AgentNode {
    const node = new SimNode<AgentTables, AgentEvent, AgentEffect>({
      name: site,
      empty: noAgent,
      volatile: [...agentVolatile, ...(this.#plant.agentForgets ?? [])],
      timeline: this.timeline,
      step: (tables, event, now) => {
        const seen = this.#plant.agentEvent?.(event) ?? event;
        const off = this.agents.get(site)?.clockOff ?? 0;
        const boxNow = (now + off) as EpochMs;
        const step = stepAgent({ site, version: '1', tables }, seen, boxNow);
        const taken = this.#plant.agentStep?.(step, { tables, event, now: boxNow }) ?? step;
        if (off === 0 || taken.wakeAt === undefined) return taken;
        return { ...taken, wakeAt: (taken.wakeAt - off) as EpochMs };
      },
      act: (effect) => this.#agentActs(this.agent(site), effect),
      mayWait,
      crashes: () => this.#crashes(),
      survive: (commits) => this.#survive(commits),
      crashed: () => this.#agentDied(this.agent(site)),
      checked: (event, step) => {
        this.note(
          `${site} ${event.kind} ${step.changes.length} ${step.effects.map((one) => one.kind).join()}`,
        );
        const agent = this.agent(site);
        agent.heard = heardAlso(agent.heard, event, this.boxTime(agent));
        this.invariants.afterAgent(site, event, step);
      },
      woke: { kind: 'woke' },
      started: () => ({ kind: 'started' }),
    });
    const line = { conn: undefined, side: this.controller, conns: 0, isCut: false };
    return { site, node, ...line, backup: undefined, heard: {}, shelf: new Set(), clockOff: 0 };
  }

  agent(site: Id): AgentNode {
    const agent = this.agents.get(site);
    if (!agent) throw new Error(`no agent at ${site}`);
    return agent;
  }

  #agentDied(agent: AgentNode): void {
    this.note(`${agent.site} died`);
    // Whether the last word of the freeze file was committed before it died is not known here.
    agent.heard = { ...agent.heard, isFrozen: false };
    this.lose(agent);
    this.timeline.after(this.random.whole(1000, 15 * 60_000), () => {
      if (agent.backup && !this.isHealed && this.random.chance(this.faults.restore)) {
        agent.node.restore(agent.backup);
        agent.heard = {};
        this.invariants.restored(agent.site);
      }
      agent.node.restart();
      this.#connect(agent);
    });
  }

  // The line: a connection can be lost at any time; both sides learn of it late, or never.

  #connect(agent: AgentNode): void {
    this.timeline.after(this.random.whole(100, 30_000), () => {
      const isElsewhere = this.second?.isUp === true && this.dice.chance(0.4);
      const side = isElsewhere && this.second ? this.second : this.controller;
      if (agent.conn || agent.isCut || !agent.node.isUp || !side.isUp) return;
      agent.side = side;
      const conn = `${agent.site}-${agent.conns++}`;
      agent.conn = conn;
      agent.node.submit({ kind: 'link-up', conn });
    });
  }

  lose(agent: AgentNode): void {
    const { conn, side } = agent;
    if (!conn) return;
    agent.conn = undefined;
    this.timeline.after(this.random.whole(100, 90_000), () => {
      agent.node.submit({ kind: 'link-down', conn });
      this.#connect(agent);
    });
    this.deliver(agent, true, () =>
      side.submit({ kind: 'last-will', site: agent.site, will: { kind: 'lwt', conn } }),
    );
  }

  #setCut(agent: AgentNode, isCut: boolean): void {
    agent.isCut = isCut;
    if (isCut) this.lose(agent);
    else this.#connect(agent);
  }

  #weather(agent: AgentNode): void {
    this.timeline.after(HOUR, () => {
      if (this.isHealed) return;
      if (this.random.chance(0.1) && agent.node.isUp) agent.backup = agent.node.backup();
      if (!agent.isCut && this.random.chance(this.faults.partition)) {
        this.#setCut(agent, true);
        this.timeline.after(this.random.whole(60_000, 40 * HOUR), () => this.#setCut(agent, false));
      }
      const isUp = () => agent.node.isUp;
      troubleAtSite({ isUp, submit: (event) => agent.node.submit(event) }, this);
      this.#weather(agent);
    });
  }

  /** Loses, delays and doubles; what is under way when the line breaks may still arrive. */
  deliver(agent: AgentNode, evenWhenCut: boolean, arrive: () => void): void {
    if (!evenWhenCut && (agent.isCut || !agent.conn)) return;
    if (!this.isHealed && this.random.chance(this.faults.loss)) return;
    const copies = !this.isHealed && this.random.chance(this.faults.duplication) ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      // Lines are quick for most of the time, and now and then very slow.
      this.timeline.after(1 + this.random.fraction() ** 3 * this.faults.delayMs, arrive);
    }
  }

  #controllerActs(side: ControllerNode, effect: ControllerEffect): void {
    switch (effect.kind) {
      case 'answer':
        this.answers.set(effect.id, effect.result);
        return undefined;
      case 'send-ack': {
        const agent = this.agent(effect.site);
        if (agent.side !== side) return undefined;
        return this.deliver(agent, false, () =>
          agent.node.submit({ kind: 'acked', ack: this.#wire.through(effect.site, effect.ack) }),
        );
      }
      case 'send-plan': {
        const agent = this.agent(effect.site);
        if (agent.side !== side) return undefined;
        const plan = this.#leased(effect.plan);
        return this.deliver(agent, false, () =>
          agent.node.submit(this.#wire.planAt(this.boxTime(agent), effect, plan)),
        );
      }
      case 'cut-site':
      case 'ask-check':
        return undefined;
      case 'send-halt':
        for (const agent of this.agents.values()) {
          if (agent.side !== side || (effect.site && effect.site !== agent.site)) continue;
          this.deliver(agent, false, () =>
            agent.node.submit({ kind: 'halt-came', halt: effect.halt }),
          );
        }
        return undefined;
      default:
        return effect satisfies never;
    }
  }

  #leased(plan: Plan): Plan {
    if (this.#leaseMs === undefined) return plan;
    return { ...plan, startUntil: plan.startUntil - startsFor + this.#leaseMs };
  }

  /** The agent names the plan as it was made. */
  #unleased<M extends Extract<AgentEffect, { kind: 'send' }>['message']>(message: M): M {
    if (this.#leaseMs === undefined || message.kind === 'report') return message;
    const planUntil = message.planUntil && message.planUntil + startsFor - this.#leaseMs;
    return planUntil === undefined ? message : { ...message, planUntil };
  }

  #agentActs(agent: AgentNode, effect: AgentEffect): void {
    switch (effect.kind) {
      case 'send':
        return this.#sendUp(agent, effect);
      case 'fetch-image':
        return fetchImage(this, agent, effect.digest);
      case 'wake-phone':
        this.invariants.asksFirst(agent, effect);
        return this.desks.wake(agent, effect.mac, effect.start);
      case 'set-rate':
        return tellLine(agent, effect);
      case 'move-rescues':
        return undefined;
      case 'make-secret': {
        const { mac, generation } = effect;
        const fingerprint = fingerprintOf(`${mac}${generation} ${this.steps}`);
        const sealed = String(this.steps);
        agent.node.submit({ kind: 'secret-made', mac, generation, sealed, fingerprint });
        return undefined;
      }
      default:
        return effect satisfies never;
    }
  }

  #sendUp(agent: AgentNode, effect: Extract<AgentEffect, { kind: 'send' }>): void {
    const { site, side } = agent;
    const message = this.#unleased(effect.message);
    this.deliver(agent, false, () => this.#wire.arriveUp(side, site, { ...effect, message }));
  }
}
