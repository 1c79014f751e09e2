import { test } from 'tap';
import { confirmationRefusal } from '../../../../controller/core/selection/confirmation.ts';
import type { Command } from '../../../../controller/core/state.ts';
import { idOf, macOf, phoneOf, rolloutOf, siteOf, smallFleet } from '../desk.ts';

const refusal = (selected: number, fleet: number, confirmed?: number) =>
  confirmationRefusal('rollout autumn', { selected, fleet, confirmed })?.reason;

test('many phones are reached only by somebody who names their number', (t) => {
  t.equal(refusal(50, 100), undefined);
  t.equal(refusal(51, 100), 'would reach 51 of 100 phones');
  t.equal(refusal(51, 100, 50), 'would reach 51 of 100 phones, not 50');
  t.equal(refusal(51, 100, 51), undefined);
  t.equal(refusal(10_000, 90_000), undefined);
  t.equal(refusal(10_001, 90_000), 'would reach 10001 of 90000 phones');
  t.equal(refusal(99, 99), undefined, 'a small fleet is looked at as a list');
  t.equal(
    refusal(3, 5, 4),
    'would reach 3 of 5 phones, not 4',
    'a number that is given has to be right',
  );
  t.end();
});

const create = (own: Parameters<typeof rolloutOf>[0]): Command => ({
  kind: 'rollout-create',
  input: rolloutOf(own),
});

test('a rollout takes the phones of its selection, and each wave those of its own', (t) => {
  const desk = smallFleet(6).do({
    kind: 'phones-put',
    phones: [phoneOf(1, { labels: { floor: '1' } }), phoneOf(2, { labels: { floor: '2' } })],
  });
  desk.do(
    create({
      selection: { where: 'has label.floor or mac = 80:5e:c0:00:00:03' },
      waves: [{ name: 'first', where: 'label.floor = 1' }, { name: 'rest' }],
    }),
  );
  const waves = [...desk.tables.progress.values()].map(({ mac, wave }) => [mac, wave]);
  t.same(waves, [
    [macOf(1), 0],
    [macOf(2), 1],
    [macOf(3), 1],
  ]);
  t.end();
});

test('a selection that cannot be read, or names what nobody has, is refused at its column', (t) => {
  const desk = smallFleet(1);
  const told = (own: Parameters<typeof rolloutOf>[0]) =>
    desk.refusals(create(own)).map(({ thing, reason, next }) => `${thing}: ${reason}. ${next}`);
  t.same(told({ selection: { where: 'modle = T46S' } }), [
    'rollout autumn: where, column 1: "modle" is no field. Expected: model',
  ]);
  t.same(
    told({
      selection: { where: 'model = T46X' },
      waves: [{ name: 'all', where: 'site = lisbn' }],
    }),
    [
      'rollout autumn: where, column 9: no model "T46X" is known here. Expected: T46S',
      'rollout autumn: wave all: where, column 8: no site "lisbn" is known here. Expected: lisbon',
    ],
  );
  t.end();
});

test('a rollout for more than half of a hundred phones waits for their number', (t) => {
  const desk = smallFleet(100);
  desk.do({ kind: 'site-put', site: siteOf('porto', { labels: { region: 'EU' } }) });
  t.match(desk.refusals(create({})), [
    {
      code: 'conflict',
      thing: 'rollout autumn: selection',
      reason: 'would reach 100 of 100 phones',
      next: 'Narrow it, or confirm the number: confirmPhones: 100 (--confirm 100).',
    },
  ]);
  t.equal(desk.tables.progress.size, 0);
  desk.do(create({ confirmPhones: 100 }));
  t.equal(desk.tables.progress.size, 100);
  t.notOk('confirmPhones' in (desk.tables.rollouts.get(idOf('autumn')) ?? {}));
  t.end();
});
