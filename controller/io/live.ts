import { randomUUID } from 'node:crypto';
import type { Change } from '@ringwave/protocol/tables';
import type { LiveDelta, LiveSnapshot } from '@ringwave/protocol/views';
import type { WebSocket } from 'ws';
import type { ControllerTables } from '../core/state.ts';
import { phoneView, rolloutView, siteView } from '../core/views.ts';
import type { Engine } from './engine.ts';

// The live stream: a snapshot, then numbered deltas. A client that was away names the last number it has and
// gets what it missed, or a new snapshot where that is no longer kept.

/** Changes of this long go into one delta: more often than 10 times a second nobody can look. */
const gatherMs = 100;
/** About a minute and a half of a busy fleet; who was away for longer gets a snapshot. */
const deltasKept = 1000;
/** 5,000 phones are about 3 MB of snapshot; larger fleets are read by page. */
const phonesShownMax = 5000;
/** A client that has not taken this much is caught up with a snapshot once it has. */
const unsentBytesMax = 1024 * 1024;
/** Consoles at once; each costs a socket and a share of every delta. */
const clientsMax = 200;

interface Client {
  readonly socket: Pick<WebSocket, 'send' | 'close' | 'bufferedAmount' | 'on'>;
  isBehind: boolean;
}

interface Touched {
  readonly phones: Set<string>;
  readonly rollouts: Set<string>;
  readonly sites: Set<string>;
}

export class Live {
  readonly #engine: Engine;
  readonly #isDemo: boolean;
  readonly #epoch = randomUUID();
  readonly #clients = new Set<Client>();
  readonly #kept: LiveDelta[] = [];
  #seq = 0;
  #touched: Touched = nothing();
  #timer: NodeJS.Timeout | undefined;
  readonly #unsubscribe: () => void;

  constructor(engine: Engine, options: { demo: boolean }) {
    this.#engine = engine;
    this.#isDemo = options.demo;
    this.#unsubscribe = engine.onCommitted(({ changes }) => this.#gather(changes));
  }

  /** Takes a connection in. `since` is the last number the client has, of `epoch`. */
  join(
    socket: Client['socket'],
    last: { epoch?: string | undefined; since?: number | undefined },
  ): void {
    if (this.#clients.size >= clientsMax) return socket.close(1013, 'too many live views');
    const client: Client = { socket, isBehind: false };
    this.#clients.add(client);
    socket.on('close', () => this.#clients.delete(client));
    socket.on('error', () => this.#clients.delete(client));
    const missed = this.#missedSince(last);
    if (missed) for (const delta of missed) socket.send(JSON.stringify(delta));
    else socket.send(JSON.stringify(this.snapshot()));
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
    if (since + 1 < oldest) return undefined;
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
      rollouts: [...tables.rollouts.values()].map((rollout) => rolloutView(tables, rollout)),
      sites: [...tables.sites.values()].map((site) => siteView(tables, site, now)),
      phones,
      phonesTotal: tables.phones.size,
    };
  }

  #gather(changes: readonly Change<ControllerTables>[]): void {
    for (const { table, key } of changes) this.#touch(table, key);
    this.#timer ??= setTimeout(() => this.#flush(), gatherMs);
  }

  #touch(table: string, key: string): void {
    const { phones, rollouts, sites } = this.#touched;
    if (table === 'phones') phones.add(key);
    if (table === 'progress') phones.add(key.slice(key.indexOf('/') + 1));
    if (table === 'rollouts') rollouts.add(key);
    if (['sites', 'plans', 'presence', 'agents', 'rosters'].includes(table)) sites.add(key);
    if (table === 'notices') sites.add(key.slice(0, key.indexOf('/')));
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { phones, rollouts, sites } = this.#touched;
    if (phones.size + rollouts.size + sites.size === 0) return;
    this.#touched = nothing();
    const { tables, clock } = this.#engine;
    const now = clock.now();
    const shown = <T, V>(keys: Set<string>, from: Map<string, T>, view: (one: T) => V): V[] =>
      [...keys].flatMap((key) => {
        const one = from.get(key);
        return one ? [view(one)] : [];
      });
    this.#seq += 1;
    const delta: LiveDelta = {
      kind: 'delta',
      epoch: this.#epoch,
      seq: this.#seq,
      at: now,
      ...(rollouts.size > 0
        ? { rollouts: shown(rollouts, tables.rollouts, (one) => rolloutView(tables, one)) }
        : {}),
      ...(sites.size > 0
        ? { sites: shown(sites, tables.sites, (one) => siteView(tables, one, now)) }
        : {}),
      ...(phones.size > 0
        ? { phones: shown(phones, tables.phones, (one) => phoneView(tables, one, now)) }
        : {}),
    };
    this.#kept.push(delta);
    if (this.#kept.length > deltasKept) this.#kept.shift();
    this.#sendAll(delta);
  }

  #sendAll(delta: LiveDelta): void {
    const text = JSON.stringify(delta);
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
    clearTimeout(this.#timer);
    for (const { socket } of this.#clients) socket.close(1001, 'the controller stops');
  }
}

const nothing = (): Touched => ({ phones: new Set(), rollouts: new Set(), sites: new Set() });
