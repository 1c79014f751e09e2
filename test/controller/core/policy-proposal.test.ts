import { days, laterBy, minutes } from '@ringwave/protocol/units';
import { test } from 'tap';
import type { PolicyInput } from '../../../controller/core/policy.ts';
import {
  advisoryOf,
  type Desk,
  idOf,
  macOf,
  phoneOf,
  releaseOf,
  rolloutOf,
  smallFleet,
} from './desk.ts';

const fixes = idOf('fixes');
const put = (own: Partial<PolicyInput> = {}) => {
  const usual = { id: fixes, where: 'vendor = Yealink', channel: 'stable' };
  return { kind: 'policy-put', policy: { ...usual, deadlines: { high: 30 }, ...own } } as const;
};
const first = `fixes-${releaseOf().id}`;
const propose = { kind: 'policy-propose', policy: fixes } as const;
const proposed = (desk: Desk) =>
  [...desk.tables.rollouts.values()]
    .filter(({ createdBy }) => createdBy === 'policy fixes')
    .map(({ id }) => id);
const reasons = (desk: Desk) => desk.refusals(propose).map(({ reason }) => reason);

test('a rollout of somebody else that has the name keeps no policy from proposing', (t) => {
  const desk = smallFleet(2);
  const own = rolloutOf({ id: idOf(first), selection: { macs: [macOf(1)] } });
  desk.do({ kind: 'rollout-create', input: own }, put());
  t.same(proposed(desk), [`${first}-2`]);
  desk.do(put({ deadlines: {} }));
  t.same(proposed(desk), [`${first}-2`], 'and it is proposed once all the same');
  t.end();
});

test('what is due in no days is due at once, and is proposed', (t) => {
  const desk = smallFleet(1).do(put({ deadlines: { high: 0 } }));
  t.same(proposed(desk), [first]);
  desk.do({ kind: 'rollout-approve', rollout: idOf(first) }).wait(1);
  t.equal(desk.tables.rollouts.get(first)?.deadline?.dueAt, laterBy(desk.now, minutes(0)));
  t.equal(desk.tables.rollouts.get(first)?.urgency, 'ask-person');
  t.end();
});

test('an advisory whose severity has no days takes no deadline away', (t) => {
  const advisory = advisoryOf();
  const desk = smallFleet(1).do({ kind: 'advisory-put', advisory }, put());
  t.equal(desk.tables.rollouts.get(first)?.deadline?.dueAt, laterBy(desk.now, days(30)));
  t.end();
});

test('a policy that proposes nothing says which rollout has to end first, or that nothing is lacking', (t) => {
  const desk = smallFleet(1).do(put());
  desk.do({ kind: 'phones-put', phones: [phoneOf(2)] });
  t.same(reasons(desk), [`proposes nothing new before ${first} has ended`]);
  desk.do({ kind: 'rollout-deny', rollout: idOf(first), remark: 'not this month' }, propose);
  t.same(reasons(desk), [`proposes nothing new before ${first}-2 has ended`]);
  const arrived = smallFleet(1).seen(idOf('lisbon'), 1, '66.86.0.15').do(put());
  t.same(reasons(arrived), [
    'proposes nothing: of no phone that it means it is known that it lacks its release',
  ]);
  t.end();
});

test('the same days in another order are no change, and void no approval', (t) => {
  const autoApprove = { by: 'grace', phonesMax: 3 };
  const desk = smallFleet(1).do(put({ autoApprove, deadlines: { high: 30, critical: 3 } }));
  t.ok(desk.ask({ kind: 'policy-approve', policy: fixes }, 'grace').ok);
  desk.do(put({ autoApprove, deadlines: { critical: 3, high: 30 } }));
  t.equal(desk.tables.policies.get('fixes')?.approvedAhead, desk.now);
  t.end();
});

const lisbon = idOf('lisbon');
const totals = (desk: Desk) =>
  [...desk.tables.rollouts.values()].map(({ waves }) =>
    waves.reduce((sum, { counts }) => sum + counts.total, 0),
  );
const targets = (desk: Desk) =>
  [...desk.tables.progress.values()]
    .map(({ mac, target }) => [mac, target] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));

test('a release that fits more than the policy means it for is proposed for those alone', (t) => {
  const both = releaseOf({ version: '66.86.0.20', models: ['T46S', 'T48S'] });
  const desk = smallFleet(2).do({ kind: 'phones-put', phones: [phoneOf(3, { model: 'T48S' })] });
  desk
    .seen(lisbon, 3, '66.85.0.5', 'T48S')
    .do(
      { kind: 'release-move', release: releaseOf().id, cause: 'prefer', why: 'quiet' },
      { kind: 'release-put', release: both },
      { kind: 'release-move', release: both.id, cause: 'approve', why: 'tried' },
      put(),
    );
  t.same(targets(desk), [
    [macOf(1), '66.86.0.15'],
    [macOf(2), '66.86.0.15'],
    [macOf(3), '66.86.0.20'],
  ]);
  t.end();
});

test('of two releases for one model each is proposed for the hardware that it is meant for', (t) => {
  const ofOld = releaseOf({ version: '66.86.0.10', hardware: ['66.0'] });
  const desk = smallFleet(3);
  desk.do({
    kind: 'phones-put',
    phones: [phoneOf(1, { hardware: '66.0' }), phoneOf(2, { hardware: '66.1' })],
  });
  desk.do(
    { kind: 'release-put', release: ofOld },
    { kind: 'release-move', release: ofOld.id, cause: 'approve', why: 'tried' },
    { kind: 'release-move', release: ofOld.id, cause: 'prefer', why: 'quiet' },
    put(),
  );
  t.same(targets(desk), [
    [macOf(1), '66.86.0.10'],
    [macOf(2), '66.86.0.15'],
    [macOf(3), '66.86.0.15'],
  ]);
  t.end();
});

test('phones that are left out for a partner keep no policy from proposing the others', (t) => {
  const bond = idOf('door');
  const desk = smallFleet(3);
  desk.do({ kind: 'phones-put', phones: [phoneOf(2, { bond }), phoneOf(3, { bond })] });
  desk.do(put({ where: `not mac = ${macOf(2)}` }));
  t.same(totals(desk), [1]);
  t.equal(desk.tables.rollouts.get(first)?.leftOut?.total, 1);
  t.end();
});
