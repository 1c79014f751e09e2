import { minutes } from '@ringwave/protocol/units';
import { test } from 'tap';
import { explainPhone } from '../../../controller/core/explain.ts';
import { layOut } from '../../../controller/core/rollout-layout.ts';
import { draftOf } from '@ringwave/protocol/tables';
import {
  type Desk,
  idOf,
  macOf,
  phoneOf,
  releaseOf,
  rolloutOf,
  siteOf,
  smallFleet,
} from './desk.ts';

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
    const [one, two] = [1, 2].map((number) => assignment.waveOf(macOf(number)));
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

test('a phone that was taken out stays out, whatever its site told of work that it had not begun', (t) => {
  const desk = going().ended(site, 1, 'failed');
  desk.do({ kind: 'phones-put', phones: [1, 2].map((number) => phoneOf(number)) });
  const about = { at: desk.now, mac: macOf(2), rollout: 'autumn', revision: 1, attempt: 1 };
  desk.hears(site, { kind: 'phone-moved', phase: 'staged', ...about });
  t.match(part(desk, 2), { phase: 'skipped' });
  desk.hears(site, { kind: 'phone-moved', phase: 'downloading', ...about });
  t.match(part(desk, 2), { phase: 'downloading' }, 'what had begun goes on to its end');
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

test('one that was taken out and gets its work back before its site heard of either is as the site has said', (t) => {
  const waiting = {
    reason: 'The clock of the box differs from the controller’s',
    waitingFor: 'clock',
    nextAttemptAt: null,
    attempt: 2,
    attemptsMax: 3,
  } as const;
  const held = { kind: 'phone-moved', phase: 'held', fault: 'phone-never-asked', waiting } as const;
  const about = { mac: macOf(2), rollout: 'autumn', revision: 1, attempt: 1 };
  const asSaid = { phase: 'held', hops: [releaseOf().id], attempt: 1, fault: held.fault, waiting };

  const before = going();
  before.hears(site, { ...held, at: before.now, ...about }).ended(site, 1, 'failed');
  t.match(part(before, 2), { phase: 'skipped', fault: 'pair-parted' });
  before.ended(site, 1, 'done');
  t.match(part(before, 2), asSaid, 'said before it was taken out');

  const meanwhile = going().ended(site, 1, 'failed');
  meanwhile.hears(site, { ...held, at: meanwhile.now, ...about });
  t.match(part(meanwhile, 2), { phase: 'skipped', fault: 'pair-parted' });
  meanwhile.ended(site, 1, 'done');
  t.match(part(meanwhile, 2), asSaid, 'said while it was out');
  for (const desk of [before, meanwhile]) t.equal(part(desk, 2)?.told, undefined);
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

test('a pair of which one phone is not selected is left out, unless that one runs the version', (t) => {
  const desk = paired();
  const half = rolloutOf({ gate, selection: { macs: [1, 3].map(macOf) } });
  const leftOut = () => layOut(draftOf(desk.tables), half, desk.now).leftOut;
  const why = `${macOf(2)} (lisbon), of the same pair door, is not selected`;
  t.match(leftOut(), [{ mac: macOf(1), site, why }]);
  desk.do({ kind: 'rollout-create', input: half });
  t.equal(part(desk, 1), undefined);
  t.match(desk.tables.rollouts.get('autumn')?.leftOut, { total: 1, reasons: [{ why, phones: 1 }] });
  desk.do({ kind: 'rollout-edit', input: { ...half, selection: { macs: [1, 2].map(macOf) } } });
  t.equal(desk.tables.rollouts.get('autumn')?.leftOut, undefined, 'an edit that selects both');
  desk.do({ kind: 'rollout-edit', input: half });
  t.equal(part(desk, 1), undefined, 'and one that takes one away again');
  desk.seen(site, 2, '66.86.0.15');
  t.same(leftOut(), []);
  t.end();
});

test('a pair at another site with the same name is another pair', (t) => {
  const desk = paired().do({ kind: 'site-put', site: siteOf('porto') });
  const phones = [7, 8].map((number) =>
    phoneOf(number, { pair: idOf('door'), site: idOf('porto') }),
  );
  desk.do({ kind: 'phones-put', phones });
  const input = rolloutOf({ gate, selection: { sites: [site] } });
  t.same(layOut(draftOf(desk.tables), input, desk.now).leftOut, []);
  t.end();
});

test('what is tied to a phone that is left out for an unselected partner is left out, too', (t) => {
  const desk = paired();
  const bond = idOf('exchange');
  const phones = [phoneOf(1, { pair: idOf('door'), bond }), phoneOf(3, { bond })];
  desk.do({ kind: 'phones-put', phones });
  const input = rolloutOf({ gate, selection: { macs: [1, 3, 4].map(macOf) } });
  t.match(layOut(draftOf(desk.tables), input, desk.now).leftOut, [
    { mac: macOf(1), why: /of the same pair door, is not selected$/ },
    { mac: macOf(3), why: /^80:5e:c0:00:00:01, of the same bond, is left out: 80:.+02 \(lisbon\)/ },
  ]);
  t.end();
});

const ofDoor = (...numbers: number[]) =>
  numbers.map((number) => phoneOf(number, { pair: idOf('door'), extension: `1${number}` }));
const outside = (...numbers: number[]) =>
  numbers.map((number) => phoneOf(number, { pair: idOf('door'), extension: '99' }));
const alone = ({ pair: _pair, ...phone }: ReturnType<typeof phoneOf>) => phone;

/** A rollout that goes on and takes what comes, to phones whose extension says so. */
const dynamic = (desk: Desk): Desk =>
  desk.do(
    {
      kind: 'rollout-create',
      input: rolloutOf({
        gate,
        selection: { where: 'extension != 99' },
        waves: [{ name: 'all', dynamic: true }],
      }),
    },
    { kind: 'rollout-approve', rollout: rolloutOf().id },
  );

test('a phone that comes late does not join without the other one of its pair', (t) => {
  const desk = smallFleet(2).do({
    kind: 'phones-put',
    phones: [1, 2].map((number) => phoneOf(number, { extension: `1${number}` })),
  });
  dynamic(desk);
  const pair = idOf('desk');
  const other = (extension: string) => phoneOf(8, { pair, extension });
  desk.do({ kind: 'phones-put', phones: [phoneOf(7, { pair, extension: '17' }), other('99')] });
  t.equal(part(desk, 7), undefined);
  const why = `${macOf(8)} (lisbon), of the same pair desk, is not selected`;
  const shown = () => desk.tables.rollouts.get('autumn')?.leftOut;
  t.same(shown(), { total: 1, kept: 1, reasons: [{ why, phones: 1 }] });
  desk.do({ kind: 'phones-put', phones: [phoneOf(7, { pair, extension: '17' })] });
  t.match(shown(), { total: 1 }, 'told once, however often it is stored');
  const before = desk.tables.rollouts.get('autumn');
  desk.do({ kind: 'phones-put', phones: [phoneOf(1, { extension: '11' })] });
  t.equal(desk.tables.rollouts.get('autumn'), before, 'and not touched by others');
  desk.do({ kind: 'phones-put', phones: [other('18')] });
  t.match([part(desk, 7), part(desk, 8)], [{ phase: 'waiting' }, { phase: 'waiting' }]);
  t.equal(shown(), undefined, 'nobody is left out any more');
  t.equal(desk.tables.leftOut.size, 0);
  t.match(desk.tables.rollouts.get('autumn')?.waves[0]?.counts, { total: 4 });
  t.end();
});

test('who was left out of a wave that takes late phones joins when the other one is gone or no longer its partner', (t) => {
  for (const part of ['removed', 'parted']) {
    const desk = dynamic(smallFleet(2).do({ kind: 'phones-put', phones: ofDoor(1).map(alone) }));
    desk.do({ kind: 'phones-put', phones: [...ofDoor(7), ...outside(8)] });
    t.equal(desk.tables.progress.has(`autumn/${macOf(7)}`), false);
    if (part === 'removed') desk.do({ kind: 'phone-remove', mac: macOf(8) });
    else desk.do({ kind: 'phones-put', phones: outside(8).map(alone) });
    t.ok(desk.tables.progress.has(`autumn/${macOf(7)}`), part);
    t.equal(desk.tables.rollouts.get('autumn')?.leftOut, undefined);
  }
  t.end();
});

test('a phone that comes late joins where the other one of its pair is part of it or runs the version', (t) => {
  const desk = dynamic(paired().do({ kind: 'phones-put', phones: ofDoor(1, 2) }));
  desk.do({ kind: 'phones-put', phones: ofDoor(7) });
  t.match(part(desk, 7), { phase: 'waiting' });
  const arrived = smallFleet(3);
  arrived.do({ kind: 'phones-put', phones: [phoneOf(1, { extension: '11' }), ...outside(3)] });
  dynamic(arrived).seen(site, 3, '66.86.0.15');
  arrived.do({ kind: 'phones-put', phones: ofDoor(7) });
  t.match([part(arrived, 7), part(arrived, 3)], [{ phase: 'waiting' }, undefined]);
  t.end();
});
