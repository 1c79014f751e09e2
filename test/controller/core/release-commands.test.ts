import { test } from 'tap';
import { complianceView, verdictsOf } from '../../../controller/core/compliance.ts';
import { releaseDetail } from '../../../controller/core/release-view.ts';
import {
  after,
  Desk,
  feedRun,
  idOf,
  macOf,
  phoneOf,
  releaseOf,
  rolloutOf,
  siteOf,
  smallFleet,
} from './desk.ts';

const autumn = idOf('autumn');
const { id } = releaseOf();
const move = (cause: 'lab' | 'approve' | 'prefer' | 'quarantine' | 'readmit' | 'withdraw') =>
  ({ kind: 'release-move', release: id, cause, why: 'phones lose their headset' }) as const;

/** A fleet with a release that came in, and that nobody has approved. */
const fresh = (phones = 1): Desk =>
  new Desk()
    .do({ kind: 'site-put', site: siteOf('lisbon') })
    .do({ kind: 'phones-put', phones: [phoneOf(phones)] })
    .do({ kind: 'release-put', release: releaseOf() })
    .joined(idOf('lisbon'));

test('a release that came in is verified, and no rollout takes it before its approval', (t) => {
  const desk = fresh();
  t.equal(desk.tables.lives.get(id)?.state, 'verified');
  t.match(desk.refusals({ kind: 'rollout-create', input: rolloutOf() }), [
    {
      thing: `rollout autumn: release ${id}`,
      reason: 'is verified (ada: all images measured as the manifest says)',
      next: `Let it out with: ringwave release approve ${id} --why "..."`,
    },
  ]);
  desk.do(move('approve'), { kind: 'rollout-create', input: rolloutOf() });
  t.end();
});

test('a release in the lab goes only to phones that a rollout names by MAC', (t) => {
  const desk = fresh().do(move('lab'));
  t.equal(desk.refusals({ kind: 'rollout-create', input: rolloutOf() }).length, 1);
  const picked = rolloutOf({ selection: { macs: [macOf(1)] } });
  desk.do({ kind: 'rollout-create', input: picked });
  t.end();
});

test('a release that a feed lists is discovered, and verified once its images are here', (t) => {
  const list = 'https://vendor.example/list';
  const desk = new Desk().do(feedRun({ url: list, brought: { releases: [releaseOf()] } }));
  t.same(
    [...desk.tables.listed],
    [[id, { feed: 'vendor', url: list }]],
    'its images are to be fetched',
  );
  t.equal(desk.tables.lives.get(id)?.state, 'discovered');
  t.match(desk.refusals(move('approve')), [
    { reason: 'is discovered, so it cannot be told to approve', next: /quarantine, withdraw/ },
  ]);
  desk.do({ kind: 'release-put', release: releaseOf() });
  t.equal(desk.tables.listed.size, 0);
  t.match(desk.tables.lives.get(id)?.steps, [
    { to: 'discovered', why: 'listed by https://vendor.example/list' },
    { to: 'fetched' },
    { to: 'verified' },
  ]);
  t.end();
});

test('withdrawing a release names the rollouts that it pauses, and they do not go on with it', (t) => {
  const desk = smallFleet(3);
  desk.do(
    { kind: 'rollout-create', input: rolloutOf() },
    { kind: 'rollout-approve', rollout: autumn },
  );
  desk.wait(1);
  const release = desk.tables.releases.get(id);
  t.same(release && releaseDetail(desk.tables, release).wouldPause, [autumn]);
  t.same(desk.ask(move('withdraw')), { ok: true, pauses: [autumn] });
  t.match(desk.tables.rollouts.get(autumn), {
    state: 'paused',
    paused: { by: 'release', who: id, reason: 'release withdrawn: phones lose their headset' },
  });
  t.match(desk.refusals({ kind: 'rollout-resume', rollout: autumn }), [
    { reason: /is withdrawn/, next: /withdrawn for good/ },
  ]);
  t.same(desk.ask(move('readmit')).ok, false);
  t.end();
});

test('a rollout paused by a quarantine goes on after its release is approved again', (t) => {
  const desk = smallFleet(3);
  desk.do(
    { kind: 'rollout-create', input: rolloutOf() },
    { kind: 'rollout-approve', rollout: autumn },
  );
  desk.wait(1).do(move('quarantine'));
  t.equal(desk.ask({ kind: 'rollout-resume', rollout: autumn }).ok, false);
  desk.do(move('readmit'), move('approve'), { kind: 'rollout-resume', rollout: autumn });
  t.equal(desk.tables.rollouts.get(autumn)?.state, 'running');
  t.end();
});

test('an approved release that goes back to the lab pauses all rollouts but those that name phones by MAC', (t) => {
  const picked = idOf('picked');
  const desk = smallFleet(3).do(
    { kind: 'rollout-create', input: rolloutOf() },
    { kind: 'rollout-create', input: rolloutOf({ id: picked, selection: { macs: [macOf(3)] } }) },
    { kind: 'rollout-create', input: rolloutOf({ id: idOf('later'), startAt: after(60) }) },
  );
  for (const rollout of [autumn, picked, idOf('later')])
    desk.do({ kind: 'rollout-approve', rollout });
  t.same(desk.ask(move('lab')), { ok: true, pauses: [autumn, 'later'] });
  desk.wait(61);
  const states = [...desk.tables.rollouts.values()].map(({ state }) => state);
  t.same(states, ['paused', 'running', 'paused']);
  t.match(desk.refusals({ kind: 'rollout-resume', rollout: autumn }), [{ reason: /^is lab / }]);
  desk.do(move('approve'), { kind: 'rollout-resume', rollout: autumn });
  t.equal(desk.tables.rollouts.get(autumn)?.state, 'running');
  t.end();
});

test('a rollout that waits for approval is not approved over a quarantined release', (t) => {
  const desk = smallFleet(1);
  desk.do({ kind: 'rollout-create', input: rolloutOf() }, move('quarantine'));
  t.match(desk.refusals({ kind: 'rollout-approve', rollout: autumn }), [
    { reason: 'is quarantined (ada: phones lose their headset)' },
  ]);
  t.end();
});

test('a model and channel have one preferred release', (t) => {
  const newer = releaseOf({ version: '66.86.0.20' });
  const desk = smallFleet(1).do(
    { kind: 'release-put', release: newer },
    { kind: 'release-move', release: newer.id, cause: 'approve', why: 'tried' },
    move('prefer'),
    { kind: 'release-move', release: newer.id, cause: 'prefer', why: 'quieter' },
  );
  t.equal(desk.tables.lives.get(newer.id)?.state, 'preferred');
  t.equal(desk.tables.lives.get(id)?.state, 'approved');
  t.match(desk.tables.lives.get(id)?.steps.at(-1), { why: `${newer.id} is preferred now` });
  t.end();
});

test('releases stored before there were states stay usable after the update, and say so', (t) => {
  const desk = smallFleet(1);
  desk.tables.lives.clear();
  desk.take({ kind: 'started' });
  t.match(desk.tables.lives.get(id), {
    state: 'approved',
    steps: [{ who: 'ringwave', why: 'stored before releases had states' }, {}],
  });
  desk.do({ kind: 'rollout-create', input: rolloutOf() });
  t.end();
});

test('a model past its end of life fails, one without a record is unknown', (t) => {
  const desk = smallFleet(1);
  const verdict = () => {
    const phone = desk.tables.phones.get(macOf(1));
    if (!phone) throw new Error('no phone');
    const all = verdictsOf(complianceView(desk.tables, desk.now), phone);
    return all.find(({ rule }) => rule === 'model-supported')?.verdict;
  };
  t.equal(verdict(), 'unknown');
  const end = { vendor: 'yealink', model: 'T46S', source: 'its lifecycle page' };
  desk.do({ kind: 'model-end-put', end: { ...end, on: '2026-03-02' } });
  t.equal(verdict(), 'pass', 'its last day still counts');
  desk.do({ kind: 'model-end-put', end: { ...end, on: '2026-02-28' } });
  t.equal(verdict(), 'fail');
  t.match(desk.refusals({ kind: 'model-end-put', end: { ...end, on: '2026-02-30' } }), [
    { reason: 'is 2026-02-30, which is no day' },
  ]);
  t.end();
});
