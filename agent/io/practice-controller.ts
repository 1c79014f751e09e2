import type { KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { seal } from '@ringwave/protocol/envelope';
import {
  type Ack,
  decodeHello,
  decodeReport,
  encode,
  type Plan,
} from '@ringwave/protocol/messages';
import { downTopic, type DownKind, parseTopic } from '@ringwave/protocol/topics';
import { type Id, laterBy, minutes } from '@ringwave/protocol/units';
import { wallClock } from '@ringwave/runtime/clock';
import { generate, type Packet, parser } from 'mqtt-packet';

export interface PracticeController {
  readonly port: number;
  /** Resolves when the agent holds its plan. */
  readonly planTaken: Promise<unknown>;
  close(): void;
}

/** A controller and its broker for one agent on this machine: gives it a plan, and takes and acknowledges what it reports. */
export async function openPracticeController(
  plan: Plan,
  key: { readonly id: string; readonly privateKey: KeyObject },
): Promise<PracticeController> {
  const taken = Promise.withResolvers<void>();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const reader = parser({ protocolVersion: 4 });
    const line = new Line(socket, plan, key, taken.resolve);
    reader.on('packet', (packet) => line.take(packet));
    reader.on('error', () => socket.destroy());
    socket.on('data', (bytes: Buffer) => reader.parse(bytes));
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    planTaken: taken.promise,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** QoS 1 both ways, as a controller's broker keeps it. */
class Line {
  readonly #socket: Socket;
  readonly #plan: Plan;
  readonly #token: string;
  readonly #planTaken: () => void;
  #sent = 0;
  #planId: number | undefined;

  constructor(
    socket: Socket,
    plan: Plan,
    key: { readonly id: string; readonly privateKey: KeyObject },
    planTaken: () => void,
  ) {
    this.#socket = socket;
    this.#plan = plan;
    this.#planTaken = planTaken;
    const issuedAt = wallClock().now();
    const expiresAt = laterBy(issuedAt, minutes(5));
    this.#token = seal(
      { kind: 'plan', audience: plan.site as Id, issuedAt, expiresAt, body: plan },
      key,
    );
  }

  take(packet: Packet): void {
    switch (packet.cmd) {
      case 'connect':
        return this.#say({ cmd: 'connack', returnCode: 0, sessionPresent: false });
      case 'subscribe': {
        const granted = packet.subscriptions.map(() => 1);
        this.#say({ cmd: 'suback', messageId: idOf(packet), granted });
        this.#planId = this.#publish('plan', this.#token);
        return undefined;
      }
      case 'publish':
        if (packet.qos === 1) this.#say({ cmd: 'puback', messageId: idOf(packet) });
        return this.#read(packet.topic, Buffer.from(packet.payload));
      case 'puback':
        if (packet.messageId === this.#planId) this.#planTaken();
        return undefined;
      case 'pingreq':
        return this.#say({ cmd: 'pingresp' });
      default:
        return undefined;
    }
  }

  #read(topic: string, payload: Buffer): void {
    const parsed = parseTopic(topic);
    if (parsed?.to !== 'controller') return;
    if (parsed.kind === 'hello') {
      const hello = decodeHello(payload);
      if (!hello.ok) return;
      const { conn, nextSeq } = hello.message;
      this.#acknowledge({ epoch: hello.message.epoch ?? 1, seq: nextSeq - 1, conn });
    } else if (parsed.kind === 'd') {
      const report = decodeReport(payload);
      if (report.ok)
        this.#acknowledge({ epoch: report.message.epoch, seq: report.message.lastSeq });
    }
  }

  #acknowledge(said: Pick<Ack, 'epoch' | 'seq' | 'conn'>): void {
    const often = { window: 4, minGapMs: 0, spreadSeconds: 1 };
    const ack: Ack = { kind: 'ack', ...said, ...often, controllerMs: wallClock().now() };
    this.#publish('ack', encode(ack));
  }

  #publish(kind: DownKind, payload: string | Buffer): number {
    const messageId = ((this.#sent += 1) % 65_535) + 1;
    const topic = downTopic(this.#plan.site as Id, kind);
    this.#say({ cmd: 'publish', topic, payload, qos: 1, messageId, dup: false, retain: false });
    return messageId;
  }

  #say(packet: Packet): void {
    if (this.#socket.writable) this.#socket.write(generate(packet));
  }
}

/** QoS 1 and subscriptions have one. */
const idOf = ({ messageId }: Packet): number => messageId ?? 0;
