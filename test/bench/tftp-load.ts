// Many phones at once, fetching one file over TFTP; every byte is compared. The network is simulated here, where the
// server cannot tell: received blocks and own answers are lost, answers are held back for the round trip.
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { readRequest } from '../agent/io/tftp-peer.ts';

export interface Load {
  readonly port: number;
  readonly fileName: string;
  readonly expected: Buffer;
  readonly clients: number;
  readonly blockBytes: number;
  readonly windowBlocks?: number;
  /** Of received blocks and of own answers alike. */
  readonly loss?: number;
  readonly roundTripMs?: number;
  /** After which a phone says the same again. */
  readonly repeatMs?: number;
}

export interface LoadResult {
  readonly seconds: number;
  /** One per client. */
  readonly transferMs: readonly number[];
  readonly firstReplyMs: readonly number[];
  /** Requests that were sent again because no answer came. */
  readonly repeatedRequests: number;
}

/** Times a phone says the same before the bench calls the transfer failed. */
const repeatsMax = 60;

/** Rejects where one client got other bytes or none. */
export async function loadTftp(load: Load): Promise<LoadResult> {
  const startedAt = performance.now();
  const clients = Array.from({ length: load.clients }, () => new Client(load));
  await Promise.all(clients.map((client) => client.fetch()));
  return {
    seconds: (performance.now() - startedAt) / 1000,
    transferMs: clients.map(({ tookMs }) => tookMs),
    firstReplyMs: clients.map(({ firstReplyMs }) => firstReplyMs),
    repeatedRequests: clients.reduce((sum, one) => sum + one.repeatedRequests, 0),
  };
}

class Client {
  readonly #load: Load;
  readonly #socket: Socket = createSocket('udp4');
  #received = 0;
  #block = 0;
  #told = 0;
  #toldGap = false;
  #repeats = 0;
  #windowBlocks = 1;
  #last: { bytes: Buffer; port: number };
  #end: (error?: Error) => void = () => {};
  #startedAt = 0;
  tookMs = 0;
  firstReplyMs = 0;
  repeatedRequests = 0;

  constructor(load: Load) {
    this.#load = load;
    const windowsize =
      load.windowBlocks === undefined ? {} : { windowsize: `${load.windowBlocks}` };
    const bytes = readRequest(load.fileName, { blksize: `${load.blockBytes}`, ...windowsize });
    this.#last = { bytes, port: load.port };
  }

  fetch(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setInterval(() => this.#again(), this.#load.repeatMs ?? 1000);
      this.#end = (error) => {
        clearInterval(timer);
        this.tookMs = performance.now() - this.#startedAt;
        // What is held back for the round trip still has to leave.
        setTimeout(() => this.#socket.close(), 2 * (this.#load.roundTripMs ?? 0));
        if (error) reject(error);
        else resolve();
      };
      this.#socket.on('message', (bytes, from) => {
        if (this.#take(bytes, from)) timer.refresh();
      });
      this.#socket.on('error', (error) => this.#end(error));
      this.#startedAt = performance.now();
      this.#transmit(this.#last);
    });
  }

  #again(): void {
    this.#repeats += 1;
    if (this.firstReplyMs === 0) this.repeatedRequests += 1;
    if (this.#repeats > repeatsMax) this.#end(new Error('no answer'));
    else this.#transmit(this.#last);
  }

  #transmit({ bytes, port }: { bytes: Buffer; port: number }): void {
    this.#last = { bytes, port };
    if (Math.random() < (this.#load.loss ?? 0)) return;
    const send = () => this.#socket.send(bytes, port, '127.0.0.1');
    if (this.#load.roundTripMs) setTimeout(send, this.#load.roundTripMs);
    else send();
  }

  /** True when it moved the transfer on. */
  #take(bytes: Buffer, from: RemoteInfo): boolean {
    if (Math.random() < (this.#load.loss ?? 0)) return false;
    this.firstReplyMs ||= performance.now() - this.#startedAt;
    if (bytes[1] === 5) this.#end(new Error(bytes.toString('latin1', 4)));
    if (bytes[1] === 6) return this.#accept(bytes, from);
    if (bytes[1] !== 3) return false;
    const step = (bytes.readUInt16BE(2) - this.#block) & 0xffff;
    if (step === 1) return this.#takeNext(bytes, from);
    // A gap is told once; a copy of the last block asks for the ACK that was lost.
    if (step < 0x8000 && !this.#toldGap && step > 1) {
      this.#toldGap = true;
      this.#acknowledge(from);
    } else if (step === 0 && this.#told === this.#block) this.#acknowledge(from);
    return false;
  }

  #accept(bytes: Buffer, from: RemoteInfo): boolean {
    const [, agreed] = /windowsize\0(\d+)\0/.exec(bytes.toString('latin1')) ?? [];
    this.#windowBlocks = Number(agreed ?? 1);
    if (this.#block > 0) return false;
    this.#acknowledge(from);
    return true;
  }

  #takeNext(bytes: Buffer, from: RemoteInfo): boolean {
    const { expected, blockBytes } = this.#load;
    const length = bytes.length - 4;
    if (expected.compare(bytes, 4, bytes.length, this.#received, this.#received + length) !== 0) {
      this.#end(new Error(`wrong bytes in block ${this.#block + 1}`));
      return true;
    }
    this.#block += 1;
    this.#received += length;
    this.#toldGap = false;
    this.#repeats = 0;
    const isLast = length < blockBytes;
    if (isLast || this.#block - this.#told >= this.#windowBlocks) this.#acknowledge(from);
    if (isLast) {
      const isWhole = this.#received === expected.length;
      this.#end(isWhole ? undefined : new Error(`${this.#received} bytes only`));
    }
    return true;
  }

  #acknowledge(to: RemoteInfo): void {
    this.#told = this.#block;
    const bytes = Buffer.from([0, 4, (this.#block >>> 8) & 0xff, this.#block & 0xff]);
    this.#transmit({ bytes, port: to.port });
  }
}
