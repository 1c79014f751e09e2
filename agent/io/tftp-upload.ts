import { ms } from '@ringwave/protocol/units';
import { type SteadyMs, steadyNow } from '@ringwave/runtime/clock';
import { fromNetascii } from '../core/tftp/netascii.ts';
import type { Terms } from '../core/tftp/options.ts';
import {
  decodePacket,
  encodeAck,
  encodeError,
  encodeOptions,
  ERROR_CODES,
} from '../core/tftp/packet.ts';
import {
  abortReception,
  beginReception,
  kept,
  notKept,
  type Reception,
  type Reply,
  takeRepeatedWrite,
  takeWriteTimeout,
  takeWritten,
  writerGone,
} from '../core/tftp/reception.ts';
import type { TransferEnd } from './file-source.ts';
import type { Talk } from './tftp-live.ts';
import type { OpenWire, Peer, Wire } from './tftp-wire.ts';
import type { Upload } from './upload-spool.ts';

export interface UploadOf {
  readonly peer: Peer;
  readonly openWire: OpenWire;
  readonly upload: Upload;
  readonly terms: Terms;
  readonly isText: boolean;
  /** Called once, when the phone's port has answered. */
  readonly onVerified: (talk: Talk) => void;
  readonly onEnd: (end: TransferEnd) => void;
}

/** One upload on the wire. It decides nothing: packets go to the reception machine, answers come from it. */
export class TftpUpload implements Talk {
  readonly #of: UploadOf;
  readonly #wire: Wire;
  readonly #reception: Reception;
  #isOpen = false;
  #isClosed = false;

  constructor(of: UploadOf) {
    this.#of = of;
    const { bytesMax } = of.upload;
    const { reception, reply } = beginReception(of.terms, { bytesMax, now: steadyNow() });
    this.#reception = reception;
    this.#wire = of.openWire(of.peer, {
      opened: () => {
        if (this.#isClosed) return;
        this.#isOpen = true;
        this.#answer(reply);
      },
      arrived: (bytes) => this.take(bytes),
      failed: (error) => this.#fail(error),
    });
  }

  get verified(): boolean {
    return this.#reception.verified;
  }

  get isUnderWay(): boolean {
    return this.#reception.received > 0;
  }

  get startedAt(): SteadyMs {
    return this.#reception.startedAt;
  }

  get heardAt(): SteadyMs {
    return this.#reception.heardAt;
  }

  take(bytes: Buffer): void {
    const packet = decodePacket(bytes);
    if (!packet) return;
    const wasVerified = this.verified;
    const reply = takeWritten(this.#reception, packet, steadyNow());
    if (this.verified && !wasVerified) this.#of.onVerified(this);
    this.#answer(reply);
  }

  scan(now: SteadyMs): void {
    if (now >= this.#reception.wakeAt) this.#answer(takeWriteTimeout(this.#reception, now));
  }

  repeatFirst(): void {
    this.#answer(takeRepeatedWrite(this.#reception));
  }

  abort(why: string): void {
    if (this.#isClosed) return;
    // What is whole and safe needs no error: the phone has its ACK.
    if (this.#reception.phase === 'dallying') writerGone(this.#reception, steadyNow());
    else {
      abortReception(this.#reception, why, steadyNow());
      if (this.#isOpen) this.#wire.send(encodeError(ERROR_CODES.undefined, why));
    }
    this.#close();
  }

  forget(): void {
    writerGone(this.#reception, steadyNow());
    this.#close();
  }

  #fail(error: NodeJS.ErrnoException): void {
    if (error.code === 'ECONNREFUSED') writerGone(this.#reception, steadyNow());
    else abortReception(this.#reception, error.message, steadyNow());
    this.#close();
  }

  #answer(reply: Reply): void {
    if (this.#isClosed) return;
    if (this.#isOpen) {
      const { agreed, rollover } = this.#of.terms;
      if (reply.kind === 'ack') this.#wire.send(encodeAck(reply.block, rollover));
      if (reply.kind === 'options') this.#wire.send(encodeOptions(agreed));
      if (reply.kind === 'error') this.#wire.send(encodeError(reply.code, reply.text));
      if (reply.kind === 'keep') void this.#keep();
    }
    if (this.#reception.ended) this.#close();
  }

  async #keep(): Promise<void> {
    const whole = Buffer.concat(this.#reception.pieces);
    const outcome = await this.#of.upload
      .store(this.#of.isText ? fromNetascii(whole) : whole)
      .catch((error: Error) => error);
    // What lingers for its last ACK keeps no other file of the phone waiting.
    this.#of.upload.done();
    if (this.#reception.ended) return;
    if (outcome instanceof Error) return this.abort(`cannot keep the file: ${outcome.message}`);
    const now = steadyNow();
    this.#answer(
      outcome === 'full'
        ? notKept(this.#reception, 'no room for uploads', now)
        : kept(this.#reception, now),
    );
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#wire.close();
    this.#of.upload.done();
    const record = this.#reception.ended!;
    this.#of.onEnd({ ...record, durationMs: ms(record.durationMs) });
  }
}
