import { draftOf } from '@ringwave/protocol/tables';
import { minutes } from '@ringwave/protocol/units';
import { test } from 'tap';
import { bondPhonesMax } from '../../../controller/core/bonds.ts';
import { explainPhone } from '../../../controller/core/explain.ts';
import { layOut } from '../../../controller/core/rollout-layout.ts';
import type { PhoneInput } from '../../../controller/core/state.ts';
import { Desk, idOf, macOf, phoneOf, releaseOf, rolloutOf, siteOf } from './desk.ts';

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
    t.equal(assignment.waveOf.get(macOf(1)), assignment.waveOf.get(macOf(2)), id);
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
    [1, 2, 3].map((number) => assignment.waveOf.get(macOf(number))),
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
