import { holdsSlot, isFinal } from '@ringwave/protocol/phases';
import type { Change } from '@ringwave/protocol/tables';
import type { Id, Mac } from '@ringwave/protocol/units';
import type { ControllerTables, Progress, Rollout } from '../../controller/core/state.ts';
import { bindAs } from './bonds.ts';
import type { PhoneState } from './desk.ts';
import type { World } from './world.ts';

// What must hold of bonds, against the inventory as it was ordered and against what phones really do: one after another,
// none before all can, none once one of them has ended without the version, and none that waits for nobody.

type Fail = (rule: string, detail: string) => void;

export class BondInvariants {
  readonly #world: World;
  readonly #fail: Fail;
  readonly #members = new Map<Id, Set<Mac>>();
  readonly #bondOf = new Map<string, Id>();
  /** Since when a phone is in the bond that it is in; none of the first ones is here. */
  readonly #tiedAt = new Map<string, number>();
  /** Those of a copy of the controller may be in other bonds there: what it lets go nobody here could know. */
  readonly #differs = new Set<string>();
  /** Parts that the controller has let go and that have not ended. */
  readonly #out = new Set<string>();
  /** Parts that have a road. */
  readonly #given = new Set<string>();
  readonly #letGoAt = new Map<string, number>();
  readonly #frozen = new Set<Id>();

  constructor(world: World, fail: Fail) {
    this.#world = world;
    this.#fail = fail;
    for (const { input } of world.fleet.phones) this.#tie(input.mac, input.bond);
  }

  get #isIdle(): boolean {
    return this.#members.size === 0;
  }

  #tie(mac: Mac, bond: Id | undefined): void {
    const before = this.#bondOf.get(mac);
    if (before !== undefined) this.#members.get(before)?.delete(mac);
    if (bond === undefined) return void this.#bondOf.delete(mac);
    this.#bondOf.set(mac, bond);
    const members = this.#members.get(bond);
    if (members) members.add(mac);
    else this.#members.set(bond, new Set([mac]));
  }

  /** Somebody changes its bond: until that is known to be taken it is in none that could be named. */
  asked(mac: Mac): void {
    this.#tie(mac, undefined);
  }

  tied(mac: Mac, bond: Id | undefined): void {
    this.#tie(mac, bond);
    this.#tiedAt.set(mac, this.#world.timeline.now);
    if (this.#world.second) this.#differs.add(mac);
    for (const key of this.#keysOf(mac)) this.#note(key, this.#progress(key));
  }

  frozen(site: Id, isFrozen: boolean): void {
    if (isFrozen) this.#frozen.add(site);
    else this.#frozen.delete(site);
  }

  /** The inventory is the one of the copy; whoever asked for something since has asked in vain. */
  controllerRestored(): void {
    this.#frozen.clear();
    const { disk } = this.#world.controller;
    for (const mac of this.#tiedAt.keys()) {
      this.#differs.add(mac);
      const bond = disk.phones.get(mac)?.bond;
      bindAs(this.#world, mac as Mac, bond);
      this.tied(mac as Mac, bond);
    }
    this.#readOut(disk);
  }

  #readOut({ progress }: Pick<ControllerTables, 'progress'>): void {
    this.#out.clear();
    this.#given.clear();
    for (const mac of this.#bondOf.keys())
      for (const key of this.#keysOf(mac as Mac)) this.#note(key, progress.get(key));
  }

  readonly #keysOf = (mac: Mac): string[] =>
    [...this.#world.orders.keys()].map((rollout) => `${rollout}/${mac}`);

  #progress(key: string): Progress | undefined {
    return this.#world.controller.tables.progress.get(key);
  }

  /** True where it has been let go just now. */
  #note(key: string, progress: Progress | undefined): boolean {
    if (progress && isOut(progress)) this.#out.add(key);
    else this.#out.delete(key);
    const hadRoad = this.#given.has(key);
    if (progress && progress.hops.length > 0) this.#given.add(key);
    else this.#given.delete(key);
    if (!progress || hadRoad || !isOut(progress) || progress.hops.length === 0) return false;
    this.#letGoAt.set(progress.mac, this.#world.timeline.now);
    // What a site says that it has begun goes on, whoever gave it.
    return !holdsSlot(progress.phase);
  }

  afterController(hasStarted: boolean, changes: readonly Change<ControllerTables>[]): void {
    if (this.#isIdle) return;
    // A step that was committed by a controller that died then was not shown here.
    if (hasStarted) this.#readOut(this.#world.controller.tables);
    const gone: Progress[] = [];
    for (const { table, key } of changes) {
      if (table !== 'progress' || !this.#bondOf.has(key.slice(key.indexOf('/') + 1))) continue;
      const progress = this.#progress(key);
      if (this.#note(key, progress) && progress) gone.push(progress);
    }
    for (const progress of gone) this.#mayGo(progress);
  }

  /** By the inventory: whoever carries a phone has said so before. */
  #siteOf(mac: Mac): Id | undefined {
    return this.#world.controller.tables.phones.get(mac)?.site;
  }

  #partners(mac: string): Mac[] {
    const bond = this.#bondOf.get(mac);
    const members = bond === undefined ? [] : [...(this.#members.get(bond) ?? [])];
    return members.filter((one) => one !== mac);
  }

  /** The controller has let this one go: whatever it can know of the others allows it. */
  #mayGo({ mac, rollout }: Progress): void {
    for (const other of this.#partners(mac)) {
      const phone = this.#world.phones.get(other);
      if (!phone || hasProven(phone)) continue;
      const which = `${mac} is let go, ${other}`;
      const out = this.#keysOf(other).find((key) => this.#out.has(key));
      if (out !== undefined)
        this.#fail('of a bond one at a time is let go', `${which} was in ${out}`);
      const part = this.#progress(`${rollout}/${other}`);
      if (!part) continue;
      this.#endedWithout(mac, part);
      // It was off when all began, and nobody switches one off or on.
      if (phone.habit === 'off')
        this.#fail('none of a bond begins before all can', `${which} was never seen`);
      // Of a freeze of its own site its agent knows, and starts nobody.
      const [site, own] = [this.#siteOf(other), this.#siteOf(mac)];
      if (site !== own && site !== undefined && this.#frozen.has(site))
        this.#fail('none of a bond begins before all can', `${which} is at a frozen site`);
      if (phone.isLost && this.#wasToldLost(other))
        this.#fail('one of a bond that was lost holds the others', which);
    }
  }

  /** A controller that has not heard of it, since its site is away or tells a copy of it, cannot know. */
  #wasToldLost(mac: Mac): boolean {
    const isLost = (part: Progress | undefined) =>
      part !== undefined && isFinal(part.phase) && part.fault === 'phone-silent-after-restart';
    return this.#keysOf(mac).some((key) => isLost(this.#progress(key)));
  }

  /** One that stays for the sake of another holds whom that other one holds: not that other one itself, which may try again. */
  #endedWithout(mac: Mac, { phase, fault, rollout, mac: other }: Progress): void {
    if (!isFinal(phase)) return;
    const isParted = fault === 'pair-parted';
    const because = isParted ? [...this.#partners(other), ...this.#pairOf(other)] : [other];
    for (const one of because) {
      const phone = this.#world.phones.get(one);
      const part = this.#progress(`${rollout}/${one}`);
      if (one === mac || !part || !phone || hasProven(phone)) continue;
      if (isFinal(part.phase) && part.fault !== 'pair-parted')
        this.#fail(
          'one of a bond that ends without the version holds the others',
          `${mac} is let go, ${one} is ${part.phase}`,
        );
    }
  }

  /** By the inventory: of a phone that was carried a controller that was put back may not know. */
  #pairOf(mac: Mac): Mac[] {
    const { phones, rosters } = this.#world.controller.tables;
    const { site, pair } = phones.get(mac) ?? {};
    if (site === undefined || pair === undefined) return [];
    const beside = rosters.get(site) ?? [];
    return beside.filter((one) => one !== mac && phones.get(one)?.pair === pair);
  }

  /** A phone is under way at its site. */
  underWay(mac: Mac): void {
    if (!this.#bondOf.has(mac)) return;
    const phone = this.#world.phones.get(mac);
    // A box that was put back may still wait for one that has shown the version.
    if (!phone || hasProven(phone)) return;
    for (const other of this.#partners(mac)) {
      const beside = this.#world.phones.get(other);
      if (!beside || hasProven(beside) || this.#couldNotKnow(mac, other)) continue;
      const work = this.#world.agents.get(beside.input.site)?.node.tables.work.get(other);
      if (work && holdsSlot(work.phase))
        this.#fail('two of a bond are never under way at once', `${mac} and ${other}`);
    }
  }

  /** One was let go before the two were in one bond: its site may be away, and start it whatever is said since. */
  #couldNotKnow(mac: Mac, other: Mac): boolean {
    if (this.#differs.has(mac) || this.#differs.has(other)) return true;
    const since = Math.max(this.#tiedAt.get(mac) ?? 0, this.#tiedAt.get(other) ?? 0);
    const isBefore = (one: Mac) => (this.#letGoAt.get(one) ?? 0) <= since;
    return since > 0 && (isBefore(mac) || isBefore(other));
  }

  /** Once all is at rest: whoever is held waits for somebody who is there, and says so. */
  atRest(): void {
    for (const rollout of this.#world.controller.tables.rollouts.values()) {
      if (rollout.endedAt !== undefined) continue;
      for (const mac of this.#bondOf.keys()) this.#waitsForSomebody(rollout, mac as Mac);
    }
  }

  #waitsForSomebody(rollout: Rollout, mac: Mac): void {
    const progress = this.#progress(`${rollout.id}/${mac}`);
    const wave = progress && rollout.waves[progress.wave];
    if (!progress || wave?.openedAt === undefined || (wave.paced?.waiting ?? 0) > 0) return;
    if (isFinal(progress.phase) || progress.hops.length > 0) return;
    if (!progress.waiting?.reason) this.#fail('a waiting phone says why', `${mac} of a bond`);
    const tied = this.#tiedTo(mac);
    if (!tied.some((one) => this.#hinders(one)))
      this.#fail('one of a bond waits for somebody', `${mac}: ${progress.waiting?.reason}`);
  }

  /** With those of the pairs at its site, and theirs. */
  #tiedTo(mac: Mac): Mac[] {
    const all = new Set<Mac>([mac]);
    for (const one of all)
      for (const other of [...this.#partners(one), ...this.#pairOf(one)]) all.add(other);
    return [...all];
  }

  #hinders(mac: Mac): boolean {
    const { phones, freezes } = this.#world.controller.tables;
    const { site, running } = phones.get(mac) ?? {};
    const agent = site && this.#world.agents.get(site);
    if (!agent || freezes.has(site) || agent.node.tables.holds.has('freeze')) return true;
    const mayBeLost = this.#world.phones.get(mac)?.habit === 'vanishes';
    return (
      running === undefined ||
      mayBeLost ||
      this.#keysOf(mac).some((key) => isOut(this.#progress(key)))
    );
  }
}

const isOut = (progress: Progress | undefined): boolean =>
  progress !== undefined &&
  !isFinal(progress.phase) &&
  (progress.hops.length > 0 || holdsSlot(progress.phase));

/** It runs the version, and has shown itself since. */
const hasProven = ({ running, target, isRestarting }: PhoneState): boolean =>
  running === target && isRestarting !== true;
