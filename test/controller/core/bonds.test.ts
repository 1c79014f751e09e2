import { draftOf } from '@ringwave/protocol/tables';
import { type EpochMs, type Id, minutes } from '@ringwave/protocol/units';
import { test } from 'tap';
import { bondPhonesMax } from '../../../controller/core/bonds.ts';
import { explainPhone } from '../../../controller/core/explain.ts';
import { layOut } from '../../../controller/core/rollout-layout.ts';
import type { Command, PhoneInput } from '../../../controller/core/state.ts';
import { after, Desk, idOf, macOf, phoneOf, releaseOf, rolloutOf, siteOf } from './desk.ts';

const gate = { successMin: 0, failuresMax: 9, minSample: 1, soak: minutes(0) };
const [lisbon, porto] = [idOf('lisbon'), idOf('porto')];
const exchange = idOf('exchange');

/** Two phones of one bond at two sites and a phone of its own beside each; all seen but those of `unseen`. */
function fleet(unseen: readonly number[] = [], own: Partial<PhoneInput> = {}): Desk {
  const phones = [
    phoneOf(1, { bond: exchange }),
    phoneOf(2, { bond: exchange, site: porto, ...own }),
    phoneOf(3),
    phoneOf(4, { site: porto }),
  ];
  const desk = new Desk().do(
    { kind: 'site-put', site: siteOf('lisbon') },
    { kind: 'site-put', site: siteOf('porto') },
    { kind: 'release-put', release: releaseOf() },
    { kind: 'release-move', release: releaseOf().id, cause: 'approve', why: 'tried' },
    { kind: 'phones-put', phones },
  );
  desk.joined(lisbon).joined(porto);
  for (const { mac, site } of phones) {
    const number = Number.parseInt(mac.slice(-2), 16);
    if (!unseen.includes(number)) desk.seen(site, number, '66.85.0.5');
  }
  return desk;
}

const begun = (desk: Desk, own = {}) =>
  desk.do(
    { kind: 'rollout-create', input: rolloutOf({ gate, ...own }) },
    { kind: 'rollout-approve', rollout: rolloutOf().id },
  );
const part = (desk: Desk, number: number) => desk.tables.progress.get(`autumn/${macOf(number)}`);
const phases = (desk: Desk) => [1, 2, 3, 4].map((number) => part(desk, number)?.phase);
const planned = (desk: Desk, number: number) =>
  desk.tables.plans.get(siteOfPhone(number))?.plan.phones.find(({ mac }) => mac === macOf(number))
    ?.work;
const siteOfPhone = (number: number) => (number === 2 ? porto : lisbon);

/** The one that goes first, and the one behind it. */
function order(desk: Desk): [number, number] {
  return part(desk, 1)?.phase === 'scheduled' ? [1, 2] : [2, 1];
}
const reasonOf = (desk: Desk, number: number) => {
  const phone = desk.tables.phones.get(macOf(number));
  return phone && explainPhone(desk.tables, phone, desk.now)[0];
};

test('phones of one bond go one after another, also at different sites, and say so', (t) => {
  const desk = begun(fleet());
  const [first, second] = order(desk);
  t.match([part(desk, first), part(desk, second)], [{ phase: 'scheduled' }, { phase: 'waiting' }]);
  t.match([part(desk, 3), part(desk, 4)], [{ phase: 'scheduled' }, { phase: 'scheduled' }]);
  const said = reasonOf(desk, second);
  t.match(said, {
    waitingFor: 'wave',
    reason: `Goes when ${macOf(first)} (${siteOfPhone(first)}), which is before it in bond exchange, proves its version`,
  });
  t.match(
    said?.because.find((one) => one.startsWith('Bond')),
    new RegExp(`^Bond exchange: ${macOf(1)} \\(lisbon\\) is .+, ${macOf(2)} \\(porto\\) is `),
  );
  desk.ended(siteOfPhone(first), first, 'done');
  t.match(part(desk, second), { phase: 'scheduled', hops: [releaseOf().id] });
  desk.ended(siteOfPhone(second), second, 'done').ended(lisbon, 3, 'done').ended(porto, 4, 'done');
  t.equal(desk.tables.rollouts.get('autumn')?.state, 'done');
  t.end();
});

test('one of a bond that fails keeps the others where they are; its late proof lets them go', (t) => {
  const desk = begun(fleet());
  const [first, second] = order(desk);
  desk.ended(siteOfPhone(first), first, 'failed');
  t.match(part(desk, second), {
    phase: 'skipped',
    fault: 'pair-parted',
    detail: `${macOf(first)} (${siteOfPhone(first)}), of the same bond exchange, is failed: all stay on one version`,
  });
  desk.ended(siteOfPhone(first), first, 'done');
  t.match(part(desk, second), { phase: 'scheduled' });
  t.end();
});

test('none of a bond begins before all of them can', (t) => {
  for (const unseen of [1, 2]) {
    const desk = begun(fleet([unseen]));
    const seen = 3 - unseen;
    t.match(part(desk, seen), { phase: 'waiting', hops: [] });
    t.match(reasonOf(desk, seen), {
      reason: `None of bond exchange begins before all can: ${macOf(unseen)} (${siteOfPhone(unseen)}) cannot, it was never seen`,
      waitingFor: 'phone',
    });
    desk.seen(siteOfPhone(unseen), unseen, '66.85.0.5');
    const [first, second] = order(desk);
    t.match(
      [part(desk, first), part(desk, second)],
      [{ phase: 'scheduled' }, { phase: 'waiting' }],
    );
  }
  const noWay = begun(fleet().seen(porto, 2, '99.1'));
  t.same(phases(noWay), ['skipped', 'skipped', 'scheduled', 'scheduled']);
  t.match([part(noWay, 1), part(noWay, 2)], [{ fault: 'pair-parted' }, { fault: /./ }]);
  t.end();
});

test('one that runs the version already, is removed or leaves the bond holds nobody', (t) => {
  const arrived = begun(fleet().seen(porto, 2, '66.86.0.15'));
  t.same([part(arrived, 1)?.phase, part(arrived, 2)?.phase], ['scheduled', 'done']);
  const removed = begun(fleet([2])).do({ kind: 'phone-remove', mac: macOf(2) });
  t.equal(part(removed, 1)?.phase, 'scheduled');
  t.same(removed.tables.bonds.get('exchange'), [macOf(1)]);
  const left = begun(fleet([2])).do({ kind: 'phones-put', phones: [phoneOf(2, { site: porto })] });
  t.equal(part(left, 1)?.phase, 'scheduled');
  const both = left.do({ kind: 'phones-put', phones: [phoneOf(1)] });
  t.equal(both.tables.bonds.size, 0);
  t.end();
});

test('a paced wave lets phones of a bond go in their order, too', (t) => {
  const desk = begun(fleet(), { pace: { perMinute: 60 } });
  for (let minute = 0; minute < 3; minute += 1) desk.wait(1);
  const [first, second] = order(desk);
  t.match([part(desk, first), part(desk, second)], [{ phase: 'scheduled' }, { phase: 'waiting' }]);
  t.equal(desk.ended(siteOfPhone(first), first, 'done') && part(desk, second)?.phase, 'scheduled');
  t.end();
});

test('a bond is in one wave, and is left out together, also where one of it is not selected', (t) => {
  for (const id of ['a', 'b', 'c', 'd']) {
    const waves = [{ name: 'one', count: 1 }, { name: 'rest' }];
    const desk = fleet();
    const input = rolloutOf({ id: idOf(id), waves });
    const { assignment } = layOut(draftOf(desk.tables), input, desk.now);
    t.equal(assignment.waveOf(macOf(1)), assignment.waveOf(macOf(2)), id);
  }
  const half = fleet();
  const input = rolloutOf({ selection: { sites: [lisbon] } });
  t.match(layOut(draftOf(half.tables), input, half.now).leftOut, [
    { mac: macOf(1), why: `${macOf(2)} (porto), of the same bond exchange, is not selected` },
  ]);
  half.seen(porto, 2, '66.86.0.15');
  t.same(layOut(draftOf(half.tables), input, half.now).leftOut, [], 'it runs the version already');
  const other = fleet([], { model: 'T48S' });
  t.match(layOut(draftOf(other.tables), rolloutOf(), other.now).leftOut, [
    { mac: macOf(2), why: /^No release/ },
    { mac: macOf(1), why: /^80:5e:c0:00:00:02, of the same bond, is left out: No release/ },
  ]);
  t.end();
});

test('what is in a pair and a bond holds together all that is in either', (t) => {
  const desk = fleet();
  const pair = idOf('door');
  desk.do({
    kind: 'phones-put',
    phones: [phoneOf(1, { bond: exchange, pair }), phoneOf(3, { pair })],
  });
  const waves = [{ name: 'one', count: 1, macs: [macOf(3)] }, { name: 'rest' }];
  const { assignment } = layOut(draftOf(desk.tables), rolloutOf({ waves }), desk.now);
  t.same(
    [1, 2, 3].map((number) => assignment.waveOf(macOf(number))),
    [0, 0, 0],
  );
  t.end();
});

test('a bond has as many phones as go one after another', (t) => {
  const desk = fleet();
  const phones = Array.from({ length: bondPhonesMax - 1 }, (_, nth) =>
    phoneOf(20 + nth, { bond: exchange }),
  );
  t.match(desk.refusals({ kind: 'phones-put', phones }), [
    { thing: 'bond exchange', reason: 'would have 17 phones, at most 16 go one after another' },
  ]);
  t.equal(desk.tables.phones.size, 4, 'nothing of it is stored');
  t.end();
});

/** Freezes the site of the phone that goes last, and gives that phone and the one that goes first. */
function frozenBehind(freeze: (site: Id) => Command, when: 'before' | 'after' = 'before') {
  const [first, second] = order(begun(fleet()));
  const desk = fleet();
  const other = siteOfPhone(second);
  if (when === 'after') begun(desk);
  desk.do(freeze(other));
  if (when === 'before') begun(desk);
  return { desk, first, second, other };
}

const frozen = (site: Id): Command => ({
  kind: 'site-freeze',
  site,
  freeze: { reason: 'end of the quarter' },
});

test('none of a bond begins while the site of another one is frozen, and says so until it is lifted', (t) => {
  for (const when of ['before', 'after'] as const) {
    const { desk, first, second, other } = frozenBehind(frozen, when);
    t.match(part(desk, first), { phase: 'waiting', hops: [] }, when);
    t.match(reasonOf(desk, first), {
      reason: `None of bond exchange begins before all can: ${macOf(second)} (${other}) cannot, its site is frozen from headquarters by ada: end of the quarter`,
      waitingFor: 'person',
    });
    t.equal(planned(desk, first), undefined, 'its plan names no work any more');
    t.match([part(desk, 3), part(desk, 4)], [{ phase: 'scheduled' }, { phase: 'scheduled' }]);
    desk.do({ kind: 'site-freeze', site: other, freeze: null });
    t.match(
      [part(desk, first), part(desk, second)],
      [{ phase: 'scheduled' }, { phase: 'waiting' }],
    );
    t.ok(planned(desk, first));
  }
  t.end();
});

test('a bond is held from the beginning of a planned freeze to its end, by time alone', (t) => {
  const ahead = (site: Id): Command => ({
    kind: 'freeze-put',
    freeze: {
      id: idOf('fair'),
      reason: 'trade fair',
      from: '2026-03-02T10:00Z',
      until: '2026-03-03T10:00Z',
      sites: [site],
    },
  });
  for (const when of ['before', 'after'] as const) {
    const { desk, first, second, other } = frozenBehind(ahead, when);
    t.match(part(desk, first), { phase: 'scheduled' }, `${when}: it has not begun yet`);
    t.equal(desk.tables.bondLook.get('next'), Date.parse('2026-03-02T10:00Z'));
    t.ok((desk.wakeAt ?? Infinity) <= Date.parse('2026-03-02T10:00Z'));
    desk.take({ kind: 'woke' }, Date.parse('2026-03-02T10:00Z') as EpochMs);
    t.match(part(desk, first)?.waiting, {
      reason: `None of bond exchange begins before all can: ${macOf(second)} (${other}) cannot, its site is frozen from headquarters by ada from 2026-03-02 10:00 UTC until 2026-03-03 10:00 UTC: trade fair`,
      nextAttemptAt: Date.parse('2026-03-03T10:00Z'),
    });
    t.equal(desk.tables.bondLook.get('next'), Date.parse('2026-03-03T10:00Z'));
    desk.take({ kind: 'woke' }, Date.parse('2026-03-03T10:00Z') as EpochMs);
    t.match(part(desk, first), { phase: 'scheduled' });
    t.equal(desk.tables.bondLook.size, 0, 'nothing is left to look at');
  }
  t.end();
});

test('a freeze that ends by itself, and one by somebody at the site, hold a bond as long as they last', (t) => {
  const until = after(600);
  const ending = (site: Id): Command => ({
    kind: 'site-freeze',
    site,
    freeze: { reason: 'stocktaking', until },
  });
  const { desk, first, other } = frozenBehind(ending);
  t.match(part(desk, first)?.waiting, { nextAttemptAt: until });
  desk.take({ kind: 'woke' }, until);
  t.match(part(desk, first), { phase: 'scheduled' });
  const there = { kind: 'site-held', hold: 'freeze', until: null, at: desk.now } as const;
  desk.hears(other, { ...there, isOn: true, reason: 'cabling' });
  t.match(part(desk, first)?.waiting?.reason, /, its site is frozen by somebody there: cabling$/);
  desk.hears(other, { ...there, isOn: false, reason: '' });
  t.match(part(desk, first), { phase: 'scheduled' });
  t.end();
});

test('none of a bond begins before the site of each has an agent', (t) => {
  const [first, second] = order(begun(fleet()));
  const madrid = idOf('madrid');
  const desk = fleet().do({ kind: 'site-put', site: siteOf('madrid') });
  desk.do({ kind: 'phones-put', phones: [phoneOf(second, { bond: exchange, site: madrid })] });
  begun(desk);
  t.match(part(desk, first)?.waiting, {
    reason: `None of bond exchange begins before all can: ${macOf(second)} (madrid) cannot, its site has no agent yet`,
    waitingFor: 'agent',
  });
  desk.joined(madrid);
  t.match(part(desk, first), { phase: 'scheduled' });
  t.end();
});

test('of a bond what had begun before its site heard of the freeze goes on, and what had not stays held', (t) => {
  const { desk, first, second, other } = frozenBehind(frozen, 'after');
  const about = { at: desk.now, mac: macOf(first), rollout: 'autumn', revision: 1, attempt: 1 };
  const moved = { kind: 'phone-moved', ...about } as const;
  desk.hears(siteOfPhone(first), { ...moved, phase: 'staged' });
  t.match(part(desk, first), { phase: 'waiting', waiting: { reason: /is frozen/ } });
  desk.hears(siteOfPhone(first), { ...moved, phase: 'offered' });
  t.match(part(desk, first), { phase: 'offered', hops: [releaseOf().id] });
  desk.do({ kind: 'site-freeze', site: other, freeze: null }, frozen(other));
  t.match(part(desk, first), { phase: 'offered' }, 'a phone under way is not turned round');
  desk.ended(siteOfPhone(first), first, 'done');
  t.match(part(desk, second), { phase: 'scheduled' });
  t.end();
});

test('of a bond what had begun before its site heard of the freeze is held as soon as its try has failed', (t) => {
  const { desk, first, other } = frozenBehind(frozen, 'after');
  const about = { at: desk.now, mac: macOf(first), rollout: 'autumn', revision: 1 };
  const moved = { kind: 'phone-moved', ...about } as const;
  desk.hears(siteOfPhone(first), { ...moved, attempt: 1, phase: 'offered' });
  t.match(part(desk, first), { phase: 'offered' });
  desk.hears(siteOfPhone(first), { ...moved, attempt: 1, phase: 'scheduled' });
  t.match(part(desk, first), { phase: 'waiting', hops: [], waiting: { reason: /is frozen/ } });
  desk.do({ kind: 'site-freeze', site: other, freeze: null });
  t.match(part(desk, first), { phase: 'scheduled', hops: [releaseOf().id], attempt: 1 });
  t.end();
});

test('one of a bond that is held back after a try in which it went silent keeps the others until it is seen', (t) => {
  const desk = begun(fleet());
  const [first, second] = order(desk);
  const site = siteOfPhone(second);
  const about = { mac: macOf(second), rollout: 'autumn', revision: 1, attempt: 1 };
  // Its site had begun it before it knew.
  desk.hears(site, { kind: 'phone-moved', at: desk.now, phase: 'offered', ...about });
  const fault = 'phone-silent-after-restart' as const;
  desk.wait(1).hears(site, { kind: 'phone-moved', at: desk.now, phase: 'held', fault, ...about });
  t.match(part(desk, second), { phase: 'waiting', hops: [] });
  desk.wait(1).do(frozen(site), { kind: 'site-freeze', site, freeze: null });
  t.match(part(desk, first), { phase: 'waiting', waiting: { reason: /it went silent/ } });
  desk.wait(1).seen(site, second, '66.85.0.5');
  t.match(part(desk, first), { phase: 'scheduled' });
  // It waits for another reason from now on, and is no less there.
  desk.wait(1).do(frozen(site), { kind: 'site-freeze', site, freeze: null });
  t.match(part(desk, first), { phase: 'scheduled' });
  t.end();
});
