import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { ms } from '@ringwave/protocol/units';
import { type SteadyMs, steadyNow } from '@ringwave/runtime/clock';
import type { Terms } from '../core/tftp/options.ts';
import { decodePacket, ERROR_CODES, encodeError, encodeOptions } from '../core/tftp/packet.ts';
import {
  abortTransfer,
  beginTransfer,
  bytesAcknowledged,
  contentArrived,
  peerGone,
  type Sending,
  type Transfer,
  type TransferRecord,
  takePacket,
  takeRepeatedRequest,
  takeTimeout,
} from '../core/tftp/transfer.ts';
import {
  progressBytes,
  type ServedImage,
  type TransferObserver,
  type TransferSeen,
} from './file-source.ts';
import type { TftpBlocks } from './tftp-blocks.ts';

export interface Peer {
  readonly address: string;
  readonly port: number;
}

export interface ConversationOf {
  readonly localAddress: string;
  readonly peer: Peer;
  readonly image: ServedImage;
  readonly blocks: TftpBlocks;
  readonly terms: Terms;
  readonly seen: TransferSeen;
  readonly observer: TransferObserver;
  readonly onEnd: (record: TransferRecord) => void;
}

/**
 * One transfer on the wire: a socket of its own on a fresh port, connected to the phone's, so that the kernel drops
 * what strangers send. It decides nothing: every packet goes to the transfer machine, every answer comes from it.
 */
export class TftpConversation {
  readonly #of: ConversationOf;
  readonly #socket: Socket;
  readonly #transfer: Transfer;
  #connected = false;
  /** The disk owes the bytes of the present flight: nothing is due from the phone meanwhile. */
  #reading = false;
  #progressAt = progressBytes;
  #closed = false;

  constructor(of: ConversationOf) {
    this.#of = of;
    const begun = beginTransfer(of.terms, steadyNow());
    this.#transfer = begun.transfer;
    of.observer.transferBegan?.(of.seen);
    this.#socket = createSocket({
      type: isIPv6(of.localAddress) ? 'udp6' : 'udp4',
      // Both ends are given as numbers: the resolver's detour would only cost a turn of the loop.
      lookup: (host, _options, done) => done(null, host, isIPv6(host) ? 6 : 4),
    });
    this.#socket.on('message', (bytes, from) => this.#take(bytes, from));
    this.#socket.on('error', (error: NodeJS.ErrnoException) => this.#fail(error));
    this.#open(begun.sending);
  }

  #open(first: Sending): void {
    const { localAddress, peer } = this.#of;
    this.#socket.bind({ address: localAddress, port: 0, exclusive: true }, () => {
      if (this.#closed) return;
      this.#socket.connect(peer.port, peer.address, () => {
        if (this.#closed) return;
        this.#connected = true;
        this.#send(first);
      });
    });
  }

  get verified(): boolean {
    return this.#transfer.verified;
  }

  get startedAt(): SteadyMs {
    return this.#transfer.startedAt;
  }

  #take(bytes: Buffer, from: Peer): void {
    const { peer } = this.#of;
    // What a stranger sent between bind and connect is still in the queue.
    if (from.port !== peer.port || from.address !== peer.address) return;
    const packet = decodePacket(bytes);
    if (packet) this.#send(takePacket(this.#transfer, packet, steadyNow()));
  }

  /** Looks whether the phone's answer is overdue. */
  scan(now: SteadyMs): void {
    if (!this.#reading && now >= this.#transfer.wakeAt) {
      this.#send(takeTimeout(this.#transfer, now));
    }
  }

  repeatFirst(): void {
    this.#send(takeRepeatedRequest(this.#transfer, steadyNow()));
  }

  /** Ends the transfer from our side and tells the phone why. */
  abort(why: string): void {
    if (this.#closed) return;
    abortTransfer(this.#transfer, why, steadyNow());
    if (this.#connected) this.#socket.send(encodeError(ERROR_CODES.undefined, why));
    this.#close();
  }

  #fail(error: NodeJS.ErrnoException): void {
    // The phone's host answered that its port is closed: it has gone, or it has all it wanted.
    if (error.code === 'ECONNREFUSED') peerGone(this.#transfer, steadyNow());
    else abortTransfer(this.#transfer, error.message, steadyNow());
    this.#close();
  }

  #send(sending: Sending): void {
    if (this.#transfer.ended) return this.#close();
    if (!this.#connected || sending.kind === 'nothing') return;
    if (sending.kind === 'options') {
      this.#socket.send(encodeOptions(this.#transfer.terms.agreed));
      return;
    }
    // The present flight goes out when its bytes arrive, whatever the phone says meanwhile.
    if (this.#reading) return;
    const held = this.#of.blocks.hold(sending.first, sending.last);
    if (held !== true) return this.#await(held);
    for (let block = sending.first; block <= sending.last; block += 1) {
      this.#socket.send(this.#of.blocks.packet(block));
    }
    this.#report();
  }

  #await(held: Promise<unknown>): void {
    this.#reading = true;
    held.then(
      () => {
        this.#reading = false;
        this.#send(contentArrived(this.#transfer, steadyNow()));
      },
      (error: Error) => this.abort(`cannot read the file: ${error.message}`),
    );
  }

  #report(): void {
    const bytes = bytesAcknowledged(this.#transfer);
    if (bytes < this.#progressAt) return;
    this.#progressAt = bytes + progressBytes;
    this.#of.observer.transferProgress?.(this.#of.seen, bytes);
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close();
    const { image, observer, seen, onEnd } = this.#of;
    image.release?.();
    const record = this.#transfer.ended!;
    observer.transferEnded?.(seen, { ...record, durationMs: ms(record.durationMs) });
    onEnd(record);
  }
}
