import { test } from 'tap';
import type { Command } from '../../../controller/core/state.ts';
import {
  after,
  type Desk,
  idOf,
  macOf,
  phoneOf,
  releaseOf,
  rolloutOf,
  smallFleet,
} from './desk.ts';

// What is asked of a rollout too late is refused for what really became of it.

const autumn = idOf('autumn');
const waiting = (): Desk => smallFleet(1).do({ kind: 'rollout-create', input: rolloutOf() });
const approve: Command = { kind: 'rollout-approve', rollout: autumn };
const abort: Command = { kind: 'rollout-abort', rollout: autumn, reason: 'wrong release' };

const said = (desk: Desk, command: Command) =>
  desk.refusals(command).map(({ thing, reason, next }) => `${thing} ${reason}. ${next}`);
const removing = (desk: Desk) => said(desk, { kind: 'rollout-remove', rollout: autumn });
const editing = (desk: Desk) =>
  said(desk, { kind: 'rollout-edit', input: rolloutOf({ attemptsMax: 5 }) });
const seeIt = 'See it with: ringwave rollout show autumn';

test('a rollout that was denied has not begun, and says so when it is removed or changed', (t) => {
  const desk = waiting().do({ kind: 'rollout-deny', rollout: autumn, remark: 'wrong release' });
  const denied = `rollout autumn is aborted. It was denied by ada before it began, and a denial is kept; propose what is wanted under another id. ${seeIt}`;
  t.same([removing(desk), editing(desk)], [[denied], [denied]]);
  t.end();
});

test('what ended before it began, has ended, or is paused before its start is refused as that', (t) => {
  t.same(removing(waiting().do(abort)), [
    `rollout autumn is aborted. It was ended before it began, and that is kept. ${seeIt}`,
  ]);
  const done = waiting().do(approve).ended(idOf('lisbon'), 1, 'done');
  t.same(removing(done), [`rollout autumn is done. It has ended, and its history stays. ${seeIt}`]);
  const running = waiting().do(approve);
  t.same(removing(running), [
    `rollout autumn is running. It has begun, and its history stays. End it with: ringwave rollout abort. ${seeIt}`,
  ]);
  const paused = smallFleet(1).do(
    { kind: 'rollout-create', input: rolloutOf({ startAt: after(600) }) },
    approve,
    { kind: 'release-move', release: releaseOf().id, cause: 'withdraw', why: 'kills phones' },
  );
  t.same(removing(paused), [
    `rollout autumn is paused. It was paused before its start. End it with: ringwave rollout abort. ${seeIt}`,
  ]);
  t.end();
});

test('nobody who proposed a rollout or ever changed it is its second person, however he writes his name', (t) => {
  const desk = waiting();
  const edit = (attemptsMax: number): Command => ({
    kind: 'rollout-edit',
    input: rolloutOf({ attemptsMax }),
  });
  t.ok(desk.ask(edit(4), 'Mallory').ok);
  t.ok(desk.ask(edit(5), 'bob').ok);
  const refusedTo = ['ada', 'Mallory', 'mallory', 'BOB'].filter(
    (who) => !desk.ask(approve, who).ok,
  );
  t.same(refusedTo, ['ada', 'Mallory', 'mallory', 'BOB']);
  t.ok(desk.ask(approve, 'grace').ok);
  t.end();
});

test('a phone whose site gets what a dynamic wave selects by joins it', (t) => {
  const waves = [{ name: 'all', dynamic: true }];
  const selection = { where: 'site.region = EU' };
  const desk = smallFleet(1);
  const site = desk.tables.sites.get('lisbon');
  if (!site) throw new Error('no site');
  const other = { ...site, id: idOf('porto'), labels: { region: 'EU' } };
  desk.do(
    { kind: 'site-put', site: other },
    { kind: 'phones-put', phones: [phoneOf(7, { site: idOf('porto') })] },
    { kind: 'rollout-create', input: rolloutOf({ waves, selection }) },
    approve,
  );
  const [mac] = desk.tables.rosters.get('lisbon') ?? [];
  t.notOk(desk.tables.progress.has(`autumn/${mac}`));
  desk.do({ kind: 'site-put', site: { ...site, labels: { region: 'EU' } } });
  t.ok(desk.tables.progress.has(`autumn/${mac}`));
  t.end();
});

test('a phone that shows for the first time what a dynamic wave selects by joins it', (t) => {
  const waves = [{ name: 'all', dynamic: true }];
  const selection = { where: 'running < 66.86.0.15' };
  const desk = smallFleet(1).do({
    kind: 'rollout-create',
    input: rolloutOf({ waves, selection }),
  });
  desk.do(approve, { kind: 'phones-put', phones: [phoneOf(9)] });
  const progress = () => desk.tables.progress.get(`autumn/${macOf(9)}`);
  t.equal(progress(), undefined, 'nobody knows yet what it runs');
  desk.seen(idOf('lisbon'), 9, '66.85.0.5');
  t.match(progress(), { phase: 'scheduled' });
  t.end();
});
