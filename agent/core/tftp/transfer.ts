// One read transfer of TFTP, without a socket: a packet or a timeout goes in, what to send comes out.
// RFC 1350 and 2347 to 2349, windows of RFC 7440. Blocks are absolute numbers; block 0 is the OACK.
// A transfer is changed in place by the functions here and by nobody else: 50 MB take 35,000 steps.
import { type SteadyMs, steadyLater } from '@ringwave/runtime/clock';
import { stepTo } from './block-number.ts';
import type { Terms } from './options.ts';
import type { Packet } from './packet.ts';
import { backOff, type RoundTrip, sampleRoundTrip, unmeasured } from './round-trip.ts';

/**
 * done: the last block was acknowledged. last-ack-missing: all was sent and the phone fell silent after it.
 * declined: the phone only wanted the options (a tsize probe). never-answered: nothing ever came from its port.
 */
export type Outcome =
  | { readonly kind: 'done' | 'last-ack-missing' | 'declined' | 'never-answered' | 'timed-out' }
  | { readonly kind: 'aborted'; readonly by: 'phone' | 'us'; readonly why: string };

/** What is kept of a transfer when it ends: evidence, in acknowledged bytes and blocks. */
export interface TransferRecord {
  readonly outcome: Outcome;
  readonly bytes: number;
  readonly blocks: number;
  readonly retransmits: number;
  readonly durationMs: number;
}

export type Sending =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'options' }
  /** Blocks `first` to `last`, both included. */
  | { readonly kind: 'blocks'; readonly first: number; readonly last: number };

export interface Transfer {
  readonly terms: Terms;
  readonly lastBlock: number;
  readonly startedAt: SteadyMs;
  readonly roundTrip: RoundTrip;
  /** Highest block acknowledged; -1 while the OACK waits for its ACK. */
  acked: number;
  /** Highest block ever sent in the present flight. */
  sentTo: number;
  sentAt: SteadyMs;
  /** Transmissions of the present flight. */
  sends: number;
  /** The flight holds a block that was sent before: its answer measures nothing (Karn's rule). */
  repeated: boolean;
  /** The last block of this flight went out again to draw the answer that its loss, or the loss of its ACK, held back. */
  wasProbed: boolean;
  /** A doubled ACK already made this flight start again. */
  wentBack: boolean;
  /** The peer has answered from its port, so the address is not forged. */
  verified: boolean;
  /** When the peer last moved the transfer on. */
  heardAt: SteadyMs;
  retransmits: number;
  wakeAt: SteadyMs;
  ended: TransferRecord | undefined;
}

/** Transmissions to an address that never answered: a forged request must not make us a reflector. */
const sendsUnverifiedMax = 3;
/** Silence after which a phone is gone. Phones erase flash for up to 30 s between two ACKs. */
export const silenceMsMax = 60_000;

const NOTHING: Sending = { kind: 'nothing' };

/** The first packet to send comes with the transfer: the OACK where options were agreed, DATA 1 otherwise. */
export function beginTransfer(
  terms: Terms,
  now: SteadyMs,
): { transfer: Transfer; sending: Sending } {
  const withOptions = terms.agreed.size > 0;
  const roundTrip = unmeasured(terms.fixedTimeoutMs);
  const transfer: Transfer = {
    terms,
    // A file that fills its last block is followed by an empty one (RFC 1350 section 6).
    lastBlock: Math.floor(terms.lengthBytes / terms.blockBytes) + 1,
    startedAt: now,
    roundTrip,
    acked: withOptions ? -1 : 0,
    sentTo: withOptions ? 0 : 1,
    sentAt: now,
    sends: 1,
    repeated: false,
    wasProbed: false,
    wentBack: false,
    verified: false,
    heardAt: now,
    retransmits: 0,
    wakeAt: steadyLater(now, roundTrip.timeoutMs),
    ended: undefined,
  };
  return { transfer, sending: flight(transfer) };
}

/** Takes one packet that came from the peer's own address and port. */
export function takePacket(transfer: Transfer, packet: Packet, now: SteadyMs): Sending {
  if (transfer.ended) return NOTHING;
  if (packet.kind === 'ack') return takeAck(transfer, packet.block, now);
  if (packet.kind === 'error') {
    const probe = transfer.acked < 0;
    const why = `error ${packet.code}: ${packet.text}`;
    end(transfer, probe ? { kind: 'declined' } : { kind: 'aborted', by: 'phone', why }, now);
  }
  return NOTHING;
}

function takeAck(transfer: Transfer, wire: number, now: SteadyMs): Sending {
  // Only the low 16 bits travel. An ACK of an older block comes out as a large step and is ignored.
  const step = stepTo(wire, transfer.acked, transfer.terms.rollover);
  if (step > transfer.sentTo - transfer.acked) return NOTHING;
  if (step === 0) return takeDoubledAck(transfer, now);
  if (!transfer.repeated) sampleRoundTrip(transfer.roundTrip, now - transfer.sentAt);
  transfer.verified = true;
  transfer.heardAt = now;
  transfer.acked += step;
  if (transfer.acked === transfer.lastBlock) return end(transfer, { kind: 'done' }, now);
  return nextFlight(transfer, now);
}

/**
 * Never a new block for a doubled ACK, else each one doubles the rest of the transfer (Sorcerer's Apprentice, RFC 1123
 * section 4.2.3.1). With a window it may also say that the first block of the flight was lost (RFC 7440 section 4):
 * then the flight goes out again, once, and not before a round trip could have brought that news.
 */
function takeDoubledAck(transfer: Transfer, now: SteadyMs): Sending {
  const { roundTrip, terms } = transfer;
  if (terms.windowBlocks === 1 || transfer.acked < 0 || transfer.wentBack) return NOTHING;
  if (now - transfer.sentAt < (roundTrip.smoothedMs ?? Infinity)) return NOTHING;
  transfer.wentBack = true;
  transfer.heardAt = now;
  return repeatFlight(transfer, now);
}

/** An ACK inside the window means a gap behind it: the next flight starts at the gap at once (RFC 7440 section 4). */
function nextFlight(transfer: Transfer, now: SteadyMs): Sending {
  const last = Math.min(transfer.acked + transfer.terms.windowBlocks, transfer.lastBlock);
  const again = transfer.sentTo - transfer.acked;
  transfer.retransmits += again;
  transfer.repeated = again > 0;
  transfer.sentTo = last;
  transfer.sends = 1;
  transfer.wentBack = false;
  transfer.wasProbed = false;
  return dispatch(transfer, now);
}

function repeatFlight(transfer: Transfer, now: SteadyMs): Sending {
  transfer.retransmits += transfer.sentTo - transfer.acked;
  transfer.repeated = true;
  transfer.sends += 1;
  return dispatch(transfer, now);
}

function dispatch(transfer: Transfer, now: SteadyMs): Sending {
  transfer.sentAt = now;
  transfer.wakeAt = steadyLater(now, probeAfter(transfer) ?? transfer.roundTrip.timeoutMs);
  return flight(transfer);
}

/** A loop that looks after a thousand transfers is late by this much; an earlier probe would be for nothing. */
const probeMsMin = 30;

/**
 * With a window, silence after two round trips mostly means that its last block or its ACK was lost: any other loss the
 * phone tells at once. That one block draws the answer, at a packet's cost where it was for nothing (RFC 8985 section 7).
 */
function probeAfter({ terms, roundTrip, acked, sends, wasProbed }: Transfer): number | undefined {
  if (terms.windowBlocks === 1 || acked < 0 || sends > 1 || wasProbed) return undefined;
  if (roundTrip.smoothedMs === undefined || roundTrip.fixedTimeoutMs !== undefined)
    return undefined;
  const afterMs = Math.max(2 * roundTrip.smoothedMs, probeMsMin);
  return afterMs < roundTrip.timeoutMs ? afterMs : undefined;
}

function probe(transfer: Transfer): Sending {
  transfer.wasProbed = true;
  transfer.repeated = true;
  transfer.retransmits += 1;
  transfer.wakeAt = steadyLater(transfer.sentAt, transfer.roundTrip.timeoutMs);
  return { kind: 'blocks', first: transfer.sentTo, last: transfer.sentTo };
}

const flight = (transfer: Transfer): Sending =>
  transfer.acked < 0
    ? { kind: 'options' }
    : { kind: 'blocks', first: transfer.acked + 1, last: transfer.sentTo };

/** To be called at `wakeAt` or later; earlier calls do nothing. */
export function takeTimeout(transfer: Transfer, now: SteadyMs): Sending {
  if (transfer.ended || now < transfer.wakeAt) return NOTHING;
  if (!transfer.verified && transfer.sends >= sendsUnverifiedMax) {
    return end(transfer, { kind: 'never-answered' }, now);
  }
  const isEarly = now < steadyLater(transfer.sentAt, transfer.roundTrip.timeoutMs);
  if (isEarly && probeAfter(transfer) !== undefined) return probe(transfer);
  if (now - transfer.heardAt >= silenceMsMax) return end(transfer, vanished(transfer), now);
  backOff(transfer.roundTrip);
  return repeatFlight(transfer, now);
}

/** The phone asked again from the same port before it acknowledged anything: the first packet goes out again. */
export function takeRepeatedRequest(transfer: Transfer, now: SteadyMs): Sending {
  const mayRepeat = !transfer.ended && !transfer.verified && transfer.sends < sendsUnverifiedMax;
  return mayRepeat ? repeatFlight(transfer, now) : NOTHING;
}

/** The bytes of the flight came late from the disk: the wait for the answer begins now, not when they were asked for. */
export function contentArrived(transfer: Transfer, now: SteadyMs): Sending {
  return transfer.ended ? NOTHING : dispatch(transfer, now);
}

/** The peer's host says that nobody listens on its port any more. */
export function peerGone(transfer: Transfer, now: SteadyMs): void {
  if (!transfer.ended) end(transfer, vanished(transfer), now);
}

export function abortTransfer(transfer: Transfer, why: string, now: SteadyMs): void {
  if (!transfer.ended) end(transfer, { kind: 'aborted', by: 'us', why }, now);
}

function vanished(transfer: Transfer): Outcome {
  if (!transfer.verified) return { kind: 'never-answered' };
  return { kind: transfer.sentTo === transfer.lastBlock ? 'last-ack-missing' : 'timed-out' };
}

function end(transfer: Transfer, outcome: Outcome, now: SteadyMs): Sending {
  transfer.ended = {
    outcome,
    bytes: bytesAcknowledged(transfer),
    blocks: Math.max(0, transfer.acked),
    retransmits: transfer.retransmits,
    durationMs: now - transfer.startedAt,
  };
  return NOTHING;
}

/** More than the first packet was acknowledged, be it the OACK or the first block. */
export const isUnderWay = ({ terms, acked }: Transfer): boolean =>
  acked > (terms.agreed.size > 0 ? 0 : 1);

export const bytesAcknowledged = (transfer: Transfer): number =>
  Math.min(Math.max(0, transfer.acked) * transfer.terms.blockBytes, transfer.terms.lengthBytes);
