import type { Ack, ReportItem } from '@ringwave/protocol/messages';
import { laterBy, minutes, ms } from '@ringwave/protocol/units';
import { test } from 'tap';
import {
  beatEveryMax,
  outboxItemsMax,
  report,
  type Unnumbered,
} from '../../../agent/core/reporting.ts';
import { clockErrorMax, isClockWrong } from '../../../agent/core/clock-check.ts';
import { after, Box, imageDigest, macOf, one, planOf, planPhone } from './box.ts';

const moved = (phase: 'staged' | 'held' | 'done', number = 1): Unnumbered => ({
  kind: 'phone-moved',
  at: one,
  mac: macOf(number),
  rollout: 'autumn',
  revision: 1,
  phase,
  attempt: 1,
});
const fault = (detail: string): Unnumbered => ({
  kind: 'agent-fault',
  at: one,
  fault: 'plan-expired',
  detail,
});
const tell = (box: Box, ...items: readonly Unnumbered[]): Box => {
  box.with((draft) => {
    for (const item of items) report(draft, item);
  });
  return box;
};
const said = (items: readonly ReportItem[]) =>
  items.map((it) => `${it.seq} ${it.kind === 'phone-moved' ? it.phase : it.kind}`);
const ack = (own: Partial<Ack> = {}): Ack => ({
  kind: 'ack',
  epoch: 4,
  seq: 0,
  window: 8,
  minGapMs: 0,
  spreadSeconds: 0,
  controllerMs: one,
  ...own,
});
const sent = (box: Box) => box.effects.flatMap((it) => (it.kind === 'send' ? [it.message] : []));
const linked = (box = new Box()): Box => {
  box.take({ kind: 'link-up', conn: 'c1' });
  return box.take({ kind: 'acked', ack: ack({ conn: 'c1' }) });
};

test('newer progress of a phone replaces older progress that waits; ends of work all stay', (t) => {
  const box = tell(
    new Box(),
    moved('staged'),
    moved('held'),
    moved('staged', 2),
    moved('done'),
    moved('held'),
  );
  t.same(said(box.outbox()), ['3 staged', '4 done', '5 held'], 'numbers never move');
  tell(box, moved('staged'));
  t.same(said(box.outbox()), ['3 staged', '4 done', '6 staged']);
  t.end();
});

test('a full outbox drops progress and sightings, never the end of a phone’s work or a fault', (t) => {
  const box = new Box();
  box.with((draft) =>
    draft.delivery.put('delivery', { epoch: 4, nextSeq: outboxItemsMax + 2, ackedSeq: 0 }),
  );
  tell(box, moved('held'), fault('kept'), moved('done'));
  t.same(said(box.outbox()), [`${outboxItemsMax + 2} agent-fault`, `${outboxItemsMax + 3} done`]);
  t.end();
});

test('nothing but hello leaves before the controller has answered it', (t) => {
  const box = tell(new Box(), fault('waits'));
  box.take({ kind: 'link-up', conn: 'c1' });
  t.match(sent(box), [{ kind: 'hello', conn: 'c1', epoch: null, nextSeq: 2 }]);
  box.wait(1);
  t.match(sent(box), [{ kind: 'hello', conn: 'c1' }], 'an unanswered hello is said again');
  box.take({ kind: 'acked', ack: ack({ conn: 'another' }) });
  t.same(sent(box), [], 'an answer to another connection opens nothing');
  box.take({ kind: 'acked', ack: ack({ conn: 'c1' }) });
  t.match(sent(box), [{ kind: 'report', epoch: 4, firstSeq: 1, lastSeq: 1 }]);
  t.end();
});

test('a number is forgotten when the controller says that it has committed it, and said again until then', (t) => {
  const box = tell(linked(), fault('a'), fault('b')).take({ kind: 'woke' });
  t.match(sent(box), [{ firstSeq: 1, lastSeq: 2 }]);
  box.wait(1);
  t.match(sent(box), [{ firstSeq: 1, lastSeq: 2 }], 'silence: the same again');
  box.take({ kind: 'acked', ack: ack({ seq: 1 }) });
  t.same(said(box.outbox()), ['2 agent-fault']);
  box.take({ kind: 'acked', ack: ack({ seq: 0 }) });
  t.same(said(box.outbox()), ['2 agent-fault'], 'an older acknowledgement brings nothing back');
  box.take({ kind: 'acked', ack: ack({ seq: 99 }) });
  t.match(
    box.tables.delivery.get('delivery'),
    { ackedSeq: 2, nextSeq: 3 },
    'nor does one beyond what was said',
  );
  t.end();
});

test('the controller’s window holds reports back, and zero means wait', (t) => {
  const box = new Box();
  tell(box, ...Array.from({ length: 450 }, (_, nth) => fault(`item ${nth}`)));
  box.take({ kind: 'link-up', conn: 'c1' });
  box.take({ kind: 'acked', ack: ack({ conn: 'c1', window: 0 }) });
  t.same(sent(box), []);
  box.take({ kind: 'acked', ack: ack({ window: 2 }) });
  t.match(sent(box), [{ firstSeq: 1 }, { kind: 'report' }]);
  t.equal(sent(box).length, 2);
  t.end();
});

test('a controller that lost count gives a new epoch, and hears everything again in order', (t) => {
  const box = linked().take({ kind: 'plan-came', plan: planOf([planPhone(1)]) });
  box.asks(macOf(1), '66.85.0.5').hold(imageDigest);
  box.take({ kind: 'acked', ack: ack({ epoch: 5 }) });
  const again = box.outbox();
  t.same(
    again.map((it) => it.seq),
    [1, 2, 3, 5, 6],
    'numbers begin at one; the fourth was progress that newer progress replaced',
  );
  t.match(again.filter((it) => it.kind === 'phone-seen').at(-1), {
    mac: macOf(1),
    version: '66.85.0.5',
  });
  t.equal(again.filter((it) => it.kind === 'phone-moved').length, 1, 'of progress only the newest');
  t.end();
});

test('an idle link beats every four to five minutes, by its own wait, with what the agent holds', (t) => {
  const box = linked();
  const wait = (box.wakeAt ?? 0) - one;
  t.ok(wait > beatEveryMax - minutes(1) && wait <= beatEveryMax, `${wait} ms`);
  box.take({ kind: 'woke' }, laterBy(one, ms(wait)));
  t.match(sent(box), [{ kind: 'beat', conn: 'c1', planRevision: 0, outboxDepth: 0 }]);
  t.equal(box.wakeAt, one + 2 * wait);
  t.end();
});

test('a late word about an earlier connection does not end the present one', (t) => {
  const box = linked()
    .take({ kind: 'link-up', conn: 'c2' })
    .take({ kind: 'link-down', conn: 'c1' });
  t.equal(box.tables.link.get('link')?.conn, 'c2');
  box.take({ kind: 'link-down', conn: 'c2' });
  t.notOk(box.tables.link.has('link'));
  t.end();
});

const wrong = (box: Box) => box.with((draft) => isClockWrong(draft, box.now));
const clockFaults = (box: Box) =>
  box.outbox().filter((it) => it.kind === 'agent-fault' && it.fault === 'clock-wrong').length;

test('a clock that differs from the controller’s by more than five minutes starts no phone', (t) => {
  const cases: readonly [string, number, boolean][] = [
    ['the box is behind by a day', 24 * 60, true],
    ['the box is behind by six minutes', 6, true],
    ['the box is behind by five', 5, false],
    ['they agree', 0, false],
    ['the box is ahead by five', -5, false],
    ['the box is ahead by six', -6, true],
  ];
  t.equal(clockErrorMax, minutes(5));
  for (const [name, minutesAhead, expected] of cases) {
    const box = new Box().take({ kind: 'link-up', conn: 'c1' });
    box.take({ kind: 'acked', ack: ack({ conn: 'c1', controllerMs: after(minutesAhead) }) });
    t.equal(wrong(box), expected, name);
    t.equal(clockFaults(box), expected ? 1 : 0, 'reported once');
  }
  t.notOk(wrong(new Box()), 'before the first word nothing is known against it');
  t.end();
});

test('a phone waits for the clock and starts when an answer to hello shows it right', (t) => {
  const box = new Box().take({ kind: 'link-up', conn: 'c1' });
  box.take({ kind: 'acked', ack: ack({ conn: 'c1', controllerMs: after(30) }) });
  box
    .take({ kind: 'plan-came', plan: planOf([planPhone(1)]) })
    .asks(macOf(1), '66.85.0.5')
    .hold(imageDigest);
  t.match(box.tables.work.get(macOf(1)), { phase: 'held', why: { waitingFor: 'clock' } });
  box.take({ kind: 'acked', ack: ack({ controllerMs: after(1) }) }, after(31));
  t.equal(
    box.phase(macOf(1)),
    'held',
    'any other acknowledgement may have been under way for long',
  );
  box.take({ kind: 'link-up', conn: 'c2' });
  box.take({ kind: 'acked', ack: ack({ conn: 'c2', controllerMs: after(31) }) });
  t.equal(box.phase(macOf(1)), 'offered');
  t.end();
});

test('a clock that falls behind what the controller once said is not believed, even alone', (t) => {
  const box = new Box(after(60)).take({ kind: 'link-up', conn: 'c1' });
  box.take({ kind: 'acked', ack: ack({ conn: 'c1', controllerMs: after(60) }) });
  t.notOk(wrong(box));
  box.now = after(50);
  t.ok(wrong(box), 'a battery that died over night');
  t.end();
});

test('a late word of an earlier epoch changes nothing; the first answer of a connection may fall back to one', (t) => {
  const box = linked();
  box.take({ kind: 'acked', ack: ack({ epoch: 5 }) });
  tell(box, fault('once'));
  const before = box.tables.delivery.get('delivery');
  box.take({ kind: 'acked', ack: ack({ epoch: 4, conn: 'c1' }) });
  t.same(box.tables.delivery.get('delivery'), before, 'numbers go on in the newer epoch');
  box.take({ kind: 'link-up', conn: 'c2' });
  box.take({ kind: 'acked', ack: ack({ epoch: 3, conn: 'c2' }) });
  t.match(box.tables.delivery.get('delivery'), { epoch: 3 }, 'a controller was restored');
  t.end();
});

test('a hello names the run of a controller that acknowledged the last number, and not one that only answered', (t) => {
  const box = tell(linked(), fault('once'));
  const acked = (run: string, own: Partial<Ack>) =>
    box.take({ kind: 'acked', ack: ack({ run, ...own }) });
  const hello = (conn: string) => sent(box.take({ kind: 'link-up', conn }))[0];
  const { nextSeq = 0 } = box.tables.delivery.get('delivery') ?? {};
  acked('first', { seq: nextSeq - 1 });
  t.match(hello('c2'), { ackedSeq: nextSeq - 1, ackedBy: 'first' });
  acked('second', { seq: nextSeq - 1, conn: 'c2' });
  t.match(hello('c3'), { ackedSeq: nextSeq - 1, ackedBy: 'first' });
  acked('third', { epoch: 9, seq: 0, conn: 'c3' });
  t.notMatch(hello('c4'), { ackedBy: 'first' }, 'nothing of a new series was acknowledged yet');
  t.end();
});

test('what the disk of a restored box said is told until the controller that acknowledged the last number has heard it', (t) => {
  const box = tell(new Box(), fault('before'));
  box.tables.delivery.set('delivery', { epoch: 4, nextSeq: 2, ackedSeq: 1, ackedBy: 'first' });
  box.take({ kind: 'started' });
  const hello = (conn: string) => sent(box.take({ kind: 'link-up', conn }))[0];
  t.match(hello('c1'), { nextSeq: 2 });
  box.take({ kind: 'acked', ack: ack({ epoch: 4, seq: 1, run: 'copy', conn: 'c1' }) });
  box.take({ kind: 'link-down', conn: 'c1' });
  tell(box, fault('since'));
  t.match(hello('c2'), { nextSeq: 2, ackedBy: 'first' }, 'a copy has only answered');
  box.take({ kind: 'acked', ack: ack({ epoch: 4, seq: 1, run: 'first', conn: 'c2' }) });
  t.match(hello('c3'), { nextSeq: 3 });
  t.end();
});

test('the first hello of a process names the number it began with, so that an old copy of its disk is noticed', (t) => {
  const box = tell(new Box(), fault('before')).take({ kind: 'started' });
  tell(box, fault('since'), fault('since'));
  box.take({ kind: 'link-up', conn: 'c1' });
  t.match(sent(box), [{ kind: 'hello', nextSeq: 2 }]);
  box.take({ kind: 'acked', ack: ack({ conn: 'c1' }) }).take({ kind: 'link-up', conn: 'c2' });
  const { nextSeq } = box.tables.delivery.get('delivery') ?? {};
  t.match(sent(box), [{ kind: 'hello', nextSeq }], 'once answered, what it has told counts');
  t.end();
});

test('a box that starts twice before anybody answers says where its disk had ended at the first start', (t) => {
  const box = tell(new Box(), fault('before')).take({ kind: 'started' });
  tell(box, fault('meanwhile'));
  box.take({ kind: 'started' }).take({ kind: 'link-up', conn: 'c9' });
  t.match(sent(box), [{ kind: 'hello', nextSeq: 2 }]);
  box.take({ kind: 'acked', ack: ack({ conn: 'c9' }) });
  t.notOk(box.tables.firstSeq.has('firstSeq'), 'answered, it counts anew');
  t.end();
});
