import { days, laterBy } from '@ringwave/protocol/units';
import { test } from 'tap';
import { complianceView, verdictsOf } from '../../../controller/core/compliance.ts';
import type { PolicyInput } from '../../../controller/core/policy.ts';
import {
  advisoryOf,
  type Desk,
  idOf,
  macOf,
  phoneOf,
  releaseOf,
  siteOf,
  smallFleet,
} from './desk.ts';

const fixes = idOf('fixes');
const policyOf = (own: Partial<PolicyInput> = {}): PolicyInput => ({
  id: fixes,
  where: 'vendor = Yealink',
  channel: 'stable',
  deadlines: { high: 30, critical: 3 },
  ...own,
});
const { channel: _channel, ...pinnedTo } = policyOf();
const put = (own: Partial<PolicyInput> = {}) =>
  ({ kind: 'policy-put', policy: policyOf(own) }) as const;
const newer = releaseOf({ version: '66.86.0.20' });
const letOut = (release = newer.id, channel = 'stable') =>
  [
    { kind: 'release-put', release: newer },
    { kind: 'release-move', release, cause: 'approve', why: 'tried', channel },
  ] as const;
const proposed = (desk: Desk) => [...desk.tables.rollouts.keys()];
const audited = (desk: Desk, what: string) =>
  [...desk.tables.audit.values()].filter((one) => one.what === what);

/** Three phones on an old version, one of them unseen; the usual release is approved in `stable`. */
const fleet = () => smallFleet(2).do({ kind: 'phones-put', phones: [phoneOf(3)] });
const first = `fixes-${releaseOf().id}`;

test('a policy proposes what its phones lack, and nothing begins without a person', (t) => {
  const desk = fleet().do(put());
  t.same(proposed(desk), [first]);
  const rollout = desk.tables.rollouts.get(first);
  t.match(rollout, {
    state: 'awaiting-approval',
    createdBy: 'policy fixes',
    name: 'Policy fixes: 66.86.0.15',
    releases: [releaseOf().id],
    deadline: {
      dueAt: laterBy(desk.now, days(30)),
      because: `high by ${releaseOf().id}, policy fixes`,
    },
  });
  t.same(
    rollout?.waves.map(({ spec, counts }) => [spec.name, counts.total]),
    [
      ['canary', 1],
      ['tenth', 1],
      ['rest', 1],
    ],
  );
  desk.wait(60 * 24);
  t.equal(desk.tables.rollouts.get(first)?.state, 'awaiting-approval');
  desk.do(put());
  t.same(proposed(desk), [first], 'it is proposed once');
  desk.do({ kind: 'rollout-approve', rollout: idOf(first) });
  t.equal(desk.tables.rollouts.get(first)?.state, 'running');
  t.end();
});

test('whoever wrote a policy approves no rollout that it proposed, whatever became of the policy', (t) => {
  const desk = fleet().do(put());
  const refused = (who: string, rollout: string) => {
    const answer = desk.ask({ kind: 'rollout-approve', rollout: idOf(rollout) }, who);
    return answer.ok ? [] : answer.refusals.map(({ code, reason }) => `${code}: ${reason}`);
  };
  const own = ['forbidden: was proposed or changed by ada, who cannot approve it as well'];
  t.same(refused('ada', first), own);
  t.match(refused('ADA', first), [/^forbidden: was proposed or changed by ADA/]);
  t.ok(desk.ask(put({ deadlines: {} }), 'grace').ok);
  desk.do(...letOut());
  t.match(refused('grace', `fixes-${newer.id}`), [/^forbidden/], 'who wrote it last has proposed');
  t.same(refused('ada', `fixes-${newer.id}`), []);
  desk.do({ kind: 'policy-remove', policy: fixes });
  t.same(refused('ada', first), own, 'what she proposed stays hers');
  t.same(refused('grace', first), []);
  t.end();
});

test('what a policy was stored with is proposed, also where nobody could write it any more', (t) => {
  const reaches = (where: string) => {
    const desk = smallFleet(2);
    desk.tables.policies.set(fixes, policyOf({ where }));
    desk.do(...letOut());
    return desk.tables.rollouts.get(`fixes-${newer.id}`)?.waves.map(({ counts }) => counts.total);
  };
  t.same(reaches('model = T46S or running < banana'), reaches('model = T46S'));
  t.ok(reaches('model = T46S'));
  t.end();
});

test('a policy whose selection could never propose is refused when it is stored', (t) => {
  const told = (desk: Desk, where: string) =>
    desk.refusals(put({ where })).map((one) => one.reason);
  const seen = () => fleet().seen(idOf('lisbon'), 1, '66.80.0.1');
  const noVersion = (text: string) => [`"${text}" is no version: it has no digit`];
  t.same(told(fleet(), 'model = T46S or running < banana'), noVersion('banana'));
  t.same(told(seen(), 'model = T46S and running != factory'), noVersion('factory'));
  t.same(told(smallFleet(0), 'running != factory'), [], 'no phone has shown any yet');
  const asText = seen().do(put({ where: 'model = T46S and running not ~ factory' }));
  t.same(proposed(asText), [first]);
  t.end();
});

test('a release is proposed whatever signs its vendor writes versions with', (t) => {
  for (const version of ['66.86(1)SR3', '66.87.0.15 beta', '66.88+1']) {
    const release = releaseOf({ version });
    const desk = fleet().do(
      { kind: 'release-put', release },
      { kind: 'release-move', release: release.id, cause: 'approve', why: 'x', channel: 'beta' },
      put({ channel: 'beta' }),
    );
    t.same(proposed(desk), [`fixes-${release.id}`], version);
  }
  t.end();
});

test('a policy whose selection leaves no room for what its rollouts add is refused', (t) => {
  const told = (where: string) => fleet().refusals(put({ where }));
  const long = `vendor = Yealink${' or model = T46S'.repeat(248)}`;
  const deep = `${'('.repeat(32)}model = T46S${')'.repeat(32)}`;
  for (const where of [long, deep])
    t.match(told(where), [{ thing: 'policy fixes: where', reason: /no longer fits$/ }]);
  t.same(told(`vendor = Yealink${' or model = T46S'.repeat(242)}`), []);
  t.same(told(deep.slice(1, -1)), []);
  t.end();
});

test('a release that is let out is proposed by the policies whose channel it is in', (t) => {
  const desk = fleet().do(put());
  desk.do(...letOut(newer.id, 'beta'));
  t.same(proposed(desk), [first], 'another channel');
  const both = fleet().do(put(), ...letOut());
  t.same(proposed(both), [first, `fixes-${newer.id}`]);
  const pinned = fleet().do({
    kind: 'policy-put',
    policy: { ...pinnedTo, release: releaseOf().id, where: 'model = T46S' },
  });
  pinned.do(...letOut());
  t.same(proposed(pinned), [first], 'a pinned release stays the one');
  const preferred = fleet().do(...letOut(), {
    kind: 'release-move',
    release: releaseOf().id,
    cause: 'prefer',
    why: 'quieter',
  });
  t.same(proposed(preferred.do(put())), [first], 'the preferred one goes before the newest');
  t.end();
});

test('phones that run it, or that no release of the channel fits, are in no proposal', (t) => {
  const desk = fleet().seen(idOf('lisbon'), 1, '66.86.0.15');
  desk.do({ kind: 'phones-put', phones: [phoneOf(4, { model: 'T58' })] }, put());
  const macs = [...desk.tables.progress.keys()].map((key) => key.split('/')[1]);
  t.same(
    macs.sort((a = '', b = '') => (a < b ? -1 : 1)),
    [macOf(2), macOf(3)],
  );
  const arrived = smallFleet(1).seen(idOf('lisbon'), 1, '66.86.0.15').do(put());
  t.same(proposed(arrived), []);
  t.match(arrived.refusals({ kind: 'policy-propose', policy: fixes }), [
    { code: 'conflict', reason: /^proposes nothing/ },
  ]);
  t.end();
});

test('phones that come later are proposed on request, once the earlier rollout has ended', (t) => {
  const desk = smallFleet(1).do(put());
  const propose = { kind: 'policy-propose', policy: fixes } as const;
  t.match(desk.refusals(propose), [{ reason: /^proposes nothing/ }]);
  desk.do({ kind: 'rollout-deny', rollout: idOf(first), remark: 'not this month' });
  desk.do(put());
  t.same(proposed(desk), [first], 'what was denied is not proposed again by itself');
  desk.do(propose);
  t.same(proposed(desk), [first, `${first}-2`]);
  t.end();
});

test('ahead of time a rollout is approved only by whoever the policy names, after somebody else wrote it', (t) => {
  const autoApprove = { by: 'grace', phonesMax: 3 };
  const desk = fleet().do(put({ autoApprove }));
  const state = () => desk.tables.rollouts.get(first)?.state;
  t.equal(state(), 'awaiting-approval', 'to be named is not to have said yes');
  const yes = { kind: 'policy-approve', policy: fixes } as const;
  const told = (who: string, made: Desk = desk) => {
    const answer = made.ask(yes, who);
    return answer.ok ? [] : answer.refusals.map(({ reason }) => reason);
  };
  t.same(told('mallory'), ['is approved by grace, and not by mallory']);
  t.same(told('ada'), ['was written by ada, who cannot approve it as well']);
  const own = fleet().do(put({ autoApprove: { by: 'ada', phonesMax: 3 } }));
  t.same(told('ada', own), ['was written by ada, who cannot approve it as well']);
  const capital = fleet().do(put({ autoApprove: { by: 'Ada', phonesMax: 3 } }));
  t.same(told('Ada', capital), ['was written by Ada, who cannot approve it as well']);
  t.same(told('Grace'), [], 'in any case');
  desk.do(...letOut());
  t.match(desk.tables.rollouts.get(`fixes-${newer.id}`), {
    state: 'running',
    approvedBy: 'grace',
    approvalRemark: 'ahead, by policy fixes',
  });
  t.equal(state(), 'awaiting-approval', 'what was proposed before waits for a person');
  const ahead = () => desk.tables.policies.get('fixes')?.approvedAhead;
  desk.do(put({ autoApprove }));
  t.equal(ahead(), desk.now, 'the same again changes nothing');
  desk.do(put({ autoApprove, deadlines: {} }));
  t.equal(ahead(), undefined, 'a change voids it');
  t.match(fleet().do(put()).refusals(yes), [
    { code: 'conflict', reason: 'names nobody who approves ahead' },
  ]);
  t.end();
});

test('more phones than were approved ahead wait for a person', (t) => {
  const desk = fleet().do(put({ autoApprove: { by: 'grace', phonesMax: 2 } }));
  desk.ask({ kind: 'policy-approve', policy: fixes }, 'grace');
  desk.do(...letOut());
  t.equal(desk.tables.rollouts.get(`fixes-${newer.id}`)?.state, 'awaiting-approval');
  t.match(audited(desk, 'waits for approval'), [
    { detail: 'would reach 3 phones, ahead only 2 are approved' },
  ]);
  t.end();
});

test('an advisory that the release mends makes its deadline the nearer one', (t) => {
  const advisory = advisoryOf();
  const desk = fleet().do({ kind: 'advisory-put', advisory }, put());
  t.match(desk.tables.rollouts.get(first)?.deadline, {
    dueAt: laterBy(desk.now, days(3)),
    because: 'critical by CVE-2026-0001, policy fixes',
  });
  const none = fleet().do(put({ deadlines: { low: 90 } }));
  t.equal(none.tables.rollouts.get(first)?.deadline, undefined);
  t.end();
});

test('what cannot be proposed is in the audit, with the reason', (t) => {
  const desk = fleet().do({ kind: 'site-put', site: siteOf('lisbon', { windows: [] }) }, put());
  t.same(proposed(desk), []);
  t.match(audited(desk, 'no rollout could be proposed'), [{ detail: /has no window/ }]);
  t.match(desk.refusals({ kind: 'policy-propose', policy: fixes }), [{ reason: /has no window/ }]);
  t.end();
});

test('each phone passes, fails or is unknown against the policies that mean it, by what it showed', (t) => {
  const desk = fleet();
  const verdict = (number: number, at = desk.now) => {
    const phone = desk.tables.phones.get(macOf(number));
    const all = phone ? verdictsOf(complianceView(desk.tables, at), phone) : [];
    const { verdict: word, evidence } = all.find(({ rule }) => rule === 'policy-met') ?? {};
    return `${word}: ${evidence}`;
  };
  t.equal(verdict(1), 'unknown: There is no policy');
  desk.do(put({ where: 'not mac = 80:5e:c0:00:00:02' }));
  t.equal(verdict(2), 'unknown: No policy means this phone');
  t.equal(verdict(3), 'unknown: The phone has never shown a version');
  const due = '(high, due 2026-04-01 01:00 UTC)';
  t.equal(verdict(1), `pass: Policy fixes: runs 66.85.0.5, wants 66.86.0.15 ${due}`);
  desk.now = laterBy(desk.now, days(29));
  desk.seen(idOf('lisbon'), 1, '66.85.0.5');
  t.equal(
    verdict(1, laterBy(desk.now, days(2))),
    `fail: Policy fixes: runs 66.85.0.5, wants 66.86.0.15 ${due}`,
  );
  desk.do(put({ deadlines: {} }));
  t.match(verdict(1), /^fail/, 'without days it is due at once');
  desk.seen(idOf('lisbon'), 1, '66.86.0.16');
  t.equal(verdict(1), 'pass: Policy fixes: runs 66.86.0.16, wants 66.86.0.15');
  desk.do({ kind: 'policy-put', policy: { ...pinnedTo, release: releaseOf().id, deadlines: {} } });
  t.match(verdict(1), /^fail/, 'a pinned release is that one');
  desk.do(put({ channel: 'beta' }));
  t.match(verdict(1), /^unknown: .* no approved release of channel beta is for a Yealink T46S$/);
  t.end();
});

test('of several policies the one that is not met decides', (t) => {
  const desk = smallFleet(1).seen(idOf('lisbon'), 1, '66.86.0.15').do(put());
  const verdict = () => {
    const phone = desk.tables.phones.get(macOf(1));
    const all = phone ? verdictsOf(complianceView(desk.tables, desk.now), phone) : [];
    return all.find(({ rule }) => rule === 'policy-met');
  };
  t.equal(verdict()?.verdict, 'pass');
  desk.do({ kind: 'release-put', release: newer });
  desk.do({ kind: 'release-move', release: newer.id, cause: 'approve', why: 'x', channel: 'beta' });
  desk.do(put({ id: idOf('early'), channel: 'beta', deadlines: {} }));
  t.match(verdict(), { verdict: 'fail', evidence: /^Policy early/ });
  t.end();
});
