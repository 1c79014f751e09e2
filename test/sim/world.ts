import { createHash } from 'node:crypto';
import {
  encode,
  decodeAck,
  decodeBeat,
  decodeHello,
  decodePlan,
  decodeReport,
} from '@ringwave/protocol/messages';
import type { EpochMs, Id, Mac, Sha256 } from '@ringwave/protocol/units';
import { stepAgent } from '../../agent/core/agent.ts';
import { mayWait } from '../../agent/core/may-wait.ts';
import { firmwareFor } from '../../agent/core/provisioning/read-request.ts';
import {
  type AgentEffect,
  type AgentEvent,
  type AgentTables,
  type SealedSecret,
  emptyTables as noAgent,
  volatileTables as agentVolatile,
} from '../../agent/core/state.ts';
import { stepController } from '../../controller/core/controller.ts';
import {
  type Command,
  type CommandResult,
  type ControllerEffect,
  type ControllerEvent,
  type ControllerTables,
  emptyTables as noController,
  volatileTables as controllerVolatile,
} from '../../controller/core/state.ts';
import type { Faults, Plant } from './faults.ts';
import { type SimFleet, simFleet, type SimPhone } from './fleet.ts';
import { Invariants } from './invariants.ts';
import { type CrashPoint, SimNode } from './node.ts';
import { Random } from './random.ts';
import { Timeline } from '../../rehearsal/timeline.ts';
import { through } from './wire.ts';
import { fingerprintOf, loginOf, registersSoon, troubleAtSite } from './weather.ts';

// A world of one controller, some agents and their phones: production steps, virtual time, faults by seed.

type Habit =
  | 'good'
  | 'refuses-image'
  | 'comes-back-old'
  | 'off'
  | 'in-call'
  | 'refuses-wake'
  | 'vanishes';

interface PhoneState extends SimPhone {
  running: string;
  habit: Habit;
  /** The newest secret that it was given. */
  holds?: SealedSecret;
  flashes: string[];
  /** Counts restarts, so that a late step of an earlier run does nothing. */
  run: number;
}

interface AgentNode {
  readonly site: Id;
  readonly node: SimNode<AgentTables, AgentEvent, AgentEffect>;
  conn: string | undefined;
  conns: number;
  isCut: boolean;
  backup: ReturnType<SimNode<AgentTables, AgentEvent, AgentEffect>['backup']> | undefined;
}

const HOUR = 3_600_000;
/** 2026-11-02T00:00Z, a Monday after the clocks have changed back in Europe and America. */
const EPOCH = Date.UTC(2026, 10, 2);

export class World {
  readonly random: Random;
  readonly timeline: Timeline;
  readonly fleet: SimFleet;
  readonly faults: Faults;
  readonly phones = new Map<string, PhoneState>();
  readonly agents = new Map<Id, AgentNode>();
  readonly controller: SimNode<ControllerTables, ControllerEvent, ControllerEffect>;
  readonly invariants: Invariants;
  readonly answers = new Map<string, CommandResult>();
  steps = 0;
  /** True once faults have ended: what was lost must now arrive. */
  isHealed = false;
  readonly #trace = createHash('sha256');
  readonly #plant: Plant;
  #commands = 0;

  constructor(
    seed: number,
    options: { faults: Faults; sites: number; phonesPerSite: number; plant?: Plant },
  ) {
    this.#plant = options.plant ?? {};
    this.random = new Random(seed);
    this.timeline = new Timeline((EPOCH + this.random.whole(0, 23) * HOUR) as EpochMs);
    this.faults = options.faults;
    this.fleet = simFleet(this.random, options);
    this.invariants = new Invariants(this);
    this.controller = this.#controllerNode();
    for (const site of this.fleet.sites) this.agents.set(site.id, this.#agentNode(site.id));
    for (const phone of this.fleet.phones) this.phones.set(phone.input.mac, this.#newPhone(phone));
  }

  #newPhone(phone: SimPhone): PhoneState {
    const habits: readonly Habit[] = [
      'refuses-image',
      'comes-back-old',
      'off',
      'in-call',
      'refuses-wake',
      'vanishes',
    ];
    const habit = this.random.chance(this.faults.oddPhones) ? this.random.oneOf(habits) : 'good';
    return { ...phone, running: phone.old, habit, flashes: [], run: 0 };
  }

  get trace(): string {
    return this.#trace.copy().digest('hex');
  }

  start(): void {
    this.controller.restart();
    for (const agent of this.agents.values()) {
      agent.node.restart();
      this.#connect(agent);
      if (this.faults.partition > 0) this.#weather(agent);
    }
    for (const phone of this.phones.values()) this.#boot(phone, this.random.whole(0, HOUR));
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
    const isConflict = !answer.ok && answer.refusals.every((one) => one.code === 'conflict');
    return tries > 1 && isConflict ? { ok: true } : answer;
  }

  runFor(hours: number): void {
    this.timeline.runUntil(this.timeline.now + hours * HOUR);
  }

  /** From now on nothing is lost, nobody crashes, all lines are up. */
  heal(): void {
    this.isHealed = true;
    for (const agent of this.agents.values()) this.#setCut(agent, false);
  }

  #note(line: string): void {
    this.steps += 1;
    this.#trace.update(`${this.timeline.now} ${line}\n`);
  }

  #crashes(): CrashPoint | undefined {
    if (this.isHealed || !this.random.chance(this.faults.crash)) return undefined;
    return this.random.oneOf(['before-commit', 'after-commit'] as const);
  }

  #controllerNode(): World['controller'] {
    return new SimNode<ControllerTables, ControllerEvent, ControllerEffect>({
      name: 'controller',
      empty: noController,
      volatile: controllerVolatile,
      timeline: this.timeline,
      step: (tables, event, now) => {
        const step = stepController({ tables }, event, now);
        return this.#plant.controllerStep?.(step) ?? step;
      },
      act: (effect) => this.#controllerActs(effect),
      crashes: () => this.#crashes(),
      crashed: () => this.#controllerDied(),
      checked: (event, step) => {
        this.#note(
          `controller ${event.kind} ${step.changes.length} ${step.effects.map((one) => one.kind).join()}`,
        );
        this.invariants.afterController(step);
      },
      woke: { kind: 'woke' },
      started: { kind: 'started' },
    });
  }

  #controllerDied(): void {
    this.#note('controller died');
    for (const agent of this.agents.values()) this.#lose(agent);
    this.timeline.after(this.random.whole(1000, 10 * 60_000), () => {
      this.controller.restart();
      for (const agent of this.agents.values()) this.#connect(agent);
    });
  }

  #agentNode(site: Id): AgentNode {
    const node = new SimNode<AgentTables, AgentEvent, AgentEffect>({
      name: site,
      empty: noAgent,
      volatile: agentVolatile,
      timeline: this.timeline,
      step: (tables, event, now) => {
        const seen = this.#plant.agentEvent?.(event) ?? event;
        const step = stepAgent({ site, version: '1', tables }, seen, now);
        return this.#plant.agentStep?.(step) ?? step;
      },
      act: (effect) => this.#agentActs(this.#agent(site), effect),
      mayWait,
      crashes: () => this.#crashes(),
      crashed: () => this.#agentDied(this.#agent(site)),
      checked: (event, step) => {
        this.#note(
          `${site} ${event.kind} ${step.changes.length} ${step.effects.map((one) => one.kind).join()}`,
        );
        this.invariants.afterAgent(site, event, step);
      },
      woke: { kind: 'woke' },
      started: { kind: 'started' },
    });
    return { site, node, conn: undefined, conns: 0, isCut: false, backup: undefined };
  }

  #agent(site: Id): AgentNode {
    const agent = this.agents.get(site);
    if (!agent) throw new Error(`no agent at ${site}`);
    return agent;
  }

  #agentDied(agent: AgentNode): void {
    this.#note(`${agent.site} died`);
    this.#lose(agent);
    this.timeline.after(this.random.whole(1000, 15 * 60_000), () => {
      if (agent.backup && !this.isHealed && this.random.chance(this.faults.restore)) {
        agent.node.restore(agent.backup);
        this.invariants.restored(agent.site);
      }
      agent.node.restart();
      this.#connect(agent);
    });
  }

  // The line: a connection can be lost at any time; both sides learn of it late, or never.

  #connect(agent: AgentNode): void {
    this.timeline.after(this.random.whole(100, 30_000), () => {
      if (agent.conn || agent.isCut || !agent.node.isUp || !this.controller.isUp) return;
      const conn = `${agent.site}-${agent.conns++}`;
      agent.conn = conn;
      agent.node.submit({ kind: 'link-up', conn });
    });
  }

  #lose(agent: AgentNode): void {
    const { conn } = agent;
    if (!conn) return;
    agent.conn = undefined;
    this.timeline.after(this.random.whole(100, 90_000), () => {
      agent.node.submit({ kind: 'link-down', conn });
      this.#connect(agent);
    });
    this.#deliver(agent, true, () =>
      this.controller.submit({ kind: 'last-will', site: agent.site, will: { kind: 'lwt', conn } }),
    );
  }

  #setCut(agent: AgentNode, isCut: boolean): void {
    agent.isCut = isCut;
    if (isCut) this.#lose(agent);
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
      troubleAtSite(agent.node, this);
      this.#weather(agent);
    });
  }

  /** Loses, delays and doubles; what is under way when the line breaks may still arrive. */
  #deliver(agent: AgentNode, evenWhenCut: boolean, arrive: () => void): void {
    if (!evenWhenCut && (agent.isCut || !agent.conn)) return;
    if (!this.isHealed && this.random.chance(this.faults.loss)) return;
    const copies = !this.isHealed && this.random.chance(this.faults.duplication) ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      this.timeline.after(this.random.whole(1, this.faults.delayMs), arrive);
    }
  }

  #controllerActs(effect: ControllerEffect): void {
    switch (effect.kind) {
      case 'answer':
        this.answers.set(effect.id, effect.result);
        return undefined;
      case 'send-ack': {
        const agent = this.#agent(effect.site);
        const ack = through(decodeAck, effect.ack);
        return this.#deliver(agent, false, () => agent.node.submit({ kind: 'acked', ack }));
      }
      case 'send-plan': {
        const agent = this.#agent(effect.site);
        const plan = through(decodePlan, effect.plan);
        return this.#deliver(agent, false, () => agent.node.submit({ kind: 'plan-came', plan }));
      }
      case 'cut-site':
      case 'ask-check':
        return undefined;
      case 'send-halt':
        for (const agent of this.agents.values()) {
          if (effect.site && effect.site !== agent.site) continue;
          this.#deliver(agent, false, () =>
            agent.node.submit({ kind: 'halt-came', halt: effect.halt }),
          );
        }
        return undefined;
      default:
        return effect satisfies never;
    }
  }

  #agentActs(agent: AgentNode, effect: AgentEffect): void {
    const { site } = agent;
    switch (effect.kind) {
      case 'send':
        return this.#deliver(agent, false, () => this.#arriveUp(site, effect));
      case 'fetch-image':
        return this.#fetch(agent, effect.digest);
      case 'wake-phone':
        return this.#wake(agent, effect.mac, effect.start);
      case 'set-rate':
        return undefined;
      case 'make-secret': {
        const { mac, generation } = effect;
        const fingerprint = fingerprintOf(`${mac}${generation} ${this.steps}`);
        agent.node.submit({
          kind: 'secret-made',
          mac,
          generation,
          sealed: String(this.steps),
          fingerprint,
        });
        return undefined;
      }
      default:
        return effect satisfies never;
    }
  }

  #arriveUp(site: Id, effect: Extract<AgentEffect, { kind: 'send' }>): void {
    const raw = encode(effect.message);
    if (effect.as === 'hello') {
      const decoded = decodeHello(raw);
      if (decoded.ok) this.controller.submit({ kind: 'hello', site, hello: decoded.message });
    } else if (effect.as === 'd') {
      const decoded = decodeReport(raw);
      if (!decoded.ok) throw new Error(`report refused: ${decoded.problems.join('; ')}`);
      this.controller.submit({ kind: 'report', site, report: decoded.message });
    } else {
      const decoded = decodeBeat(raw);
      if (decoded.ok) this.controller.submit({ kind: 'beat', site, beat: decoded.message });
    }
  }

  #fetch(agent: AgentNode, digest: Sha256): void {
    this.timeline.after(this.random.whole(10_000, 10 * 60_000), () => {
      const isLost = agent.isCut || (!this.isHealed && this.random.chance(this.faults.loss));
      if (isLost) agent.node.submit({ kind: 'image-failed', digest, fault: 'image-unreachable' });
      else agent.node.submit({ kind: 'image-held', digest, fetchedBytes: 30_000_000 });
    });
  }

  // Phones: what a real one shows at each moment, and nothing else.

  #wake(agent: AgentNode, mac: Mac, start: number): void {
    const phone = this.phones.get(mac);
    if (!phone) return;
    this.invariants.woken(agent.site, mac, start);
    const answer = (say: 'accepted' | 'busy' | 'refused' | 'silent') =>
      agent.node.submit({ kind: 'wake-answered', mac, start, answer: say });
    switch (phone.habit) {
      case 'off':
        return void this.timeline.after(32_000, () => answer('silent'));
      case 'refuses-wake':
        return void this.timeline.after(50, () => answer('refused'));
      case 'in-call':
        if (this.random.chance(0.3)) phone.habit = 'good';
        return void this.timeline.after(50, () => answer('busy'));
      default:
        this.timeline.after(50, () => answer('accepted'));
        this.#boot(phone, this.random.whole(20_000, 120_000));
        return undefined;
    }
  }

  #boot(phone: PhoneState, wait: number): void {
    phone.run += 1;
    const { run } = phone;
    this.timeline.after(wait, () => {
      if (phone.run === run && phone.habit !== 'off') this.#fetchConfig(phone, run);
    });
  }

  #fetchConfig(phone: PhoneState, run: number): void {
    const { input } = phone;
    const agent = this.#agent(input.site);
    if (!agent.node.isUp) return this.#boot(phone, 60_000);
    const generation = loginOf(agent.node.tables.credentials.get(input.mac), phone.holds);
    // To a phone that has proven a login once its file is for that login alone.
    if (generation === 'refused') return this.#boot(phone, HOUR);
    agent.node.submit({
      kind: 'phone-asked',
      mac: input.mac,
      vendor: input.vendor,
      model: input.model,
      version: phone.running,
      protocol: 'http',
      address: '127.0.0.9',
      means: 'phone-config',
      generation,
    });
    const planned = agent.node.tables.plan
      .get('plan')
      ?.plan.phones.find((one) => one.mac === input.mac);
    if (!planned || !agent.node.isUp) return;
    const firmware = firmwareFor(agent.node.tables, planned);
    const next = agent.node.tables.credentials.get(input.mac)?.next;
    if (next) phone.holds = next;
    agent.node.submit({ kind: 'config-served', mac: input.mac, generation: next?.generation ?? 0 });
    registersSoon(agent.node, input.mac, {
      timeline: this.timeline,
      isUp: () => phone.run === run,
    });
    if (!firmware || firmware.version === phone.running) return;
    const release = this.fleet.releases.find(
      (one) => one.vendor === input.vendor && one.version === firmware.version,
    );
    if (!release || phone.habit === 'refuses-image') return;
    const image = { mac: input.mac, release: release.id, fileName: firmware.fileName };
    agent.node.submit({ kind: 'image-began', ...image });
    if (phone.habit === 'vanishes') return;
    this.timeline.after(this.random.whole(20_000, 180_000), () => {
      if (phone.run !== run) return;
      // A box that died in the middle cuts the transfer: the phone gives up and asks again later.
      if (!agent.node.isUp) return this.#boot(phone, 120_000);
      agent.node.submit({ kind: 'image-left', ...image, whole: true });
      this.#flash(phone, firmware.version);
    });
  }

  #flash(phone: PhoneState, version: string): void {
    if (phone.habit !== 'comes-back-old') {
      phone.running = version;
      phone.flashes.push(version);
    }
    this.#boot(phone, this.random.whole(60_000, 240_000));
  }
}
