import { randomUUID } from 'node:crypto';
import type { Change } from '@ringwave/protocol/tables';
import { between, type EpochMs, ms, seconds } from '@ringwave/protocol/units';
import type { LiveDelta, LiveMessage, LiveSnapshot, SiteView } from '@ringwave/protocol/views';
import { type Clock, wallClock } from '@ringwave/runtime/clock';
import type { WebSocket } from 'ws';
import {
  phonesOfRollout,
  rolloutStance,
  siteChangesAt,
  sitesFrozenBy,
  siteStance,
  touchedBy,
} from '../core/stance.ts';
import type { ControllerTables } from '../core/state.ts';
import { haltView, phoneView, rolloutView, siteView } from '../core/views.ts';
import type { Engine } from './engine.ts';

// The live stream: a snapshot, then numbered deltas. A client that was away names the last number it has and
// gets what it missed, or a new snapshot where that is no longer kept.

/** Changes of this long go into one delta: more often than 10 times a second nobody can look. */
const gatherFor = ms(100);
/** A client that hears nothing for longer may take the line for dead. */
const pulseEvery = seconds(10);
/** About a minute and a half of a busy fleet; who was away for longer gets a snapshot. */
const deltasKept = 1000;
/** 5,000 phones are about 3 MB of snapshot; larger fleets are read by page. */
const phonesShownMax = 5000;
/** A client that has not taken this much is caught up with a snapshot once it has. */
const unsentBytesMax = 1024 * 1024;
/** Consoles at once; each costs a socket and a share of every delta. */
const clientsMax = 200;
/** Close codes of our own (RFC 6455 section 7.4.2): the session has ended. */
const closedLoggedOut = 4401;

interface Client {
  readonly socket: Pick<WebSocket, 'send' | 'close' | 'bufferedAmount' | 'on'>;
  readonly mayStay: () => boolean;
  isBehind: boolean;
}

interface Gathered {
  readonly phones: Set<string>;
  readonly rollouts: Set<string>;
  readonly sites: Set<string>;
}

export interface LiveOptions {
  readonly demo: boolean;
  /** For what people notice: a demonstration's own clock runs too fast for that. */
  readonly wall?: Clock;
}

export class Live {
  readonly #engine: Engine;
  readonly #isDemo: boolean;
  readonly #wall: Clock;
  readonly #epoch = randomUUID();
  readonly #clients = new Set<Client>();
  readonly #kept: LiveDelta[] = [];
  /** What was told last of each rollout and site, for the reasons that follow from it. */
  readonly #stances = new Map<string, string>();
  /** When each site changes by time alone; the timer is set for the earliest. */
  readonly #changesAt = new Map<string, EpochMs>();
  #seq = 0;
  #touched: Gathered = nothing();
  #isHaltTouched = false;
  #cancelGather: (() => void) | undefined;
  #cancelPulse: (() => void) | undefined;
  #timer: { readonly at: EpochMs; readonly cancel: () => void } | undefined;
  readonly #unsubscribe: () => void;

  constructor(engine: Engine, options: LiveOptions) {
    this.#engine = engine;
    this.#isDemo = options.demo;
    this.#wall = options.wall ?? wallClock();
    const { tables } = engine;
    for (const rollout of tables.rollouts.values()) {
      this.#stances.set(`rollout ${rollout.id}`, rolloutStance(rollout));
    }
    for (const site of tables.sites.values()) {
      this.#noteSite(siteView(tables, site, engine.clock.now()));
    }
    this.#unsubscribe = engine.onCommitted(({ changes }) => this.#gather(changes));
  }

  /**
   * Takes a connection in. `since` is the last number the client has, of `epoch`; once `mayStay` says no the
   * connection is closed.
   */
  join(
    socket: Client['socket'],
    last: { epoch?: string | undefined; since?: number | undefined },
    mayStay: () => boolean = () => true,
  ): void {
    if (this.#clients.size >= clientsMax) return socket.close(1013, 'too many live views');
    this.#flush();
    const missed = this.#missedSince(last);
    for (const message of missed ?? [this.snapshot()]) socket.send(JSON.stringify(message));
    // Only now: what the snapshot has sent to the others is in it.
    const client: Client = { socket, mayStay, isBehind: false };
    this.#clients.add(client);
    socket.on('close', () => this.#clients.delete(client));
    socket.on('error', () => this.#clients.delete(client));
    this.#cancelPulse ??= this.#wall.after(pulseEvery, () => this.#pulse());
    // The last delta that was missed may be old; this one says what time it is.
    if (missed) this.#tell({});
  }

  /** Undefined when the gap cannot be filled from what is kept. */
  #missedSince({
    epoch,
    since,
  }: {
    epoch?: string | undefined;
    since?: number | undefined;
  }): LiveDelta[] | undefined {
    if (epoch !== this.#epoch || since === undefined || since > this.#seq) return undefined;
    const oldest = this.#kept[0]?.seq ?? this.#seq + 1;
    if (!(since + 1 >= oldest)) return undefined;
    return this.#kept.filter((delta) => delta.seq > since);
  }

  snapshot(): LiveSnapshot {
    this.#flush();
    const { tables, clock } = this.#engine;
    const now = clock.now();
    const phones = [];
    for (const phone of tables.phones.values()) {
      if (phones.length >= phonesShownMax) break;
      phones.push(phoneView(tables, phone, now));
    }
    return {
      kind: 'snapshot',
      epoch: this.#epoch,
      seq: this.#seq,
      at: now,
      demo: this.#isDemo,
      halt: haltView(tables),
      rollouts: [...tables.rollouts.values()].map((rollout) => rolloutView(tables, rollout)),
      sites: [...tables.sites.values()].map((site) => siteView(tables, site, now)),
      phones,
      phonesTotal: tables.phones.size,
    };
  }

  #gather(changes: readonly Change<ControllerTables>[]): void {
    for (const change of changes) {
      if (change.table === 'halt') this.#isHaltTouched = true;
      for (const site of sitesFrozenBy(this.#engine.tables, change)) this.#touched.sites.add(site);
      const touched = touchedBy(change);
      if (touched) this.#touched[`${touched.kind}s`].add(touched.key);
    }
    this.#flushSoon();
  }

  #flushSoon(): void {
    this.#cancelGather ??= this.#wall.after(gatherFor, () => this.#flush());
  }

  #flush(): void {
    this.#cancelGather?.();
    this.#cancelGather = undefined;
    const { phones, rollouts, sites } = this.#touched;
    if (phones.size + rollouts.size + sites.size === 0 && !this.#isHaltTouched) return;
    this.#touched = nothing();
    const { tables, clock } = this.#engine;
    const halt = this.#isHaltTouched ? { halt: haltView(tables) } : {};
    if (this.#isHaltTouched) this.#addPhonesInRollouts(phones);
    this.#isHaltTouched = false;
    const now = clock.now();
    const shownSites = viewed(sites, tables.sites, (one) => siteView(tables, one, now));
    for (const site of shownSites.views) this.#addPhonesOfSite(site, phones);
    for (const key of rollouts) this.#addPhonesOfRollout(key, phones);
    const shownRollouts = viewed(rollouts, tables.rollouts, (one) => rolloutView(tables, one));
    const shownPhones = viewed(phones, tables.phones, (one) => phoneView(tables, one, now));
    for (const site of shownSites.gone) this.#forgetSite(site);
    for (const rollout of shownRollouts.gone) this.#stances.delete(`rollout ${rollout}`);
    const gone = {
      sites: shownSites.gone,
      phones: shownPhones.gone,
      rollouts: shownRollouts.gone,
    };
    this.#tell({
      ...halt,
      ...(shownRollouts.views.length > 0 ? { rollouts: shownRollouts.views } : {}),
      ...(shownSites.views.length > 0 ? { sites: shownSites.views } : {}),
      ...(shownPhones.views.length > 0 ? { phones: shownPhones.views } : {}),
      ...(gone.sites.length + gone.phones.length + gone.rollouts.length > 0 ? { gone } : {}),
    });
  }

  /** A stop of all sites, and its end, is the reason of every phone that waits. */
  #addPhonesInRollouts(phones: Set<string>): void {
    const { tables } = this.#engine;
    for (const rollout of tables.rollouts.values()) {
      if (rollout.state !== 'running' && rollout.state !== 'paused') continue;
      for (const mac of phonesOfRollout(tables, rollout)) phones.add(mac);
    }
  }

  #addPhonesOfRollout(key: string, phones: Set<string>): void {
    const { tables } = this.#engine;
    const rollout = tables.rollouts.get(key);
    if (!rollout || !this.#isNews(`rollout ${key}`, rolloutStance(rollout))) return;
    for (const mac of phonesOfRollout(tables, rollout)) phones.add(mac);
    // Those that begin after it wait for something else once it has ended otherwise than it should.
    for (const other of tables.rollouts.values()) {
      if (other.state !== 'scheduled' || !other.after?.includes(rollout.id)) continue;
      for (const mac of phonesOfRollout(tables, other)) phones.add(mac);
    }
  }

  #addPhonesOfSite(site: SiteView, phones: Set<string>): void {
    if (!this.#noteSite(site)) return;
    for (const mac of this.#engine.tables.rosters.get(site.id) ?? []) phones.add(mac);
  }

  /** True where the reasons of its phones have changed with it. */
  #noteSite(site: SiteView): boolean {
    const at = siteChangesAt(site, this.#engine.clock.now());
    if (at === undefined) this.#changesAt.delete(site.id);
    else {
      this.#changesAt.set(site.id, at);
      this.#wakeAt(at);
    }
    return this.#isNews(`site ${site.id}`, siteStance(site));
  }

  #isNews(key: string, stance: string): boolean {
    if (this.#stances.get(key) === stance) return false;
    this.#stances.set(key, stance);
    return true;
  }

  #forgetSite(site: string): void {
    this.#stances.delete(`site ${site}`);
    this.#changesAt.delete(site);
  }

  #wakeAt(at: EpochMs): void {
    if (this.#timer && this.#timer.at <= at) return;
    this.#timer?.cancel();
    const { clock } = this.#engine;
    const cancel = clock.after(between(clock.now(), at), () => this.#timePassed());
    this.#timer = { at, cancel };
  }

  /** Sites that are shown differently now, though nothing was committed. */
  #timePassed(): void {
    this.#timer = undefined;
    const now = this.#engine.clock.now();
    let next: EpochMs | undefined;
    for (const [site, at] of this.#changesAt) {
      if (at <= now) this.#touched.sites.add(site);
      else if (next === undefined || at < next) next = at;
    }
    if (next !== undefined) this.#wakeAt(next);
    this.#flushSoon();
  }

  #pulse(): void {
    this.#cancelPulse = undefined;
    for (const client of this.#clients) {
      if (!client.mayStay()) client.socket.close(closedLoggedOut, 'the session has ended');
    }
    if (this.#clients.size === 0) return;
    this.#cancelPulse = this.#wall.after(pulseEvery, () => this.#pulse());
    // What is gathered goes first, so that a snapshot for one client sends nothing to the others in between.
    this.#flush();
    this.#tell({});
  }

  #tell(news: Omit<LiveDelta, 'kind' | 'epoch' | 'seq' | 'at'>): void {
    this.#seq += 1;
    const at = this.#engine.clock.now();
    const delta: LiveDelta = { kind: 'delta', epoch: this.#epoch, seq: this.#seq, at, ...news };
    this.#kept.push(delta);
    if (this.#kept.length > deltasKept) this.#kept.shift();
    const text = JSON.stringify(delta satisfies LiveMessage);
    for (const client of this.#clients) {
      const { socket } = client;
      if (socket.bufferedAmount > unsentBytesMax) client.isBehind = true;
      else if (client.isBehind) this.#catchUp(client);
      else socket.send(text);
    }
  }

  /** Its deltas were skipped; the snapshot already holds them. */
  #catchUp(client: Client): void {
    client.isBehind = false;
    client.socket.send(JSON.stringify(this.snapshot()));
  }

  close(): void {
    this.#unsubscribe();
    this.#cancelGather?.();
    this.#cancelPulse?.();
    this.#timer?.cancel();
    for (const { socket } of this.#clients) socket.close(1001, 'the controller stops');
  }
}

const nothing = (): Gathered => ({ phones: new Set(), rollouts: new Set(), sites: new Set() });

function viewed<T, V>(
  keys: Set<string>,
  from: Map<string, T>,
  view: (one: T) => V,
): { views: V[]; gone: string[] } {
  const views: V[] = [];
  const gone: string[] = [];
  for (const key of keys) {
    const one = from.get(key);
    if (one) views.push(view(one));
    else gone.push(key);
  }
  return { views, gone };
}
