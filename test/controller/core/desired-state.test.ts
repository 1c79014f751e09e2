import { test } from 'tap';
import {
  commandsFor,
  type Desired,
  differencesOf,
} from '../../../controller/core/desired-state.ts';
import type { Policy } from '../../../controller/core/policy.ts';
import type { RolloutInput } from '../../../controller/core/state.ts';
import { equalWaves, WAVE_PRESETS } from '../../../controller/core/waves.ts';
import { Desk, idOf, macOf, phoneOf, releaseOf, rolloutOf, siteOf, smallFleet } from './desk.ts';

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

/** What stored as files say it differs in when the same files are read again. */
const again = (desk: Desk, one: Desired): unknown => differencesOf(desk.tables, [one])[0]?.change;

const few = (waves: RolloutInput['waves']): Desired => ({
  kind: 'rollout',
  id: 'autumn',
  wanted: rolloutOf({ waves }),
});

test('a rollout is as its file says, also where waves of it took nobody', (t) => {
  for (const waves of [WAVE_PRESETS['canary-tenth-rest'], equalWaves(5)]) {
    const file = few(waves);
    const desk = smallFleet(2).do({ kind: 'rollout-create', input: rolloutOf({ waves }) });
    t.ok((desk.tables.rollouts.get('autumn')?.waves.length ?? 9) < waves.length);
    t.equal(again(desk, file), 'same');
    desk.do({ kind: 'rollout-approve', rollout: idOf('autumn') });
    t.equal(again(desk, file), 'same', 'and when it has begun');
    t.equal(again(desk, few([{ name: 'all' }])), 'change');
  }
  t.end();
});

test('a rollout that was closed to late phones is as its file says', (t) => {
  const waves = [{ name: 'all', dynamic: true }];
  const desk = smallFleet(2).do(
    { kind: 'rollout-create', input: rolloutOf({ waves }) },
    { kind: 'rollout-approve', rollout: idOf('autumn') },
    { kind: 'rollout-close', rollout: idOf('autumn') },
  );
  t.equal(again(desk, few(waves)), 'same');
  t.end();
});

test('what a phone shows of its hardware is no difference to what a file says, or does not say', (t) => {
  const lisbon = idOf('lisbon');
  for (const own of [{}, { hardware: '66.0' }]) {
    const file: Desired = { kind: 'phone', id: macOf(1), wanted: phoneOf(1, own) };
    const desk = smallFleet(1).do({ kind: 'phones-put', phones: [file.wanted] });
    desk.hears(lisbon, {
      kind: 'phone-seen',
      at: desk.now,
      mac: macOf(1),
      source: 'http-request',
      vendor: 'Yealink',
      model: 'T46S',
      version: '66.85.0.5',
      hardware: '66.0.0.128',
      address: '10.0.0.7',
    });
    t.equal(desk.tables.phones.get(macOf(1))?.hardware, '66.0.0.128');
    t.equal(again(desk, file), 'same', JSON.stringify(own));
    desk.do({ kind: 'phones-put', phones: [phoneOf(1, { ...own, extension: '21' })] });
    t.equal(desk.tables.phones.get(macOf(1))?.hardware, '66.0.0.128', 'and stays');
  }
  t.end();
});

test('a coverage group is renamed by one set of files, with all its phones', (t) => {
  const hall = siteOf('lisbon', { coverage: [{ id: idOf('hall'), minUp: 1 }] });
  const inGroup = (number: number, group: string) =>
    phoneOf(number, { coverageGroup: idOf(group) });
  const desk = new Desk().do(
    {
      kind: 'site-put',
      site: siteOf('lisbon', { coverage: [{ id: idOf('floor'), minUp: 1 }] }),
    },
    { kind: 'phones-put', phones: [inGroup(1, 'floor'), inGroup(2, 'floor')] },
  );
  const rename = (...numbers: readonly number[]) => {
    const desired: Desired[] = [
      { kind: 'site', id: 'lisbon', wanted: hall },
      ...numbers.map((number): Desired => {
        const wanted = inGroup(number, 'hall');
        return { kind: 'phone', id: wanted.mac, wanted };
      }),
    ];
    const commands = commandsFor(desired, differencesOf(desk.tables, desired));
    return desk.refusals({ kind: 'desired-state', commands });
  };
  t.match(rename(1), [{ reason: 'lacks group floor, which 1 of its phones name' }]);
  t.match(desk.tables.sites.get('lisbon')?.coverage, [{ id: 'floor' }], 'nothing is stored');
  t.same(rename(1, 2), []);
  t.match(desk.tables.phones.get(macOf(2)), { coverageGroup: 'hall' });
  t.end();
});
