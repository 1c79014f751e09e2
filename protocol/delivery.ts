import type { Report, ReportItem } from './messages.ts';
import { reportItemsMax } from './messages.ts';
import type { DurationMs, EpochMs } from './units.ts';
import { laterBy, minutes, seconds } from './units.ts';

// Numbered delivery: a broker's PUBACK proves nothing durable, so the agent keeps each item until the
// controller says it has committed that number. Numbers count within an epoch that the controller gives.

/** 32 KiB of items in a batch: half the message limit, so that the wrapping never overflows it. */
export const batchBytesMax = 32 * 1024;
export const resendAfterMin: DurationMs = seconds(10);
export const resendAfterMax: DurationMs = minutes(5);

export interface Delivery {
  /** Null until a controller has given one. */
  readonly epoch: number | null;
  /** The number the next item gets. */
  readonly nextSeq: number;
  readonly ackedSeq: number;
  /** The run of a controller that acknowledged it; absent before the first, and of one that names none. */
  readonly ackedBy?: string;
}

export const freshDelivery: Delivery = { epoch: null, nextSeq: 1, ackedSeq: 0 };

/** What is under way on the present connection; forgotten with it. */
export interface Flight {
  /** Batches that may be unacknowledged at once. */
  readonly window: number;
  /** The last number of each batch sent and not yet acknowledged, rising. */
  readonly sent: readonly number[];
  readonly lastSentAt: EpochMs;
  readonly resends: number;
}

export const grounded: Flight = { window: 0, sent: [], lastSentAt: 0 as EpochMs, resends: 0 };

/** The first number that was not sent on this connection. */
export const unsentFrom = (delivery: Delivery, flight: Flight): number =>
  Math.max(flight.sent.at(-1) ?? 0, delivery.ackedSeq) + 1;

/** More items than these cannot leave now: the window's free batches, full, and one that shows that more wait. */
export const sendableMax = (flight: Flight): number =>
  Math.max(flight.window - flight.sent.length, 0) * reportItemsMax + 1;

/**
 * The batches that may leave now. `items` in rising order of seq: all that were not sent, or the first
 * `sendableMax` of them. While a batch is under way only full ones follow it: small news gathers until that one is
 * acknowledged, so that a busy site costs a commit a round trip, not one an event (as RFC 896 does for TCP).
 */
export function batchesDue(
  delivery: Delivery,
  flight: Flight,
  items: readonly ReportItem[],
): readonly Report[] {
  if (delivery.epoch === null) return [];
  const batches: Report[] = [];
  let from = unsentFrom(delivery, flight);
  let waiting = items.filter((item) => item.seq >= from);
  while (waiting.length > 0 && flight.sent.length + batches.length < flight.window) {
    if (gathers(flight.sent.length + batches.length, waiting.length)) break;
    const taken = fitting(waiting);
    waiting = waiting.slice(taken.length);
    const lastSeq = waiting.length > 0 ? (taken.at(-1)?.seq ?? from) : delivery.nextSeq - 1;
    batches.push({
      kind: 'report',
      epoch: delivery.epoch,
      firstSeq: from,
      lastSeq,
      items: [...taken],
    });
    from = lastSeq + 1;
  }
  return batches;
}

/** So few numbers wait while so many batches are under way that they leave together later. */
export const gathers = (underWay: number, waiting: number): boolean =>
  underWay > 0 && waiting < reportItemsMax;

/** The flight after an acknowledgement of everything up to `seq`. */
export const landed = (flight: Flight, seq: number, window: number): Flight => ({
  ...flight,
  window,
  sent: flight.sent.filter((last) => last > seq),
  resends: 0,
});

/** No item is longer: texts of 240 and 64 characters at 6 bytes each, and what is around them. */
const itemBytesMax = 4096;
/** Names and numbers of an item without its texts are never longer. */
const frameBytesMax = 512;

/** Never less than the item's length, and had without writing it: most batches are far below their limit. */
function bytesAtMost(item: ReportItem): number {
  switch (item.kind) {
    case 'phone-moved':
      return frameBytesMax + textAtMost(item.detail) + textAtMost(item.waiting?.reason);
    case 'phone-seen': {
      const { vendor, model, version, hardware = '', address } = item;
      return frameBytesMax + 6 * [vendor, model, version, hardware, address].join('').length;
    }
    case 'credential-moved':
    case 'plan-taken':
      return frameBytesMax;
    default:
      return itemBytesMax;
  }
}

/** Any character takes 6 bytes in JSON at most, these take one. */
const textAtMost = (text = ''): number =>
  /^[\w ,.:;()/+-]*$/.test(text) ? text.length : 6 * text.length;

function fitting(items: readonly ReportItem[]): readonly ReportItem[] {
  const most = items.length > reportItemsMax ? items.slice(0, reportItemsMax) : items;
  if (most.reduce((sum, item) => sum + bytesAtMost(item), 0) <= batchBytesMax) return most;
  if (bytesOf(most) <= batchBytesMax) return most;
  let length = 0;
  const end = most.findIndex((item, place) => {
    length += bytesOf(item);
    return place > 0 && length > batchBytesMax;
  });
  return end === -1 ? most : most.slice(0, end);
}

const bytesOf = (value: object): number => Buffer.byteLength(JSON.stringify(value));

/** When silence after the last batch means that it was lost: doubles from 10 s to 5 min. */
export function resendAt(flight: Flight): EpochMs {
  const wait = Math.min(resendAfterMin * 2 ** Math.min(flight.resends, 10), resendAfterMax);
  return laterBy(flight.lastSentAt, wait as DurationMs);
}

/** The controller's side: how far it has committed for one site. */
export interface Cursor {
  readonly epoch: number;
  readonly seq: number;
}

export type Receipt =
  | { readonly kind: 'fresh'; readonly cursor: Cursor; readonly items: readonly ReportItem[] }
  /** Everything in it was committed before: only the acknowledgement is repeated. */
  | { readonly kind: 'known' }
  /** Something before it is missing: the old number is acknowledged, the agent goes back. */
  | { readonly kind: 'gap' }
  | { readonly kind: 'other-epoch' };

export function receive(cursor: Cursor, report: Report): Receipt {
  if (report.epoch !== cursor.epoch) return { kind: 'other-epoch' };
  if (report.lastSeq <= cursor.seq) return { kind: 'known' };
  if (report.firstSeq > cursor.seq + 1) return { kind: 'gap' };
  const items = report.items.filter((item) => item.seq > cursor.seq && item.seq <= report.lastSeq);
  return { kind: 'fresh', cursor: { epoch: cursor.epoch, seq: report.lastSeq }, items };
}
