import { test } from 'tap';
import type { Command } from '../../../controller/core/state.ts';
import { type Desk, idOf, macOf, phoneOf, rolloutOf, smallFleet } from './desk.ts';

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
