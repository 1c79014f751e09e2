import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import type { TftpHabit } from '../core/kind-quirks.ts';

// A phone's TFTP client (RFC 1350, 2347, 2348, 2349), one block at a time. It measures the wire, so its
// waits are the wall's.

export interface TftpAsk {
  readonly host: string;
  readonly port: number;
  /** As it goes on the wire, without a leading slash. */
  readonly fileName: string;
  readonly localAddress?: string;
  readonly options: TftpHabit;
  readonly signal: AbortSignal;
  /** Takes each block once, in order; 'stop' ends the transfer, a promise holds back the acknowledgement. */
  take(block: Buffer): 'stop' | Promise<void> | undefined;
  /** Whether the next packet, received or to be sent, gets lost. */
  loses?(): boolean;
}

export type TftpEnd =
  | { readonly kind: 'whole'; readonly bytes: number }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'cut'; readonly reason: string }
  | { readonly kind: 'refused'; readonly code: number; readonly text: string }
  | { readonly kind: 'unreachable' };

const blockBytesDefault = 512;
/** Until a packet without an answer is sent again. Phones wait 1 s and more; a laboratory need not. */
const resendsAfterMs = 400;
const resendsMax = 8;
/** How long the last acknowledgement is repeated where the server asks for it. */
const lingersMs = 1000;

export function tftpGet(ask: TftpAsk): Promise<TftpEnd> {
  return new Promise((resolve) => {
    const socket = createSocket(ask.host.includes(':') ? 'udp6' : 'udp4');
    const transfer = new Transfer(ask, socket, resolve);
    socket.on('error', (error) => transfer.end({ kind: 'cut', reason: error.message }));
    socket.bind({ port: 0, ...(ask.localAddress ? { address: ask.localAddress } : {}) }, () =>
      transfer.begin(),
    );
  });
}

class Transfer {
  readonly #ask: TftpAsk;
  readonly #socket: Socket;
  readonly #resolve: (end: TftpEnd) => void;
  #peer: number | undefined;
  #blockBytes = blockBytesDefault;
  #lengthBytes: number | undefined;
  /** The last block taken, counted without wrapping. */
  #block = 0;
  #bytes = 0;
  #last: Buffer = Buffer.alloc(0);
  #resends = 0;
  #timer: NodeJS.Timeout | undefined;
  #isEnded = false;
  #isTaking = false;
  #isOpen = true;

  constructor(ask: TftpAsk, socket: Socket, resolve: (end: TftpEnd) => void) {
    this.#ask = ask;
    this.#socket = socket;
    this.#resolve = resolve;
  }

  begin(): void {
    if (this.#ask.signal.aborted) return this.#abort();
    this.#ask.signal.addEventListener('abort', this.#abort, { once: true });
    this.#socket.on('message', (bytes, from) => this.#heard(bytes, from));
    const { blockBytes, asksLength } = this.#ask.options;
    const size = blockBytes === null ? '' : `blksize\0${blockBytes}\0`;
    const options = `${size}${asksLength ? 'tsize\x000\0' : ''}`;
    this.#send(Buffer.from(`\0\u0001${this.#ask.fileName}\0octet\0${options}`, 'utf8'));
  }

  readonly #abort = (): void => {
    this.end({ kind: 'cut', reason: 'the phone stopped' });
    this.#close();
  };

  #send(packet: Buffer): void {
    this.#last = packet;
    this.#resends = 0;
    this.#transmit();
  }

  #transmit(): void {
    if (!this.#isEnded) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#resend(), resendsAfterMs);
    }
    if (!this.#isOpen || this.#ask.loses?.()) return;
    this.#socket.send(this.#last, this.#peer ?? this.#ask.port, this.#ask.host, () => {});
  }

  #resend(): void {
    this.#resends += 1;
    if (this.#resends <= resendsMax) return this.#transmit();
    this.end(
      this.#peer === undefined ? { kind: 'unreachable' } : { kind: 'cut', reason: 'no answer' },
    );
  }

  #heard(bytes: Buffer, from: RemoteInfo): void {
    if (this.#ask.loses?.() || bytes.length < 4 || bytes[0] !== 0) return;
    // The first answer fixes the server's port (RFC 1350 section 4).
    if ((this.#peer ??= from.port) !== from.port) return;
    const word = bytes.readUInt16BE(2);
    if (bytes[1] === 3) this.#heardData(word, bytes.subarray(4));
    else if (bytes[1] === 6 && this.#block === 0) this.#heardOptions(bytes);
    else if (bytes[1] === 5) {
      this.end({
        kind: 'refused',
        code: word,
        text: bytes.toString('latin1', 4, bytes.length - 1),
      });
    }
  }

  #heardOptions(bytes: Buffer): void {
    const fields = bytes.toString('latin1', 2).split('\0');
    const valueOf = (name: string) => {
      const at = fields.findIndex((field) => field.toLowerCase() === name);
      return at < 0 ? undefined : Number(fields[at + 1]);
    };
    this.#blockBytes = valueOf('blksize') ?? blockBytesDefault;
    this.#lengthBytes = valueOf('tsize');
    this.#acknowledge();
  }

  #heardData(number: number, data: Buffer): void {
    if (number !== ((this.#block + 1) & 0xffff)) {
      // A block that came before: its acknowledgement got lost.
      if (number === (this.#block & 0xffff) && !this.#isTaking) this.#transmit();
      return;
    }
    if (this.#isEnded || this.#isTaking) return;
    this.#block += 1;
    this.#bytes += data.length;
    const taken = this.#ask.take(data);
    if (taken === 'stop') return this.#stop();
    if (taken === undefined) return this.#taken(data.length);
    this.#isTaking = true;
    clearTimeout(this.#timer);
    void taken.then(() => {
      this.#isTaking = false;
      if (!this.#isEnded) this.#taken(data.length);
    });
  }

  #taken(length: number): void {
    this.#acknowledge();
    if (length >= this.#blockBytes) return;
    const isShort = this.#lengthBytes !== undefined && this.#lengthBytes !== this.#bytes;
    this.end(
      isShort
        ? { kind: 'cut', reason: 'shorter than said' }
        : { kind: 'whole', bytes: this.#bytes },
    );
  }

  #acknowledge(): void {
    const packet = Buffer.from([0, 4, 0, 0]);
    packet.writeUInt16BE(this.#block & 0xffff, 2);
    this.#send(packet);
  }

  /** An ERROR tells the server that nobody waits any more. */
  #stop(): void {
    const packet = Buffer.from('\0\u0005\0\0not wanted\0', 'latin1');
    this.#socket.send(packet, this.#peer ?? this.#ask.port, this.#ask.host, () => {});
    this.end({ kind: 'stopped' });
  }

  end(end: TftpEnd): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    clearTimeout(this.#timer);
    this.#resolve(end);
    if (end.kind !== 'whole') return this.#close();
    this.#timer = setTimeout(() => this.#close(), lingersMs).unref();
  }

  #close(): void {
    clearTimeout(this.#timer);
    this.#ask.signal.removeEventListener('abort', this.#abort);
    if (this.#isOpen) this.#socket.close();
    this.#isOpen = false;
  }
}
