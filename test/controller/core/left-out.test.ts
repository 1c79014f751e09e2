import { test } from 'tap';
import { leftOutFrom, leftOutMax } from '../../../controller/core/left-out.ts';
import { rolloutView } from '../../../controller/core/views.ts';
import { idOf, macOf, phoneOf, rolloutOf, siteOf, smallFleet } from './desk.ts';

const shownOf = (desk: ReturnType<typeof smallFleet>) => {
  const found = desk.tables.rollouts.get('autumn');
  return found && rolloutView(desk.tables, found).leftOut;
};

test('phones that a rollout selected and does not reach stay readable with it, by reason and by name', (t) => {
  const desk = smallFleet(3);
  const other = [7, 8].map((number) => phoneOf(number, { model: 'T58' }));
  desk.do({ kind: 'phones-put', phones: [...other, phoneOf(9, { model: 'T57W' })] });
  desk.do({ kind: 'rollout-create', input: rolloutOf() });
  t.same(shownOf(desk), {
    total: 3,
    kept: 3,
    reasons: [
      { why: 'No release of the rollout is for a Yealink T58', phones: 2 },
      { why: 'No release of the rollout is for a Yealink T57W', phones: 1 },
    ],
  });
  t.same(
    leftOutFrom(desk.tables, 'autumn', { from: 1, limit: 5 }).map(({ mac, site }) => [mac, site]),
    [
      [macOf(8), 'lisbon'],
      [macOf(9), 'lisbon'],
    ],
  );
  desk.do({ kind: 'rollout-edit', input: rolloutOf({ selection: { models: ['T46S', 'T57W'] } }) });
  t.match(shownOf(desk), { total: 1, reasons: [{ phones: 1 }] }, 'a change is told afresh');
  desk.do({ kind: 'rollout-remove', rollout: idOf('autumn') });
  t.equal(desk.tables.leftOut.size, 0, 'nothing stays of what is removed');
  t.end();
});

test('where nobody is left out nothing is kept', (t) => {
  const desk = smallFleet(2).do({ kind: 'rollout-create', input: rolloutOf() });
  t.same([shownOf(desk), desk.tables.leftOut.size], [null, 0]);
  t.end();
});

test('of very many all are counted and the first are named, page after page', (t) => {
  const desk = smallFleet(1);
  const surplus = 700;
  for (let site = 0; site * 1000 < leftOutMax + surplus; site += 1) {
    desk.do({ kind: 'site-put', site: siteOf(`s${site}`) });
    const phones = Array.from({ length: Math.min(1000, leftOutMax + surplus - site * 1000) });
    desk.do({
      kind: 'phones-put',
      phones: phones.map((_, nth) => {
        const number = (site * 1000 + nth).toString(16).padStart(6, '0').match(/../g);
        const mac = `80:5e:c1:${number?.join(':')}` as ReturnType<typeof macOf>;
        return phoneOf(1, { mac, site: idOf(`s${site}`), model: nth < 30 ? `T${nth}` : 'T58' });
      }),
    });
  }
  desk.do({ kind: 'rollout-create', input: rolloutOf() });
  const shown = shownOf(desk);
  t.match(shown, { total: leftOutMax + surplus, kept: leftOutMax });
  t.equal(shown?.reasons.length, 20);
  t.equal(
    shown?.reasons.reduce((sum, { phones }) => sum + phones, 0),
    leftOutMax + surplus,
    'other reasons are one',
  );
  const macs = new Set<string>();
  for (let from = 0; ; from += 300) {
    const page = leftOutFrom(desk.tables, 'autumn', { from, limit: 300 });
    for (const { mac } of page) macs.add(mac);
    if (page.length === 0) break;
  }
  t.equal(macs.size, leftOutMax);
  t.end();
});
