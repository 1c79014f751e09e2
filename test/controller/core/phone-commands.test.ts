import { test } from 'tap';
import type { Command } from '../../../controller/core/state.ts';
import { type Desk, idOf, macOf, phoneOf, rolloutOf, siteOf, smallFleet } from './desk.ts';

const waves = [{ name: 'all', dynamic: true }];
const create: Command = { kind: 'rollout-create', input: rolloutOf({ waves }) };
const approve: Command = { kind: 'rollout-approve', rollout: idOf('autumn') };
const remove: Command = { kind: 'phone-remove', mac: macOf(3) };
const putBack: Command = { kind: 'phones-put', phones: [phoneOf(3)] };

const parts = (desk: Desk) =>
  [...desk.tables.progress.values()].map(({ mac, phase }) => `${mac} ${phase}`);
const counts = (desk: Desk) => desk.tables.rollouts.get('autumn')?.waves[0]?.counts;

/** Its rollout has begun, and the phone has shown itself since it is back. */
const goesOn = (desk: Desk): Desk =>
  desk.do(approve).do(putBack).seen(idOf('lisbon'), 3, '66.85.0.5').wait(5);

const all = [1, 2, 3].map((number) => `${macOf(number)} scheduled`);

test('a phone that was removed leaves nothing in a rollout that is removed before its start', (t) => {
  const desk = smallFleet(3).do(create, remove);
  desk.do({ kind: 'rollout-remove', rollout: idOf('autumn') });
  t.same(parts(desk), []);
  goesOn(desk.do(create));
  t.same(parts(desk), all);
  t.match(counts(desk), { total: 3, skipped: 0 });
  t.end();
});

test('nor in one that is changed before its start', (t) => {
  const desk = smallFleet(3).do(create, remove);
  desk.do({ kind: 'rollout-edit', input: rolloutOf({ name: 'New name', waves }) });
  t.equal(parts(desk).length, 2);
  t.same(parts(goesOn(desk)), all);
  t.match(counts(desk), { total: 3, skipped: 0 });
  t.end();
});

test('a phone that is removed and stored again is part again of what has not begun', (t) => {
  const desk = smallFleet(3).do(create, remove);
  t.match(counts(desk), { total: 3, skipped: 1 });
  desk.do(putBack);
  t.match(counts(desk), { total: 3, skipped: 0 });
  t.same(desk.tables.assignments.get(macOf(3)), ['autumn']);
  t.same(parts(goesOn(desk)), all);
  t.end();
});

test('a phone that is removed and stored again while its rollout goes on begins anew, and its site too', (t) => {
  const desk = goesOn(smallFleet(3).do(create));
  const work = () =>
    desk.tables.plans.get('lisbon')?.plan.phones.find(({ mac }) => mac === macOf(3))?.work;
  const before = work();
  desk.ended(idOf('lisbon'), 3, 'failed').do(remove);
  t.match(counts(desk), { skipped: 1, failed: 0 });
  t.equal(work(), undefined);
  desk.do(putBack);
  t.same(parts(desk).at(-1), `${macOf(3)} waiting`, 'until it shows itself');
  desk.seen(idOf('lisbon'), 3, '66.85.0.5');
  t.same(parts(desk), all);
  t.match(counts(desk), { total: 3, skipped: 0, failed: 0 });
  t.match(work(), { rollout: 'autumn', hops: before?.hops });
  t.not(work()?.round, before?.round, 'what its site remembers of it is no part of this');
  t.end();
});

test('of a rollout that has ended a phone that is stored again is no part', (t) => {
  const desk = goesOn(smallFleet(3).do(create)).do(remove);
  desk.do({ kind: 'rollout-abort', rollout: idOf('autumn'), reason: 'enough' }, putBack);
  t.same(parts(desk).at(-1), `${macOf(3)} skipped`);
  t.notOk(desk.tables.assignments.has(macOf(3)));
  t.end();
});

test('a phone that an aborted rollout left in flight ends in it where it is removed, or comes to another site', (t) => {
  const inFlight = () => {
    const desk = goesOn(smallFleet(3).do(create)).do({ kind: 'site-put', site: siteOf('porto') });
    const about = { mac: macOf(3), rollout: 'autumn', revision: 1, attempt: 1, at: desk.now };
    desk.hears(idOf('lisbon'), { kind: 'phone-moved', phase: 'downloading', ...about });
    desk.do({ kind: 'rollout-abort', rollout: idOf('autumn'), reason: 'enough' });
    t.same(parts(desk).at(-1), `${macOf(3)} downloading`);
    return desk;
  };
  t.same(parts(inFlight().do(remove)).at(-1), `${macOf(3)} skipped`);
  const elsewhere = phoneOf(3, { site: idOf('porto') });
  const carried = inFlight().do({ kind: 'phones-put', phones: [elsewhere] });
  t.same(parts(carried).at(-1), `${macOf(3)} skipped`);
  t.match(counts(carried), { total: 3, skipped: 3 });
  t.end();
});
