// Who may send next when all together may send only so many bytes a second. Start-time fair queueing: each source gets
// the same share, however many transfers it runs and however large the pieces it sends.
import { type SteadyMs, steadyLater } from '@ringwave/runtime/clock';

interface Waiting<T> {
  readonly source: string;
  readonly bytes: number;
  readonly startTag: number;
  readonly item: T;
}

export interface FairShare<T> {
  readonly bytesPerSecond: number;
  /** May be below zero: a piece is never cut, its debt is paid by those who come after. */
  left: number;
  at: SteadyMs;
  /** Bytes per source handed out, counted so that a newcomer starts level with the rest. */
  virtual: number;
  readonly finishTags: Map<string, number>;
  /** In the order of their start tags. */
  readonly waiting: Waiting<T>[];
}

/** Seconds of the rate that may leave at once: below it a switch port of the same rate drops nothing. */
const burstSeconds = 0.02;

export function fairShare<T>(bytesPerSecond: number, now: SteadyMs): FairShare<T> {
  return {
    bytesPerSecond,
    left: bytesPerSecond * burstSeconds,
    at: now,
    virtual: 0,
    finishTags: new Map(),
    waiting: [],
  };
}

/** Puts a piece in the line; `grant` tells who may go. */
export function ask<T>(
  share: FairShare<T>,
  piece: { source: string; bytes: number; item: T },
): void {
  const startTag = Math.max(share.virtual, share.finishTags.get(piece.source) ?? 0);
  share.finishTags.set(piece.source, startTag + piece.bytes);
  let place = share.waiting.length;
  while (place > 0 && share.waiting[place - 1]!.startTag > startTag) place -= 1;
  share.waiting.splice(place, 0, { ...piece, startTag });
}

/** Those who may send now, in order. */
export function grant<T>(share: FairShare<T>, now: SteadyMs): T[] {
  const { bytesPerSecond, waiting } = share;
  const earned = ((now - share.at) / 1000) * bytesPerSecond;
  share.left = Math.min(share.left + earned, bytesPerSecond * burstSeconds);
  share.at = now;
  const granted: T[] = [];
  let taken = 0;
  while (share.left > 0 && taken < waiting.length) {
    const next = waiting[taken]!;
    taken += 1;
    share.left -= next.bytes;
    share.virtual = next.startTag;
    granted.push(next.item);
  }
  waiting.splice(0, taken);
  if (waiting.length === 0) forgetIdle(share);
  return granted;
}

/** With nobody in the line all are level: sources that left must not be remembered for ever. */
function forgetIdle<T>(share: FairShare<T>): void {
  for (const [source, tag] of share.finishTags) {
    if (tag <= share.virtual) share.finishTags.delete(source);
  }
  if (share.finishTags.size > sourcesRemembered) share.finishTags.clear();
}

/** Sources whose share is remembered between bursts. */
const sourcesRemembered = 4096;

/** When the first in the line may go; undefined with nobody waiting. */
export const nextGrantAt = <T>(share: FairShare<T>): SteadyMs | undefined =>
  share.waiting.length === 0
    ? undefined
    : steadyLater(share.at, Math.max(0, (-share.left / share.bytesPerSecond) * 1000) + 1);
