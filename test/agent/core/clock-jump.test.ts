import type { Plan } from '@ringwave/protocol/messages';
import { hours, type Id, laterBy, minutes } from '@ringwave/protocol/units';
import { test } from 'tap';
import { after, Box, imageDigest, macOf, planOf, planPhone } from './box.ts';

const plan: Plan = planOf(
  [1, 2, 3, 4].map((number) => planPhone(number)),
  { phonesUpdatingMax: 2 },
);
const hour = hours(1);

/** Two phones are down since 01:00, one takes its image; two more are in line. */
function midway(): Box {
  const box = new Box().take({ kind: 'plan-came', plan }).hold(imageDigest);
  for (const number of [1, 2, 3, 4]) box.asks(macOf(number), '66.85.0.5');
  const image = { release: 'target' as Id, fileName: 'T46S.rom' };
  return box.wait(3).take({ kind: 'image-began', mac: macOf(1), ...image });
}

const failuresOf = (box: Box) =>
  [...box.tables.work.values()].reduce((sum, { failures }) => sum + failures, 0);

test('a clock that jumps an hour ahead fails no phone in flight and starts none', (t) => {
  const box = midway();
  t.same(
    [1, 2, 3].map((number) => box.phase(macOf(number))),
    ['downloading', 'offered', 'staged'],
  );
  box.take({ kind: 'clock-jumped', by: hour }, after(63));
  box.wait(1);
  t.same(
    [1, 2, 3].map((number) => box.phase(macOf(number))),
    ['downloading', 'offered', 'held'],
  );
  t.equal(failuresOf(box), 0);
  t.equal(box.tables.work.get(macOf(3))?.why.waitingFor, 'clock');
  box.wait(7);
  t.not(box.phase(macOf(1)), 'downloading', 'five minutes of silence still count');
  t.end();
});

test('phones in flight get no hour more where the clock jumps back', (t) => {
  const box = midway();
  box.take({ kind: 'clock-jumped', by: hours(-1) }, after(3 - 60));
  box.wait(7);
  t.same(
    [1, 2].map((number) => box.phase(macOf(number))),
    ['held', 'held'],
  );
  t.end();
});

test('after a jump no phone is started until the controller has said which clock is right', (t) => {
  const box = midway();
  box.take({ kind: 'link-up', conn: 'c1' });
  const pace = { window: 16, minGapMs: 0, spreadSeconds: 0 };
  const ack = { kind: 'ack', conn: 'c1', epoch: 1, seq: 0, ...pace } as const;
  box.take({ kind: 'acked', ack: { ...ack, controllerMs: after(3) } });
  box.take({ kind: 'clock-jumped', by: hour }, after(63));
  t.ok(
    box.effects.some((one) => one.kind === 'send' && one.as === 'hello'),
    'it is asked',
  );
  const fault = box.outbox().find((one) => one.kind === 'agent-fault');
  t.match(fault, { fault: 'clock-wrong', detail: /jumped 60 minutes ahead/ });
  box.take({ kind: 'acked', ack: { ...ack, controllerMs: after(63) } });
  t.not(box.tables.work.get(macOf(3))?.why.waitingFor, 'clock', 'the box was right: it had slept');
  t.end();
});

test('a clock that jumps ahead ends no wait for a callback', (t) => {
  const box = midway();
  box.take({ kind: 'emergency-call', source: 'pbx', state: 'began' });
  box.take({ kind: 'emergency-call', source: 'pbx', state: 'ended' });
  box.take({ kind: 'clock-jumped', by: hour }, after(63)).wait(1);
  t.ok(box.tables.holds.has('emergency-call'));
  box.wait(30);
  t.notOk(box.tables.holds.has('emergency-call'), 'half an hour is still enough');
  t.end();
});

test('a clock that was wrong and is set right starts phones as before', (t) => {
  const box = midway();
  const floor = after(3);
  box.tables.clock.set('clock', { floor, offsetMs: 0 });
  const back = (after(3) - 20 * 365 * 24 * minutes(60)) as typeof floor;
  box.take({ kind: 'woke' }, back);
  const by = (after(4) - back) as typeof hour;
  box.take({ kind: 'clock-jumped', by }, after(4));
  t.equal(box.tables.clock.get('clock')?.faultSince, undefined);
  t.end();
});

/** Another instant of the same clock, an hour before or after. */
const jumped = (box: Box, minute: number, by: typeof hour) =>
  box.take({ kind: 'clock-jumped', by }, laterBy(after(minute), by));

test('an image that failed is tried again when it would have been, however the clock was set', (t) => {
  for (const by of [hour, hours(-1)]) {
    const box = new Box().take({ kind: 'plan-came', plan });
    box.take({ kind: 'image-failed', digest: imageDigest, fault: 'image-unreachable' });
    const { retryAt } = box.tables.images.get(imageDigest)!;
    t.ok(retryAt! > after(0) && retryAt! <= after(1));
    jumped(box, 0, by);
    t.equal(box.tables.images.get(imageDigest)?.retryAt, laterBy(retryAt!, by));
    const isFetched = () => box.effects.some(({ kind }) => kind === 'fetch-image');
    t.notOk(isFetched(), 'not at once');
    box.wait(1);
    t.ok(isFetched(), 'and within the same minute');
  }
  t.end();
});

test('who has a login may fetch it as long as before, and who claims its MAC is refused as long', (t) => {
  for (const by of [hour, hours(-1)]) {
    const box = midway();
    const mac = macOf(1);
    const secret = { generation: 1, sealed: 'sealed', fingerprint: 'f', provenAt: after(1) };
    box.tables.credentials.set(mac, { mac, current: secret });
    box.tables.fetches.set(mac, { lease: 'l', count: 1, address: '10.0.0.1', at: after(2) });
    box.tables.strangers.set('10.0.0.9', {
      asked: [{ mac: macOf(9), at: after(2) }],
      blockedUntil: after(60),
    });
    box.tables.alarms.set('storage-full disk', after(2));
    box.tables.starts.set('discoveries', [after(2)]);
    const began = box.tables.work.get(mac)!.since;
    jumped(box, 3, by);
    const moved = (minute: number) => laterBy(after(minute), by);
    t.equal(box.tables.credentials.get(mac)?.current?.provenAt, moved(1));
    t.match(box.tables.fetches.get(mac), { count: 1, at: moved(2) });
    t.same(box.tables.strangers.get('10.0.0.9'), {
      asked: [{ mac: macOf(9), at: moved(2) }],
      blockedUntil: moved(60),
    });
    t.equal(box.tables.alarms.get('storage-full disk'), moved(2));
    t.same(box.tables.starts.get('discoveries'), [moved(2)], 'strange phones are told as before');
    t.equal(box.tables.work.get(mac)?.since, laterBy(began, by));
  }
  t.end();
});

const seenOf = (box: Box) => box.outbox().filter(({ kind }) => kind === 'phone-seen').length;

test('a phone that asks is seen at its time of asking, also on a clock that was set back', (t) => {
  const box = midway();
  const mac = macOf(4);
  const before = box.tables.sightings.get(mac)!.at;
  const told = seenOf(box);
  jumped(box, 3, hours(-1));
  box.asks(mac, '66.85.0.5');
  t.equal(box.tables.sightings.get(mac)?.at, laterBy(after(3), hours(-1)));
  t.ok(box.tables.sightings.get(mac)!.at < before);
  t.equal(seenOf(box), told + 1);
  t.end();
});
