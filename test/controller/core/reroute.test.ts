import { test } from 'tap';
import { type Desk, idOf, macOf, phoneOf, releaseOf, rolloutOf, smallFleet } from './desk.ts';

const lisbon = idOf('lisbon');
const autumn = idOf('autumn');
const other = releaseOf({ models: ['T48S'], version: '66.86.0.20' });

function desk(releases = [releaseOf()]): Desk {
  const input = rolloutOf({ releases: releases.map(({ id }) => id) });
  return smallFleet(3).do(
    { kind: 'release-put', release: other },
    { kind: 'release-move', release: other.id, cause: 'approve', why: 'tried' },
    { kind: 'rollout-create', input },
    { kind: 'rollout-approve', rollout: autumn },
  );
}

const partOf = ({ tables }: Desk) => tables.progress.get(`${autumn}/${macOf(1)}`);
const plannedFor = ({ tables }: Desk) =>
  tables.plans.get(lisbon)?.plan.phones.find(({ mac }) => mac === macOf(1));
const said = {
  kind: 'phone-moved',
  mac: macOf(1),
  rollout: autumn,
  revision: 1,
  attempt: 1,
} as const;
const tells = (made: Desk, phase: 'offered' | 'held' | 'done') =>
  made.hears(lisbon, { ...said, at: made.now, phase });
const putRight = { kind: 'phones-put', phones: [phoneOf(1, { model: 'T48S' })] } as const;

test('a phone whose model is put right is given no image of the model that it was taken for', (t) => {
  const made = desk();
  t.same(plannedFor(made)?.work?.hops, [releaseOf().id]);
  made.do(putRight);
  t.match(partOf(made), {
    phase: 'skipped',
    fault: 'no-upgrade-path',
    detail: 'No release of the rollout is for a Yealink T48S',
    hops: [],
  });
  t.match(plannedFor(made), { model: 'T48S', work: undefined });
  t.equal(made.tables.rollouts.get(autumn)?.waves[0]?.counts.skipped, 1);
  t.end();
});

test('it is given the image of its own model where the rollout has one', (t) => {
  const made = desk([releaseOf(), other]).do(putRight);
  t.match(partOf(made), { phase: 'scheduled', hops: [other.id], target: other.version });
  t.same(plannedFor(made)?.work?.hops, [other.id]);
  t.end();
});

test('one that is under way finishes, and is started no further time for the other model', (t) => {
  const made = tells(desk(), 'offered').do(putRight);
  t.match(partOf(made), { phase: 'offered', hops: [] });
  t.equal(plannedFor(made)?.work, undefined);
  tells(made, 'held');
  t.match(partOf(made), { phase: 'skipped', fault: 'no-upgrade-path', hops: [] });
  const done = tells(tells(desk(), 'offered').do(putRight), 'done');
  t.match(partOf(done), { phase: 'done' });
  t.end();
});

test('a site that begins before it hears of it does not keep the rollout from its end', (t) => {
  const made = desk().do(putRight);
  tells(made, 'offered');
  t.match(partOf(made), { phase: 'offered', hops: [] });
  tells(made, 'held');
  t.match(partOf(made), { phase: 'skipped', hops: [] });
  t.end();
});

test('a phone that shows another hardware is given no image that is bound to the one before', (t) => {
  const bound = releaseOf({ hardware: ['66.0'], version: '66.86.0.30' });
  const made = smallFleet(1).do(
    { kind: 'phones-put', phones: [phoneOf(1, { hardware: '66.0' })] },
    { kind: 'release-put', release: bound },
    { kind: 'release-move', release: bound.id, cause: 'approve', why: 'tried' },
    { kind: 'rollout-create', input: rolloutOf({ releases: [bound.id] }) },
    { kind: 'rollout-approve', rollout: autumn },
  );
  t.match(partOf(made), { phase: 'scheduled', hops: [bound.id] });
  const about = { vendor: 'Yealink', model: 'T46S', version: '66.85.0.5', address: '10.0.0.7' };
  const source = 'http-request' as const;
  made.hears(lisbon, {
    kind: 'phone-seen',
    at: made.now,
    mac: macOf(1),
    source,
    ...about,
    hardware: '66.1',
  });
  t.match(partOf(made), { phase: 'skipped', hops: [] });
  t.equal(plannedFor(made)?.work, undefined);
  t.end();
});
