import {
  batchesDue,
  type Delivery,
  freshDelivery,
  gathers,
  grounded,
  type Flight,
  landed,
  resendAt,
  sendableMax,
  unsentFrom,
} from '@ringwave/protocol/delivery';
import { fractionOf } from '@ringwave/protocol/keyed-hash';
import type { Ack, Hello, ReportItem } from '@ringwave/protocol/messages';
import { isFinal } from '@ringwave/protocol/phases';
import { type DurationMs, type EpochMs, laterBy, minutes, ms } from '@ringwave/protocol/units';
import type { AgentDraft, AgentEffect, Link } from './state.ts';

// The outbox: every report has a number and stays until the controller says that it has committed it.

/** A beat is sent when nothing else was for this long, or for up to a minute less: each connection has a wait of its own. */
export const beatEveryMax: DurationMs = minutes(5);
/** Agents that came back together, and reported at once, beat apart: a thousand of them 17 a second. */
const beatsApart: DurationMs = minutes(1);
/** 20,000 items, about 6 MB: weeks without a line. Beyond it progress is dropped, ends of work never. */
export const outboxItemsMax = 20_000;

type WithoutSeq<T> = T extends { seq: number } ? Omit<T, 'seq'> : never;
export type Unnumbered = WithoutSeq<ReportItem>;

/** Some thousands of the keys that were asked for last: each is asked for five times while its item waits. */
const keysKeptMax = 4096;
const keysKept = Array.from({ length: keysKeptMax }, () => ({ seq: -1, key: '' }));

/** Keys sort as numbers do, so that the store gives the outbox back in order. */
export function outboxKey(seq: number): string {
  const kept = keysKept[seq % keysKeptMax];
  if (kept?.seq === seq) return kept.key;
  const key = String(seq).padStart(12, '0');
  keysKept[seq % keysKeptMax] = { seq, key };
  return key;
}

export const deliveryOf = (draft: AgentDraft): Delivery =>
  draft.delivery.get('delivery') ?? freshDelivery;

/** What phones show again by themselves, or what is counted anew. */
const SHOWN_AGAIN: readonly ReportItem['kind'][] = [
  'phone-seen',
  'phone-discovered',
  'phone-calls',
];

export function report(draft: AgentDraft, item: Unnumbered): void {
  const delivery = deliveryOf(draft);
  const isProgress = item.kind === 'phone-moved' && !isFinal(item.phase);
  const full = delivery.nextSeq - delivery.ackedSeq > outboxItemsMax;
  if (full && (isProgress || SHOWN_AGAIN.includes(item.kind))) return;
  const seq = delivery.nextSeq;
  if (item.kind === 'phone-moved') replaceProgress(draft, item.mac, seq, isProgress);
  draft.outbox.put(outboxKey(seq), { ...item, seq });
  draft.delivery.put('delivery', { ...delivery, nextSeq: seq + 1 });
}

/**
 * Newer progress of a phone replaces older progress that still waits: only ends of work and proofs are
 * history. Numbers may be missing from a batch, since each batch says which numbers it covers.
 */
function replaceProgress(draft: AgentDraft, mac: string, seq: number, isProgress: boolean): void {
  const earlier = draft.progress.get(mac);
  if (earlier) draft.outbox.remove(outboxKey(earlier.seq));
  if (isProgress) draft.progress.put(mac, { seq });
  else draft.progress.remove(mac);
}

function planHeld(draft: AgentDraft): Pick<Hello, 'planRevision' | 'planUntil'> {
  const plan = draft.plan.get('plan')?.plan;
  return plan ? { planRevision: plan.revision, planUntil: plan.startUntil } : { planRevision: 0 };
}

function helloFrom(draft: AgentDraft, conn: string, version: string, now: EpochMs): Hello {
  const delivery = deliveryOf(draft);
  const held = draft.plan.get('plan');
  const halt = draft.halt.get('halt');
  return {
    kind: 'hello',
    conn,
    epoch: delivery.epoch,
    // What was told since the start says nothing of whether the disk is an old copy; what it began with does.
    nextSeq: draft.firstSeq.get('firstSeq') ?? delivery.nextSeq,
    ackedSeq: delivery.ackedSeq,
    ...(delivery.ackedBy === undefined ? {} : { ackedBy: delivery.ackedBy }),
    ...(halt ? { halt: { counter: halt.counter, halted: halt.halted } } : {}),
    ...planHeld(draft),
    phones: held?.plan.phones.length ?? 0,
    agentVersion: version,
    clockMs: now,
  };
}

/** A connection begins: say hello, and hold every report until it is answered. */
export function greet(
  draft: AgentDraft,
  conn: string,
  version: string,
  now: EpochMs,
  effects: AgentEffect[],
): void {
  const flight = { ...grounded, lastSentAt: now };
  draft.link.put('link', {
    conn,
    answered: false,
    flight,
    lastSentAt: now,
    minGapMs: 0,
    helloAt: now,
    beatEvery: ms(Math.round(beatEveryMax - fractionOf('beat', conn) * beatsApart)),
  });
  effects.push({ kind: 'send', as: 'hello', message: helloFrom(draft, conn, version, now) });
}

/** Takes an acknowledgement in. True when it brings a new epoch: then all must be told again. */
export function takeAck(draft: AgentDraft, ack: Ack): boolean {
  const delivery = deliveryOf(draft);
  if (isOfPast(draft, delivery, ack)) return false;
  const freshEpoch = ack.epoch !== delivery.epoch;
  if (freshEpoch) renumber(draft, ack.epoch);
  else
    forgetUpTo(
      draft,
      Math.min(Math.max(ack.seq, delivery.ackedSeq), delivery.nextSeq - 1),
      ack.run,
    );
  const link = draft.link.get('link');
  if (!link) return freshEpoch;
  const answers = !link.answered && ack.conn === link.conn;
  const flight =
    freshEpoch || answers
      ? { ...link.flight, window: ack.window, sent: [], resends: 0 }
      : landed(link.flight, ack.seq, ack.window);
  const answered = link.answered || answers;
  // A copy of a controller that only answers knows less than the one that acknowledged last: that one has yet to be told.
  const isOfLast = ack.run === undefined || ack.run === deliveryOf(draft).ackedBy;
  if (answered && (freshEpoch || isOfLast)) draft.firstSeq.remove('firstSeq');
  draft.link.put('link', { ...link, answered, flight, minGapMs: ack.minGapMs });
  return freshEpoch;
}

/**
 * Epochs rise. A late word of an earlier one would begin that anew, with other items under numbers that the controller has
 * committed; only the first answer of a connection may fall back, by a controller that was restored.
 */
function isOfPast(draft: AgentDraft, delivery: Delivery, ack: Ack): boolean {
  if (delivery.epoch === null || ack.epoch >= delivery.epoch) return false;
  const link = draft.link.get('link');
  return link === undefined || link.answered || ack.conn !== link.conn;
}

function forgetUpTo(draft: AgentDraft, seq: number, run: string | undefined): void {
  const delivery = deliveryOf(draft);
  if (seq === delivery.ackedSeq) return;
  for (let known = delivery.ackedSeq + 1; known <= seq; known += 1) {
    const item = draft.outbox.get(outboxKey(known));
    if (!item) continue;
    draft.outbox.remove(outboxKey(known));
    if (item.kind !== 'phone-moved') continue;
    if (draft.progress.get(item.mac)?.seq === item.seq) draft.progress.remove(item.mac);
  }
  const { epoch, nextSeq } = delivery;
  const ackedBy = run === undefined ? {} : { ackedBy: run };
  draft.delivery.put('delivery', { epoch, nextSeq, ackedSeq: seq, ...ackedBy });
}

/** In a new epoch numbers begin at 1; what was waiting keeps its order. */
function renumber(draft: AgentDraft, epoch: number): void {
  const waiting = [...draft.outbox.values()];
  for (const item of waiting) draft.outbox.remove(outboxKey(item.seq));
  for (const [mac] of draft.progress.entries()) draft.progress.remove(mac);
  waiting.forEach((item, place) => {
    const seq = place + 1;
    draft.outbox.put(outboxKey(seq), { ...item, seq });
    if (item.kind === 'phone-moved' && !isFinal(item.phase)) draft.progress.put(item.mac, { seq });
  });
  draft.delivery.put('delivery', { epoch, nextSeq: waiting.length + 1, ackedSeq: 0 });
}

/** Sends what the window lets pass, goes back after silence, beats when idle. Gives when to look again. */
export function sendDue(
  draft: AgentDraft,
  version: string,
  now: EpochMs,
  effects: AgentEffect[],
): EpochMs | undefined {
  const link = draft.link.get('link');
  if (!link) return undefined;
  if (!link.answered) return helloDue(draft, link, version, now, effects);
  const gapEnds = laterBy(link.lastSentAt, ms(link.minGapMs));
  if (now < gapEnds) return gapEnds;
  const isQuiet = link.flight.sent.length > 0 && now >= resendAt(link.flight);
  const flight = isQuiet
    ? { ...link.flight, sent: [], resends: link.flight.resends + 1 }
    : link.flight;
  const batches = batchesDue(deliveryOf(draft), flight, unsent(draft, flight));
  for (const message of batches) effects.push({ kind: 'send', as: 'd', message });
  if (batches.length === 0 && flight.sent.length === 0) return beatDue(draft, link, now, effects);
  if (batches.length === 0) return resendAt(flight);
  const sent = [...flight.sent, ...batches.map((batch) => batch.lastSeq)];
  const after = { ...flight, sent, lastSentAt: now };
  draft.link.put('link', { ...link, flight: after, lastSentAt: now });
  return resendAt(after);
}

/** Read by number from the first unsent one on, so that a long outbox costs nothing while it waits. */
function unsent(draft: AgentDraft, flight: Flight): ReportItem[] {
  const delivery = deliveryOf(draft);
  const itemsMax = sendableMax(flight);
  const items: ReportItem[] = [];
  const from = unsentFrom(delivery, flight);
  if (itemsMax === 1 || gathers(flight.sent.length, delivery.nextSeq - from)) return items;
  for (let seq = from; seq < delivery.nextSeq; seq += 1) {
    const item = draft.outbox.get(outboxKey(seq));
    if (item && items.push(item) >= itemsMax) break;
  }
  return items;
}

/** A hello that nobody answered is said again: the controller may have been away. */
function helloDue(
  draft: AgentDraft,
  link: Link,
  version: string,
  now: EpochMs,
  effects: AgentEffect[],
): EpochMs {
  const at = resendAt(link.flight);
  if (now < at) return at;
  const message = helloFrom(draft, link.conn, version, now);
  effects.push({ kind: 'send', as: 'hello', message });
  const flight = { ...link.flight, lastSentAt: now, resends: link.flight.resends + 1 };
  draft.link.put('link', { ...link, flight, lastSentAt: now });
  return resendAt(flight);
}

function beatDue(draft: AgentDraft, link: Link, now: EpochMs, effects: AgentEffect[]): EpochMs {
  const at = laterBy(link.lastSentAt, link.beatEvery);
  if (now < at) return at;
  const delivery = deliveryOf(draft);
  const message = {
    kind: 'beat' as const,
    conn: link.conn,
    clockMs: now,
    ...planHeld(draft),
    outboxDepth: delivery.nextSeq - 1 - delivery.ackedSeq,
  };
  effects.push({ kind: 'send', as: 'beat', message });
  draft.link.put('link', { ...link, lastSentAt: now });
  return laterBy(now, link.beatEvery);
}
