import { countsInGate } from '@ringwave/protocol/faults';
import { holdsSlot, isFinal } from '@ringwave/protocol/phases';
import { draftOf } from '@ringwave/protocol/tables';
import type { Id, Mac } from '@ringwave/protocol/units';
import type { AgentEffect, AgentEvent, AgentTables } from '../../agent/core/state.ts';
import { replan } from '../../controller/core/plan.ts';
import type { ControllerEffect, ControllerTables, Site } from '../../controller/core/state.ts';
import type { Step } from '@ringwave/runtime/step-loop';
import { loginOf } from './weather.ts';
import type { World } from './world.ts';

// What must hold after every step. Each is checked against the world's own truth, not against what the
// programs believe.

export class Violation extends Error {}

export class Invariants {
  readonly #world: World;
  readonly #revisions = new Map<Id, number>();
  readonly #begun = new Map<string, number>();
  readonly #starts = new Map<Id, readonly number[]>();
  #controllerSteps = 0;

  constructor(world: World) {
    this.#world = world;
  }

  #fail(rule: string, detail: string): never {
    throw new Violation(
      `${rule}: ${detail} at ${new Date(this.#world.timeline.now).toISOString()}`,
    );
  }

  afterAgent(site: Id, _event: AgentEvent, step: Step<AgentTables, AgentEffect>): void {
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
      if (!isFinal(work.phase) && work.why.reason.length === 0)
        this.#fail('a waiting phone says why', work.mac);
    }
  }

  /** Against the fleet as it was set up, not against the plan that the agent believes in. */
  #withinLimits(site: Id, tables: AgentTables): void {
    const rules = this.#world.fleet.sites.find((one) => one.id === site);
    if (!rules) return;
    const phones = this.#world.fleet.phones
      .map((one) => one.input)
      .filter((one) => one.site === site);
    const isDown = (mac: Mac): boolean => {
      const work = tables.work.get(mac);
      return work !== undefined && holdsSlot(work.phase);
    };
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
    for (const group of rules.coverage) {
      const members = phones.filter((phone) => phone.coverageGroup === group.id);
      const gone = members.filter((phone) => isDown(phone.mac)).length;
      if (gone > 0 && members.length - gone < group.minUp) {
        this.#fail('coverage keeps k of n up', `${site} ${group.id}`);
      }
    }
  }

  /** A box restored from a backup knows less than it did: its numbers begin where the backup ends. */
  restored(site: Id): void {
    this.#revisions.delete(site);
    for (const phone of this.#world.fleet.phones) {
      if (phone.input.site === site) this.#begun.delete(phone.input.mac);
    }
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
    const node = this.#world.agents.get(site)?.node;
    const plan = node?.tables.plan.get('plan')?.plan;
    const work = node?.tables.work.get(mac);
    if (!plan || !work) return this.#fail('no start without a plan', mac);
    const last = this.#begun.get(mac) ?? 0;
    if (start < last) this.#fail('start numbers never fall', `${mac} ${start} after ${last}`);
    const isRepeat = start === last;
    this.#begun.set(mac, start);
    // A box that died between commit and effect repeats the same start; that one may fall after the window.
    if (isRepeat) return;
    const { now } = this.#world.timeline;
    this.#spacedStarts(site, now);
    if (node.tables.holds.has('emergency-call') || node.tables.holds.has('freeze'))
      this.#fail('no start while the site is held', site);
    const rules = this.#world.fleet.sites.find((one) => one.id === site);
    if (rules && !isInsideWindow(rules, now))
      this.#fail('never a start outside an opening', `${mac} at ${site}`);
    if (now >= plan.startUntil) this.#fail('never a start after startUntil', mac);
    if (plan.pausedRollouts.some((one) => one.rollout === work.rollout))
      this.#fail('pause is obeyed', mac);
  }

  #spacedStarts(site: Id, now: number): void {
    const most = this.#world.fleet.sites.find((one) => one.id === site)?.restartsPerMinuteMax;
    const recent = [...(this.#starts.get(site) ?? []), now].filter((at) => now - at < 60_000);
    this.#starts.set(site, recent);
    if (most !== undefined && recent.length > most)
      this.#fail('never more starts in a minute than registrations', `${recent.length} at ${site}`);
  }

  afterController(step: Step<ControllerTables, ControllerEffect>): void {
    this.#controllerSteps += 1;
    if (this.#controllerSteps % 64 === 0) this.#plansAreFresh();
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
      if (work && work.rollout === progress.rollout && work.phase !== progress.phase) {
        this.#fail(
          'reports arrive once links heal',
          `${progress.mac} is ${work.phase}, controller thinks ${progress.phase}`,
        );
      }
      if (!isFinal(progress.phase) && !progress.waiting && progress.hops.length > 0) {
        this.#fail('a waiting phone says why', `${progress.mac} ${progress.phase}`);
      }
    }
    for (const rollout of controller.tables.rollouts.values()) this.#countsAdd(rollout.id);
    for (const { input, holds } of phones.values()) {
      const row = agents.get(input.site)?.node.tables.credentials.get(input.mac);
      const known = controller.tables.phones.get(input.mac)?.credential?.known;
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

  /** Counts kept by step equal counts taken by looking. */
  #countsAdd(rolloutId: Id): void {
    const { rollouts, progress } = this.#world.controller.tables;
    const rollout = rollouts.get(rolloutId);
    rollout?.waves.forEach((wave, index) => {
      const mine = [...progress.values()].filter(
        (one) => one.rollout === rolloutId && one.wave === index,
      );
      const done = mine.filter((one) => one.phase === 'done').length;
      const skipped = mine.filter((one) => one.phase === 'skipped').length;
      const others = mine.filter(
        ({ phase }) => isFinal(phase) && phase !== 'done' && phase !== 'skipped',
      );
      const aside = others.filter(
        ({ incident, mac, fault }) => (incident && incident !== mac) || !countsInGate(fault),
      ).length;
      const failed = others.length - aside;
      const { counts } = wave;
      if (
        counts.done !== done ||
        counts.failed !== failed ||
        counts.skipped !== skipped ||
        (counts.aside ?? 0) !== aside ||
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

const clocks = new Map<string, Intl.DateTimeFormat>();

/** The window rule read off the wall clock by Intl: independent of the arithmetic under test. */
function isInsideWindow(site: Site, now: number): boolean {
  const format =
    clocks.get(site.zone) ??
    new Intl.DateTimeFormat('en-GB', {
      timeZone: site.zone,
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
  clocks.set(site.zone, format);
  const wall = format.format(now);
  return site.windows.some(({ start, end = start }) =>
    start < end ? wall >= start && wall < end : wall >= start || wall < end,
  );
}
