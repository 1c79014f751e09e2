import { minutes } from '@ringwave/protocol/units';
import { test } from 'tap';
import type { RolloutInput } from '../../../controller/core/state.ts';
import { type Desk, idOf, macOf, phoneOf, rolloutOf, smallFleet } from './desk.ts';

const lisbon = idOf('lisbon');
const gate = { successMin: 0.9, failuresMax: 1, minSample: 2, soak: minutes(0) };
const waves = (desk: Desk) => desk.tables.rollouts.get('autumn')?.waves;

/** Phones 1 to 3 of six run the version before the rollout begins. */
function began(canary: readonly number[], own: Partial<RolloutInput> = {}): Desk {
  const desk = smallFleet(6);
  for (const number of [1, 2, 3]) desk.seen(lisbon, number, '66.86.0.15');
  const input = rolloutOf({
    waves: [{ name: 'canary', macs: canary.map(macOf) }, { name: 'rest' }],
    gate,
    ...own,
  });
  return desk.do(
    { kind: 'rollout-create', input },
    { kind: 'rollout-approve', rollout: idOf('autumn') },
  );
}

test('phones that ran the version before are done and are no results of their wave', (t) => {
  const desk = began([1, 2, 4, 5]);
  t.match(waves(desk), [
    {
      state: 'open',
      counts: { done: 2, already: 2 },
      why: '0 of 2 results needed for a judgement',
    },
    { state: 'closed' },
  ]);
  desk.ended(lisbon, 4, 'done').ended(lisbon, 5, 'done');
  t.match(waves(desk), [{ state: 'passed', counts: { done: 4, already: 2 } }, { state: 'open' }]);
  t.end();
});

test('they make no failure of another phone a smaller part', (t) => {
  const desk = began([1, 2, 3, 4, 5], { gate: { ...gate, failuresMax: 5, failedPartMax: 0.3 } });
  desk.ended(lisbon, 4, 'done').ended(lisbon, 5, 'failed');
  t.match(waves(desk)?.[0], {
    state: 'halted',
    why: '1 of 2 completed phones failed (50 %), at most 30 % may',
  });
  t.end();
});

test('a wave that has no other phone to try passes', (t) => {
  t.match(waves(began([1, 2])), [{ state: 'passed', why: 'Gate met' }, { state: 'open' }]);
  t.end();
});

test('a wave of such phones and of skipped ones has proven nothing', (t) => {
  const desk = smallFleet(3).seen(lisbon, 1, '66.86.0.15').seen(lisbon, 2, 'custom build');
  const input = rolloutOf({
    waves: [{ name: 'canary', macs: [macOf(1), macOf(2)] }, { name: 'rest' }],
    gate,
  });
  desk.do({ kind: 'rollout-create', input }, { kind: 'rollout-approve', rollout: idOf('autumn') });
  t.match(waves(desk)?.[0], {
    state: 'held',
    why: 'No phone of the wave gave a result that counts, so nothing was proven',
  });
  t.end();
});

/** Numbers of the phones that the first wave takes. */
const taken = (desk: Desk) =>
  [1, 2, 3, 4, 5, 6].filter((one) => desk.tables.progress.get(`autumn/${macOf(one)}`)?.wave === 0);
const rest = { name: 'rest' };

test('a wave of a part takes phones that have a way to go first: others show nothing of the release', (t) => {
  const parts = [{ count: 3 }, { percent: 50 }, { per: ['model'] as const, count: 3 }];
  for (const part of parts) {
    const desk = began([], { waves: [{ name: 'canary', ...part }, rest] });
    t.same(taken(desk), [4, 5, 6], JSON.stringify(part));
  }
  t.end();
});

test('it takes others too where those that have a way do not suffice, and none that was never seen before', (t) => {
  const desk = began([], { waves: [{ name: 'canary', count: 5 }, rest] });
  t.equal(taken(desk).length, 5);
  t.same(
    taken(desk).filter((one) => one > 3),
    [4, 5, 6],
  );
  const unseen = smallFleet(3);
  const input = rolloutOf({ waves: [{ name: 'canary', count: 3 }, rest], gate });
  unseen.do({ kind: 'phones-put', phones: [4, 5, 6].map((one) => phoneOf(one)) });
  unseen.do({ kind: 'rollout-create', input });
  t.same(taken(unseen), [1, 2, 3]);
  t.end();
});
