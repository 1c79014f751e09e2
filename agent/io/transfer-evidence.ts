import type { Id, Mac } from '@ringwave/protocol/units';
import { type SteadyMs, steadyLater, steadyNow } from '@ringwave/runtime/clock';
import { type ByteRange, coversAll, withRange } from '../core/byte-ranges.ts';
import type { AgentEvent } from '../core/state.ts';
import type { Asked, TransferEnd, TransferObserver, TransferSeen } from './file-source.ts';

export type Evidence =
  | { readonly kind: 'image'; readonly mac: Mac; readonly release: Id; readonly fileName: string }
  | { readonly kind: 'rescue'; left(end: { bytes: number; whole: boolean }): void }
  | {
      readonly kind: 'config';
      readonly mac: Mac;
      readonly generation: number;
      /** It may hold what counts against a lease. */
      readonly isCounted: boolean;
    };

/** Often enough to keep a slow phone's time from running out, too seldom to cost anything. */
const progressEveryMs = 500;

/** Images under way to phones of one site. */
const partsMax = 2048;
/** Pieces of one image that are not joined yet: a phone reads on from where it is. */
const rangesMax = 64;

/** What transfers show of phones: that an image began, goes on and left whole, and which secret left. */
export class TransferEvidence implements TransferObserver {
  readonly #of = new WeakMap<Asked, Evidence>();
  readonly #reportedAt = new WeakMap<Asked, SteadyMs>();
  /** What each phone has of an image that is not whole yet; the one heard of last comes last. */
  readonly #parts = new Map<string, readonly ByteRange[]>();
  readonly #submit: (event: AgentEvent) => void;

  constructor(submit: (event: AgentEvent) => void) {
    this.#submit = submit;
  }

  /** What the transfer that answers this request will show. */
  expect(asked: Asked, evidence: Evidence): void {
    this.#of.set(asked, evidence);
  }

  transferBegan({ asked }: TransferSeen): void {
    this.#transfer(asked, 'image-began');
  }

  transferProgress({ asked }: TransferSeen): void {
    const now = steadyNow();
    if (now < steadyLater(this.#reportedAt.get(asked) ?? (0 as SteadyMs), progressEveryMs)) return;
    this.#reportedAt.set(asked, now);
    this.#transfer(asked, 'image-progressed');
  }

  transferEnded(seen: TransferSeen, end: TransferEnd): void {
    const evidence = this.#of.get(seen.asked);
    if (!evidence || seen.asked.method === 'HEAD') return;
    if (evidence.kind === 'image') {
      const { mac, release, fileName } = evidence;
      const whole = this.#hasAll(evidence, seen, end);
      const broken = brokenOff(seen, end);
      const how = broken && !whole ? { brokenOff: broken } : {};
      this.#submit({ kind: 'image-left', mac, release, fileName, whole, ...how });
    } else if (evidence.kind === 'rescue') {
      evidence.left({ bytes: end.bytes, whole: leftWhole(seen, end) });
    } else {
      const whole = leftWhole(seen, end);
      const { mac, generation, isCounted } = evidence;
      const { address } = seen.asked;
      const ofBase = isCounted && generation === 0 ? ({ ofBase: true } as const) : {};
      if (whole) this.#submit({ kind: 'config-served', mac, generation, ...ofBase });
      else if (isCounted) {
        this.#submit({ kind: 'secret-broke-off', mac, address, how: 'broken' });
      }
    }
  }

  /** An image may leave in several Ranges: it is whole when the phone has had each byte of it at one address. */
  #hasAll(
    { mac, release, fileName }: Extract<Evidence, { kind: 'image' }>,
    { asked, etag, fromByte, lengthBytes }: TransferSeen,
    { bytes, outcome }: TransferEnd,
  ): boolean {
    const key = [mac, asked.address, release, fileName, etag].join(' ');
    const before = this.#parts.get(key) ?? [];
    const parts = withRange(before, { from: fromByte, to: fromByte + bytes });
    this.#parts.delete(key);
    const isOver = outcome.kind === 'done' || outcome.kind === 'last-ack-missing';
    if (isOver && coversAll(parts, lengthBytes)) return true;
    const [oldest] = this.#parts.keys();
    if (this.#parts.size >= partsMax && oldest !== undefined) this.#parts.delete(oldest);
    this.#parts.set(key, parts.slice(0, rangesMax));
    return false;
  }

  #transfer(asked: Asked, kind: 'image-began' | 'image-progressed'): void {
    const evidence = this.#of.get(asked);
    if (evidence?.kind !== 'image' || asked.method === 'HEAD') return;
    const { mac, release, fileName } = evidence;
    this.#submit({ kind, mac, release, fileName });
  }
}

export const leftWhole = ({ fromByte, lengthBytes }: TransferSeen, end: TransferEnd): boolean =>
  (end.outcome.kind === 'done' || end.outcome.kind === 'last-ack-missing') &&
  fromByte + end.bytes >= lengthBytes;

/** Bytes in which any image says what it is for: a phone that goes away within them has read that and no more. */
const beginningBytes = 256 * 1024;

/** Over TFTP a phone says by an error that it wants no more; over HTTP it only goes away, as a broken line does too. */
function brokenOff(
  { asked, fromByte, lengthBytes }: TransferSeen,
  { outcome, bytes }: TransferEnd,
): 'by-error' | 'early' | undefined {
  const isByPhone = outcome.kind === 'aborted' && outcome.by === 'phone';
  if (asked.protocol === 'tftp') return isByPhone ? 'by-error' : undefined;
  const isBeginning = fromByte === 0 && bytes <= beginningBytes && bytes < lengthBytes;
  const isWholeRange = outcome.kind === 'done';
  return (isByPhone || isWholeRange) && isBeginning ? 'early' : undefined;
}
