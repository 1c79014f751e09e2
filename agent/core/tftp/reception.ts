// One write transfer of TFTP, without a socket: a packet or a timeout goes in, what to answer and what to keep comes out.
// RFC 1350, 2347 to 2349 and windows of RFC 7440. The bytes are held until the last block: an upload is small, and what a
// phone did not finish must leave nothing behind.
import { type SteadyMs, steadyLater } from '@ringwave/runtime/clock';
import { stepTo } from './block-number.ts';
import type { Terms } from './options.ts';
import { ERROR_CODES, type Packet } from './packet.ts';
import { backOff, type RoundTrip, sampleRoundTrip, unmeasured } from './round-trip.ts';
import { type Outcome, silenceMsMax, type TransferRecord } from './transfer.ts';

export type Reply =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'options' }
  | { readonly kind: 'ack'; readonly block: number }
  | { readonly kind: 'error'; readonly code: number; readonly text: string }
  /** All is here: it is to be kept, and `kept` or `notKept` called. Nothing is acknowledged before. */
  | { readonly kind: 'keep' };

export interface Reception {
  readonly terms: Terms;
  readonly bytesMax: number;
  readonly startedAt: SteadyMs;
  readonly roundTrip: RoundTrip;
  readonly pieces: Uint8Array[];
  bytes: number;
  /** Highest block received in order. */
  received: number;
  /** Highest block acknowledged to the phone. */
  told: number;
  /** The gap behind `received` was told once. */
  toldGap: boolean;
  phase: 'receiving' | 'keeping' | 'dallying';
  sentAt: SteadyMs;
  sends: number;
  verified: boolean;
  heardAt: SteadyMs;
  retransmits: number;
  wakeAt: SteadyMs;
  ended: TransferRecord | undefined;
}

const NOTHING: Reply = { kind: 'nothing' };
/** Answers to an address that never sent a block: as for reads, a forged request must gain nothing. */
const sendsUnverifiedMax = 3;
/** How long a repeated last block is acknowledged again, after which the phone has given up on it. */
const dallyMs = 10_000;

/** The first answer comes with it: the OACK where options were agreed, ACK 0 otherwise. */
export function beginReception(
  terms: Terms,
  within: { bytesMax: number; now: SteadyMs },
): { reception: Reception; reply: Reply } {
  const { now, bytesMax } = within;
  const roundTrip = unmeasured(terms.fixedTimeoutMs);
  const reception: Reception = {
    terms,
    bytesMax,
    startedAt: now,
    roundTrip,
    pieces: [],
    bytes: 0,
    received: 0,
    told: 0,
    toldGap: false,
    phase: 'receiving',
    sentAt: now,
    sends: 1,
    verified: false,
    heardAt: now,
    retransmits: 0,
    wakeAt: steadyLater(now, roundTrip.timeoutMs),
    ended: undefined,
  };
  return { reception, reply: lastReply(reception) };
}

/** Takes one packet that came from the writer's own address and port. */
export function takeWritten(reception: Reception, packet: Packet, now: SteadyMs): Reply {
  if (reception.ended) return NOTHING;
  if (packet.kind === 'error') {
    const why = `error ${packet.code}: ${packet.text}`;
    // After the last block only our ACK was still owed: what was kept stays kept.
    const outcome: Outcome =
      reception.phase === 'dallying' ? { kind: 'done' } : { kind: 'aborted', by: 'phone', why };
    return end(reception, outcome, now);
  }
  if (packet.kind !== 'data' || reception.phase === 'keeping') return NOTHING;
  const step = stepTo(packet.block, reception.received, reception.terms.rollover);
  if (step === 1 && reception.phase === 'receiving') return takeNext(reception, packet.data, now);
  if (step > 1 && step <= reception.terms.windowBlocks) return tellGap(reception, now);
  return tellAgain(reception, step, now);
}

function takeNext(reception: Reception, data: Uint8Array, now: SteadyMs): Reply {
  const { terms } = reception;
  if (data.length > terms.blockBytes) return NOTHING;
  if (reception.sends === 1 && reception.received === reception.told) {
    sampleRoundTrip(reception.roundTrip, now - reception.sentAt);
  }
  reception.verified = true;
  reception.heardAt = now;
  reception.toldGap = false;
  reception.received += 1;
  reception.bytes += data.length;
  reception.wakeAt = steadyLater(now, reception.roundTrip.timeoutMs);
  if (reception.bytes > reception.bytesMax) return refuse(reception, 'larger than allowed', now);
  // The datagram's memory is the socket's to reuse.
  reception.pieces.push(Uint8Array.from(data));
  if (data.length < terms.blockBytes) {
    reception.phase = 'keeping';
    return { kind: 'keep' };
  }
  const isWindowFull = reception.received - reception.told >= terms.windowBlocks;
  return isWindowFull ? acknowledge(reception, now) : NOTHING;
}

/** The last block in order is acknowledged, once per gap, so that the phone goes back to it (RFC 7440 section 4). */
function tellGap(reception: Reception, now: SteadyMs): Reply {
  if (reception.toldGap || reception.phase !== 'receiving') return NOTHING;
  reception.toldGap = true;
  return acknowledge(reception, now);
}

/** A block that came before: its ACK was lost. It is written once and acknowledged again. */
function tellAgain(reception: Reception, step: number, now: SteadyMs): Reply {
  const stepBack = (0x1_0000 - step) & 0xffff;
  if (reception.received === 0 || stepBack > reception.terms.windowBlocks) return NOTHING;
  reception.retransmits += 1;
  reception.heardAt = now;
  // In the middle of a window a stray copy means nothing; at its end it asks for the ACK.
  return reception.received === reception.told ? lastReply(reception) : NOTHING;
}

function acknowledge(reception: Reception, now: SteadyMs): Reply {
  reception.told = reception.received;
  reception.sentAt = now;
  reception.sends = 1;
  reception.wakeAt = steadyLater(now, reception.roundTrip.timeoutMs);
  return lastReply(reception);
}

const lastReply = (reception: Reception): Reply =>
  reception.received === 0 && reception.terms.agreed.size > 0
    ? { kind: 'options' }
    : { kind: 'ack', block: reception.received };

/** What arrived is safe on the disk: the last ACK, and a while of answering its repetitions. */
export function kept(reception: Reception, now: SteadyMs): Reply {
  reception.phase = 'dallying';
  const reply = acknowledge(reception, now);
  reception.wakeAt = steadyLater(now, dallyMs);
  return reply;
}

export const notKept = (reception: Reception, why: string, now: SteadyMs): Reply =>
  refuse(reception, why, now);

/** To be called at `wakeAt` or later; earlier calls do nothing. */
export function takeWriteTimeout(reception: Reception, now: SteadyMs): Reply {
  if (reception.ended || now < reception.wakeAt || reception.phase === 'keeping') return NOTHING;
  if (reception.phase === 'dallying') return end(reception, { kind: 'done' }, now);
  if (!reception.verified && reception.sends >= sendsUnverifiedMax) {
    return end(reception, { kind: 'never-answered' }, now);
  }
  if (now - reception.heardAt >= silenceMsMax) return end(reception, { kind: 'timed-out' }, now);
  backOff(reception.roundTrip);
  reception.told = reception.received;
  reception.sends += 1;
  reception.retransmits += 1;
  reception.wakeAt = steadyLater(now, reception.roundTrip.timeoutMs);
  return lastReply(reception);
}

/** The writer's request came again before its first block: the first answer was lost. */
export function takeRepeatedWrite(reception: Reception): Reply {
  if (reception.ended || reception.verified || reception.sends >= sendsUnverifiedMax) {
    return NOTHING;
  }
  reception.sends += 1;
  return lastReply(reception);
}

export function abortReception(reception: Reception, why: string, now: SteadyMs): void {
  if (!reception.ended) end(reception, { kind: 'aborted', by: 'us', why }, now);
}

/** The writer's host says that nobody listens there any more: after the last block it only had no patience. */
export function writerGone(reception: Reception, now: SteadyMs): void {
  if (!reception.ended) {
    end(reception, { kind: reception.phase === 'dallying' ? 'done' : 'timed-out' }, now);
  }
}

function refuse(reception: Reception, why: string, now: SteadyMs): Reply {
  end(reception, { kind: 'aborted', by: 'us', why }, now);
  return { kind: 'error', code: ERROR_CODES['disk-full'], text: why };
}

function end(reception: Reception, outcome: Outcome, now: SteadyMs): Reply {
  reception.ended = {
    outcome,
    bytes: reception.bytes,
    blocks: reception.received,
    retransmits: reception.retransmits,
    durationMs: now - reception.startedAt,
  };
  reception.pieces.length = 0;
  return NOTHING;
}
