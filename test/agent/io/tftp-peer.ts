// A phone's side of TFTP for tests and benchmarks: one socket, packets as they come, and a reader on top of it.
import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import {
  decodePacket,
  encodeAck,
  encodeRequest,
  type Packet,
} from '../../../agent/core/tftp/packet.ts';

export interface Arrived {
  readonly bytes: Buffer;
  readonly packet: Packet | undefined;
  readonly port: number;
}

export class TftpPeer {
  readonly #socket = createSocket('udp4');
  readonly #arrived: Arrived[] = [];
  #waiting: ((arrived: Arrived) => void) | undefined;

  static async open(address = '127.0.0.1'): Promise<TftpPeer> {
    const peer = new TftpPeer();
    peer.#socket.on('message', (bytes, from: RemoteInfo) => {
      const arrived = { bytes, packet: decodePacket(bytes), port: from.port };
      if (peer.#waiting) peer.#waiting(arrived);
      else peer.#arrived.push(arrived);
      peer.#waiting = undefined;
    });
    peer.#socket.bind(0, address);
    await once(peer.#socket, 'listening');
    return peer;
  }

  send(bytes: Buffer, port: number): void {
    this.#socket.send(bytes, port, '127.0.0.1');
  }

  next(): Promise<Arrived> {
    const first = this.#arrived.shift();
    if (first) return Promise.resolve(first);
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  /** Packets that came and were not looked at. */
  get left(): number {
    return this.#arrived.length;
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** Node sends in its next turn: closing at once would swallow the last ACK. */
  close(): void {
    setImmediate(() => this.#socket.close());
  }
}

export const readRequest = (
  fileName: string,
  options: Record<string, string> = {},
  mode = 'octet',
): Buffer =>
  encodeRequest({ kind: 'read', fileName, mode, options: new Map(Object.entries(options)) });

export type ReadResult =
  | {
      readonly kind: 'file';
      readonly bytes: Buffer;
      readonly options: Record<string, string>;
      readonly port: number;
    }
  | { readonly kind: 'error'; readonly code: number; readonly text: string };

/** Reads one file to its end, in order, without a timer: loopback loses nothing. */
export async function readFile(
  serverPort: number,
  fileName: string,
  options: Record<string, string> = {},
  mode?: string,
): Promise<ReadResult> {
  const peer = await TftpPeer.open();
  try {
    peer.send(readRequest(fileName, options, mode), serverPort);
    let agreed: Record<string, string> = {};
    const pieces: Buffer[] = [];
    for (;;) {
      const { packet, port } = await peer.next();
      if (packet?.kind === 'error') return { kind: 'error', code: packet.code, text: packet.text };
      if (packet?.kind === 'options') {
        agreed = Object.fromEntries(packet.options);
        peer.send(encodeAck(0), port);
      }
      if (packet?.kind !== 'data' || packet.block !== ((pieces.length + 1) & 0xffff)) continue;
      pieces.push(Buffer.from(packet.data));
      const isLast = packet.data.length < Number(agreed.blksize ?? 512);
      if (isLast || pieces.length % Number(agreed.windowsize ?? 1) === 0) {
        peer.send(encodeAck(pieces.length), port);
      }
      if (isLast) return { kind: 'file', bytes: Buffer.concat(pieces), options: agreed, port };
    }
  } finally {
    peer.close();
  }
}
