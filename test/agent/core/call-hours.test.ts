import { callPartAt } from '@ringwave/protocol/call-hours';
import { test } from 'tap';
import { watchedMax } from '../../../agent/core/call-hours.ts';
import { after, Box, macOf, planOf, planPhone } from './box.ts';

const plan = planOf([planPhone(1), planPhone(2)]);
const day = 24 * 60;

/** An hour of the week in which phone 1 was in calls for so many of sixty minutes, phone 2 never. */
const hour = (box: Box, minutesInCalls: number, of = 33, watched = 60): Box =>
  box.take({
    kind: 'calls-counted',
    hour: of,
    watched,
    phones: [
      { mac: macOf(1), minutes: minutesInCalls },
      { mac: macOf(2), minutes: 0 },
    ],
  });
const ready = (): Box => new Box().take({ kind: 'plan-came', plan });
const told = (box: Box, number: number, of = 33) =>
  box
    .outbox()
    .flatMap((item) =>
      item.kind === 'phone-calls' && item.mac === macOf(number) ? [callPartAt(item.hours, of)] : [],
    );

test('minutes in calls are told as parts of the hours in which somebody looked', (t) => {
  const box = hour(ready(), 30);
  t.ok(Math.abs((told(box, 1)[0] ?? 0) - 0.5) < 0.01);
  t.same([told(box, 2), told(box, 2, 34)], [[0], [undefined]], 'never in a call is known, too');
  const few = hour(ready(), 10, 33, 20);
  t.same(told(few, 1), [], 'twenty minutes say nothing of an hour');
  t.end();
});

test('a phone is told of at most once a day, and only when it has changed', (t) => {
  const box = hour(ready(), 30);
  hour(box, 60, 34);
  t.equal(told(box, 1).length, 1);
  box.now = after(day - 1);
  hour(box, 60, 35);
  t.equal(told(box, 1).length, 1);
  box.now = after(day);
  hour(box, 60, 36);
  t.equal(told(box, 1).length, 2);
  t.same(
    [34, 35, 36].map((of) => told(box, 1, of)[1]),
    [1, 1, 1],
  );
  box.now = after(3 * day);
  hour(box, 60, 36);
  t.equal(told(box, 1).length, 2, 'the same again is no news');
  t.end();
});

test('what is long past fades, and what is kept stays small', (t) => {
  const box = ready();
  for (let week = 0; week < 60; week += 1) {
    box.now = after(week * 7 * day);
    hour(box, week < 30 ? 60 : 0);
  }
  t.ok((told(box, 1).at(-1) ?? 1) < 0.1, 'thirty quiet weeks outweigh thirty busy ones');
  const [watched = []] = box.tables.callsWatched.values();
  t.ok((watched[33] ?? 0) <= watchedMax);
  t.same([...box.tables.callHours.keys()], [macOf(1), macOf(2)]);
  t.end();
});

test('a phone that comes later is judged by the time since then, and one that goes leaves nothing', (t) => {
  const box = new Box().take({ kind: 'plan-came', plan: planOf([planPhone(2)]) });
  hour(hour(box, 60), 60);
  box.take({ kind: 'plan-came', plan: { ...plan, revision: 2 } });
  hour(box, 60);
  t.same(told(box, 1), [1]);
  box.take({ kind: 'plan-came', plan: { ...planOf([planPhone(2)]), revision: 3 } });
  hour(box, 0);
  t.same([...box.tables.callHours.keys()], [macOf(2)]);
  t.end();
});

test('a controller that has lost count is told again', (t) => {
  const box = hour(ready(), 30);
  const told0 = { kind: 'ack', epoch: 9, seq: 0, window: 8, minGapMs: 0 } as const;
  const ack = { ...told0, spreadSeconds: 0, controllerMs: box.now };
  box.take({ kind: 'link-up', conn: 'c' }).take({ kind: 'acked', ack: { ...ack, conn: 'c' } });
  const { size } = new Set(box.outbox().flatMap((it) => (it.kind === 'phone-calls' ? it.mac : [])));
  t.equal(size, 2);
  t.ok(told(box, 1).every((part) => Math.abs((part ?? 0) - 0.5) < 0.01));
  t.end();
});
