import type { Socket } from 'node:net';
import { envelopeCharsMax } from '@ringwave/protocol/envelope';
import { type Ack, decodeAck, encode, upBytesMax } from '@ringwave/protocol/messages';
import { agentFilters, parseTopic, type UpKind, upTopic } from '@ringwave/protocol/topics';
import { type EpochMs, type Id, laterBy, seconds } from '@ringwave/protocol/units';
import type { Clock } from '@ringwave/runtime/clock';
import { dialBroker } from '@ringwave/runtime/io/mqtt-socket';
import { MqttClient } from 'mqtt';
import { healthyAfter, reconnectWait, spreadDefault } from '../core/reconnect.ts';

// The agent's only line to the controller: MQTT 3.1.1, clean session, QoS 1. Nothing waits in here while
// the line is down (the outbox is the queue), and nothing that the broker acknowledges counts.

/** 20 s for TCP, TLS, CONNACK and SUBACK together; without it an overfull accept queue left stragglers for 2 min. */
const attemptLimit = seconds(20);
/** 2 s to say goodbye, so that the broker does not publish the last will of an agent that stops on purpose. */
const farewellLimit = seconds(2);
const keepaliveDefaultSeconds = 60;
/** 1 MiB unsent: the line has stopped taking anything; the outbox sends it again on the next connection. */
const unsentBytesMax = 1024 * 1024;
/** The longest envelope, with its topic. */
const packetBytesMax = envelopeCharsMax + 1024;

export interface LinkOptions {
  /** `mqtt://host:port` or `mqtts://host:port`. */
  readonly url: string;
  readonly site: Id;
  readonly password: string;
  /** PEM; replaces the system's authorities. */
  readonly ca?: string;
  /** Measures waits between attempts and how long a connection was healthy. */
  readonly clock: Clock;
  /** Measures what the network takes: the time limits of one attempt. */
  readonly wallClock: Clock;
  /** A new name for each connection; hello and the last will carry it. */
  readonly connId: () => string;
  /** 0 ≤ r < 1, fresh for each wait. */
  readonly random: () => number;
  readonly keepaliveSeconds?: number;
  /** Subscribed: hello may go out now. */
  onUp(conn: string): void;
  /** Lost, or an attempt failed. */
  onDown(down: { readonly reason: string; readonly nextAttemptAt: EpochMs }): void;
  onAck(ack: Ack): void;
  /** A signed envelope, unopened. */
  onPlan(token: string): void;
  onHalt(token: string): void;
  /** Something arrived that has no reader here; harmless, worth a log line. */
  onUnread?(topic: string, problem: string): void;
}

export interface ControllerLink {
  /** False when the line is down: the message is not kept. */
  send(kind: UpKind, body: Buffer): boolean;
  /** Says goodbye when it can; nothing is called afterwards. */
  close(): Promise<void>;
}

/** Connects at once, and again for as long as it is open. Never throws for what the network does. */
export function openControllerLink(options: LinkOptions): ControllerLink {
  const link = new Link(options);
  link.attempt();
  return link;
}

class Link implements ControllerLink {
  readonly #options: LinkOptions;
  #client: MqttClient | undefined;
  #socket: Socket | undefined;
  #conn = '';
  #upSince: EpochMs | undefined;
  #failures = 0;
  #spread = spreadDefault;
  #closed = false;
  #cancelTimer = () => {};

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  attempt(): void {
    const { url, ca, site, password, connId, wallClock } = this.#options;
    this.#conn = connId();
    const socket = dialBroker({ url, ca, packetBytesMax });
    const client = new MqttClient(() => socket, {
      protocolVersion: 4,
      clean: true,
      clientId: site,
      username: site,
      password,
      keepalive: this.#options.keepaliveSeconds ?? keepaliveDefaultSeconds,
      // Otherwise messages written into a dead line count as life, and it is never noticed.
      reschedulePings: false,
      reconnectPeriod: 0,
      resubscribe: false,
      queueQoSZero: false,
      connectTimeout: 2 * attemptLimit,
      will: lastWill(site, this.#conn),
    });
    this.#socket = socket;
    this.#client = client;
    const failed = (reason: string) => this.#fail(client, reason);
    socket.on('error', (error) => failed(error.message));
    client.on('error', (error) => failed(error.message));
    client.on('close', () => failed('the connection was closed'));
    client.on('connect', () => this.#subscribe(client));
    client.on('message', (topic, payload) => {
      if (client === this.#client) this.#route(topic, payload);
    });
    this.#cancelTimer = wallClock.after(attemptLimit, () => failed('no answer within 20 s'));
  }

  send(kind: UpKind, body: Buffer): boolean {
    const client = this.#client;
    if (this.#upSince === undefined || !client || !this.#socket) return false;
    if (body.length > upBytesMax) return false;
    if (this.#socket.writableLength > unsentBytesMax) {
      this.#fail(client, 'the line takes nothing any more');
      return false;
    }
    client.publish(upTopic(this.#options.site, kind), body, { qos: 1 }, () => {});
    return true;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelTimer();
    const client = this.#client;
    this.#client = undefined;
    if (!client) return;
    await new Promise<void>((done) => {
      const cancel = this.#options.wallClock.after(farewellLimit, done);
      client.end(!client.connected, {}, () => (cancel(), done()));
    });
    this.#socket?.destroy();
  }

  #subscribe(client: MqttClient): void {
    const filters = [...agentFilters(this.#options.site)];
    client.subscribe(filters, { qos: 1 }, (error, granted) => {
      if (client !== this.#client) return;
      const refused = granted?.some(({ qos }) => qos === 128);
      if (error || refused) return this.#fail(client, 'the broker refused the subscription');
      this.#cancelTimer();
      this.#upSince = this.#options.clock.now();
      this.#options.onUp(this.#conn);
    });
  }

  /** Ends the present connection or attempt, once, and arms the next. */
  #fail(client: MqttClient, reason: string): void {
    if (client !== this.#client || this.#closed) return;
    this.#client = undefined;
    this.#cancelTimer();
    client.end(true);
    this.#socket?.destroy();
    const { clock } = this.#options;
    const now = clock.now();
    const healthy = this.#upSince !== undefined && now - this.#upSince >= healthyAfter;
    if (healthy) this.#failures = 0;
    this.#upSince = undefined;
    const random = this.#options.random();
    const wait = reconnectWait({ failures: this.#failures, spread: this.#spread, random });
    this.#failures += 1;
    this.#cancelTimer = clock.after(wait, () => this.attempt());
    this.#options.onDown({ reason, nextAttemptAt: laterBy(now, wait) });
  }

  #route(topic: string, payload: Buffer): void {
    const { site } = this.#options;
    const parsed = parseTopic(topic);
    if (payload.length > envelopeCharsMax) return this.#unread(topic, `${payload.length} bytes`);
    if (parsed?.to === 'site' && parsed.site === site) {
      if (parsed.kind === 'ack') return this.#takeAck(topic, payload);
      if (parsed.kind === 'plan') return this.#options.onPlan(payload.toString('utf8'));
    }
    if (parsed?.to === 'all' && parsed.kind === 'halt')
      return this.#options.onHalt(payload.toString('utf8'));
    this.#unread(topic, 'no reader for this topic');
  }

  #takeAck(topic: string, payload: Buffer): void {
    const decoded = decodeAck(payload);
    if (!decoded.ok) return this.#unread(topic, decoded.problems.join('; '));
    this.#spread = seconds(decoded.message.spreadSeconds);
    this.#options.onAck(decoded.message);
  }

  #unread(topic: string, problem: string): void {
    this.#options.onUnread?.(topic.slice(0, 128), problem);
  }
}

const lastWill = (site: Id, conn: string) => ({
  topic: upTopic(site, 'lwt'),
  payload: encode({ kind: 'lwt', conn }),
  qos: 1 as const,
  retain: false,
});
