import { ms } from '@ringwave/protocol/units';
import { type SteadyMs, steadyNow } from '@ringwave/runtime/clock';
import type { Terms } from '../core/tftp/options.ts';
import { decodePacket, ERROR_CODES, encodeError, encodeOptions } from '../core/tftp/packet.ts';
import {
  abortTransfer,
  beginTransfer,
  bytesAcknowledged,
  contentArrived,
  isUnderWay,
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
import type { ByteBudget } from './byte-budget.ts';
import type { TftpBlocks } from './tftp-blocks.ts';
import type { Talk } from './tftp-live.ts';
import type { OpenWire, Peer, Wire } from './tftp-wire.ts';

export interface ConversationOf {
  readonly peer: Peer;
  readonly openWire: OpenWire;
  readonly budget: ByteBudget;
  readonly image: ServedImage;
  readonly blocks: TftpBlocks;
  readonly terms: Terms;
  readonly seen: TransferSeen;
  readonly observer: TransferObserver;
  /** Called once, when the phone's port has answered. */
  readonly onVerified: (talk: Talk) => void;
  readonly onEnd: (record: TransferRecord, transfer: Transfer) => void;
}

/**
 * One transfer on the wire. It decides nothing: every packet goes to the transfer machine, every answer comes from it.
 */
export class TftpConversation implements Talk {
  readonly #of: ConversationOf;
  readonly #wire: Wire;
  readonly #transfer: Transfer;
  #isOpen = false;
  /** The disk or the site's budget owes the present flight: nothing is due from the phone meanwhile. */
  #isHeldUp = false;
  #progressAt = progressBytes;
  #closed = false;

  constructor(of: ConversationOf) {
    this.#of = of;
    const begun = beginTransfer(of.terms, steadyNow());
    this.#transfer = begun.transfer;
    of.observer.transferBegan?.(of.seen);
    this.#wire = of.openWire(of.peer, {
      opened: () => {
        if (this.#closed) return;
        this.#isOpen = true;
        this.#send(begun.sending);
      },
      arrived: (bytes) => this.take(bytes),
      failed: (error) => this.#fail(error),
    });
  }

  get verified(): boolean {
    return this.#transfer.verified;
  }

  get isUnderWay(): boolean {
    return isUnderWay(this.#transfer);
  }

  get startedAt(): SteadyMs {
    return this.#transfer.startedAt;
  }

  get heardAt(): SteadyMs {
    return this.#transfer.heardAt;
  }

  take(bytes: Buffer): void {
    const packet = decodePacket(bytes);
    if (!packet) return;
    const wasVerified = this.verified;
    const sending = takePacket(this.#transfer, packet, steadyNow());
    if (this.verified && !wasVerified) this.#of.onVerified(this);
    this.#send(sending);
  }

  /** Looks whether the phone's answer is overdue. */
  scan(now: SteadyMs): void {
    if (!this.#isHeldUp && now >= this.#transfer.wakeAt) {
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
    if (this.#isOpen) this.#wire.send(encodeError(ERROR_CODES.undefined, why));
    this.#close();
  }

  forget(): void {
    peerGone(this.#transfer, steadyNow());
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
    if (!this.#isOpen || sending.kind === 'nothing') return;
    if (sending.kind === 'options') {
      this.#wire.send(encodeOptions(this.#transfer.terms.agreed));
      return;
    }
    // The present flight goes out when its bytes may, whatever the phone says meanwhile.
    if (this.#isHeldUp) return;
    const held = this.#of.blocks.hold(sending.first, sending.last);
    if (held !== true) return this.#await(held);
    if (this.#hasTurn(sending)) this.#sendBlocks(sending);
  }

  #hasTurn({ first, last }: Extract<Sending, { kind: 'blocks' }>): boolean {
    const { budget, terms, seen } = this.#of;
    if (!budget.isLimited) return true;
    this.#isHeldUp = true;
    const bytes = (last - first + 1) * terms.blockBytes;
    const go = () => {
      this.#isHeldUp = false;
      const flight = this.#closed ? undefined : contentArrived(this.#transfer, steadyNow());
      if (flight?.kind !== 'blocks') return;
      const held = this.#of.blocks.hold(flight.first, flight.last);
      if (held === true) this.#sendBlocks(flight);
      else this.#await(held);
    };
    if (!budget.mayGo({ source: seen.asked.address, bytes, go })) return false;
    this.#isHeldUp = false;
    return true;
  }

  #sendBlocks({ first, last }: Extract<Sending, { kind: 'blocks' }>): void {
    for (let block = first; block <= last; block += 1) {
      this.#wire.send(this.#of.blocks.packet(block));
    }
    this.#report();
  }

  #await(held: Promise<unknown>): void {
    this.#isHeldUp = true;
    held.then(
      () => {
        this.#isHeldUp = false;
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
    this.#wire.close();
    const { image, observer, seen, onEnd } = this.#of;
    image.release?.();
    const record = this.#transfer.ended!;
    observer.transferEnded?.(seen, { ...record, durationMs: ms(record.durationMs) });
    onEnd(record, this.#transfer);
  }
}
