import { minutes } from '@ringwave/protocol/units';
import { test } from 'tap';
import { callbackHoldUsually, emergencyCallLastsMax } from '../../../agent/core/holds.ts';
import type { AgentEvent } from '../../../agent/core/state.ts';
import { after, Box, imageDigest, macOf, planOf, planPhone } from './box.ts';

const call = (state: 'began' | 'ended', source = 'asterisk'): AgentEvent => ({
  kind: 'emergency-call',
  source,
  state,
});
const mac = macOf(1);

/** Ten minutes before an opening, with all there to start the phone in it. */
const ready = (own = {}) => {
  const box = new Box(after(-10)).take({ kind: 'plan-came', plan: planOf([planPhone(1)], own) });
  return box.asks(mac, '66.85.0.5').hold(imageDigest);
};
const held = (box: Box) => box.outbox().filter((item) => item.kind === 'site-held');

test('no phone of the site is started while somebody has dialled for help, nor until a callback had its time', (t) => {
  const box = ready().take(call('began'));
  box.take({ kind: 'woke' }, after(1));
  t.equal(box.phase(mac), 'held');
  t.match(box.tables.work.get(mac)?.why, {
    reason: 'An emergency call is on, says asterisk',
    waitingFor: 'call',
    nextAttemptAt: after(-10) + callbackHoldUsually,
  });
  box.take(call('ended'), after(5));
  t.match(box.tables.work.get(mac)?.why, { nextAttemptAt: after(35) });
  t.equal(box.take({ kind: 'woke' }, after(34)).phase(mac), 'held');
  t.equal(box.wakeAt, after(35), 'it wakes by itself when the time is over');
  t.equal(box.take({ kind: 'woke' }, after(35)).phase(mac), 'offered');
  t.same(
    held(box).map((item) => [item.kind === 'site-held' && item.isOn]),
    [[true], [true], [false]],
  );
  t.end();
});

test('a call is over when every source says so, and one whose source was lost ends by itself', (t) => {
  const both = ready({ callbackHoldMinutes: 0 }).take(call('began')).take(call('began', 'a phone'));
  both.take(call('ended'), after(1));
  t.equal(both.phase(mac), 'held', 'the phone still says it');
  t.equal(both.take(call('ended', 'a phone'), after(2)).phase(mac), 'offered');
  const lost = ready({
    callbackHoldMinutes: 0,
    openings: [{ start: after(0), end: after(600) }],
  }).take(call('began'));
  const ends = emergencyCallLastsMax / minutes(1) - 10;
  t.equal(lost.take({ kind: 'woke' }, after(ends - 1)).phase(mac), 'held');
  t.equal(lost.take({ kind: 'woke' }, after(ends)).phase(mac), 'offered');
  t.end();
});

test('a freeze at the site holds every phone, with the technician’s reason, until it is lifted', (t) => {
  const box = ready().take({ kind: 'freeze-read', reason: 'wedding in the hall' });
  box.take({ kind: 'woke' }, after(1));
  t.equal(box.phase(mac), 'held');
  t.match(box.tables.work.get(mac)?.why, {
    reason: 'Frozen at the site: wedding in the hall',
    waitingFor: 'person',
  });
  t.match(held(box).at(-1), { hold: 'freeze', isOn: true, reason: 'wedding in the hall' });
  box.take({ kind: 'freeze-read', reason: 'wedding in the hall' });
  t.equal(held(box).length, 1, 'told once');
  t.equal(box.take({ kind: 'freeze-read', reason: null }).phase(mac), 'offered');
  t.match(held(box).at(-1), { hold: 'freeze', isOn: false });
  t.end();
});

test('a box that died in a start and was frozen meanwhile repeats it only once it is thawed', (t) => {
  const died = () => ready().take({ kind: 'woke' }, after(1));
  const wakes = (frozen: string | null) =>
    died()
      .take({ kind: 'started', frozen }, after(2))
      .effects.some(({ kind }) => kind === 'wake-phone');
  t.equal(wakes(null), true);
  t.equal(wakes('wedding in the hall'), false);
  const thawed = died().take({ kind: 'freeze-read', reason: 'wedding in the hall' });
  thawed.take({ kind: 'started', frozen: null }, after(2));
  t.ok(
    thawed.effects.some(({ kind }) => kind === 'wake-phone'),
    'nor is it held by what is over',
  );
  t.end();
});

test('a freeze from headquarters holds every phone until its end, also when no newer plan comes', (t) => {
  const box = ready({ freeze: { reason: 'end of the quarter', until: after(20) } });
  box.take({ kind: 'woke' }, after(1));
  t.equal(box.phase(mac), 'held');
  t.match(box.tables.work.get(mac)?.why, {
    reason: 'Frozen from headquarters: end of the quarter',
    waitingFor: 'person',
    nextAttemptAt: after(20),
  });
  t.equal(box.wakeAt, after(20), 'it wakes by itself when the freeze is over');
  t.equal(box.take({ kind: 'woke' }, after(20)).phase(mac), 'offered');
  const open = ready({ freeze: { reason: 'until further notice' } });
  t.equal(open.take({ kind: 'woke' }, after(60)).phase(mac), 'held', 'one without an end stays');
  t.end();
});

test('freezes that were planned ahead are kept by a box that hears nothing any more', (t) => {
  const freezes = [
    { from: after(5), until: after(20), reason: 'trade fair' },
    { from: after(10), until: after(40), reason: 'exams' },
  ];
  const box = ready({ freezes, phonesUpdatingMax: 1 });
  const phone = ready({ freezes }).take({ kind: 'woke' }, after(1)).phase(mac);
  t.equal(phone, 'offered', 'before the first one a phone is started');
  box.take({ kind: 'woke' }, after(6));
  t.match(box.tables.work.get(mac)?.why, {
    reason: 'Frozen from headquarters: trade fair',
    waitingFor: 'person',
    nextAttemptAt: after(20),
  });
  box.take({ kind: 'woke' }, after(20));
  t.equal(box.phase(mac), 'held');
  t.match(box.tables.work.get(mac)?.why, { reason: /exams/, nextAttemptAt: after(40) });
  t.equal(box.wakeAt, after(40), 'it wakes by itself when the last one is over');
  t.equal(box.take({ kind: 'woke' }, after(40)).phase(mac), 'offered');
  t.end();
});

test('a freeze without an end outlasts one that was planned', (t) => {
  const freezes = [{ from: after(0), until: after(20), reason: 'trade fair' }];
  const box = ready({ freezes, freeze: { reason: 'until further notice' } });
  box.take({ kind: 'woke' }, after(1));
  t.match(box.tables.work.get(mac)?.why, { reason: /further notice/, nextAttemptAt: null });
  t.end();
});
