import type { Id, Mac } from '@ringwave/protocol/units';
import type { ControllerDraft } from './state.ts';

// Phones that a rollout selected and does not reach, kept with it: whoever asks why one was not updated finds it here.

export interface LeftOut {
  readonly mac: Mac;
  readonly site: Id;
  readonly why: string;
}

/** How many, and for which reasons, the most frequent first. */
export interface LeftOutSummary {
  readonly total: number;
  /** Of them so many are kept by name. */
  readonly kept: number;
  readonly reasons: readonly { readonly why: string; readonly phones: number }[];
}

/** 10,000 phones by name, a megabyte a rollout; beyond them phones are counted by reason only. */
export const leftOutMax = 10_000;
/** A piece of this many is a row of 60 KiB. */
const pieceMax = 500;
/** Reasons told apart; those beyond are one. */
export const leftOutReasonsMax = 20;
const otherReasons = 'Other reasons';

const pieceKey = (rollout: string, piece: number): string =>
  `${rollout}/${String(piece).padStart(6, '0')}`;

/** Keeps the first of them by name, and gives what a rollout says of all. */
export function keepLeftOut(
  draft: ControllerDraft,
  rollout: Id,
  leftOut: readonly LeftOut[],
): LeftOutSummary | undefined {
  if (leftOut.length === 0) return undefined;
  const kept = leftOut.slice(0, leftOutMax);
  for (let piece = 0; piece * pieceMax < kept.length; piece += 1) {
    const part = kept.slice(piece * pieceMax, (piece + 1) * pieceMax);
    draft.leftOut.put(pieceKey(rollout, piece), part);
  }
  return { total: leftOut.length, kept: kept.length, reasons: reasonsOf(leftOut) };
}

function reasonsOf(leftOut: readonly LeftOut[]): LeftOutSummary['reasons'] {
  const counts = new Map<string, number>();
  for (const { why } of leftOut) counts.set(why, (counts.get(why) ?? 0) + 1);
  return mostFrequent(counts);
}

function mostFrequent(counts: ReadonlyMap<string, number>): LeftOutSummary['reasons'] {
  const all = [...counts].map(([why, phones]) => ({ why, phones }));
  all.sort((a, b) => b.phones - a.phones || (a.why < b.why ? -1 : 1));
  if (all.length <= leftOutReasonsMax) return all;
  const rest = all.slice(leftOutReasonsMax - 1);
  const phones = rest.reduce((sum, one) => sum + one.phones, 0);
  return [...all.slice(0, leftOutReasonsMax - 1), { why: otherReasons, phones }];
}

/** After phones have come late: who joined is left out no more, who could not is told, once however often it is stored. */
export function relistLeftOut(
  draft: ControllerDraft,
  id: Id,
  { came, left }: { came: readonly Mac[]; left: readonly LeftOut[] },
): void {
  const rollout = draft.rollouts.get(id);
  if (!rollout || (left.length === 0 && (came.length === 0 || !rollout.leftOut))) return;
  const kept = leftOutFrom(draft, id, { from: 0, limit: leftOutMax });
  const told = new Set([...came, ...left.map(({ mac }) => mac)]);
  const stay = kept.filter(({ mac }) => !told.has(mac));
  const gone = kept.filter(({ mac }) => told.has(mac));
  // Who is not kept by name could not be known again, and would be counted each time.
  const fresh = left.slice(0, leftOutMax - stay.length);
  if (gone.length === 0 && fresh.length === 0) return;
  const counts = new Map(rollout.leftOut?.reasons.map(({ why, phones }) => [why, phones]));
  const count = (why: string, phones: number) => counts.set(why, (counts.get(why) ?? 0) + phones);
  for (const { why } of gone) count(counts.has(why) ? why : otherReasons, -1);
  for (const { why } of fresh) count(why, 1);
  for (const [why, phones] of counts) if (phones <= 0) counts.delete(why);
  forgetLeftOut(draft, id, kept.length);
  const { leftOut: before, ...rest } = rollout;
  const total = (before?.total ?? 0) - gone.length + fresh.length;
  const names = keepLeftOut(draft, id, [...stay, ...fresh])?.kept ?? 0;
  const leftOut = { total, kept: names, reasons: mostFrequent(counts) };
  draft.rollouts.put(id, { ...rest, ...(total > 0 ? { leftOut } : {}) });
}

export function forgetLeftOut(draft: ControllerDraft, rollout: Id, kept: number): void {
  for (let piece = 0; piece * pieceMax < kept; piece += 1) {
    draft.leftOut.remove(pieceKey(rollout, piece));
  }
}

/** A page of them; `from` counts those of the pages before. */
export function leftOutFrom(
  tables: { readonly leftOut: { get(key: string): readonly LeftOut[] | undefined } },
  rollout: string,
  { from, limit }: { from: number; limit: number },
): LeftOut[] {
  const page: LeftOut[] = [];
  for (let place = from; page.length < limit; ) {
    const piece = Math.floor(place / pieceMax);
    const part = tables.leftOut.get(pieceKey(rollout, piece))?.slice(place - piece * pieceMax);
    if (!part || part.length === 0) break;
    page.push(...part.slice(0, limit - page.length));
    place += part.length;
  }
  return page;
}
