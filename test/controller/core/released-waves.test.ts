import { minutes } from '@ringwave/protocol/units';
import { test } from 'tap';
import { type Desk, idOf, macOf, phoneOf, rolloutOf, smallFleet } from './desk.ts';

const lisbon = idOf('lisbon');
const autumn = idOf('autumn');
const gate = { successMin: 0.9, failuresMax: 1, minSample: 2, soak: minutes(0) };
const rollout = (desk: Desk) => desk.tables.rollouts.get('autumn');
const wave = (desk: Desk) => rollout(desk)?.waves[0];

/** Ten of twelve phones are in the first wave. */
const began = (own: { askPerson?: true } = {}): Desk =>
  smallFleet(12).do(
    {
      kind: 'rollout-create',
      input: rolloutOf({
        waves: [{ name: 'first', count: 10, gate: own }, { name: 'rest' }],
        gate,
      }),
    },
    { kind: 'rollout-approve', rollout: autumn },
  );

const firstOf = (desk: Desk): number[] =>
  [...desk.tables.progress.values()]
    .filter((one) => one.wave === 0)
    .map(({ mac }) => Number.parseInt(mac.slice(-2), 16));

function fail(desk: Desk, numbers: readonly number[]): void {
  for (const number of numbers) desk.ended(lisbon, number, 'failed');
}

test('a wave that a person let pass is halted by the failures that come after', (t) => {
  const desk = began({ askPerson: true });
  const [a = 0, b = 0, c = 0, d = 0] = firstOf(desk);
  desk.ended(lisbon, a, 'done').ended(lisbon, b, 'done');
  desk.do({ kind: 'rollout-pass', rollout: autumn });
  fail(desk, [c]);
  t.match([rollout(desk)?.state, wave(desk)?.why], ['running', 'Let pass by ada']);
  fail(desk, [d]);
  t.match(wave(desk), { state: 'halted', why: '2 phones failed, at most 1 may' });
  t.match(rollout(desk), { state: 'paused', paused: { by: 'gate', who: 'first' } });
  t.end();
});

test('what a person released is stopped by as many failures again, and not by the same', (t) => {
  const desk = began();
  const all = firstOf(desk);
  fail(desk, all.slice(0, 2));
  t.equal(wave(desk)?.state, 'halted');
  desk.do({ kind: 'rollout-resume', rollout: autumn }).wait(10);
  fail(desk, all.slice(2, 3));
  t.match([rollout(desk)?.state, wave(desk)?.why], ['running', 'Released by ada']);
  fail(desk, all.slice(3, 4));
  t.match([rollout(desk)?.state, wave(desk)?.state], ['paused', 'halted']);
  desk.do({ kind: 'rollout-resume', rollout: autumn });
  fail(desk, all.slice(4, 5));
  t.equal(rollout(desk)?.state, 'running', 'all four are known to whoever released it');
  t.end();
});

test('a released failure that proves itself late makes no room for another', (t) => {
  const desk = began();
  const [a = 0, b = 0, c = 0, d = 0] = firstOf(desk);
  fail(desk, [a, b]);
  desk.do({ kind: 'rollout-resume', rollout: autumn }).ended(lisbon, a, 'done');
  fail(desk, [c]);
  t.equal(rollout(desk)?.state, 'running');
  fail(desk, [d]);
  t.equal(rollout(desk)?.state, 'paused');
  t.end();
});

test('a wave that halted again after it was released stands as released once its failures are taken back', (t) => {
  const desk = began();
  const [a = 0, b = 0, c = 0, d = 0] = firstOf(desk);
  fail(desk, [a, b]);
  desk.do({ kind: 'rollout-resume', rollout: autumn });
  fail(desk, [c, d]);
  t.equal(wave(desk)?.state, 'halted');
  desk.ended(lisbon, d, 'done');
  t.match(wave(desk), { state: 'passed', why: 'Released by ada' });
  t.match(rollout(desk), { state: 'paused', paused: { by: 'gate' } });
  t.end();
});

test('a wave that late phones join is halted by those that fail after a person released it', (t) => {
  const desk = smallFleet(3).do(
    {
      kind: 'rollout-create',
      input: rolloutOf({ waves: [{ name: 'all', dynamic: true }], gate }),
    },
    { kind: 'rollout-approve', rollout: autumn },
  );
  fail(desk, [1, 2]);
  desk.do({ kind: 'rollout-resume', rollout: autumn });
  desk.do({ kind: 'phones-put', phones: [phoneOf(8), phoneOf(9)] });
  for (const late of [8, 9]) desk.seen(lisbon, late, '66.85.0.5').ended(lisbon, late, 'failed');
  t.equal(desk.tables.progress.get(`autumn/${macOf(9)}`)?.phase, 'failed');
  t.match([rollout(desk)?.state, wave(desk)?.state], ['paused', 'halted']);
  t.end();
});
