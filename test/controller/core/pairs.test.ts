import { minutes } from '@ringwave/protocol/units';
import { test } from 'tap';
import { explainPhone } from '../../../controller/core/explain.ts';
import { layOut } from '../../../controller/core/rollout-layout.ts';
import { draftOf } from '@ringwave/protocol/tables';
import { type Desk, idOf, macOf, phoneOf, rolloutOf, smallFleet } from './desk.ts';

const site = idOf('lisbon');
const gate = { successMin: 0, failuresMax: 9, minSample: 1, soak: minutes(0) };

/** Six phones, of which the first two are a pair, in a rollout that goes on. */
function going(own: Partial<Parameters<typeof rolloutOf>[0]> = {}): Desk {
  const desk = paired();
  desk.do({ kind: 'rollout-create', input: rolloutOf({ gate, ...own }) });
  return desk.do({ kind: 'rollout-approve', rollout: rolloutOf().id });
}

const paired = (): Desk =>
  smallFleet(6).do({
    kind: 'phones-put',
    phones: [1, 2].map((number) => phoneOf(number, { pair: idOf('door') })),
  });

const part = (desk: Desk, number: number) => desk.tables.progress.get(`autumn/${macOf(number)}`);
const planned = (desk: Desk, number: number) =>
  desk.tables.plans.get(site)?.plan.phones.find((one) => one.mac === macOf(number))?.work;

test('phones of one pair go in one wave, whatever the wave counts', (t) => {
  for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) {
    const desk = paired();
    const waves = [{ name: 'canary', count: 1 }, { name: 'half', percent: 40 }, { name: 'rest' }];
    const { assignment } = layOut(
      draftOf(desk.tables),
      rolloutOf({ id: idOf(id), waves }),
      desk.now,
    );
    const [one, two] = [1, 2].map((number) => assignment.waveOf.get(macOf(number)));
    t.equal(one, two, id);
    const order = assignment.members.flat().map((phone) => phone.mac);
    const apart = Math.abs(order.indexOf(macOf(1)) - order.indexOf(macOf(2)));
    t.equal(apart, 1, 'side by side');
  }
  t.end();
});

test('where one of a pair fails, the other is not begun, and says why', (t) => {
  const desk = going().ended(site, 1, 'failed');
  t.match(part(desk, 2), { phase: 'skipped', fault: 'pair-parted' });
  t.equal(planned(desk, 2), undefined, 'no plan names it any more');
  const phone = desk.tables.phones.get(macOf(2));
  t.match(phone && explainPhone(desk.tables, phone, desk.now)[0], {
    reason: `${macOf(1)}, the other phone of pair door, is failed: both stay on one version`,
  });
  t.match(part(desk, 3), { phase: 'scheduled' }, 'others go on');
  t.end();
});

test('what the site told before it knew does not begin the other one again', (t) => {
  const desk = going().ended(site, 1, 'failed');
  const waiting = {
    reason: 'x',
    waitingFor: 'opening',
    nextAttemptAt: null,
    attempt: 1,
    attemptsMax: 3,
  } as const;
  const about = { at: desk.now, mac: macOf(2), rollout: 'autumn', revision: 1, attempt: 1 };
  desk.hears(site, { kind: 'phone-moved', phase: 'staged', waiting, ...about });
  t.match(part(desk, 2), { phase: 'skipped' });
  desk.hears(site, { kind: 'phone-moved', phase: 'done', ...about });
  t.match(part(desk, 2), { phase: 'done' }, 'proof is taken all the same');
  t.end();
});

test('a late proof gives the other one its work back', (t) => {
  const desk = going().ended(site, 1, 'failed').ended(site, 1, 'done');
  t.match(part(desk, 2), { phase: 'scheduled' });
  t.equal(part(desk, 2)?.fault, undefined);
  t.ok(planned(desk, 2));
  t.match(desk.tables.rollouts.get('autumn')?.waves[0]?.counts, {
    total: 6,
    done: 1,
    skipped: 0,
    failed: 0,
  });
  t.end();
});

test('a phone that was skipped keeps its partner, and a partner that no release fits keeps both out', (t) => {
  const desk = paired().seen(site, 1, '99.1');
  desk.do({ kind: 'rollout-create', input: rolloutOf({ gate }) });
  desk.do({ kind: 'rollout-approve', rollout: rolloutOf().id });
  t.match([part(desk, 1), part(desk, 2)], [{ phase: 'skipped' }, { phase: 'skipped' }]);
  const other = paired().do({
    kind: 'phones-put',
    phones: [phoneOf(1, { pair: idOf('door'), model: 'T48S' })],
  });
  const { leftOut } = layOut(draftOf(other.tables), rolloutOf(), other.now);
  t.match(leftOut, [
    { mac: macOf(1), why: /^No release/ },
    { mac: macOf(2), why: /^80:5e:c0:00:00:01, of the same pair, is left out: No release/ },
  ]);
  t.end();
});
