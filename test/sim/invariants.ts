import type { Release } from '@ringwave/firmware-catalog/release';
import { countsInGate } from '@ringwave/protocol/faults';
import { holdsSlot, isFinal } from '@ringwave/protocol/phases';
import type { Plan, PlanPhone } from '@ringwave/protocol/messages';
import { draftOf } from '@ringwave/protocol/tables';
import type { Id, Mac } from '@ringwave/protocol/units';
import { clockErrorMax } from '../../agent/core/clock-check.ts';
import type { AgentEffect, AgentEvent, AgentTables, Work } from '../../agent/core/state.ts';
import { replan } from '../../controller/core/plan.ts';
import type {
  ControllerEffect,
  ControllerEvent,
  ControllerTables,
  PhoneInput,
} from '../../controller/core/state.ts';
import type { Step } from '@ringwave/runtime/step-loop';
import type { PhoneState } from './desk.ts';
import { BondInvariants } from './bond-invariants.ts';
import { beyondTold } from './told-limits.ts';
import { permitsFetch, permitsStart } from './wall-clock.ts';
import { WaveInvariants } from './wave-invariants.ts';
import { loginOf } from './weather.ts';
import type { AgentNode, World } from './world.ts';

// What must hold after every step. Each is checked against the world's own truth, not against what the
// programs believe.

export class Violation extends Error {}

type WakeEffect = Extract<AgentEffect, { kind: 'wake-phone' }>;

/** No plan follows from these. */
const plansIgnore: readonly string[] = ['presence', 'owed', 'agents', 'audit', 'notices'];

const phonesBySite = ({ fleet }: World): ReadonlyMap<string, readonly PhoneInput[]> =>
  Map.groupBy(
    fleet.phones.map((one) => one.input),
    (one) => one.site,
  );

export class Invariants {
  readonly #world: World;
  readonly #revisions = new Map<Id, number>();
  readonly #begun = new Map<string, { readonly start: number; readonly process: number }>();
  readonly #starts = new Map<Id, readonly number[]>();
  readonly #waves: WaveInvariants;
  readonly bonds: BondInvariants;
  #controllerNews = 0;
  #isCarried = false;
  #isRegrouped = false;
  #phonesAt: ReadonlyMap<string, readonly PhoneInput[]>;

  constructor(world: World) {
    this.#world = world;
    this.#phonesAt = phonesBySite(world);
    const fail = (rule: string, detail: string) => this.#fail(rule, detail);
    this.#waves = new WaveInvariants(world, fail);
    this.bonds = new BondInvariants(world, fail);
  }

  #fail(rule: string, detail: string): never {
    throw new Violation(
      `${rule}: ${detail} at ${new Date(this.#world.timeline.now).toISOString()}`,
    );
  }

  /** Who wakes, does nothing and wants to be woken at once never sleeps again. */
  #sleeps(who: string, event: { kind: string }, step: Step<never, unknown>): void {
    const isIdle = event.kind === 'woke' && step.changes.length + step.effects.length === 0;
    if (isIdle && step.wakeAt !== undefined && step.wakeAt <= this.#world.timeline.now)
      this.#fail('a wake that does nothing asks for no other at once', who);
  }

  afterAgent(site: Id, event: AgentEvent, step: Step<AgentTables, AgentEffect>): void {
    this.#sleeps(site, event, step);
    if (event.kind === 'wake-answered' && event.answer === 'busy') this.#leavesAlone(site, event);
    const touched = step.changes.filter(
      (change) => change.table === 'work' || change.table === 'plan',
    );
    if (touched.length === 0) return;
    const tables = this.#world.agents.get(site)?.node.tables;
    if (!tables) return;
    this.#withinLimits(site, tables);
    this.#generationRises(site, tables);
    for (const change of touched) {
      const work = change.table === 'work' ? tables.work.get(change.key) : undefined;
      if (!work) continue;
      const phone = this.#world.phones.get(work.mac);
      if (work.phase === 'done' && phone && phone.running !== phone.target) {
        this.#fail(
          'never done without evidence',
          `${work.mac} runs ${phone.running}, target ${phone.target}`,
        );
      }
      this.#saysWhy(work);
      if (holdsSlot(work.phase)) this.bonds.underWay(work.mac);
      this.#triesEnd(work);
    }
  }

  /** Who says to be in a call is left alone. */
  #leavesAlone(site: Id, { mac, start }: Extract<AgentEvent, { kind: 'wake-answered' }>): void {
    const work = this.#world.agents.get(site)?.node.tables.work.get(mac);
    if (work?.starts === start && work.phase === 'offered')
      this.#fail('never a start in a call', `${mac} said that it was busy`);
  }

  /** A rollout that may start phones in idle minutes alone has each asked whether it is idle. */
  asksFirst(agent: AgentNode, { mac, mustBeIdle }: WakeEffect): void {
    const plan = heardPlan(agent);
    const urgency = plan?.phones.find((one) => one.mac === mac)?.work?.urgency ?? 'window';
    if (urgency !== 'window' && !mustBeIdle)
      this.#fail('never a start in a call', `${mac} is not asked whether it is idle`);
  }

  /** The whole of an image has come over the line of a site. A minute is for whoever begins just before the hour. */
  imageCame({ site, node, heard, clockWasSet }: AgentNode): void {
    const { now } = this.#world.timeline;
    const rules = this.#world.fleet.sites.find((one) => one.id === site);
    const isTold = heardPlan({ heard, node })?.wanBudget !== undefined;
    if (!rules || !isTold || !node.isUp || clockWasSet) return;
    if (!permitsFetch(rules, now) && !permitsFetch(rules, now - 60_000))
      this.#fail('never a byte above what the line may carry', site);
  }

  #saysWhy({ mac, phase, why }: Work): void {
    if (isFinal(phase)) return;
    if (why.reason.length === 0) this.#fail('a waiting phone says why', mac);
    const isTimed = ['opening', 'retry', 'call'].includes(why.waitingFor);
    if (isTimed && why.nextAttemptAt === null && !holdsSlot(phase))
      this.#fail('a waiting phone says when it is tried next', `${mac} ${why.reason}`);
  }

  #triesEnd({ mac, rollout, failures, phase }: Work): void {
    const most = this.#world.orders.get(rollout)?.attemptsMax;
    if (most !== undefined && failures >= most && !isFinal(phase))
      this.#fail('no attempt beyond the last one', `${mac} after ${failures}`);
  }

  /** Against the fleet as it was set up, not against the plan that the agent believes in. */
  #withinLimits(site: Id, tables: AgentTables): void {
    const rules = this.#world.fleet.sites.find((one) => one.id === site);
    if (!rules) return;
    const phones = this.#phonesAt.get(site) ?? [];
    const isDown = (mac: Mac): boolean => {
      const work = tables.work.get(mac);
      return work !== undefined && holdsSlot(work.phase);
    };
    if (this.#isRegrouped) return;
    const down = phones.filter((phone) => isDown(phone.mac));
    if (down.length > rules.phonesUpdatingMax) {
      this.#fail('never above the slot limit', `${down.length} at ${site}`);
    }
    if (down.length > 1 && down.some((phone) => phone.emergency)) {
      this.#fail('emergency phones singly', site);
    }
    const most = rules.phonesPerSwitchMax ?? Infinity;
    for (const phone of down) {
      const beside = down.filter((one) => one.switch === phone.switch);
      if (beside.length > most)
        this.#fail('never above a switch’s limit', `${site} ${phone.switch}`);
      if (phone.pair && down.some((one) => one !== phone && one.pair === phone.pair))
        this.#fail('a pair is never down at once', `${site} ${phone.pair}`);
    }
    // Whoever carries a phone away may leave a group below its number: then each start is looked at alone.
    if (this.#isCarried) return;
    for (const group of rules.coverage) {
      const members = phones.filter((phone) => phone.coverageGroup === group.id);
      const gone = members.filter((phone) => isDown(phone.mac)).length;
      if (gone > 0 && members.length - gone < group.minUp) {
        this.#fail('coverage keeps k of n up', `${site} ${group.id}`);
      }
    }
  }

  /** They count until the box has been told that they are elsewhere, or back without their group. */
  #carriedAway(site: Id): readonly PlanPhone[] {
    if (!this.#isCarried) return [];
    const here = new Map(
      (this.#phonesAt.get(site) ?? []).map(({ mac, coverageGroup }) => [mac, coverageGroup]),
    );
    const plan = this.#world.agents.get(site)?.node.tables.plan.get('plan')?.plan;
    const isAsTold = ({ mac, coverageGroup }: PlanPhone) =>
      here.has(mac as Mac) && here.get(mac as Mac) === coverageGroup;
    return plan?.phones.filter((phone) => !isAsTold(phone)) ?? [];
  }

  /** A box restored from a backup knows less than it did: its numbers begin where the backup ends. */
  restored(site: Id): void {
    this.#revisions.delete(site);
    for (const phone of this.#world.fleet.phones) {
      this.#begun.delete(`${site}/${phone.input.mac}`);
      const state = this.#world.phones.get(phone.input.mac);
      // The backup may be older than the update in which it was lost.
      if (state && phone.input.site === site) state.isLost = false;
    }
  }

  /** A site that lost a phone from its plan and gets it back knows nothing of what was. */
  carried(mac: Mac): void {
    this.#isCarried = true;
    for (const site of this.#world.agents.keys()) this.#begun.delete(`${site}/${mac}`);
    this.#phonesAt = phonesBySite(this.#world);
  }

  /** Who was down together before may be of one group now: then each start is looked at alone, as its box was told. */
  regrouped(): void {
    this.#isRegrouped = true;
    this.#phonesAt = phonesBySite(this.#world);
  }

  /** It may give phones back to sites that they had left. */
  controllerRestored(): void {
    this.#begun.clear();
    this.#waves.restored();
    this.bonds.controllerRestored();
  }
  #generationRises(site: Id, tables: AgentTables): void {
    const revision = tables.plan.get('plan')?.plan.revision ?? 0;
    const before = this.#revisions.get(site) ?? 0;
    if (revision < before)
      this.#fail('generation never falls', `${site} from ${before} to ${revision}`);
    this.#revisions.set(site, revision);
  }

  /** A phone is being made to restart. */
  woken(site: Id, mac: Mac, start: number): void {
    const agent = this.#world.agents.get(site);
    const held = agent?.node.tables.plan.get('plan')?.plan;
    const work = agent?.node.tables.work.get(mac);
    if (!agent || !held || !work) return this.#fail('no start without a plan', mac);
    const last = this.#begun.get(`${site}/${mac}`);
    if (last && start < last.start)
      this.#fail('start numbers never fall', `${mac} ${start} after ${last.start}`);
    const isRepeat = start === last?.start;
    const { process } = agent.node;
    if (isRepeat && process === last.process)
      this.#fail('every start has its own number', `${mac} ${start}`);
    this.#begun.set(`${site}/${mac}`, { start, process });
    this.#asHeard(agent, mac);
    // A box that died between commit and effect repeats the same start.
    if (isRepeat) return;
    this.#spacedStarts(site, this.#world.timeline.now);
    if (agent.node.tables.holds.has('emergency-call') || agent.node.tables.holds.has('freeze'))
      this.#fail('no start while the site is held', site);
    this.#notPaused(agent, mac, work);
    const beyond = beyondTold(heardPlan(agent) ?? held, mac, agent.node.tables.work);
    if (beyond) this.#fail('a start keeps the limits that its box was told', `${mac}: ${beyond}`);
    this.#clockIsRight(agent, mac);
    this.#coversLost(site, mac);
  }

  /** Against what the agent was told and has committed, not against what it makes of it. */
  #asHeard({ site, heard, node, clockOff }: AgentNode, mac: Mac): void {
    const now = this.#world.timeline.now + clockOff;
    const plan = heardPlan({ heard, node });
    const counter = node.tables.halt.get('halt')?.counter ?? 0;
    if (heard.halt?.halted && heard.halt.counter >= counter) this.#fail('a halt is obeyed', mac);
    if (heard.isFrozen) this.#fail('no start while a site is frozen', mac);
    if (now < (heard.callHoldsUntil ?? 0)) this.#fail('no start around an emergency call', mac);
    if (!plan) return;
    if (plan.freeze && now < (plan.freeze.until ?? Number.POSITIVE_INFINITY))
      this.#fail('no start in a freeze from headquarters', mac);
    if (now >= plan.startUntil) this.#fail('never a start after startUntil', mac);
    const urgency = plan.phones.find((one) => one.mac === mac)?.work?.urgency;
    const rules = this.#world.fleet.sites.find((one) => one.id === site);
    const isFree = urgency === 'any-idle-minute';
    // A plan that came just now knows no day that is over, whatever a box's clock says.
    const isOver = isFree && rules && permitsStart(rules, this.#world.timeline.now, isFree);
    if (rules && !isOver && !permitsStart(rules, now, isFree))
      this.#fail('never a start outside an opening', `${mac} at ${site}`);
  }

  #notPaused(agent: AgentNode, mac: Mac, { rollout }: Work): void {
    if (heardPlan(agent)?.pausedRollouts.some((one) => one.rollout === rollout))
      this.#fail('pause is obeyed', mac);
  }

  /** A connection that began after its clock went wrong has told the agent so. */
  #clockIsRight({ site, heard, node, clockOff }: AgentNode, mac: Mac): void {
    const link = node.tables.link.get('link');
    if (!link?.answered || Math.abs(clockOff) <= 2 * clockErrorMax) return;
    if (Number(link.conn.slice(site.length + 1)) >= (heard.clockSetBefore ?? 0))
      this.#fail('no start on a clock that is known to be wrong', mac);
  }

  /** A phone that went away in its update counts as down until it shows itself. */
  #coversLost(site: Id, mac: Mac): void {
    const work = this.#world.agents.get(site)?.node.tables.work;
    if (this.#isRegrouped) return;
    const rules = this.#world.fleet.sites.find((one) => one.id === site);
    const mine = [...this.#world.phones.values()].filter((one) => one.input.site === site);
    const started = mine.find((one) => one.input.mac === mac)?.input;
    const isGone = (phone: PhoneState): boolean => {
      const known = work?.get(phone.input.mac);
      return phone.isLost === true || (known !== undefined && holdsSlot(known.phase));
    };
    const group = rules?.coverage.find((one) => one.id === started?.coverageGroup);
    const members = mine.filter((one) => group && one.input.coverageGroup === group.id);
    const gone = members.filter((one) => one.input.mac === mac || isGone(one)).length;
    const away = this.#carriedAway(site).filter((one) => one.coverageGroup === group?.id).length;
    if (group && members.length + away - gone < group.minUp)
      this.#fail('what was lost counts as down', `${mac} of ${group.id}`);
    const other = mine.find((one) => one.input.pair === started?.pair && one.input.mac !== mac);
    if (started?.pair && other?.isLost)
      this.#fail('what was lost counts as down', `${mac} of ${started.pair}`);
  }

  /** A phone takes an image that its agent serves to it: held to the release as it was imported. */
  served(
    { input, running, versions }: PhoneState,
    named: string,
    image: { readonly fileName: string; readonly sha256: string },
  ): void {
    const release = this.#world.fleet.releases.find((one) => one.id === named);
    if (!release) return this.#fail('an image is of a release', `${input.mac} gets ${named}`);
    if (!fitsPhone(release, input))
      this.#fail('an image fits its phone', `${input.mac} gets ${release.id}`);
    const own = release.images.find((one) => one.fileName === image.fileName);
    if (own?.sha256 !== image.sha256)
      this.#fail('an image is the one that was released', `${input.mac} gets ${image.fileName}`);
    const needs = release.requires?.fromAtLeast;
    if (needs && versions.indexOf(running) < versions.indexOf(needs))
      this.#fail('no stepping stone is skipped', `${input.mac} from ${running}`);
  }

  flashed({ input, running, versions }: PhoneState, version: string): void {
    if (versions.indexOf(version) < versions.indexOf(running))
      this.#fail('none is led back', `${input.mac} from ${running} to ${version}`);
  }

  clockSet(site: Id): void {
    this.#starts.delete(site);
  }

  /** Told when a person's pause was taken, and before it is ended. */
  ordered(rollout: Id, what: 'paused' | 'resumed'): () => void {
    return () => this.#waves.ordered(rollout, what);
  }

  #spacedStarts(site: Id, now: number): void {
    const most = this.#world.fleet.sites.find((one) => one.id === site)?.restartsPerMinuteMax;
    const recent = [...(this.#starts.get(site) ?? []), now].filter((at) => now - at < 60_000);
    this.#starts.set(site, recent);
    if (most !== undefined && recent.length > most)
      this.#fail('never more starts in a minute than registrations', `${recent.length} at ${site}`);
  }

  afterController(event: ControllerEvent, step: Step<ControllerTables, ControllerEffect>): void {
    this.#sleeps('the controller', event, step);
    this.bonds.afterController(event.kind === 'started', step.changes);
    // What a controller committed and died of is seen by the next one, before phones tell more.
    if (event.kind === 'started' || step.changes.some(({ table }) => table === 'rollouts'))
      this.#waves.check();
    // Most steps take a sign of life and change nothing that a plan could follow from.
    const isNews = step.changes.some((change) => !plansIgnore.includes(change.table));
    if (isNews && ++this.#controllerNews % 64 === 0) this.#plansAreFresh();
    for (const change of step.changes) {
      if (change.table !== 'progress') continue;
      const progress = this.#world.controller.tables.progress.get(change.key);
      const phone = progress && this.#world.phones.get(progress.mac);
      if (progress?.phase === 'done' && phone && phone.running !== phone.target) {
        this.#fail('never done without evidence', `${phone.input.mac} at the controller`);
      }
    }
  }

  /** Made anew from all there is, every plan comes out as the one that was made when something changed. */
  #plansAreFresh(): void {
    const { tables } = this.#world.controller;
    const draft = draftOf(tables);
    for (const [site, { issuedAt }] of tables.plans) {
      if (replan(draft, site as Id, issuedAt))
        this.#fail('a plan follows from what is known', site);
    }
  }

  /** Once all lines have healed and all has come to rest. */
  atRest(): void {
    const { controller, agents, phones } = this.#world;
    for (const progress of controller.tables.progress.values()) {
      const agent = agents.get(progress.site);
      const work = agent?.node.tables.work.get(progress.mac);
      // A box restored from a backup may know less; that a phone is done is not taken back.
      const phone = phones.get(progress.mac);
      const isProven = progress.phase === 'done' && phone?.running === phone?.target;
      const isSame = work?.rollout !== progress.rollout || work.phase === progress.phase;
      if (work && !isSame && !isProven) {
        this.#fail(
          'reports arrive once links heal',
          `${progress.mac} is ${work.phase}, controller thinks ${progress.phase}`,
        );
      }
      // What waits behind another rollout has nothing that an agent could tell of it.
      const isFirst = work?.rollout === progress.rollout;
      if (isFirst && !isFinal(progress.phase) && !progress.waiting && progress.hops.length > 0) {
        this.#fail('a waiting phone says why', `${progress.mac} ${progress.phase}`);
      }
    }
    for (const rollout of controller.tables.rollouts.values()) this.#countsAdd(rollout.id);
    this.#plansHaveArrived();
    this.#roadsAreKnown();
    this.bonds.atRest();
    for (const { input, holds } of phones.values()) {
      const row = agents.get(input.site)?.node.tables.credentials.get(input.mac);
      const known = controller.tables.phones.get(input.mac)?.credential?.known;
      if (!holds && loginOf(row, holds) === 'refused')
        this.#fail('nobody is locked out', `${input.mac} never had a login`);
      const isTold = holds !== undefined && known?.fingerprint === holds.fingerprint;
      if (isTold && loginOf(row, holds) === 'refused')
        this.#fail('nobody is locked out', input.mac);
    }
    for (const phone of phones.values()) {
      const doubled = phone.flashes.length !== new Set(phone.flashes).size;
      if (doubled)
        this.#fail('no phone is updated twice', `${phone.input.mac} took ${phone.flashes.join()}`);
    }
    for (const { site, node } of agents.values()) {
      if (node.tables.outbox.size > 0 && !this.#world.controller.isUp) continue;
      if (node.tables.outbox.size > 0)
        this.#fail('every report arrives', `${node.tables.outbox.size} wait at ${site}`);
    }
  }

  /** Whatever a phone runs, sooner or later its road begins there. */
  #roadsAreKnown(): void {
    for (const { node } of this.#world.agents.values()) {
      for (const { mac, why, phase } of node.tables.work.values())
        if (!isFinal(phase) && /its way was not planned|is not for a/.test(why.reason))
          this.#fail('no phone waits beside its road', `${mac} ${why.reason}`);
    }
  }

  /** A number says which plan it is, also where two controllers have made plans. */
  #plansHaveArrived(): void {
    const { controller, agents, timeline } = this.#world;
    for (const { site, node } of agents.values()) {
      const made = controller.tables.plans.get(site);
      const held = node.tables.plan.get('plan')?.plan;
      // One that was made just now is under way.
      if (!made || timeline.now - made.issuedAt < 30 * 60_000) continue;
      if (held?.revision !== made.plan.revision)
        this.#fail('plans arrive once links heal', `${site} holds ${held?.revision ?? 'none'}`);
      // A planted bug that reads its plan otherwise would be found by this alone, whatever it does.
      if (this.#world.isPlanted) continue;
      if (JSON.stringify(held.phones) !== JSON.stringify(made.plan.phones))
        this.#fail('what a site holds is what was planned', `${site} ${held.revision}`);
    }
  }

  /** Counts kept by step equal counts taken by looking. */
  #countsAdd(rolloutId: Id): void {
    const { rollouts, progress } = this.#world.controller.tables;
    const rollout = rollouts.get(rolloutId);
    rollout?.waves.forEach((wave, index) => {
      const mine = [...progress.values()].filter(
        (one) => one.rollout === rolloutId && one.wave === index,
      );
      const done = mine.filter((one) => one.phase === 'done').length;
      const already = mine.filter((one) => one.phase === 'done' && one.already).length;
      const skipped = mine.filter((one) => one.phase === 'skipped').length;
      const others = mine.filter(
        ({ phase }) => isFinal(phase) && phase !== 'done' && phase !== 'skipped',
      );
      const aside = others.filter(
        ({ incident, leads, mac, fault }) =>
          (incident && incident !== mac && !leads) || !countsInGate(fault),
      ).length;
      const failed = others.length - aside;
      const { counts } = wave;
      if (
        counts.done !== done ||
        counts.failed !== failed ||
        counts.skipped !== skipped ||
        (counts.aside ?? 0) !== aside ||
        (counts.already ?? 0) !== already ||
        counts.total !== mine.length
      ) {
        this.#fail(
          'counts equal what is counted',
          `${wave.spec.name} ${JSON.stringify(counts)} is ${done}/${failed}/${skipped}`,
        );
      }
    });
  }
}

const fitsPhone = ({ vendor, models, hardware }: Release, phone: PhoneInput): boolean =>
  vendor === phone.vendor &&
  models.includes(phone.model) &&
  (!hardware || hardware.includes(phone.hardware ?? ''));

/** The newest of what it was told and what it holds: a power cut may have come between the two. */
function heardPlan({ heard, node }: Pick<AgentNode, 'heard' | 'node'>): Plan | undefined {
  const held = node.tables.plan.get('plan')?.plan;
  return heard.plan && heard.plan.revision >= (held?.revision ?? 0) ? heard.plan : held;
}
