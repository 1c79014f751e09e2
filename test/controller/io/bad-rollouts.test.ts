import { test } from 'tap';
import { idOf, macOf, phoneOf, releaseOf, siteOf } from '../core/desk.ts';
import { fleetOf, told } from './door.ts';

// Bad input over the real door: everything that can be known is told at once, and nothing is stored.

const release = releaseOf().id;

const asked = (own: object) => ({
  id: 'autumn',
  releases: [release],
  waves: [{ name: 'all' }],
  ...own,
});

test('a fault of form hides no other fault of the same rollout', async (t) => {
  const door = await fleetOf(t, 4);
  const answer = await door.ask(
    'POST',
    '/api/v1/rollouts',
    asked({
      name: 7,
      after: ['autumn', 'sumer'],
      deadline: { dueAt: 1, because: 'CVE-2026-0001' },
      gate: { failedPartMax: 0, failuresMax: 2 },
      selection: { where: 'modl = T46S and runing < 66' },
    }),
  );
  t.same(told(answer), [
    '400 invalid: rollout: name: is 7, not text. Write it in quotes as one line without control characters.',
    '400 invalid: rollout autumn: where, column 1: "modl" is no field. Expected: model',
    '400 invalid: rollout autumn: where, column 17: "runing" is no field. Expected: running',
    '400 invalid: rollout autumn: gate.failuresMax: permits 2 failures, but failedPartMax 0 permits none. Give 0, or raise failedPartMax.',
    '400 invalid: rollout autumn: after: waits in a circle: autumn after autumn. Take one of them out.',
    '400 invalid: rollout sumer: does not exist. List them with: ringwave rollout list',
    '400 invalid: rollout autumn: deadline.dueAt: has passed before the rollout could begin. Give a later instant.',
  ]);
  t.equal(door.controller.engine.tables.rollouts.size, 0);
});

test('what cannot be read is never the reason for another fault', async (t) => {
  const door = await fleetOf(t, 4);
  const says = async (own: object) => told(await door.ask('POST', '/api/v1/rollouts', asked(own)));
  t.same(await says({ waves: [{ percent: 101 }, { name: 'rest', count: 0 }] }), [
    '400 invalid: rollout: waves[0].name: is missing. Add name as one line without control characters.',
    '400 invalid: rollout: waves[0].percent: is 101. Write a number from 0.001 to 100.',
    '400 invalid: rollout: waves[1].count: is 0. Write a number from 1 to 1000000.',
  ]);
  t.same(await says({ pace: { perMinute: 0 } }), [
    '400 invalid: rollout: pace.perMinute: is 0. Write a number above 0 and up to 100000.',
  ]);
  const rehearsed = { rollout: asked({}), busyByHour: [0.1] };
  t.same(told(await door.ask('POST', '/api/v1/rollouts/rehearse', rehearsed)), [
    '400 invalid: rehearsal: busyByHour: has 1 of 24 entries. Name at least 24.',
  ]);
  t.same(await says({ gate: { failuresMax: '0', failedPartMax: 0 } }), [
    '400 invalid: rollout: gate.failuresMax: is "0", not a whole number. Write a whole number.',
  ]);
  t.same(await says({ releases: 'all', selection: { model: ['T46S'] } }), [
    '400 invalid: rollout: releases: is "all", not a list. Write a list in square brackets.',
    '400 invalid: rollout: selection.model: is not a key that is known here. Did you mean models?',
  ]);
  t.same(await says({ id: 'Autumn!', after: ['spring'] }), [
    '400 invalid: rollout: id: is "Autumn!". Write it in lower-case letters, digits and dashes.',
    '400 invalid: rollout spring: does not exist. List them with: ringwave rollout list',
  ]);
  t.equal(door.controller.engine.tables.rollouts.size, 0);
});

test('waves and a preset, or an id that is none, hide no other fault', async (t) => {
  const door = await fleetOf(t, 4);
  const says = async (own: object) => told(await door.ask('POST', '/api/v1/rollouts', asked(own)));
  const strict = { failedPartMax: 0, failuresMax: 2 };
  const waves = [{ name: 'all', gate: strict }];
  t.same(await says({ waves, preset: 3, priority: 5000, selection: { models: ['T99'] } }), [
    '400 invalid: rollout: priority: is 5000. Write a number from 0 to 1000.',
    '400 invalid: rollout autumn: gives waves and a preset. Give one of the two.',
    '400 invalid: rollout autumn: wave all: gate.failuresMax: permits 2 failures, but failedPartMax 0 permits none. Give 0, or raise failedPartMax.',
    '400 invalid: rollout autumn: selection: selects no phone. Compare with: ringwave phone list',
  ]);
  t.same(await says({ preset: 'canary', selection: { models: ['T99'] } }), [
    '400 invalid: rollout: preset: is "canary", which is none of: canary-tenth-rest. Write one of: canary-tenth-rest.',
    '400 invalid: rollout autumn: gives waves and a preset. Give one of the two.',
    '400 invalid: rollout autumn: selection: selects no phone. Compare with: ringwave phone list',
  ]);
  const more = [{ name: 'all' }, { name: 'more', count: 3 }];
  t.same(await says({ id: 'Autumn!', waves: more, selection: { where: 'modl = T46S' } }), [
    '400 invalid: rollout: id: is "Autumn!". Write it in lower-case letters, digits and dashes.',
    '400 invalid: rollout: where, column 1: "modl" is no field. Expected: model',
  ]);
  t.same(await says({ id: undefined, waves: more }), [
    '400 invalid: rollout: id: is missing. Add id in lower-case letters, digits and dashes.',
    '400 invalid: rollout: wave more: takes no phone. Correct its sites or count, or leave it out.',
  ]);
  t.equal(door.controller.engine.tables.rollouts.size, 0);
});

test('waves that contradict themselves hide no selection that fits nobody', async (t) => {
  const door = await fleetOf(t, 4);
  const waves = [{ name: 'all', count: 1, percent: 3 }];
  const body = asked({ waves, selection: { models: ['T99'] } });
  t.same(told(await door.ask('POST', '/api/v1/rollouts', body)), [
    '400 invalid: rollout autumn: wave all: gives count and percent. Give one of the two.',
    '400 invalid: rollout autumn: selection: selects no phone. Compare with: ringwave phone list',
  ]);
});

test('what a list names twice, or nobody here has, is told and not passed over', async (t) => {
  const door = await fleetOf(t, 2);
  const preview = async (own: object) =>
    (await door.ask('POST', '/api/v1/rollouts/preview', asked(own))).body;
  t.same((await preview({ releases: [release, release] })).problems, [
    {
      code: 'invalid',
      thing: 'rollout autumn: releases',
      reason: `names ${release} twice`,
      next: 'Name each release once.',
    },
  ]);
  const lineOf = (one: { thing: string; reason: string; next: string }) =>
    `${one.thing}: ${one.reason}. ${one.next}`;
  const selection = { models: ['T46S', 'T46SS'], vendors: ['Yealink', 'Yealnk'] };
  const macs = [macOf(1), macOf(99)];
  const waves = [{ name: 'canary', macs, models: ['T46S', 'T64S'] }, { name: 'rest' }];
  const seen = await preview({ selection, waves });
  t.same(
    [seen.ok, seen.cautions.map(lineOf)],
    [
      true,
      [
        'rollout autumn: selection.vendors: names vendor Yealnk, which nobody here has. Did you mean Yealink?',
        'rollout autumn: selection.models: names model T46SS, which nobody here has. Did you mean T46S?',
        'rollout autumn: wave canary: models: names model T64S, which nobody here has. Did you mean T46S?',
        `rollout autumn: wave canary: macs: name phone ${macOf(99)}, which is not in the inventory. List phones with: ringwave phone list`,
      ],
    ],
  );
});

test('an instant that no calendar reaches is refused: none that reads it could say it', async (t) => {
  const door = await fleetOf(t, 1);
  const at = 8_899_999_999_999_999;
  const from = 'Write a number from 0 to 7258118399999 of milliseconds since 1970';
  const rollout = asked({ startAt: at, deadline: { dueAt: at, because: 'CVE-2026-0001' } });
  t.same(told(await door.ask('POST', '/api/v1/rollouts', rollout)), [
    `400 invalid: rollout: startAt: is ${at}. ${from}.`,
    `400 invalid: rollout: deadline.dueAt: is ${at}. ${from}.`,
  ]);
  const freeze = { reason: 'moving house', until: at };
  t.same(told(await door.ask('PUT', '/api/v1/sites/lisbon/freeze', freeze)), [
    `400 invalid: freeze of site lisbon: until: is ${at}. ${from}.`,
  ]);
});

test('a name with a line break or an escape is refused by its field: it would write over lines of others', async (t) => {
  const door = await fleetOf(t, 1);
  const waves = [{ name: 'all\u001b[2J' }];
  t.same(
    told(await door.ask('POST', '/api/v1/rollouts', asked({ name: 'Autumn\nstate: done', waves }))),
    [
      '400 invalid: rollout: waves[0].name: is "all\\u001b[2J". Write it as one line without control characters.',
      '400 invalid: rollout: name: is "Autumn\\nstate: done". Write it as one line without control characters.',
    ],
  );
  for (const sign of ['\0', '\u007f', '\u009b', '\u2028'])
    t.match(told(await door.ask('POST', '/api/v1/rollouts', asked({ name: `x${sign}` }))), [
      /^400 invalid: rollout: name: /,
    ]);
  const site = { name: 'Lisbon\r', zone: 'Europe/Lisbon', windows: [] };
  t.match(told(await door.ask('PUT', '/api/v1/sites/porto', site)), [
    /^400 invalid: site porto: name: /,
  ]);
  const named = asked({ name: 'Autumn – Köln, 1/2', waves: [{ name: 'tout le monde' }] });
  t.equal((await door.ask('POST', '/api/v1/rollouts', named)).status, 201);
});

test('a pace that ends in no time that anybody waits for is refused, or told with how long it takes', async (t) => {
  const door = await fleetOf(t, 60);
  const says = async (own: object) => told(await door.ask('POST', '/api/v1/rollouts', asked(own)));
  t.same(await says({ pace: { perMinute: 0.0001 } }), [
    '400 invalid: rollout autumn: pace.perMinute: is 0.0001, one phone in 7 days. Give at least 0.0007, about one phone a day; a small first wave with a gate goes gently, too.',
  ]);
  const preview = async (pace: object) =>
    (await door.ask('POST', '/api/v1/rollouts/preview', asked({ pace }))).body.cautions;
  t.same(await preview({ perMinute: 0.001 }), [
    {
      thing: 'rollout autumn: wave all',
      reason: 'lets its 60 phones go in 42 days by its pace',
      next: 'Raise pace.perMinute, or give everyDone, so that it grows with what is done.',
    },
  ]);
  t.same(
    await preview({ perMinute: 0.001, everyDone: 5 }),
    [],
    'a pace that grows is done earlier',
  );
  t.same(await preview({ perMinute: 0.002 }), []);
});

test('a gate that asks an address without a host is refused', async (t) => {
  const door = await fleetOf(t, 1);
  const says = async (askUrl: string) =>
    told(await door.ask('POST', '/api/v1/rollouts', asked({ gate: { askUrl } })));
  const next = 'Write it like https://monitor.example.com/check.';
  for (const url of ['http://', 'https://:443/x', 'http://?x', 'http://a b/'])
    t.same(await says(url), [
      `400 invalid: rollout autumn: gate.askUrl: is "${url}", which names no host. ${next}`,
    ]);
  t.same(await says('https://ada:secret@monitor.example.com/'), [
    `400 invalid: rollout autumn: gate.askUrl: carries a user name or a password, which is not sent. ${next}`,
  ]);
  t.match(await says('ftp://x'), [/^400 invalid: rollout: gate.askUrl: /]);
  const waves = [{ name: 'all', gate: { askUrl: 'http://' } }];
  t.match(told(await door.ask('POST', '/api/v1/rollouts', asked({ waves }))), [
    /^400 invalid: rollout autumn: wave all: gate.askUrl: /,
  ]);
});

test('a body with another id than its path is refused, whatever else is wrong with it', async (t) => {
  const door = await fleetOf(t, 1);
  await door.ask('POST', '/api/v1/rollouts', asked({ id: 'winter' }));
  const put = (body: object) => door.ask('PUT', '/api/v1/rollouts/winter', body);
  const other =
    '400 invalid: rollout winter: id: is "autumn" in the body. Send it to /api/v1/rollouts/autumn, or leave id out of the body.';
  t.same(told(await put(asked({ name: 'A' }))), [other]);
  t.same(told(await put(asked({ priority: -1 }))), [
    other,
    '400 invalid: rollout: priority: is -1. Write a number from 0 to 1000.',
  ]);
  t.equal(
    door.controller.engine.tables.rollouts.get('winter')?.name,
    'winter',
    'nothing is stored',
  );
  t.equal((await put(asked({ id: 'winter', name: 'A' }))).status, 200);
  t.equal((await put(asked({ id: undefined, name: 'B' }))).status, 200);
  for (const path of ['sites/lisbon', 'policies/fixes', 'freezes/fair'])
    t.match(
      told(await door.ask('PUT', `/api/v1/${path}`, { id: 'other' })).find((it) =>
        / id: /.test(it),
      ),
      /id: is not a key that is known here/,
      path,
    );
});

test('faults beside the waves are told together with waves that take nobody', async (t) => {
  const door = await fleetOf(t, 4);
  const waves = [{ name: 'all' }, { name: 'more', count: 3 }];
  const body = asked({ after: ['autumn'], waves });
  t.same(told(await door.ask('POST', '/api/v1/rollouts', body)), [
    '400 invalid: rollout autumn: after: waits in a circle: autumn after autumn. Take one of them out.',
    '400 invalid: rollout autumn: wave more: takes no phone. Correct its sites or count, or leave it out.',
  ]);
});

test('more phones done than a wave has are no gate', async (t) => {
  const door = await fleetOf(t, 4);
  const waves = [{ name: 'canary', count: 1, gate: { doneMin: 3 } }, { name: 'rest' }];
  const body = asked({ waves, gate: { doneMin: 3 } });
  t.same(told(await door.ask('POST', '/api/v1/rollouts', body)), [
    '400 invalid: rollout autumn: wave canary: gate.doneMin: wants 3 phones done, and the wave takes 1. Give the wave a gate of its own with doneMin up to 1, or leave it to successMin.',
  ]);
  const { status } = await door.ask('POST', '/api/v1/rollouts', asked({ gate: { doneMin: 4 } }));
  t.equal(status, 201);
});

test('a model that no opening of its site is long enough for is told at creation', async (t) => {
  const door = await fleetOf(t, 2);
  const { engine } = door.controller;
  const short = { days: ['mon', 'tue'] as const, start: '01:00', end: '01:30' };
  engine.command('ada', { kind: 'site-put', site: siteOf('porto', { windows: [short] }) });
  const phones = [phoneOf(9, { site: siteOf('porto').id })];
  engine.command('ada', { kind: 'phones-put', phones });
  engine.tables.durations.set(
    'Yealink/T46S',
    Array.from({ length: 8 }, () => 40 * 60_000),
  );
  const words =
    'has no opening longer than 30 minutes, and a Yealink T46S takes up to 42; phones that are never started: 1';
  const next = 'Give the site a longer window: ringwave site put porto';
  const some = await door.ask('POST', '/api/v1/rollouts', asked({}));
  t.equal(some.status, 201);
  t.same(some.body.cautions, [{ thing: 'rollout autumn: site porto', reason: words, next }]);
  const there = { id: 'porto', selection: { sites: ['porto'] } };
  t.same(told(await door.ask('POST', '/api/v1/rollouts', asked(there))), [
    `400 invalid: rollout porto: site porto: ${words}. ${next}`,
  ]);
  const twoWindows = [short, { ...short, start: '01:30', end: '02:00' }];
  engine.command('ada', { kind: 'site-put', site: siteOf('porto', { windows: twoWindows }) });
  const meeting = await door.ask('POST', '/api/v1/rollouts/preview', asked(there));
  t.same([meeting.body.ok, meeting.body.cautions], [true, []], 'windows that meet are one opening');
});

test('a site, a policy and a list of phones with a fault of form are looked at to the end', async (t) => {
  const door = await fleetOf(t, 1);
  const site = { zone: 'Europe/Lisbn', windows: [], blackout: ['12-32', '2026-02-29'], phones: 3 };
  t.same(told(await door.ask('PUT', '/api/v1/sites/porto', site)), [
    '400 invalid: site porto: phones: is not a key that is known here. Remove it; known are: name, zone, windows, blackout, coverage, phonesUpdatingMax, wanBytesPerSecond, credentialDaysMax, labels, wanBudget, lanBytesPerSecond, phonesPerSwitchMax, restartsPerMinuteMax, emergencyNumbers, callbackHoldMinutes, registrationProves.',
    '400 invalid: site porto: zone: "Europe/Lisbn" is not an IANA time zone. Did you mean Europe/Lisbon?',
    '400 invalid: site porto: blackout[0]: 12-32 is no day of the calendar. Correct it, for example 2026-12-24, 2026-12-24/2027-01-03 or 12-25.',
    '400 invalid: site porto: blackout[1]: 2026-02-29 is no day of the calendar. Correct it, for example 2026-12-24, 2026-12-24/2027-01-03 or 12-25.',
  ]);
  const strange = { ...siteOf('porto'), id: undefined, '(': 1, '': 2, 'windows.x[': 3 };
  t.same(
    told(await door.ask('PUT', '/api/v1/sites/porto', strange)).map((one) => one.slice(0, 80)),
    [
      '400 invalid: site porto: (: is not a key that is known here. Remove it; known ar',
      '400 invalid: site porto: is not a key that is known here. Remove it; known are: ',
      '400 invalid: site porto: windows.x[: is not a key that is known here. Did you me',
    ],
    'keys with any signs',
  );
  const zoneless = { zone: 5, windows: [{ days: [], start: '01:00', end: '02:00' }] };
  t.same(told(await door.ask('PUT', '/api/v1/sites/porto', zoneless)), [
    '400 invalid: site porto: zone: is 5, not text. Write it in quotes as an IANA time zone such as Europe/Lisbon.',
    '400 invalid: site porto: windows[0]: names no weekday, so it never opens. Correct the rule, for example {"days":["mon"],"start":"02:00","end":"05:00"}.',
  ]);
  const policy = { where: 'modl = T46S', release: 'none', deadlines: { severe: 3 } };
  t.same(told(await door.ask('PUT', '/api/v1/policies/fixes', policy)), [
    '400 invalid: policy fixes: deadlines.severe: is not a key that is known here. Remove it; known are: critical, high, medium, low.',
    '400 invalid: policy fixes: where, column 1: "modl" is no field. Expected: model',
    '400 invalid: policy fixes: release: does not exist. List them with: ringwave release list',
  ]);
  t.same(told(await door.ask('PUT', '/api/v1/policies/fixes', { where: 'all', release: 5 })), [
    '400 invalid: policy fixes: release: is 5, not text. Write it in quotes in lower-case letters, digits and dashes.',
  ]);
  const phone = { mac: macOf(2), site: 'lisbon', vendor: 'Yealink', model: 'T46S' };
  const phones = [
    { ...phone, modl: 'x' },
    { ...phone, vendor: 'Yealnk' },
    { ...phone, mac: macOf(3), site: 'lisbo' },
  ];
  t.same(told(await door.ask('POST', '/api/v1/phones', phones)), [
    '400 invalid: phones: [0].modl: is not a key that is known here. Did you mean model?',
    `400 invalid: phone ${macOf(2)}: vendor: nobody here knows a vendor Yealnk. Did you mean Yealink?`,
    `400 invalid: phone ${macOf(3)}: site lisbo: does not exist. Did you mean lisbon?`,
  ]);
});

test('very many phones are confirmed by their number, also before anything is stored', async (t) => {
  const door = await fleetOf(t, 120);
  const words =
    '409 conflict: rollout autumn: selection: would reach 120 of 120 phones. Narrow it, or confirm the number: confirmPhones: 120 (--confirm 120).';
  t.same(told(await door.ask('POST', '/api/v1/rollouts', asked({}))), [words]);
  const { body } = await door.ask('POST', '/api/v1/rollouts/preview', asked({}));
  t.equal(
    `${body.problems[0].thing} ${body.problems[0].reason}`,
    'rollout autumn: selection would reach 120 of 120 phones',
  );
  const made = await door.ask('POST', '/api/v1/rollouts', asked({ confirmPhones: 120 }));
  t.equal(made.status, 201);
});

test('documents that wait for one another are a circle, and in any order a way is found', async (t) => {
  const door = await fleetOf(t, 2);
  const make = (documents: readonly object[]) =>
    door.ask('POST', '/api/v1/desired-state', { documents });
  const one = (id: string, after: string[]) => ({ kind: 'rollout', ...asked({ id, after }) });
  const circle = await make([one('a', ['b']), one('b', ['c']), one('c', ['a'])]);
  t.same(
    circle.body.problems.map((it: { thing: string; reason: string }) => `${it.thing} ${it.reason}`),
    ['rollout a: after waits in a circle: a after b after c after a'],
  );
  const line = await make([one('a', ['b']), one('b', [])]);
  t.equal(line.body.ok, true);
  t.same(door.controller.engine.tables.rollouts.get('a')?.after, ['b']);
});

test('who was left out is read after creation, a page at a time', async (t) => {
  const door = await fleetOf(t, 2);
  const other = [5, 6, 7].map((number) => phoneOf(number, { model: 'T58' }));
  door.controller.engine.command('ada', { kind: 'phones-put', phones: other });
  await door.ask('POST', '/api/v1/rollouts', asked({}));
  const shown = await door.ask('GET', '/api/v1/rollouts/autumn');
  t.match(shown.body.leftOut, { total: 3, kept: 3, reasons: [{ phones: 3 }] });
  const first = await door.ask('GET', '/api/v1/rollouts/autumn/left-out?limit=2');
  t.match(first.body, { total: 3, next: 2, phones: [{ mac: macOf(5), site: 'lisbon' }, {}] });
  const rest = await door.ask('GET', '/api/v1/rollouts/autumn/left-out?limit=2&after=2');
  t.match(rest.body, { next: null, phones: [{ mac: macOf(7), why: /No release/ }] });
  t.equal((await door.ask('GET', '/api/v1/rollouts/autum/left-out')).status, 404);
});

test('a body that is nested deeper than anybody can go is refused like any other', async (t) => {
  const door = await fleetOf(t, 1);
  const depth = 200_000;
  const deep = `${'['.repeat(depth)}${']'.repeat(depth)}`;
  const body = `{"id":"autumn","releases":["${release}"],"waves":[{"name":"all"}],"notes":${deep}}`;
  const authorization = `Bearer ${door.controller.access.mintApiToken('ada')}`;
  const headers = { authorization, 'content-type': 'application/json' };
  const answer = await door.ask('POST', '/api/v1/rollouts', body, headers);
  t.match(told(answer), [/^400 invalid: rollout: notes: is not a key that is known here/]);
});

test('a key that stands twice is refused with its place: of two values nobody knows which was meant', async (t) => {
  const door = await fleetOf(t, 1);
  const authorization = `Bearer ${door.controller.access.mintApiToken('ada')}`;
  const headers = { authorization, 'content-type': 'application/json' };
  const says = async (body: string) =>
    told(await door.ask('POST', '/api/v1/rollouts', body, headers));
  const twice = (path: string) => [
    `400 invalid: the request: ${path}: stands there twice. Keep one of the two.`,
  ];
  const rest = `"id":"autumn","releases":["${release}"]`;
  t.same(await says(`{${rest},"preset":3,"preset":1}`), twice('preset'));
  const waves = '"waves":[{"name":"canary","count":1},{"name":"rest","count":2,"count":20}]';
  t.same(await says(`{${rest},${waves}}`), twice('waves[1].count'));
  t.equal(door.controller.engine.tables.rollouts.size, 0);
  t.match(await says('{"id":'), [/^400 invalid: the request: /]);
  t.match(await says(''), [/^400 invalid: the request: /]);
  t.match(await says('{"__proto__":{}}'), [/^400 invalid: the request: /]);
  t.equal(
    (await door.ask('POST', '/api/v1/rollouts', `{${rest},"preset":1}`, headers)).status,
    201,
  );
});

test('a body that is not UTF-8 is refused, and nothing of it is made up', async (t) => {
  const door = await fleetOf(t, 1);
  const authorization = `Bearer ${door.controller.access.mintApiToken('ada')}`;
  const headers = { authorization, 'content-type': 'application/json' };
  const body = Buffer.from(JSON.stringify(asked({ name: 'Straße' })), 'latin1');
  const answer = await door.ask('POST', '/api/v1/rollouts', body, headers);
  t.same(told(answer), [
    '400 invalid: the request: is not UTF-8. Send it as UTF-8, which JSON is written in.',
  ]);
  t.equal(door.controller.engine.tables.rollouts.size, 0);
});

test('names that were stored before they were looked at stay, so that a rollout that goes on gets more time', async (t) => {
  const door = await fleetOf(t, 2);
  const { engine } = door.controller;
  const dueAt = Date.UTC(2100, 0, 1);
  const deadline = { dueAt, because: 'CVE-2026-0001' };
  await door.ask('POST', '/api/v1/rollouts', asked({ deadline }));
  const stored = engine.tables.rollouts.get(idOf('autumn'));
  if (!stored) return t.fail('it was refused');
  const waves = stored.waves.map((wave) => ({ ...wave, spec: { ...wave.spec, name: 'a\tb' } }));
  engine.tables.rollouts.set(stored.id, { ...stored, name: 'fix\n7', waves, state: 'running' });
  const { body } = await door.ask('GET', '/api/v1/rollouts/autumn/content');
  const ask = (own: object) =>
    door.ask('PUT', '/api/v1/rollouts/autumn', { ...(body as object), ...own });
  const put = async (own: object) => told(await ask(own));
  const [wrong] = await put({ name: 'fix\n8' });
  t.match(wrong, /^400 invalid: rollout: name: is "fix\\n8"/);
  const beside = await put({ priority: 'high' });
  t.same(beside.length, 1);
  t.match(beside[0], /rollout: priority/);
  t.match(await put({ waves: [{ name: 'a\tb' }, { name: 'c\td' }] }), [/waves\[1\]\.name: is "c/]);
  const later = dueAt + 86_400_000;
  t.equal((await ask({ deadline: { ...deadline, dueAt: later } })).status, 200);
  t.match(engine.tables.rollouts.get(stored.id), { name: 'fix\n7', deadline: { dueAt: later } });
});
