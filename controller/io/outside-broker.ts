import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { upBytesMax } from '@ringwave/protocol/messages';
import { allTopic, downTopic, parseTopic, SHARDS, shardFilter } from '@ringwave/protocol/topics';
import { type DurationMs, type Id, minutes, seconds } from '@ringwave/protocol/units';
import type { Clock } from '@ringwave/runtime/clock';
import { dialBroker } from '@ringwave/runtime/io/mqtt-socket';
import { MqttClient } from 'mqtt';
import { sentBytesMax } from '../core/wire-rules.ts';
import type { Transport, TransportEvents } from '../transport.ts';

// The same wire through a broker that is not ours (mosquitto, RabbitMQ, NATS, EMQX): the controller is
// one MQTT client of it. Who may say what is the broker's to enforce (mosquitto.ts has the text for one);
// what arrives is checked again all the same.

/** Agents send a beat after 5 min of silence; half of that again, and the site counts as away. */
export const presenceLasts: DurationMs = (1.5 * minutes(5)) as DurationMs;
/** 2 s between attempts: one controller, so there is no storm to spread. */
const reconnectPeriod = seconds(2);
const connectTimeout = seconds(20);
/** 8 MiB unsent towards the broker: it has stopped reading; agents get what they miss after their next hello. */
const unsentBytesMax = 8 * 1024 * 1024;
const packetBytesMax = 256 * 1024;

export interface OutsideBrokerOptions extends TransportEvents {
  /** `mqtt://host:port` or `mqtts://host:port`. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** PEM; replaces the system's authorities. */
  readonly ca?: string;
  /** The shards this controller holds; all 64 unless others share the work. */
  readonly shards?: readonly string[];
  /** Measures presence. */
  readonly clock: Clock;
  /** Lost, with the reason, or back. Agents notice by themselves; the console should show it. */
  onWire?(up: boolean, reason?: string): void;
}

export const allShards = (): readonly string[] =>
  Array.from({ length: SHARDS }, (_, shard) => shard.toString(16).padStart(2, '0'));

/**
 * Resolves when subscribed. Fails with the broker's own word when the first attempt is refused; later
 * losses are mended by trying again.
 */
export async function openOutsideBroker(options: OutsideBrokerOptions): Promise<Transport> {
  const broker = new OutsideBroker(options);
  await broker.opened;
  return broker;
}

class OutsideBroker implements Transport {
  readonly opened: Promise<void>;
  readonly #options: OutsideBrokerOptions;
  readonly #client: MqttClient;
  readonly #presence = new Map<Id, () => void>();
  #socket: Socket | undefined;
  #reason = 'the connection was closed';

  constructor(options: OutsideBrokerOptions) {
    this.#options = options;
    this.#client = new MqttClient(() => this.#dial(), {
      protocolVersion: 4,
      clean: true,
      clientId: options.username,
      username: options.username,
      password: options.password,
      keepalive: 60,
      reschedulePings: false,
      reconnectPeriod,
      connectTimeout,
      resubscribe: false,
      queueQoSZero: false,
    });
    this.opened = this.#open();
  }

  send(site: Id, kind: Parameters<Transport['send']>[1], body: string | Buffer): boolean {
    return this.connected(site) && this.#publish(downTopic(site, kind), body);
  }

  sendAll(kind: Parameters<Transport['sendAll']>[0], body: string | Buffer): void {
    this.#publish(allTopic(kind), body);
  }

  /** Nothing in MQTT 3.1.1 lets one client end another's connection; its broker must drop the old password. */
  cut(): void {}

  connected(site: Id): boolean {
    return this.#presence.has(site);
  }

  async close(): Promise<void> {
    for (const cancel of this.#presence.values()) cancel();
    this.#presence.clear();
    this.#client.removeAllListeners('close');
    await new Promise<void>((done) => this.#client.end(!this.#client.connected, {}, () => done()));
    this.#socket?.destroy();
  }

  #dial(): Socket {
    const { url, ca } = this.#options;
    const socket = dialBroker({ url, ca, packetBytesMax });
    socket.on('error', (error) => (this.#reason = error.message));
    this.#socket = socket;
    return socket;
  }

  #open(): Promise<void> {
    const client = this.#client;
    client.on('message', (topic, payload, packet) => this.#take(topic, payload, packet.retain));
    client.on('error', (error) => (this.#reason = error.message));
    return new Promise((done, failed) => {
      let everUp = false;
      client.on('connect', () =>
        this.#subscribe((problem) => {
          if (problem) {
            this.#reason = problem;
            return this.#socket?.destroy();
          }
          everUp = true;
          this.#options.onWire?.(true);
          done();
        }),
      );
      client.on('close', () => {
        if (everUp) return this.#options.onWire?.(false, this.#reason);
        client.end(true);
        failed(new Error(`MQTT broker ${this.#options.url} cannot be used: ${this.#reason}`));
      });
    });
  }

  #subscribe(done: (problem?: string) => void): void {
    const filters = (this.#options.shards ?? allShards()).map(shardFilter);
    this.#client.subscribe(filters, { qos: 1 }, (error, granted) => {
      const refused = granted?.find(({ qos }) => qos === 128);
      if (error || refused)
        done(`it refused the subscription (${refused?.topic ?? error?.message})`);
      else done();
    });
  }

  #publish(topic: string, body: string | Buffer): boolean {
    assert(Buffer.byteLength(body) <= sentBytesMax, `${topic}: ${body.length} bytes are not sent`);
    // Without a connection MQTT.js would queue without bound; agents ask again after their next hello.
    if (!this.#client.connected || !this.#socket) return false;
    if (this.#socket.writableLength > unsentBytesMax) {
      this.#socket.destroy(new Error('the broker takes nothing any more'));
      return false;
    }
    this.#client.publish(topic, body, { qos: 1 }, () => {});
    return true;
  }

  #take(topic: string, payload: Buffer, retained: boolean): void {
    const parsed = parseTopic(topic);
    const isUp = parsed?.to === 'controller';
    if (!isUp || retained || payload.length > upBytesMax) {
      const why = isUp ? (retained ? 'retained' : `${payload.length} bytes`) : 'no topic of ours';
      const detail = `${topic.slice(0, 128)}: ${why}`;
      const client = isUp ? parsed.site : '';
      this.#options.onGuard({ kind: 'refused-publish', client, detail });
      return;
    }
    if (parsed.kind !== 'lwt') this.#seen(parsed.site);
    this.#options.onUp({ site: parsed.site, kind: parsed.kind, raw: payload });
  }

  #seen(site: Id): void {
    const cancel = this.#presence.get(site);
    cancel?.();
    const away = () => {
      this.#presence.delete(site);
      this.#options.onPresence?.(site, false);
    };
    this.#presence.set(site, this.#options.clock.after(presenceLasts, away));
    if (!cancel) this.#options.onPresence?.(site, true);
  }
}
