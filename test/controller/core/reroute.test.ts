import type { Release } from '@ringwave/firmware-catalog/release';
import type { PhonePhase } from '@ringwave/protocol/phases';
import { test } from 'tap';
import type { Command, RolloutInput } from '../../../controller/core/state.ts';
import { type Desk, idOf, macOf, phoneOf, releaseOf, rolloutOf, smallFleet } from './desk.ts';

const lisbon = idOf('lisbon');
const autumn = idOf('autumn');
const [first, second, third] = ['66.85.0.20', '66.85.0.40', '66.86.0.30'];

const approved = (desk: Desk, ...releases: readonly Release[]): Desk => {
  for (const release of releases)
    desk.do(
      { kind: 'release-put', release },
      { kind: 'release-move', release: release.id, cause: 'approve', why: 'tried' },
    );
  return desk;
};

/** Three releases, each to be taken from the one before. */
function stones(phones = 1): {
  desk: Desk;
  ids: readonly string[];
  target: RolloutInput['releases'];
} {
  const desk = smallFleet(phones).do({
    kind: 'release-move',
    release: releaseOf().id,
    cause: 'withdraw',
    why: 'not in this story',
  });
  const needs = (fromAtLeast: string | undefined) => ({ requires: { fromAtLeast } });
  const releases = [
    releaseOf({ version: first }),
    releaseOf({ version: second, ...needs(first) }),
    releaseOf({ version: third, ...needs(second) }),
  ];
  const ids = releases.map(({ id }) => id);
  return { desk: approved(desk, ...releases), ids, target: ids.slice(2) };
}

const began = (desk: Desk, own: Partial<RolloutInput> = {}): Desk =>
  desk.do(
    { kind: 'rollout-create', input: rolloutOf(own) },
    { kind: 'rollout-approve', rollout: own.id ?? autumn },
  );
const planned = (desk: Desk, number = 1) =>
  desk.tables.plans.get('lisbon')?.plan.phones.find((one) => one.mac === macOf(number))?.work;
const progress = (desk: Desk, number = 1) => desk.tables.progress.get(`autumn/${macOf(number)}`);
const moves = (desk: Desk, phase: PhonePhase, attempt = 1): Desk =>
  desk.hears(lisbon, {
    kind: 'phone-moved',
    at: desk.now,
    mac: macOf(1),
    rollout: 'autumn',
    revision: 1,
    phase,
    attempt,
  });
const resume = { kind: 'rollout-resume', rollout: autumn } as const;
const callBack = (desk: Desk, release: string, cause: 'quarantine' | 'withdraw' = 'withdraw') =>
  desk.do({ kind: 'release-move', release: idOf(release), cause, why: 'bricks phones' });

test('a phone that is stored as another model before its start gets no image of the first one', (t) => {
  const desk = began(smallFleet(2));
  desk.do({ kind: 'phones-put', phones: [phoneOf(1, { model: 'T48S' })] });
  t.equal(planned(desk), undefined);
  t.match(progress(desk), {
    phase: 'skipped',
    fault: 'no-upgrade-path',
    detail: 'No release of the rollout is for a Yealink T48S',
  });
  t.ok(planned(desk, 2), 'the other one goes on');
  t.end();
});

test('a phone that is stored as a model for which the rollout has another release gets that one', (t) => {
  const other = releaseOf({ models: ['T48S'], version: '66.86.0.16' });
  const desk = approved(smallFleet(1), other);
  began(desk, { releases: [releaseOf().id, other.id] });
  desk.do({ kind: 'phones-put', phones: [phoneOf(1, { model: 'T48S' })] });
  t.match(planned(desk), { hops: [other.id] });
  t.equal(progress(desk)?.target, '66.86.0.16');
  const late = approved(smallFleet(1), other).do({ kind: 'phones-put', phones: [phoneOf(2)] });
  const waves = [{ name: 'canary', macs: [macOf(2)] }, { name: 'rest' }];
  const gate = { successMin: 1, failuresMax: 0, minSample: 1, soak: rolloutOf().gate.soak };
  began(late, { releases: [releaseOf().id, other.id], waves, gate: { ...gate, soak: 0 as never } });
  late.do({ kind: 'phones-put', phones: [phoneOf(1, { model: 'T48S' })] });
  late.ended(lisbon, 2, 'done');
  t.match(progress(late), { hops: [other.id], target: '66.86.0.16' }, 'also before its wave');
  t.end();
});

test('a phone that is put right before its start and runs its version already is done, whatever road the other model had', (t) => {
  const other = releaseOf({ models: ['T48S'], version: '66.86.0.16' });
  const desk = approved(smallFleet(1), other);
  desk.seen(lisbon, 1, releaseOf().version);
  desk.do({ kind: 'phones-put', phones: [phoneOf(1, { model: 'T48S' })] });
  began(desk, { releases: [releaseOf().id, other.id] });
  t.match(planned(desk), { hops: [other.id] });
  desk.do({ kind: 'phones-put', phones: [phoneOf(1)] });
  t.match(progress(desk), { phase: 'done', already: true, target: releaseOf().version, hops: [] });
  t.equal(planned(desk), undefined);
  t.end();
});

test('a phone that was skipped as what it is not is looked at anew once it is put right, and so is its partner', (t) => {
  const desk = began(smallFleet(3));
  const wrong = phoneOf(1, { model: 'T48S' });
  desk.do({ kind: 'phones-put', phones: [wrong] });
  t.match(progress(desk), { phase: 'skipped', fault: 'no-upgrade-path' });
  desk.do({ kind: 'phones-put', phones: [phoneOf(1)] });
  t.match(progress(desk), { phase: 'scheduled', hops: [releaseOf().id], fault: undefined });
  t.ok(planned(desk));

  const about = { at: desk.now, mac: macOf(1), rollout: 'autumn', revision: 1, attempt: 1 };
  desk.hears(lisbon, { kind: 'phone-moved', phase: 'skipped', fault: 'model-differs', ...about });
  t.match(progress(desk), { phase: 'skipped', fault: 'model-differs' }, 'it says so itself');
  desk.do({ kind: 'phones-put', phones: [phoneOf(1, { model: 'T46U' })] });
  t.match(progress(desk), { phase: 'skipped', fault: 'no-upgrade-path' });
  t.equal(planned(desk), undefined);

  const pair = [1, 2].map((number) => phoneOf(number, { pair: idOf('door') }));
  const tied = began(smallFleet(3).do({ kind: 'phones-put', phones: pair }));
  tied.do({ kind: 'phones-put', phones: [{ ...wrong, pair: idOf('door') }] });
  t.match(progress(tied, 2), { phase: 'skipped', fault: 'pair-parted' });
  tied.do({ kind: 'phones-put', phones: pair });
  for (const number of [1, 2]) t.match(progress(tied, number), { phase: 'scheduled' });
  t.match(tied.tables.rollouts.get('autumn')?.waves[0]?.counts, { total: 3, skipped: 0 });
  t.end();
});

test('a phone that is stored as another model and put right before its site hears of it is as the site has said', (t) => {
  const waiting = {
    reason: 'All sites are stopped: an outage',
    waitingFor: 'person',
    nextAttemptAt: null,
    attempt: 1,
    attemptsMax: 3,
  } as const;
  const held = { kind: 'phone-moved', phase: 'held', waiting, attempt: 1 } as const;
  const about = { mac: macOf(1), rollout: 'autumn', revision: 1 };
  const says = (desk: Desk) => desk.hears(lisbon, { ...held, at: desk.now, ...about });
  const wrong: Command = { kind: 'phones-put', phones: [phoneOf(1, { model: 'T48S' })] };
  const right: Command = { kind: 'phones-put', phones: [phoneOf(1)] };
  const before = says(began(smallFleet(2))).do(wrong, right);
  const between = says(began(smallFleet(2)).do(wrong)).do(right);
  for (const desk of [before, between])
    t.match(progress(desk), { phase: 'held', waiting, hops: [releaseOf().id], fault: undefined });
  t.end();
});

test('one of a paced wave that is put right stands last in its line', (t) => {
  const desk = began(smallFleet(3), { pace: { perMinute: 1 } });
  for (let minute = 0; minute < 2; minute += 1) desk.wait(1);
  desk.do({ kind: 'phones-put', phones: [phoneOf(1, { model: 'T48S' })] });
  desk.do({ kind: 'phones-put', phones: [phoneOf(1)] });
  t.match(progress(desk), { phase: 'waiting', hops: [] });
  t.match(desk.tables.rollouts.get('autumn')?.waves[0]?.paced, { waiting: 1 });
  desk.wait(1);
  t.match(progress(desk), { phase: 'scheduled' });
  t.match(desk.tables.rollouts.get('autumn')?.waves[0]?.paced, { waiting: 0, released: 4 });
  t.end();
});

test('a phone that has failed as what it is not is led on its wrong road no more', (t) => {
  const other = releaseOf({ models: ['T48S'], version: '66.86.0.16' });
  const desk = approved(smallFleet(2), other);
  desk.do({ kind: 'phones-put', phones: [phoneOf(1, { model: 'T48S' })] });
  began(desk, { releases: [releaseOf().id, other.id] }).ended(lisbon, 1, 'failed');
  t.match(planned(desk), { hops: [other.id] });
  desk.do({ kind: 'phones-put', phones: [phoneOf(1)] });
  t.match(progress(desk), { phase: 'failed', hops: [] });
  t.equal(planned(desk), undefined);
  t.end();
});

test('hardware that a phone has shown stays known when it is stored again without', (t) => {
  const desk = smallFleet(1).hears(lisbon, {
    kind: 'phone-seen',
    at: smallFleet(1).now,
    mac: macOf(1),
    vendor: 'Yealink',
    model: 'T46S',
    version: '66.85.0.5',
    hardware: '66.0.0.1',
    source: 'http-request',
    address: '10.0.0.7',
  });
  desk.do({ kind: 'phones-put', phones: [phoneOf(1)] });
  t.equal(desk.tables.phones.get(macOf(1))?.hardware, '66.0.0.1');
  desk.do({ kind: 'phones-put', phones: [phoneOf(1, { model: 'T48S' })] });
  t.equal(
    desk.tables.phones.get(macOf(1))?.hardware,
    undefined,
    'of another model it says nothing',
  );
  t.end();
});

test('a phone that fell back before its start makes the stepping stones that it needs from there', (t) => {
  const { desk, ids, target } = stones();
  began(desk.seen(lisbon, 1, first), { releases: target });
  t.match(planned(desk), { hops: ids.slice(1), from: first });
  desk.wait(5).seen(lisbon, 1, '66.85.0.5');
  t.match(planned(desk), { hops: ids, from: '66.85.0.5' });
  t.end();
});

test('what another rollout brought a phone to is where its road begins', (t) => {
  const { desk, target } = stones();
  began(desk, { releases: target }).wait(1);
  const fix = releaseOf({ version: '66.86.0.10' });
  began(approved(desk, fix), { id: idOf('fix'), releases: [fix.id], priority: 900 });
  t.match(planned(desk), { rollout: 'fix' });
  desk.seen(lisbon, 1, '66.86.0.10').ended(lisbon, 1, 'done', 'fix');
  t.match(planned(desk), { rollout: 'autumn', hops: target, from: '66.86.0.10' });
  t.end();
});

test('a phone that stands on one of its stepping stones keeps its road, and needs no new plan', (t) => {
  const { desk, ids, target } = stones();
  began(desk, { releases: target });
  moves(desk, 'rebooting').seen(lisbon, 1, first);
  moves(desk, 'scheduled');
  const revision = desk.tables.plans.get('lisbon')?.plan.revision;
  desk.wait(5).seen(lisbon, 1, first);
  t.match(planned(desk), { hops: ids });
  t.equal(desk.tables.plans.get('lisbon')?.plan.revision, revision);
  t.end();
});

test('a phone that came back from a try on a third version makes its road from there', (t) => {
  const { desk, ids, target } = stones();
  began(desk.seen(lisbon, 1, first), { releases: target });
  moves(desk.wait(1), 'rebooting').seen(lisbon, 1, '66.85.0.1');
  t.match(planned(desk), { hops: ids.slice(1) }, 'what has begun is not turned round');
  moves(desk, 'held');
  t.match(planned(desk), { hops: ids, from: '66.85.0.1' });
  t.end();
});

test('a phone that fell back once it was given up makes its road from there where its site goes on with it', (t) => {
  const { desk, ids, target } = stones(2);
  began(desk.seen(lisbon, 1, first), { releases: target });
  desk.wait(1).ended(lisbon, 1, 'failed');
  desk.wait(1).seen(lisbon, 1, '66.85.0.5');
  t.match(progress(desk), { phase: 'failed', hops: ids.slice(1) });
  moves(desk.wait(1), 'staged');
  t.match(planned(desk), { hops: ids, from: '66.85.0.5' });
  t.end();
});

test('who resumes a rollout leads no phone over a stepping stone that was called back', (t) => {
  const { desk, ids, target } = stones(2);
  began(desk, { releases: target });
  callBack(desk, ids[1] ?? '');
  t.match(desk.tables.rollouts.get('autumn'), { state: 'paused', paused: { by: 'release' } });
  desk.do(resume);
  t.match(progress(desk), { phase: 'skipped', fault: 'no-upgrade-path' });
  t.equal(planned(desk), undefined);
  const byPerson = stones();
  began(byPerson.desk, { releases: byPerson.target });
  byPerson.desk.do({ kind: 'rollout-pause', rollout: autumn, reason: 'lunch' });
  callBack(byPerson.desk, byPerson.ids[1] ?? '');
  t.match(progress(byPerson.desk)?.hops, byPerson.ids, 'a pause of any kind takes nothing out');
  const around = releaseOf({ version: '66.85.0.50', requires: { fromAtLeast: first } });
  approved(byPerson.desk, around).do(resume);
  t.same(planned(byPerson.desk)?.hops, [byPerson.ids[0], around.id, byPerson.ids[2]]);
  t.end();
});

test('a release that is let out again before the rollout is resumed changes no road', (t) => {
  const { desk, ids, target } = stones();
  began(desk, { releases: target });
  callBack(desk, ids[1] ?? '', 'quarantine');
  const readmit = { kind: 'release-move', release: idOf(ids[1] ?? ''), cause: 'readmit' } as const;
  desk.do({ ...readmit, why: 'a false alarm' });
  desk.ask({ ...readmit, cause: 'approve', why: 'a false alarm' });
  desk.do(resume);
  t.same(planned(desk)?.hops, ids);
  t.end();
});

test('a phone that was under way when a stone ahead of it was called back is not led on over it', (t) => {
  const { desk, ids, target } = stones();
  began(desk, { releases: target });
  moves(desk, 'rebooting');
  callBack(desk, ids[1] ?? '');
  desk.do(resume);
  t.equal(progress(desk)?.phase, 'rebooting', 'what is in flight ends');
  moves(desk.seen(lisbon, 1, first), 'scheduled');
  t.match(progress(desk), { phase: 'skipped', fault: 'no-upgrade-path' });
  t.equal(planned(desk), undefined);
  t.end();
});

test('a phone of a pair that no road leads on any more takes the other one out', (t) => {
  const { desk, ids, target } = stones(2);
  const pair = idOf('door');
  desk.do({ kind: 'phones-put', phones: [phoneOf(1, { pair }), phoneOf(2, { pair })] });
  began(desk.seen(lisbon, 2, second), { releases: target });
  t.equal(planned(desk, 2)?.hops.length, 1);
  callBack(desk, ids[1] ?? '');
  desk.do(resume);
  t.match(progress(desk), { phase: 'skipped', fault: 'no-upgrade-path' });
  t.match(progress(desk, 2), { phase: 'skipped', fault: 'pair-parted' });
  t.end();
});

test('a site that begins before it hears that the phone is out does not keep the rollout from its end', (t) => {
  const desk = began(smallFleet(2));
  desk.do({ kind: 'phones-put', phones: [phoneOf(1, { model: 'T48S' })] });
  t.match(progress(desk), { phase: 'skipped', fault: 'no-upgrade-path', hops: [] });
  moves(desk, 'offered');
  t.match(progress(desk), { phase: 'offered', hops: [] });
  moves(desk, 'held');
  t.match(progress(desk), { phase: 'skipped', fault: 'no-upgrade-path', hops: [] });
  t.equal(planned(desk), undefined);
  t.match(desk.tables.rollouts.get('autumn')?.waves[0]?.counts, { skipped: 1, total: 2 });
  t.end();
});
