import { minutes } from '@ringwave/protocol/units';
import { test } from 'tap';
import { type Desk, idOf, macOf, releaseOf, rolloutOf, smallFleet } from './desk.ts';

const lisbon = idOf('lisbon');
const autumn = idOf('autumn');
const gate = { successMin: 0.9, failuresMax: 1, minSample: 2, soak: minutes(60) };
const [older, newer] = ['66.85.0.5', '66.86.0.15'];
const rollout = (desk: Desk) => desk.tables.rollouts.get('autumn');
const progress = (desk: Desk, number: number) =>
  desk.tables.progress.get(`autumn/${macOf(number)}`);

/** Three of six phones are done and soak. */
function soaking(): { desk: Desk; canaries: readonly number[] } {
  const waves = [{ name: 'canary', count: 3 }, { name: 'rest' }];
  const desk = smallFleet(6).do(
    { kind: 'rollout-create', input: rolloutOf({ waves, gate }) },
    { kind: 'rollout-approve', rollout: autumn },
  );
  const canaries = [1, 2, 3, 4, 5, 6].filter((number) => progress(desk, number)?.wave === 0);
  for (const number of canaries) desk.seen(lisbon, number, newer).ended(lisbon, number, 'done');
  return { desk, canaries };
}

test('a wave whose phones lose the new version while they soak is held', (t) => {
  const { desk, canaries } = soaking();
  t.equal(rollout(desk)?.waves[0]?.state, 'soaking');
  desk.wait(5);
  for (const number of canaries.slice(0, 2)) desk.seen(lisbon, number, older);
  t.match(progress(desk, canaries[0] ?? 0), {
    phase: 'rolled-back',
    fault: 'phone-came-back-old',
    detail: 'Ran 66.86.0.15 and shows 66.85.0.5 since',
  });
  desk.wait(60);
  t.match(rollout(desk), {
    state: 'paused',
    waves: [{ state: 'held', counts: { done: 1, failed: 2 } }, { state: 'closed' }],
  });
  t.end();
});

test('a phone that shows the new version again is done again', (t) => {
  const { desk, canaries } = soaking();
  const [first = 0] = canaries;
  desk.wait(5).seen(lisbon, first, older);
  t.match(rollout(desk)?.waves[0]?.counts, { done: 2, failed: 1 });
  desk.wait(5).seen(lisbon, first, newer);
  t.match(progress(desk, first), { phase: 'done' });
  t.equal(progress(desk, first)?.fault, undefined);
  t.match(rollout(desk)?.waves[0]?.counts, { done: 3, failed: 0 });
  t.end();
});

test('what was seen before the proof takes nothing back', (t) => {
  const { desk, canaries } = soaking();
  desk.seen(lisbon, canaries[0] ?? 0, older);
  t.equal(progress(desk, canaries[0] ?? 0)?.phase, 'done');
  t.end();
});

test('drift after the end of a rollout is noted and counts nowhere', (t) => {
  const desk = smallFleet(1).do(
    { kind: 'rollout-create', input: rolloutOf({ gate }) },
    { kind: 'rollout-approve', rollout: autumn },
  );
  desk.ended(lisbon, 1, 'done').wait(5).seen(lisbon, 1, older);
  t.match(desk.tables.phones.get(macOf(1))?.drift, { from: newer, to: older });
  t.match([rollout(desk)?.state, progress(desk, 1)?.phase], ['done', 'done']);
  t.end();
});

test('a phone that another rollout is leading back just now has not failed in the one that brought it there', (t) => {
  const old = releaseOf({ version: older });
  const { desk, canaries } = soaking();
  const [first = 0] = canaries;
  const back = rolloutOf({
    id: idOf('back'),
    kind: 'rollback',
    releases: [old.id],
    selection: { macs: [macOf(first)] },
    gate,
  });
  desk.do(
    { kind: 'release-put', release: old },
    { kind: 'release-move', release: old.id, cause: 'approve', why: 'it ran for years' },
    { kind: 'rollout-create', input: back },
    { kind: 'rollout-approve', rollout: idOf('back') },
  );
  const about = { at: desk.now, mac: macOf(first), rollout: 'back', revision: 2, attempt: 1 };
  desk.hears(lisbon, { kind: 'phone-moved', phase: 'rebooting', ...about });
  desk.wait(5).seen(lisbon, first, older);
  t.equal(progress(desk, first)?.phase, 'done');
  t.end();
});
