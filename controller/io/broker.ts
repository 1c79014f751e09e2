import assert from 'node:assert/strict';
import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import tls, { type TlsOptions } from 'node:tls';
import { allTopic, downTopic, parseTopic, ROOT } from '@ringwave/protocol/topics';
import type { EpochMs, Id } from '@ringwave/protocol/units';
import type { Clock } from '@ringwave/runtime/clock';
import { Aedes, type Client } from 'aedes';
import {
  type Bucket,
  draw,
  floodWaitMax,
  listenBacklog,
  mayFollow,
  passwordBytesMax,
  publishFault,
  refusedFiltersMax,
  sentBytesMax,
  siteLogin,
  takeOversMax,
  takeOversOf,
  topicLevelsMax,
  type WireLimits,
  wireLimits,
} from '../core/wire-rules.ts';
import type { Transport, TransportEvents } from '../transport.ts';
import { limitPackets } from './packet-limit.ts';

// The broker inside the controller: aedes in memory, used as a wire. What agents publish is consumed in
// this process (a controller as MQTT client of its own aedes starves under load), and what goes down is
// written to each connection by itself (through the emitter one frozen agent would stop all others).

export interface BrokerOptions extends TransportEvents {
  readonly host: string;
  /** 0: any free port; the transport names it. */
  readonly port: number;
  readonly tls?: TlsOptions;
  /** Passwords in clear text beyond this machine are refused unless this says so. */
  readonly insecure?: boolean;
  /** Whether this password is the site's; compares in constant time. */
  readonly logins: (site: Id, password: string) => Promise<boolean> | boolean;
  readonly limits?: Partial<WireLimits>;
  /** Measures the rate of messages and the span of take-overs; socket time limits are real time. */
  readonly clock: Clock;
}

export interface Broker extends Transport {
  readonly port: number;
}

/** One connection that has logged in. */
interface Session {
  readonly client: Client;
  /** Filters in force, with the QoS granted. */
  readonly filters: Map<string, 0 | 1>;
  refusedFilters: number;
  /** Handed to aedes, which writes in a later turn, and not yet taken by the socket. */
  unwrittenBytes: number;
}

type PublishPacket = Parameters<Aedes['authorizePublish']>[1];
/** A message, or the last will that a connection left with its CONNECT. */
type Will = Pick<PublishPacket, 'topic' | 'payload'> & { qos?: number; retain?: boolean };
type ConnectPacket = Parameters<Aedes['preConnect']>[1];

/** A refusal that has been reported where it was decided. */
class Refusal extends Error {}

export async function openBroker(options: BrokerOptions): Promise<Broker> {
  if (!options.tls && !options.insecure && !isLoopback(options.host)) {
    throw new Error(
      `MQTT on ${options.host} without TLS would show every agent's password to the network: ` +
        'give a certificate and key, listen on 127.0.0.1, or say insecure: true',
    );
  }
  const broker = new EmbeddedBroker(options);
  await broker.listen();
  return broker;
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);

class EmbeddedBroker implements Broker {
  readonly #options: BrokerOptions;
  readonly #limits: WireLimits;
  readonly #aedes: Aedes;
  readonly #server: net.Server;
  readonly #sockets = new Set<Socket>();
  readonly #perAddress = new Map<string, number>();
  readonly #sessions = new Map<Id, Session>();
  readonly #buckets = new Map<Id, Bucket>();
  readonly #takeOvers = new Map<Id, readonly EpochMs[]>();
  /** Messages that wait for their turn: at most `floodWaitMax` of the rate for each site. */
  readonly #queued = new Set<() => void>();
  readonly #connects = new WeakMap<Client, ConnectPacket>();

  constructor(options: BrokerOptions) {
    this.#options = options;
    this.#limits = { ...wireLimits, ...options.limits };
    this.#aedes = this.#openAedes();
    this.#server = this.#openServer();
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async listen(): Promise<void> {
    await this.#aedes.listen();
    await new Promise<void>((done) => {
      this.#aedes.subscribe(`${ROOT}/up/#`, (packet, next) => (this.#take(packet), next()), done);
    });
    const { host, port } = this.#options;
    this.#server.listen({ host, port, backlog: listenBacklog });
    try {
      await once(this.#server, 'listening');
    } catch (cause) {
      this.#aedes.close();
      throw new Error(`MQTT cannot listen on ${host} port ${port}: ${String(cause)}`, { cause });
    }
    this.#server.on('error', (error) => this.#guardAddress(undefined, error.message));
  }

  send(site: Id, kind: Parameters<Transport['send']>[1], body: string | Buffer): boolean {
    const session = this.#sessions.get(site);
    return session !== undefined && this.#write(session, site, downTopic(site, kind), body);
  }

  sendAll(kind: Parameters<Transport['sendAll']>[0], body: string | Buffer): void {
    for (const [site, session] of this.#sessions) this.#write(session, site, allTopic(kind), body);
  }

  cut(site: Id): void {
    this.#sessions.get(site)?.client.close();
  }

  connected(site: Id): boolean {
    return (this.#sessions.get(site)?.filters.size ?? 0) > 0;
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const cancel of this.#queued) cancel();
    await new Promise<void>((done) => this.#aedes.close(() => done()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #openAedes(): Aedes {
    const limits = this.#limits;
    const aedes = new Aedes({
      drainTimeout: limits.drainTimeout,
      connectTimeout: limits.connectTimeout,
      keepaliveLimit: limits.keepaliveSecondsMax,
      maxTopicLevels: topicLevelsMax,
      preConnect: (client, packet, done) => {
        this.#connects.set(client, packet);
        done(null, true);
      },
      authenticate: (client, username, password, done) => {
        this.#admit(client, username, password).then(
          (reason) => (reason ? done(loginError(reason), null) : done(null, true)),
          () => done(loginError('the login could not be checked'), null),
        );
      },
      authorizePublish: (client, packet, done) => this.#judgePublish(client, packet, done),
      authorizeSubscribe: (client, subscription, done) => {
        const session = this.#sessionOf(client);
        if (session && mayFollow(client.id as Id, subscription.topic)) {
          return done(null, subscription);
        }
        this.#guard('refused-subscribe', client, `filter ${subscription.topic.slice(0, 128)}`);
        const flood = !session || ++session.refusedFilters > refusedFiltersMax;
        return flood ? done(new Refusal('too many refused filters')) : done(null, null);
      },
    });
    this.#listenTo(aedes);
    return aedes;
  }

  #listenTo(aedes: Aedes): void {
    aedes.on('client', (client) => {
      const session = { client, filters: new Map(), refusedFilters: 0, unwrittenBytes: 0 };
      this.#sessions.set(client.id as Id, session);
    });
    aedes.on('clientDisconnect', (client) => this.#forget(client));
    aedes.on('subscribe', (granted, client) => {
      for (const { topic, qos } of granted) this.#follow(client, topic, qos);
    });
    aedes.on('unsubscribe', (filters, client) => {
      for (const filter of filters) this.#sessionOf(client)?.filters.delete(filter);
    });
    aedes.on('clientError', (client, error) => this.#ended(client, error));
    aedes.on('connectionError', (client, error) => this.#ended(client, error));
    // aedes reports here what it cannot tie to a client; without a listener it would end the process.
    (aedes as NodeJS.EventEmitter).on('error', (error: Error) => {
      this.#options.onGuard({ kind: 'cut', client: '', detail: error.message });
    });
  }

  #openServer(): net.Server {
    const { tls: secure } = this.#options;
    const server = secure
      ? tls.createServer({ minVersion: 'TLSv1.2', handshakeTimeout: 10_000, ...secure })
      : net.createServer();
    server.maxConnections = this.#limits.connectionsMax;
    server.on('drop', () => this.#guardAddress(undefined, 'connections of the broker used up'));
    server.on('connection', (socket: Socket) => this.#count(socket));
    server.on(secure ? 'secureConnection' : 'connection', (socket: Socket) => {
      if (socket.destroyed) return;
      limitPackets(this.#aedes.handle(socket), this.#limits.packetBytesMax);
    });
    return server;
  }

  /** Counts a raw connection for its address, or ends it when the address has its share. */
  #count(socket: Socket): void {
    const address = socket.remoteAddress ?? '';
    const open = this.#perAddress.get(address) ?? 0;
    if (open >= this.#limits.connectionsPerAddressMax) {
      this.#guardAddress(address, 'connections of this address used up');
      socket.destroy();
      return;
    }
    this.#perAddress.set(address, open + 1);
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      const left = (this.#perAddress.get(address) ?? 1) - 1;
      if (left > 0) this.#perAddress.set(address, left);
      else this.#perAddress.delete(address);
    });
  }

  /** Why this client may not log in, or undefined. Nothing is said about which part was wrong. */
  async #admit(
    client: Client,
    username: string | undefined,
    password: Buffer | undefined,
  ): Promise<string | undefined> {
    const site = siteLogin(client.id, username);
    if (!site || !password || password.length > passwordBytesMax) return 'no such login';
    if (!(await this.#options.logins(site, password.toString('utf8')))) return 'no such login';
    const connect = this.#connects.get(client);
    if (!connect?.clean) return 'only clean sessions are kept';
    const fault = connect.will && publishFault(site, measured(connect.will));
    if (fault) return `last will: ${fault}`;
    if (this.#sessions.has(site)) this.#countTakeOver(site, client);
    return undefined;
  }

  #countTakeOver(site: Id, client: Client): void {
    const counted = takeOversOf(this.#takeOvers.get(site) ?? [], this.#options.clock.now());
    this.#takeOvers.set(site, counted);
    const many = counted.length >= takeOversMax;
    const detail = many
      ? `${counted.length} times in two minutes: two boxes use this identity`
      : 'a newer connection replaced the older one';
    this.#guard('taken-over', client, detail);
  }

  #judgePublish(client: Client | null, packet: Will, done: (error?: Error | null) => void): void {
    const fault = client ? publishFault(client.id as Id, measured(packet)) : 'no client';
    if (fault) {
      this.#guard('refused-publish', client, fault);
      return done(new Refusal(fault));
    }
    // The last will of a connection that has ended is one message, and waits for nobody's turn.
    if (!client || client.closed) return done(null);
    this.#queue(client, done);
  }

  /** Lets a message in when it is its turn; while it waits, aedes reads no more from this site. */
  #queue(client: Client, done: (error?: Error | null) => void): void {
    const { clock } = this.#options;
    const site = client.id as Id;
    const known = this.#buckets.get(site) ?? { dueAt: 0 as EpochMs };
    const { bucket, wait } = draw(known, clock.now(), this.#limits);
    if (wait > floodWaitMax) {
      this.#guard('refused-publish', client, 'too many messages');
      return done(new Refusal('too many messages'));
    }
    this.#buckets.set(site, bucket);
    if (wait === 0) return done(null);
    const cancel = clock.after(wait, () => {
      this.#queued.delete(cancel);
      done(client.closed ? new Refusal('closed') : null);
    });
    this.#queued.add(cancel);
  }

  #take(packet: PublishPacket): void {
    const topic = parseTopic(packet.topic);
    if (topic?.to !== 'controller') return;
    const raw = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload;
    this.#options.onUp({ site: topic.site, kind: topic.kind, raw });
  }

  #follow(client: Client, filter: string, qos: number): void {
    const session = this.#sessionOf(client);
    // 128 is a refusal; a subscription at QoS 2 gets what there is.
    if (!session || qos > 2) return;
    const wasDown = session.filters.size === 0;
    session.filters.set(filter, qos === 0 ? 0 : 1);
    if (wasDown) this.#options.onPresence?.(client.id as Id, true);
  }

  #forget(client: Client): void {
    if (!this.#sessionOf(client)) return;
    const site = client.id as Id;
    this.#sessions.delete(site);
    this.#options.onPresence?.(site, false);
  }

  /** The session of a connection, unless a newer connection of the site has replaced it. */
  #sessionOf(client: Client): Session | undefined {
    const session = this.#sessions.get(client.id as Id);
    return session?.client === client ? session : undefined;
  }

  #write(session: Session, site: Id, topic: string, body: string | Buffer): boolean {
    const payload = typeof body === 'string' ? Buffer.from(body) : body;
    assert(payload.length <= sentBytesMax, `${topic}: ${payload.length} bytes are not sent`);
    const { client, filters } = session;
    const qos = filters.get(topic.replace(/[^/]+$/, '#'));
    if (qos === undefined || client.closed) return false;
    const waiting = Math.max(session.unwrittenBytes, (client.conn as Socket).writableLength);
    if (waiting > this.#limits.unreadBytesMax) {
      client.emit('error', new Error(`does not read: ${waiting} bytes wait for ${site}`));
      return false;
    }
    session.unwrittenBytes += payload.length;
    const packet = { cmd: 'publish', topic, payload, qos, retain: false, dup: false } as const;
    client.publish(packet, () => (session.unwrittenBytes -= payload.length));
    return true;
  }

  /** Says why a connection was ended, unless it was said already or the line just broke. */
  #ended(client: Client, error: Error & { errorCode?: number; code?: string }): void {
    if (error instanceof Refusal || error.code !== undefined) return;
    this.#guard(error.errorCode === undefined ? 'cut' : 'refused-login', client, error.message);
  }

  #guard(kind: Guarded['kind'], client: Client | null, detail: string): void {
    const address = (client?.conn as Socket | undefined)?.remoteAddress ?? 'unknown address';
    this.#options.onGuard({ kind, client: (client?.id ?? address).slice(0, 64), detail });
  }

  #guardAddress(address: string | undefined, detail: string): void {
    this.#options.onGuard({ kind: 'cut', client: address ?? '', detail });
  }
}

type Guarded = Parameters<TransportEvents['onGuard']>[0];

const measured = ({ topic, qos, retain, payload }: Will) => ({
  topic,
  qos: qos ?? 0,
  retain: retain ?? false,
  lengthBytes: Buffer.byteLength(payload ?? ''),
});

/** 5 is "not authorized" of MQTT 3.1.1. */
const loginError = (reason: string) => Object.assign(new Error(reason), { returnCode: 5 as const });
