import { test } from 'tap';
import {
  commandsFor,
  type Desired,
  differencesOf,
} from '../../../controller/core/desired-state.ts';
import type { Policy } from '../../../controller/core/policy.ts';
import { Desk, idOf, releaseOf, rolloutOf, siteOf, smallFleet } from './desk.ts';

const site = (own: Parameters<typeof siteOf>[1] = {}): Desired => ({
  kind: 'site',
  id: 'lisbon',
  wanted: siteOf('lisbon', own),
});
const policy = (own: Partial<Policy> = {}): Policy => ({
  id: idOf('fixes'),
  where: 'vendor = Yealink',
  channel: 'stable',
  deadlines: { critical: 7 },
  ...own,
});

test('a difference names the values in it, and what is the same names none', (t) => {
  const { tables } = new Desk().do({
    kind: 'site-put',
    site: siteOf('lisbon', { labels: { a: '1' } }),
  });
  t.same(differencesOf(tables, [site({ labels: { a: '1' } })])[0]?.change, 'same');
  const [differs] = differencesOf(tables, [
    site({ blackout: ['2026-12-24'], labels: { b: '2' }, phonesUpdatingMax: 9 }),
  ]);
  t.same(differs, {
    kind: 'site',
    id: 'lisbon',
    change: 'change',
    values: [
      { path: 'blackout[0]', to: '2026-12-24' },
      { path: 'phonesUpdatingMax', from: 5, to: 9 },
      { path: 'labels.a', from: '1' },
      { path: 'labels.b', to: '2' },
    ],
  });
  t.end();
});

test('what is named comes before what names it, however the documents are ordered', (t) => {
  const { tables } = new Desk();
  const desired: Desired[] = [
    { kind: 'rollout', id: 'autumn', wanted: rolloutOf() },
    { kind: 'policy', id: 'fixes', wanted: policy() },
    site(),
  ];
  const commands = commandsFor(desired, differencesOf(tables, desired));
  t.same(
    commands.map(({ kind }) => kind),
    ['site-put', 'policy-put', 'rollout-create'],
  );
  t.end();
});

test('commands that are one are refused as one, with every reason', (t) => {
  const desk = new Desk();
  const refusals = desk.refusals({
    kind: 'desired-state',
    commands: [
      { kind: 'site-put', site: siteOf('porto') },
      { kind: 'site-put', site: siteOf('lisbon', { zone: 'Europe/Lisbn' }) },
      { kind: 'policy-put', policy: policy({ where: 'modle = T46S' }) },
    ],
  });
  t.same(
    refusals.map(({ thing }) => thing),
    ['site lisbon: zone', 'policy fixes: where, column 1'],
  );
  t.equal(desk.tables.sites.size, 0);
  t.end();
});

test('a policy names a channel or a release that is here, and phones that may come later', (t) => {
  const desk = smallFleet(1);
  const told = (own: Partial<Policy>) =>
    desk
      .refusals({ kind: 'policy-put', policy: policy(own) })
      .map(({ thing, reason }) => `${thing} ${reason}`);
  t.same(told({ where: 'vendor = Poly' }), []);
  const { channel: _channel, ...bare } = policy();
  t.match(desk.refusals({ kind: 'policy-put', policy: bare }), [
    { thing: 'policy fixes: channel', reason: 'names neither channel nor release' },
  ]);
  t.same(told({ release: releaseOf().id }), ['policy fixes: channel names both']);
  t.same(
    desk.refusals({
      kind: 'policy-put',
      policy: { ...bare, release: idOf(`${releaseOf().id}x`) },
    })[0]?.next,
    `Did you mean ${releaseOf().id}?`,
  );
  t.match(desk.refusals({ kind: 'policy-remove', policy: idOf('fixs') }), [
    { code: 'not-found', next: 'Did you mean fixes?' },
  ]);
  desk.do({ kind: 'policy-remove', policy: idOf('fixes') });
  t.equal(desk.tables.policies.size, 0);
  t.end();
});
