import type { Waiting } from '@ringwave/protocol/phases';
import { type Id, minutes } from '@ringwave/protocol/units';
import { test } from 'tap';
import type { PhoneInput } from '../../../controller/core/state.ts';
import { Desk, idOf, macOf, phoneOf, releaseOf, rolloutOf, siteOf } from './desk.ts';

const gate = { successMin: 0, failuresMax: 9, minSample: 1, soak: minutes(0) };
const [lisbon, porto] = [idOf('lisbon'), idOf('porto')];
const [exchange, door] = [idOf('exchange'), idOf('door')];
const newer = releaseOf({ version: '66.86.0.20', images: [imageOf('b')] });
const siteOfPhone = (number: number) => (number % 2 === 0 ? porto : lisbon);

function imageOf(digit: string) {
  return { fileName: 'T46S.rom', sha256: digit.repeat(64), lengthBytes: 5 };
}

/** Odd phones are in Lisbon and even ones in Porto; all seen but those of `unseen`. */
function fleet(own: Readonly<Record<number, Partial<PhoneInput>>>, unseen: readonly number[] = []) {
  const desk = new Desk().do(
    { kind: 'site-put', site: siteOf('lisbon') },
    { kind: 'site-put', site: siteOf('porto') },
  );
  for (const release of [releaseOf(), newer])
    desk.do(
      { kind: 'release-put', release },
      { kind: 'release-move', release: release.id, cause: 'approve', why: 'tried' },
    );
  const numbers = [1, 2, 3, 4];
  desk.do({ kind: 'phones-put', phones: numbers.map((number) => put(number, own[number])) });
  desk.joined(lisbon).joined(porto);
  for (const number of numbers)
    if (!unseen.includes(number)) desk.seen(siteOfPhone(number), number, '66.85.0.5');
  return desk;
}

const put = (number: number, own: Partial<PhoneInput> = {}) =>
  phoneOf(number, { site: siteOfPhone(number), ...own });

const begin = (desk: Desk, id: string = 'autumn', own = {}) =>
  desk.do(
    { kind: 'rollout-create', input: rolloutOf({ id: idOf(id), gate, ...own }) },
    { kind: 'rollout-approve', rollout: idOf(id) },
  );
const part = (desk: Desk, number: number, rollout = 'autumn') =>
  desk.tables.progress.get(`${rollout}/${macOf(number)}`);
const planned = (desk: Desk, number: number) =>
  desk.tables.plans.get(siteOfPhone(number))?.plan.phones.find(({ mac }) => mac === macOf(number))
    ?.work;
const plannedOf = (desk: Desk, ...numbers: number[]) =>
  numbers.filter((number) => planned(desk, number) !== undefined);
const says = (desk: Desk, number: number, phase: 'offered' | 'scheduled', rollout = 'autumn') => {
  const about = { at: desk.now, mac: macOf(number), rollout, revision: 1, attempt: 1 };
  return desk.hears(siteOfPhone(number), { kind: 'phone-moved', phase, ...about });
};
const bonded = (bond: Id) => ({ 1: { bond }, 2: { bond } });
const [x, y] = [3, 4];

/** The one that goes first, and the one behind it. */
const order = (desk: Desk): [number, number] =>
  part(desk, 1)?.phase === 'scheduled' ? [1, 2] : [2, 1];

test('a bond has one order in all rollouts, so that no two of its phones are let go by two of them', (t) => {
  for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) {
    const desk = begin(begin(fleet(bonded(exchange))), id, { priority: 900 });
    const [first, second] = order(desk);
    t.same(plannedOf(desk, 1, 2), [first], id);
    desk.ended(siteOfPhone(first), first, 'done', id).ended(siteOfPhone(first), first, 'done');
    t.ok(planned(desk, second), id);
  }
  t.end();
});

test('one of a bond that another rollout has let go is before all others, and says so', (t) => {
  for (const state of ['scheduled', 'offered', 'aborted']) {
    const desk = begin(fleet(bonded(exchange)));
    const [first, second] = order(desk);
    desk.seen(siteOfPhone(first), first, '66.86.0.15');
    desk.ended(siteOfPhone(first), first, 'done');
    if (state !== 'scheduled') says(desk, second, 'offered');
    if (state === 'aborted')
      desk.do({ kind: 'rollout-abort', rollout: idOf('autumn'), reason: 'no more' });
    begin(desk, 'winter', { releases: [newer.id] });
    t.match(part(desk, first, 'winter'), {
      phase: 'waiting',
      hops: [],
      waiting: {
        reason: `Goes when ${macOf(second)} (${siteOfPhone(second)}), of the same bond exchange, has ended its part of rollout autumn`,
      },
    });
    desk.ended(siteOfPhone(second), second, 'failed');
    t.match(part(desk, first, 'winter'), { phase: 'scheduled' }, state);
  }
  t.end();
});

test('of two that come into one bond after both were let go, one is taken back: never the one that has begun', (t) => {
  for (const bond of ['a', 'b', 'c', 'd'].map(idOf)) {
    const tie = { kind: 'phones-put' as const, phones: [put(x, { bond }), put(y, { bond })] };
    const desk = begin(fleet({}));
    t.same(plannedOf(desk, x, y), [x, y]);
    t.equal(plannedOf(desk.do(tie), x, y).length, 1, bond);
    const flying = says(begin(fleet({})), x, 'offered').do(tie);
    t.same(plannedOf(flying, x, y), [x], bond);
    t.match(part(flying, y), { phase: 'waiting', hops: [] });
    t.ok(planned(flying.ended(siteOfPhone(x), x, 'done'), y));
    const failed = begin(fleet({})).ended(siteOfPhone(x), x, 'failed').do(tie);
    t.match(part(failed, y), { phase: 'skipped', fault: 'pair-parted' });
  }
  t.end();
});

test('one that comes into a bond with a phone of an earlier wave goes behind it', (t) => {
  for (const bond of ['a', 'b', 'c', 'd'].map(idOf)) {
    const waves = [{ name: 'canary', macs: [macOf(x)] }, { name: 'rest' }];
    const desk = begin(fleet({}, [x]), 'autumn', { waves });
    desk.do({ kind: 'phones-put', phones: [put(x, { bond }), put(y, { bond })] });
    desk.seen(siteOfPhone(x), x, '66.85.0.5');
    t.match(part(desk, x), { phase: 'scheduled' }, bond);
  }
  t.end();
});

test('one that stays for the sake of its pair holds its bond, until the other one of the pair proves itself late', (t) => {
  const both = { 1: { bond: exchange, pair: door }, 2: { bond: exchange }, 3: { pair: door } };
  const desk = begin(fleet(both)).ended(lisbon, 3, 'failed');
  t.match([part(desk, 1), part(desk, 2)], [{ fault: 'pair-parted' }, { fault: 'pair-parted' }]);
  t.match(part(desk, 2), {
    detail: `${macOf(3)} (lisbon), tied to it by its pair and a bond, is failed: all stay on one version`,
  });
  desk.ended(lisbon, 3, 'done');
  t.equal(plannedOf(desk, 1, 2).length, 1);
  const unseen = begin(fleet(both, [3]));
  t.same(plannedOf(unseen, 1, 2), [], 'nor does any begin before all can');
  t.equal(plannedOf(unseen.seen(lisbon, 3, '66.85.0.5'), 1, 2).length, 1);
  t.end();
});

test('one that had failed, is told of anew by a restored box and is done then lets the others go', (t) => {
  const desk = begin(fleet(bonded(exchange)));
  const [first, second] = order(desk);
  desk.ended(siteOfPhone(first), first, 'failed');
  says(desk, first, 'scheduled');
  t.match(part(desk, second), { phase: 'skipped', fault: 'pair-parted' });
  desk.ended(siteOfPhone(first), first, 'done');
  t.match(part(desk, second), { phase: 'scheduled' });
  t.end();
});

test('none of a bond begins while another one is silent since its last update, in whichever rollout', (t) => {
  for (const fault of [
    'phone-silent-after-restart',
    'download-stalled',
    'phone-not-registered',
  ] as const) {
    const desk = begin(fleet(bonded(exchange)));
    const [first, second] = order(desk);
    desk.seen(siteOfPhone(first), first, '66.86.0.15');
    desk.ended(siteOfPhone(first), first, 'done').wait(1);
    const about = { at: desk.now, mac: macOf(second), rollout: 'autumn', revision: 1, attempt: 1 };
    desk.hears(siteOfPhone(second), { kind: 'phone-moved', phase: 'failed', fault, ...about });
    begin(desk.wait(1), 'winter', { releases: [newer.id] });
    t.match(part(desk, first, 'winter')?.waiting, {
      reason: `None of bond exchange begins before all can: ${macOf(second)} (${siteOfPhone(second)}) cannot, it went silent in an update and was not seen since`,
      waitingFor: 'phone',
    });
    desk.seen(siteOfPhone(second), second, '66.85.0.5');
    t.match(part(desk, first, 'winter'), { phase: 'scheduled' }, fault);
  }
  t.end();
});

test('what a phone failed at is not named again where its bond takes other work of it back', (t) => {
  const desk = begin(begin(fleet(bonded(exchange))), 'urgent', { priority: 900 });
  const [first, second] = order(desk);
  desk.ended(siteOfPhone(first), first, 'failed', 'urgent');
  t.match(planned(desk, first), { rollout: 'autumn' });
  const freeze = { reason: 'end of the quarter' };
  desk.do({ kind: 'site-freeze', site: siteOfPhone(second), freeze });
  t.equal(planned(desk, first), undefined);
  t.end();
});

test('work that was taken back and given again before its site heard of either is as the site has said', (t) => {
  const desk = begin(fleet(bonded(exchange)));
  const [first, second] = order(desk);
  const said = {
    reason: 'x',
    waitingFor: 'clock',
    nextAttemptAt: null,
    attempt: 1,
    attemptsMax: 3,
  };
  const about = { at: desk.now, mac: macOf(first), rollout: 'autumn', revision: 1, attempt: 1 };
  const waiting = said as Waiting;
  desk.hears(siteOfPhone(first), { kind: 'phone-moved', phase: 'held', waiting, ...about });
  const site = siteOfPhone(second);
  desk.do({ kind: 'site-freeze', site, freeze: { reason: 'end of the quarter' } });
  t.match(part(desk, first), { phase: 'waiting', waiting: { reason: /is frozen/ } });
  desk.do({ kind: 'site-freeze', site, freeze: null });
  t.match(part(desk, first), { phase: 'held', hops: [releaseOf().id], waiting: said });
  t.equal(part(desk, first)?.told, undefined);
  t.end();
});

test('of a bond that joins a dynamic wave none begins before all of it are part of it, and all can', (t) => {
  const labels = { kind: 'desk' };
  const desk = fleet({ ...bonded(exchange), 3: { labels } }, [2]);
  begin(desk, 'autumn', {
    selection: { where: 'label.kind = desk' },
    waves: [{ name: 'all', dynamic: true }],
  });
  t.equal(part(desk, 1), undefined);
  desk.do({
    kind: 'phones-put',
    phones: [1, 2].map((one) => put(one, { bond: exchange, labels })),
  });
  t.match(part(desk, 1)?.waiting, { reason: /^None of bond exchange begins before all can/ });
  t.match(part(desk, 2), { phase: 'waiting', hops: [] });
  t.same(plannedOf(desk, 1, 2), []);
  t.end();
});
