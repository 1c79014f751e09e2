import {
  batchBytesMax,
  batchesDue,
  type Cursor,
  type Delivery,
  type Flight,
  freshDelivery,
  grounded,
  landed,
  receive,
  resendAt,
} from '@ringwave/protocol/delivery';
import type { Report, ReportItem } from '@ringwave/protocol/messages';
import { type EpochMs, laterBy, minutes, seconds } from '@ringwave/protocol/units';
import { test } from 'tap';
import { Random } from '../sim/random.ts';

const item = (seq: number, detail = `item ${seq}`): ReportItem => ({
  kind: 'agent-fault',
  seq,
  at: 1_800_000_000_000,
  fault: 'clock-wrong',
  detail,
});
const items = (...seqs: number[]): ReportItem[] => seqs.map((seq) => item(seq));
const upTo = (last: number) => Array.from({ length: last }, (_, nth) => nth + 1);
const delivery = (nextSeq: number, ackedSeq = 0): Delivery => ({ epoch: 1, nextSeq, ackedSeq });
const flying = (window: number, ...sent: number[]): Flight => ({ ...grounded, window, sent });
const report = (firstSeq: number, lastSeq: number, epoch = 1): Report => ({
  kind: 'report',
  epoch,
  firstSeq,
  lastSeq,
  items: items(...upTo(lastSeq).slice(firstSeq - 1)),
});
const spans = (reports: readonly Report[]) => reports.map((it) => [it.firstSeq, it.lastSeq]);

/** An agent's outbox and a controller's cursor with a bad line between them. */
class World {
  readonly upward: Report[] = [];
  readonly downward: number[] = [];
  readonly committed: number[] = [];
  readonly #dropped = new Set<number>();
  readonly #random: Random;
  #delivery: Delivery = { ...freshDelivery, epoch: 1 };
  #flight: Flight = flying(4);
  #outbox: ReportItem[] = [];
  #cursor: Cursor = { epoch: 1, seq: 0 };
  #everSent = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  expected(): number[] {
    return upTo(this.#delivery.nextSeq - 1).filter((seq) => !this.#dropped.has(seq));
  }

  anything(): void {
    const random = this.#random;
    const step = random.whole(0, 9);
    if (step <= 2) this.add(random.whole(0, 3));
    else if (step <= 4) this.send();
    else if (step <= 6) this.deliverOne();
    else if (step === 7) this.hearAcks();
    else if (step === 8) this.goBack();
    else this.#breakSomething();
  }

  add(count: number): void {
    for (let nth = 0; nth < count; nth += 1) {
      const { nextSeq } = this.#delivery;
      this.#outbox.push(item(nextSeq));
      this.#delivery = { ...this.#delivery, nextSeq: nextSeq + 1 };
    }
  }

  send(): void {
    const batches = batchesDue(this.#delivery, this.#flight, this.#outbox);
    this.upward.push(...batches);
    const sent = [...this.#flight.sent, ...batches.map((it) => it.lastSeq)];
    this.#flight = { ...this.#flight, sent };
    this.#everSent = Math.max(this.#everSent, ...sent);
  }

  deliverOne(): void {
    const [batch] = this.upward.splice(this.#random.whole(0, this.upward.length), 1);
    if (!batch) return;
    const receipt = receive(this.#cursor, batch);
    if (receipt.kind === 'fresh') {
      this.#cursor = receipt.cursor;
      this.committed.push(...receipt.items.map((it) => it.seq));
    }
    this.downward.push(this.#cursor.seq);
  }

  hearAcks(): void {
    const [seq] = this.downward.splice(this.#random.whole(0, this.downward.length), 1);
    if (seq === undefined || seq <= this.#delivery.ackedSeq) return;
    this.#delivery = { ...this.#delivery, ackedSeq: seq };
    this.#outbox = this.#outbox.filter((it) => it.seq > seq);
    this.#flight = landed(this.#flight, seq, this.#random.whole(1, 4));
  }

  /** Silence, or a new connection: everything not acknowledged is sent again. */
  goBack(): void {
    this.#flight = { ...this.#flight, sent: [] };
  }

  #breakSomething(): void {
    const random = this.#random;
    const lost = this.upward.splice(random.whole(0, this.upward.length), 1);
    if (random.chance(0.3)) this.upward.push(...lost, ...lost);
    if (random.chance(0.3)) this.downward.length = 0;
    // Progress of a phone is coalesced while it waits: a number that never left loses its item.
    const unsent = this.#outbox.findIndex((it) => it.seq > this.#everSent);
    if (unsent < 0 || random.chance(0.5)) return;
    for (const gone of this.#outbox.splice(unsent, 1)) this.#dropped.add(gone.seq);
  }

  /** The line is good again. */
  settle(): void {
    for (let round = 0; round < 200; round += 1) {
      this.goBack();
      this.send();
      while (this.upward.length > 0) this.deliverOne();
      while (this.downward.length > 0) this.hearAcks();
    }
  }
}

test('nothing leaves without an epoch, a window or an item', (t) => {
  t.same(batchesDue(freshDelivery, flying(8), items(1, 2)), []);
  t.same(batchesDue(delivery(3), grounded, items(1, 2)), []);
  t.same(batchesDue(delivery(1), flying(8), []), []);
  t.same(spans(batchesDue(delivery(3), flying(8), items(1, 2))), [[1, 2]]);
  t.end();
});

/** Texts as long as the schemas let them be, of characters that JSON writes in one byte to six. */
function longItem(random: Random, seq: number): ReportItem {
  const text = (longest: number) =>
    random.oneOf(['a', '"', 'ü', '\u0001', '\ud800', '電', ' ']).repeat(random.whole(0, longest));
  const of = { seq, at: 7_258_118_400_000, mac: '00:15:65:a0:00:01' };
  const waiting = { reason: text(240), waitingFor: 'coverage' as const, nextAttemptAt: of.at };
  const moved = { rollout: 'r'.repeat(64), revision: 2 ** 52, attempt: 2 ** 52, tookMs: 2 ** 52 };
  const fault = 'phone-silent-after-restart' as const;
  switch (random.oneOf(['moved', 'seen', 'credential', 'calls', 'fault'] as const)) {
    case 'moved': {
      const attempts = { attempt: 2 ** 52, attemptsMax: 2 ** 52 };
      const told = { ...moved, fault, detail: text(240), waiting: { ...waiting, ...attempts } };
      return { ...of, kind: 'phone-moved', phase: 'downloading', ...told };
    }
    case 'seen': {
      const claims = { vendor: text(32), model: text(64), version: text(64), hardware: text(32) };
      return { ...of, kind: 'phone-seen', ...claims, source: 'http-request', address: text(64) };
    }
    case 'credential':
      return {
        ...of,
        kind: 'credential-moved',
        generation: 2 ** 52,
        state: 'published',
        fingerprint: 'f'.repeat(32),
      };
    case 'calls':
      return { ...of, kind: 'phone-calls', hours: '0'.repeat(168) };
    default:
      return item(seq, text(240));
  }
}

test('no batch is longer than 32 KiB, of whatever its items are, and they leave in order', (t) => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const random = new Random(seed);
    const waiting = upTo(random.whole(1, 400)).map((seq) => longItem(random, seq));
    const batches = batchesDue(delivery(waiting.length + 1), flying(400), waiting);
    for (const batch of batches) {
      const bytes = Buffer.byteLength(JSON.stringify(batch.items));
      if (bytes > batchBytesMax + batch.items.length + 2) t.fail(`seed ${seed}: ${bytes} bytes`);
    }
    const sent = batches.flatMap((batch) => batch.items);
    t.ok(sent.length > 0 && sent.every((one, place) => one === waiting[place]), `seed ${seed}`);
  }
  t.end();
});

test('a batch ends at 200 items or 32 KiB, and the window bounds how many leave', (t) => {
  const many = items(...upTo(450));
  t.same(spans(batchesDue(delivery(451), flying(8), many)), [
    [1, 200],
    [201, 400],
  ]);
  t.same(spans(batchesDue(delivery(451), flying(2), many)), [
    [1, 200],
    [201, 400],
  ]);
  t.same(spans(batchesDue(delivery(451), flying(2, 200), many)), [[201, 400]], 'one is under way');
  const long = upTo(300).map((seq) => item(seq, 'x'.repeat(240)));
  for (const batch of batchesDue(delivery(301), flying(8), long)) {
    t.ok(JSON.stringify(batch.items).length <= batchBytesMax + batch.items.length);
  }
  t.end();
});

test('small news gathers while a batch is under way, and leaves as one when that has landed', (t) => {
  t.same(batchesDue(delivery(7), flying(8, 3), items(4, 5, 6)), []);
  t.same(spans(batchesDue(delivery(7, 3), flying(8), items(4, 5, 6))), [[4, 6]]);
  const full = items(...upTo(250).slice(3));
  t.same(spans(batchesDue(delivery(251), flying(8, 3), full)), [[4, 203]], 'a full one goes');
  t.end();
});

test('numbers that were coalesced away are covered by the batch around them', (t) => {
  t.same(spans(batchesDue(delivery(10), flying(8), items(2, 5))), [[1, 9]]);
  t.same(receive({ epoch: 1, seq: 0 }, { ...report(1, 9), items: items(2, 5) }), {
    kind: 'fresh',
    cursor: { epoch: 1, seq: 9 },
    items: items(2, 5),
  });
  t.end();
});

test('what lies behind the cursor is known, what lies beyond the next number is a gap', (t) => {
  const cursor: Cursor = { epoch: 1, seq: 5 };
  t.same(receive(cursor, report(1, 5)), { kind: 'known' });
  t.same(receive(cursor, report(7, 9)), { kind: 'gap' });
  t.same(receive(cursor, report(6, 9, 2)), { kind: 'other-epoch' });
  t.same(receive(cursor, report(4, 7)), {
    kind: 'fresh',
    cursor: { epoch: 1, seq: 7 },
    items: items(6, 7),
  });
  t.end();
});

test('silence doubles the wait for an acknowledgement from 10 s to 5 min', (t) => {
  const lastSentAt = 1_800_000_000_000 as EpochMs;
  const after = (resends: number) => resendAt({ ...flying(8, 1), lastSentAt, resends });
  t.equal(after(0), laterBy(lastSentAt, seconds(10)));
  t.equal(after(3), laterBy(lastSentAt, seconds(80)));
  t.equal(after(5), laterBy(lastSentAt, minutes(5)));
  t.equal(after(1000), laterBy(lastSentAt, minutes(5)));
  t.end();
});

test('failure 6: batches doubled ten times and shuffled end in the same state as in order', (t) => {
  for (let seed = 1; seed <= 50; seed += 1) {
    const random = new Random(seed);
    const world = new World(random);
    for (let round = 0; round < 30; round += 1) {
      world.add(random.whole(0, 12));
      world.send();
      for (const batch of world.upward.slice()) world.upward.push(...Array<Report>(9).fill(batch));
      while (world.upward.length > 0) world.deliverOne();
      world.hearAcks();
      if (random.chance(0.5)) world.goBack();
    }
    world.settle();
    t.same(world.committed, world.expected(), `seed ${seed}`);
  }
  t.end();
});

test('failure 7: whatever is lost, the agent goes back to it, and nothing is counted twice', (t) => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const random = new Random(seed);
    const world = new World(random);
    for (let step = 0; step < 300; step += 1) world.anything();
    world.settle();
    t.same(world.committed, world.expected(), `seed ${seed}`);
  }
  t.end();
});

test('an acknowledgement frees the window of what it covers, and takes the new one', (t) => {
  const flight = { ...flying(2, 200, 400), resends: 3 };
  t.same(landed(flight, 200, 4), { ...grounded, window: 4, sent: [400] });
  t.same(landed(flight, 399, 0), { ...grounded, window: 0, sent: [400] });
  t.same(landed(flight, 400, 4), { ...grounded, window: 4 });
  t.end();
});
