// One transfer against a reader as the RFCs describe it, over a network that drops, doubles and delays, in virtual
// time: the same seed gives the same run.
import type { SteadyMs } from '@ringwave/runtime/clock';
import { agreeOptions, phonePolicy } from '../../../../agent/core/tftp/options.ts';
import {
  beginTransfer,
  type Sending,
  takePacket,
  takeTimeout,
} from '../../../../agent/core/tftp/transfer.ts';

interface Weather {
  readonly drop: number;
  readonly double: number;
  readonly windowBlocks: number;
}

interface Flying {
  readonly at: number;
  readonly to: 'reader' | 'server';
  /** Absolute block; the wire carries 16 bits of it. */
  readonly block: number;
}

/** mulberry32: 32 bits of state are enough for a test and the same everywhere. */
export function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function transferOverLossyNetwork(seed: number, weather: Partial<Weather> = {}) {
  const random = generator(seed);
  const drop = weather.drop ?? random() * 0.15;
  const double = weather.double ?? random() * 0.1;
  const windowBlocks = weather.windowBlocks ?? 1 + Math.floor(random() * 16);
  const delayMs = random() * 40;
  const readerTimerMs = 500 + random() * 4000;
  const lengthBytes = Math.floor(random() * 60_000);
  const asked = new Map([
    ['windowsize', `${windowBlocks}`],
    ['blksize', `${8 + Math.floor(random() * 1400)}`],
  ]);

  const flying: Flying[] = [];
  let now = 0;
  let sentBlocks = 0;
  const busyUntil = { reader: 0, server: 0 };
  // A path keeps the order of what it carries; only the copy of a doubled packet strays.
  const throwIn = (to: Flying['to'], block: number) => {
    if (random() < drop) return;
    const at = Math.max(busyUntil[to], now + delayMs * (0.75 + random() / 2));
    busyUntil[to] = at;
    flying.push({ at, to, block });
    if (random() < double) flying.push({ at: at + random() * delayMs, to, block });
  };
  const send = (sending: Sending) => {
    if (sending.kind === 'options') throwIn('reader', 0);
    if (sending.kind !== 'blocks') return;
    for (let block = sending.first; block <= sending.last; block += 1) {
      sentBlocks += 1;
      throwIn('reader', block);
    }
  };

  const begun = beginTransfer(agreeOptions(asked, lengthBytes, phonePolicy), now as SteadyMs);
  const { transfer } = begun;
  const { lastBlock, terms } = transfer;
  // The reader: `got` in order; acknowledges a full window, the last block, a gap once, and again when its timer runs out.
  let got = -1;
  let windowAt = 0;
  let toldGap = false;
  let readerWakeAt = now + readerTimerMs;
  let lingersUntil = Infinity;
  const acknowledge = () => {
    windowAt = got;
    readerWakeAt = now + readerTimerMs;
    throwIn('server', got);
  };
  const read = (block: number) => {
    if (block === got + 1) {
      got = block;
      toldGap = false;
      if (got === lastBlock) lingersUntil = now + 20_000;
      if (got === 0 || got === lastBlock || got - windowAt >= terms.windowBlocks) acknowledge();
    } else if (block > got + 1 && got >= 0 && !toldGap) {
      toldGap = true;
      acknowledge();
    } else if (block <= got && got === lastBlock) acknowledge();
  };

  send(begun.sending);
  while (!transfer.ended) {
    flying.sort((a, b) => a.at - b.at);
    const next = Math.min(flying[0]?.at ?? Infinity, transfer.wakeAt, readerWakeAt);
    now = next;
    if (flying[0]?.at === next) {
      const { to, block } = flying.shift()!;
      if (to === 'server') {
        send(takePacket(transfer, { kind: 'ack', block: block & 0xffff }, now as SteadyMs));
      } else if (now < lingersUntil) read(block);
    } else if (transfer.wakeAt === next) send(takeTimeout(transfer, now as SteadyMs));
    else if (got >= 0 && got < lastBlock) acknowledge();
    else readerWakeAt = Infinity;
  }
  return {
    isWhole: got === lastBlock,
    outcome: transfer.ended.outcome.kind,
    retransmits: transfer.retransmits,
    sentBlocks,
    // Each loss or doubling costs one window at most; three times the need is far from what a feedback would cost.
    sentBlocksMax: 20 + 3 * lastBlock * (1 + terms.windowBlocks * (drop + double)),
  };
}
