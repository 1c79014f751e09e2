import { test } from 'tap';
import { firstBrokenEntry } from '../../../controller/core/audit.ts';
import { sitePhonesMax } from '../../../controller/core/phone-commands.ts';
import { explainPhone } from '../../../controller/core/explain.ts';
import type { Command, Site } from '../../../controller/core/state.ts';
import {
  after,
  Desk,
  idOf,
  macOf,
  phoneOf,
  releaseOf,
  rolloutOf,
  siteOf,
  smallFleet,
} from './desk.ts';

const site = (own: Partial<Site> = {}): Command => ({
  kind: 'site-put',
  site: siteOf('lisbon', own),
});
const create = (own: Parameters<typeof rolloutOf>[0] = {}): Command => ({
  kind: 'rollout-create',
  input: rolloutOf(own),
});
const autumn = idOf('autumn');
const told = (desk: Desk, command: Command) =>
  desk
    .refusals(command)
    .map(({ code, thing, reason, next }) => `${code}: ${thing} ${reason}. ${next}`);

test('a refused command says every reason at once and leaves nothing behind', (t) => {
  const fleet = () => smallFleet(3);
  const cases: readonly [string, Command, string[]][] = [
    [
      'a site with a misspelt zone and two windows that never open',
      site({
        zone: 'Europe/Lisbn',
        windows: [
          { days: [], start: '01:00', end: '02:00' },
          { days: ['mon'], start: '01:00', end: '01:00' },
        ],
      }),
      [
        'invalid: site lisbon: zone "Europe/Lisbn" is not an IANA time zone. Did you mean Europe/Lisbon?',
        'invalid: site lisbon: windows[0] names no weekday, so it never opens. Correct the rule, for example {"days":["mon"],"start":"02:00","end":"05:00"}.',
        'invalid: site lisbon: windows[1] begins and ends at the same time, which may mean never or all day ("minutes": 1440). Correct the rule, for example {"days":["mon"],"start":"02:00","end":"05:00"}.',
      ],
    ],
    [
      'a blackout day that is no day',
      site({ blackout: ['2026-02-30'] }),
      [
        'invalid: site lisbon: blackout[0] 2026-02-30 is no day of the calendar. Correct it, for example 2026-12-24, 2026-12-24/2027-01-03 or 12-25.',
      ],
    ],
    [
      'phones of a site that does not exist, and of a group that it lacks',
      {
        kind: 'phones-put',
        phones: [phoneOf(1, { site: idOf('lisbo') }), phoneOf(2, { coverageGroup: idOf('floor') })],
      },
      [
        `not-found: phone ${macOf(1)}: site lisbo does not exist. Did you mean lisbon?`,
        `invalid: phone ${macOf(2)}: coverageGroup site lisbon has no coverage group floor. Add the group to the site first.`,
      ],
    ],
    [
      'a site that still has phones',
      { kind: 'site-remove', site: idOf('lisbon') },
      ['conflict: site lisbon still has 3 phones. Move or remove its phones first.'],
    ],
    [
      'a phone nobody knows',
      { kind: 'phone-remove', mac: macOf(77) },
      [`not-found: phone ${macOf(77)} does not exist. List them with: ringwave phone list`],
    ],
    [
      'a rollout of unknown releases, sites and both count and percent',
      create({
        releases: [idOf(releaseOf().id.slice(0, -1))],
        selection: { sites: [idOf('lisbonn')] },
        waves: [{ name: 'a', count: 1, percent: 5 }],
        gate: { ...rolloutOf().gate, successMin: 95 },
      }),
      [
        `not-found: release ${releaseOf().id.slice(0, -1)} does not exist. Did you mean ${releaseOf().id}?`,
        'not-found: site lisbonn does not exist. Did you mean lisbon?',
        'invalid: rollout autumn: wave a gives count and percent. Give one of the two.',
        'invalid: rollout autumn: gate.successMin is 95. Give a part between 0 and 1, such as 0.95.',
      ],
    ],
    [
      'a rollout that selects nobody',
      create({ selection: { models: ['T99'] } }),
      ['invalid: rollout autumn: selection selects no phone. Compare with: ringwave phone list'],
    ],
    [
      'a rollout without waves',
      create({ waves: [] }),
      ['invalid: rollout autumn: waves has 0 waves. Give 1 to 20 waves.'],
    ],
    [
      'a wave that takes nobody',
      create({ waves: [{ name: 'all' }, { name: 'late' }] }),
      [
        'invalid: rollout autumn: wave late takes no phone. Correct its sites or count, or leave it out.',
      ],
    ],
    [
      'a rollout nobody knows',
      { kind: 'rollout-pause', rollout: idOf('autum'), reason: 'x' },
      ['not-found: rollout autum does not exist. List them with: ringwave rollout list'],
    ],
    [
      'a token for a site nobody knows',
      {
        kind: 'token-mint',
        record: { id: 't', site: idOf('porto'), secret: 's', expiresAt: after(1) },
      },
      ['not-found: site porto does not exist. List them with: ringwave site list'],
    ],
  ];
  for (const [name, command, expected] of cases) {
    const desk = fleet();
    const before = JSON.stringify(
      Object.entries(desk.tables).map(([table, rows]) => [table, [...rows]]),
    );
    t.same(told(desk, command), expected, name);
    const then = JSON.stringify(
      Object.entries(desk.tables).map(([table, rows]) => [table, [...rows]]),
    );
    t.equal(then, before, `${name}: nothing is half stored`);
  }
  t.end();
});

test('waves must take every phone, and the refusal names some that they leave out', (t) => {
  const [said] = told(smallFleet(3), create({ waves: [{ name: 'one', count: 1 }] }));
  t.match(
    said,
    /^invalid: rollout autumn: waves leave out 2 phones: 80:5e:.*\(lisbon\), 80:5e:.*Add a last wave/,
  );
  t.end();
});

test('a selection that no release fits says how many phones it found', (t) => {
  const desk = smallFleet(0).do({ kind: 'phones-put', phones: [phoneOf(1, { model: 'T48S' })] });
  t.same(told(desk, create()), [
    'invalid: rollout autumn: selection selects 1 phones, but none that a release of it fits. First: No release of the rollout is for a Yealink T48S. See all reasons with: ringwave rollout preview --from FILE',
  ]);
  t.end();
});

test('a rollout over a site that never opens is refused, for it would wait without an end', (t) => {
  const desk = smallFleet(1).do({ kind: 'site-put', site: siteOf('lisbon', { windows: [] }) });
  const [refusal] = desk.refusals({ kind: 'rollout-create', input: rolloutOf() });
  t.match(refusal, { thing: 'rollout autumn: site lisbon', reason: /has no window/ });
  t.equal(desk.tables.rollouts.size, 0);
  t.end();
});

test('a site holds as many phones as one plan can carry', (t) => {
  const desk = new Desk().do(site());
  const many = Array.from({ length: sitePhonesMax + 1 }, (_, nth) => ({
    ...phoneOf(1),
    mac: `80:5e:c0:01:${(nth >> 8).toString(16).padStart(2, '0')}:${(nth & 255).toString(16).padStart(2, '0')}` as ReturnType<
      typeof macOf
    >,
  }));
  t.match(told(desk, { kind: 'phones-put', phones: many }), [
    /would have 2001 phones, at most 2000 fit one plan/,
  ]);
  t.equal(desk.tables.phones.size, 0);
  t.end();
});

test('a coverage group that phones still name cannot be taken from their site', (t) => {
  const coverage = [{ id: idOf('floor'), minUp: 1 }];
  const desk = new Desk().do(site({ coverage }), {
    kind: 'phones-put',
    phones: [phoneOf(1, { coverageGroup: idOf('floor') })],
  });
  t.same(told(desk, site()), [
    'conflict: site lisbon: coverage lacks group floor, which 1 of its phones name. Keep the group, or change those phones first.',
  ]);
  t.end();
});

test('a rollout changes state only where its state permits', (t) => {
  const verbs = ['approve', 'pause', 'resume', 'abort'] as const;
  const permitted: Readonly<Record<string, readonly string[]>> = {
    'awaiting-approval': ['approve', 'abort'],
    scheduled: ['abort'],
    running: ['pause', 'abort'],
    paused: ['resume', 'abort'],
    aborted: [],
    done: [],
  };
  const command = (verb: (typeof verbs)[number]): Command => ({
    kind: `rollout-${verb}`,
    rollout: autumn,
    reason: 'why',
  });
  const reach: Readonly<Record<string, (desk: Desk) => void>> = {
    'awaiting-approval': () => {},
    scheduled: (desk) => desk.do(command('approve')),
    running: (desk) => desk.do(command('approve')),
    paused: (desk) => desk.do(command('approve'), command('pause')),
    aborted: (desk) => desk.do(command('abort')),
    done: (desk) =>
      desk.do(command('approve')).ended(idOf('lisbon'), 1, 'done').ended(idOf('lisbon'), 2, 'done'),
  };
  for (const [state, verbsThere] of Object.entries(permitted)) {
    const taken = verbs.filter((verb) => {
      const desk = smallFleet(2).do(create(state === 'scheduled' ? { startAt: after(600) } : {}));
      reach[state]?.(desk);
      t.equal(desk.tables.rollouts.get('autumn')?.state, state);
      return desk.ask(command(verb)).ok;
    });
    t.same(taken, verbsThere, state);
  }
  t.end();
});

test('who approves something else than was shown is refused', (t) => {
  const desk = smallFleet(2).do(create());
  const approve = (contentHash: string): Command => ({
    kind: 'rollout-approve',
    rollout: autumn,
    contentHash,
  });
  t.match(told(desk, approve('0'.repeat(64))), [/changed since it was shown for approval/]);
  desk.do(approve(desk.tables.rollouts.get('autumn')?.contentHash ?? ''));
  t.equal(desk.tables.rollouts.get('autumn')?.approvedBy, 'grace');
  t.end();
});

test('a rollout with a start time begins then, and not before', (t) => {
  const desk = smallFleet(2).do(create({ startAt: after(30) }), {
    kind: 'rollout-approve',
    rollout: autumn,
  });
  t.equal(desk.wait(29).tables.rollouts.get('autumn')?.state, 'scheduled');
  t.equal(desk.wait(1).tables.rollouts.get('autumn')?.state, 'running');
  t.end();
});

test('what comes after a rollout that was aborted asks a person, and is not taken anew', (t) => {
  const winter = idOf('winter');
  const desk = smallFleet(1).do(
    create(),
    create({ id: winter, after: [autumn] }),
    { kind: 'rollout-approve', rollout: winter },
    { kind: 'rollout-deny', rollout: autumn, remark: 'wrong release' },
  );
  const [, phone] = [...desk.tables.phones][0] ?? [];
  const said = phone ? explainPhone(desk.tables, phone, desk.now) : [];
  t.match(
    said.find(({ rollout }) => rollout === winter),
    {
      reason: 'Rollout autumn was aborted, and this one begins only after it is done',
      waitingFor: 'person',
      goesOnWhen: 'a person decides',
    },
  );
  t.same(told(desk, create({ id: idOf('spring'), after: [autumn] })), [
    'conflict: rollout spring: after names autumn, which was aborted and is never done. Take it out.',
  ]);
  t.end();
});

test('approving a rollout that rotates gives phones with a proven credential the next one, once', (t) => {
  const desk = smallFleet(2);
  const proven = {
    kind: 'credential-moved',
    at: desk.now,
    generation: 1,
    fingerprint: 'f'.repeat(32),
  } as const;
  desk.hears(idOf('lisbon'), { ...proven, mac: macOf(1), state: 'proven' });
  desk.do(create({ rotateCredentials: true }), { kind: 'rollout-approve', rollout: autumn });
  const wanted = (number: number) => desk.tables.phones.get(macOf(number))?.credentialGeneration;
  t.same([wanted(1), wanted(2)], [2, 1], 'the other one gets its first one anyway');
  t.end();
});

test('new credentials for a phone that cannot be told a login are an occasion to be given what its base holds', (t) => {
  const desk = smallFleet(1);
  const bare = { ...phoneOf(2), vendor: 'Panasonic', model: 'KX-UT123' };
  desk.do({ kind: 'phones-put', phones: [bare] });
  const release = releaseOf({ vendor: 'Panasonic', models: ['KX-UT123'], version: '01.133' });
  const why = 'tried in the lab';
  desk.do(
    { kind: 'release-put', release },
    { kind: 'release-move', release: release.id, cause: 'approve', why },
    create({ rotateCredentials: true, releases: [release.id] }),
    { kind: 'rollout-approve', rollout: autumn },
  );
  t.equal(desk.tables.phones.get(macOf(2))?.credentialGeneration, 2);
  t.end();
});

test('a token is used once, by one box; the next box is refused', (t) => {
  const desk = new Desk().do(site());
  const record = { id: 't1', site: idOf('lisbon'), secret: 's', expiresAt: after(60) };
  const enrol = (usedBy: string): Command => ({
    kind: 'agent-enrol',
    record: { ...record, usedBy },
    agent: {
      site: idOf('lisbon'),
      enrolledAt: desk.now,
      passwordHash: usedBy,
      imageTokenHash: 'i',
    },
  });
  t.match(told(desk, enrol('box 1')), [/^forbidden: enrolment token is unknown or used/]);
  desk.do({ kind: 'token-mint', record }, enrol('box 1'), enrol('box 1'));
  t.match(told(desk, enrol('box 2')), [/^forbidden/]);
  t.equal(desk.tables.agents.get('lisbon')?.passwordHash, 'box 1');
  t.end();
});

test('removing a phone ends its part of a rollout, which can then end', (t) => {
  const desk = smallFleet(3).do(create(), { kind: 'rollout-approve', rollout: autumn });
  desk.ended(idOf('lisbon'), 1, 'done').ended(idOf('lisbon'), 2, 'done');
  t.equal(desk.tables.rollouts.get('autumn')?.state, 'running');
  desk.do({ kind: 'phone-remove', mac: macOf(3) });
  t.match(desk.tables.rollouts.get('autumn'), {
    state: 'done',
    waves: [{ counts: { done: 2, skipped: 1 } }],
  });
  t.end();
});

test('every change is in the audit with who and when, and a changed or missing line is found', (t) => {
  const desk = smallFleet(2).do(create(), { kind: 'rollout-approve', rollout: autumn });
  desk.ask({ kind: 'halt', halted: true, reason: 'fire' }, 'grace');
  const entries = [...desk.tables.audit.values()];
  t.match(entries.at(-1), { who: 'grace', what: 'all sites halted', detail: 'fire', at: desk.now });
  const whats = entries.map((entry) => entry.what);
  for (const what of [
    'site stored',
    'release stored',
    'rollout created',
    'rollout approved',
    'wave opened',
  ])
    t.ok(whats.includes(what), what);
  t.equal(firstBrokenEntry(entries), undefined);
  const changed = entries.map((entry) => (entry.seq === 3 ? { ...entry, who: 'mallory' } : entry));
  t.equal(firstBrokenEntry(changed), 3);
  t.equal(firstBrokenEntry(entries.filter((entry) => entry.seq !== 4)), 4);
  t.equal(firstBrokenEntry([...entries].reverse()), 1);
  t.end();
});

test('removing a site, or enrolling another box for it, ends the connection of the old one', (t) => {
  const desk = new Desk().do({ kind: 'site-put', site: siteOf('lisbon') }).joined(idOf('lisbon'));
  const cuts = () => desk.effects.filter((effect) => effect.kind === 'cut-site');
  desk.do({ kind: 'site-put', site: siteOf('lisbon') });
  t.same(cuts(), []);
  const record = { id: 't2', site: idOf('lisbon'), secret: 's', expiresAt: after(60) };
  desk.do({ kind: 'token-mint', record });
  const agent = {
    site: idOf('lisbon'),
    enrolledAt: after(1),
    passwordHash: 'q',
    imageTokenHash: 'i',
  };
  desk.do({ kind: 'agent-enrol', record: { ...record, usedBy: 'another box' }, agent });
  t.same(cuts(), [{ kind: 'cut-site', site: 'lisbon' }]);
  desk.do({ kind: 'site-remove', site: idOf('lisbon') });
  t.same(cuts(), [{ kind: 'cut-site', site: 'lisbon' }]);
  t.end();
});
