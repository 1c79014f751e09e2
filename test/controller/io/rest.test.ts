import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { enrol } from '../../../agent/io/enrol.ts';
import { bodyBytesMax } from '../../../controller/io/rest/server.ts';
import { type Door, openDoor, told } from './door.ts';

const window = {
  days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'],
  start: '00:00',
  end: '23:59',
};
const lisbon = { zone: 'Europe/Lisbon', windows: [window] };
const mac = '80:5e:c0:00:00:01';
const phone = { mac: '805ec0000001', site: 'lisbon', vendor: 'Yealink', model: 'T46S' };
const image = Buffer.from('the bytes of one image');
const digest = createHash('sha256').update(image).digest('hex');
const manifest = {
  schema: 'ringwave/release/1',
  vendor: 'Yealink',
  version: '66.86.0.15',
  models: ['T46S'],
  images: [{ fileName: 'T46S.rom', sha256: digest, lengthBytes: image.length }],
  severity: 'high',
  notes: '',
};
const advisory = {
  id: 'YSA-1',
  vendor: 'Yealink',
  models: ['T46S'],
  affected: { below: '66.86.0.10' },
  severity: 'high',
  source: 'https://example.test/ysa-1',
  title: 'An example',
};

async function smallFleet(door: Door): Promise<string> {
  await door.ask('PUT', '/api/v1/sites/lisbon', lisbon);
  await door.ask('POST', '/api/v1/phones', [phone]);
  await door.ask('PUT', `/api/v1/images/${digest}`, image);
  const { body } = await door.ask('POST', '/api/v1/releases', manifest);
  await door.ask('POST', `/api/v1/releases/${body.id}/life`, { cause: 'approve', why: 'tried' });
  return body.id;
}

test('what is asked rightly is answered, from the first site to the end of a rollout', async (t) => {
  const door = await openDoor(t);
  const is = async (status: number, what: string, body: unknown, expected: object | RegExp) => {
    const [method = '', path = ''] = what.split(' ');
    const answer = await door.ask(method, path, body);
    t.equal(answer.status, status, what);
    if (expected instanceof RegExp) t.match(answer.text, expected, what);
    else t.match(answer.body, expected, what);
  };
  await is(200, 'GET /health', undefined, { status: 'ok' });
  await is(200, 'PUT /api/v1/sites/lisbon', lisbon, {
    id: 'lisbon',
    phones: 0,
    agent: { state: 'not-enrolled' },
  });
  await is(200, 'GET /api/v1/sites', undefined, [{ id: 'lisbon' }]);
  await is(200, 'GET /api/v1/sites/lisbon', undefined, { windows: [window], phonesUpdatingMax: 5 });
  await is(
    200,
    'POST /api/v1/sites/lisbon/token',
    { hours: 2 },
    { site: 'lisbon', token: /^\S{40,}$/ },
  );
  await is(200, 'POST /api/v1/phones', [phone], { stored: 1 });
  await is(200, 'GET /api/v1/phones?site=lisbon&vendor=Yealink', undefined, {
    phones: [{ mac, running: null }],
    next: null,
  });
  await is(400, 'GET /api/v1/phones?model=T48S', undefined, {
    problems: [{ thing: 'query model', next: 'Did you mean T46S?' }],
  });
  await is(200, 'GET /api/v1/phones?limit=1', undefined, { phones: [{ mac }], next: mac });
  await is(200, `GET /api/v1/phones?after=${mac}`, undefined, { phones: [], next: null });
  await is(200, 'GET /api/v1/phones/805EC0-000001', undefined, {
    mac,
    rollouts: [],
    verdicts: [{ verdict: 'unknown' }],
  });
  await is(201, `PUT /api/v1/images/${digest}`, image, { digest, lengthBytes: image.length });
  await is(200, `PUT /api/v1/images/${digest}`, image, { digest });
  await is(201, 'POST /api/v1/releases', manifest, { vendor: 'Yealink', version: '66.86.0.15' });
  await is(200, 'GET /api/v1/releases', undefined, [
    { version: '66.86.0.15', state: 'verified', channel: 'stable' },
  ]);
  await is(201, 'POST /api/v1/advisories', advisory, { id: 'YSA-1' });
  await is(200, 'GET /api/v1/advisories', undefined, [{ id: 'YSA-1' }]);
  const { body: releases } = await door.ask('GET', '/api/v1/releases');
  const rollout = { id: 'autumn', releases: [releases[0].id], waves: [{ name: 'all' }] };
  await is(409, 'POST /api/v1/rollouts', rollout, {
    problems: [{ reason: 'is verified (ada: all images measured as the manifest says)' }],
  });
  const life = `/api/v1/releases/${releases[0].id}/life`;
  await is(
    400,
    `POST ${life}`,
    { cause: 'aprove', why: 'tried' },
    {
      problems: [{ next: 'Did you mean approve?' }],
    },
  );
  await is(
    409,
    `POST ${life}`,
    { cause: 'prefer', why: 'tried' },
    {
      problems: [{ reason: 'is verified, so it cannot be told to prefer' }],
    },
  );
  await is(
    200,
    `POST ${life}`,
    { cause: 'approve', why: 'ten phones, one week' },
    {
      release: { state: 'approved', wouldPause: [] },
      pauses: [],
    },
  );
  await is(200, `GET /api/v1/releases/${releases[0].id}`, undefined, {
    steps: [
      { to: 'discovered' },
      { to: 'fetched' },
      { to: 'verified' },
      { to: 'approved', who: 'ada', why: 'ten phones, one week' },
    ],
    possible: ['lab', 'prefer', 'quarantine', 'withdraw'],
  });
  await is(404, 'GET /api/v1/releases/nothing', undefined, { error: 'not-found' });
  const end = { on: '2031-12-31', source: 'its lifecycle page' };
  await is(201, 'PUT /api/v1/models/yealink/T46S/end-of-life', end, end);
  await is(400, 'PUT /api/v1/models/yealnk/T46S/end-of-life', end, {
    problems: [{ next: 'Did you mean Yealink?' }],
  });
  await is(200, 'GET /api/v1/models', undefined, [{ vendor: 'Yealink', ...end }]);
  await is(201, 'POST /api/v1/rollouts', rollout, {
    id: 'autumn',
    state: 'awaiting-approval',
    gate: { successMin: 0.95, failuresMax: 1, minSample: 3, soakMs: 3_600_000 },
    createdBy: 'ada',
  });
  await is(200, 'GET /api/v1/rollouts', undefined, [{ id: 'autumn' }]);
  await is(
    400,
    'POST /api/v1/rollouts/autumn/approve',
    { breakGlass: 'at once' },
    {
      problems: [
        {
          thing: 'approval: contentHash',
          reason: 'is missing, so that nobody knows what was read',
          next: 'Send the contentHash that GET /api/v1/rollouts/autumn gives: the hash that ringwave rollout show autumn prints.',
        },
      ],
    },
  );
  const { contentHash } = (await door.ask('GET', '/api/v1/rollouts/autumn')).body;
  await is(
    403,
    'POST /api/v1/rollouts/autumn/approve',
    { contentHash },
    {
      problems: [{ reason: 'was proposed or changed by ada, who cannot approve it as well' }],
    },
  );
  await is(
    200,
    'POST /api/v1/rollouts/autumn/approve',
    { contentHash, breakGlass: 'the phones are being attacked' },
    { state: 'running', approvedBy: 'ada', brokeGlass: 'the phones are being attacked' },
  );
  await is(200, 'GET /api/v1/rollouts/autumn', undefined, {
    waves: [{ name: 'all', state: 'open', total: 1 }],
  });
  await is(200, 'GET /api/v1/rollouts/autumn/phones', undefined, [
    { mac, site: 'lisbon', phase: 'waiting', waitingFor: 'phone' },
  ]);
  await is(
    200,
    'POST /api/v1/rollouts/autumn/pause',
    { reason: 'lunch' },
    { state: 'paused', paused: { by: 'person', who: 'ada', reason: 'lunch' } },
  );
  await is(200, 'POST /api/v1/rollouts/autumn/resume', undefined, {
    state: 'running',
    paused: null,
  });
  await is(200, 'POST /api/v1/rollouts/autumn/abort', undefined, { state: 'aborted' });
  await is(200, 'GET /api/v1/compliance', undefined, {
    sites: [{ site: 'lisbon', phones: 1 }],
    verdicts: [{ mac }],
  });
  await is(
    200,
    'GET /api/v1/compliance?site=lisbon&format=csv',
    undefined,
    /^mac,site,rule,verdict,evidence,at,ageMs\r\n80:5e/,
  );
  await is(200, 'POST /api/v1/halt', { halted: true, reason: 'fire' }, { ok: true });
  await is(200, 'GET /api/v1/audit', undefined, /"who":"ada","what":"all sites halted"/);
  await is(200, 'DELETE /api/v1/phones/805ec0000001', undefined, { ok: true });
  await is(200, 'DELETE /api/v1/sites/lisbon', undefined, { ok: true });
});

test('what is asked wrongly names the thing, the reason and the next step, all problems at once', async (t) => {
  const door = await openDoor(t);
  const release = await smallFleet(door);
  const says = async (what: string, body: unknown, expected: readonly string[]) => {
    const [method = '', path = ''] = what.split(' ');
    const answer = await door.ask(method, path, body);
    t.same(told(answer), expected, what);
    t.notMatch(answer.text, /\n\s+at |node_modules|\.ts:\d/, 'no stack trace');
  };
  const next = 'Correct the rule, for example {"days":["mon"],"start":"02:00","end":"05:00"}.';
  await says('GET /api/v1/sites/lisbo', undefined, [
    '404 not-found: site lisbo: does not exist. Did you mean lisbon?',
  ]);
  await says('DELETE /api/v1/sites/porto', undefined, [
    '404 not-found: site porto: does not exist. List them with: ringwave site list',
  ]);
  await says('DELETE /api/v1/sites/lisbon', undefined, [
    '409 conflict: site lisbon: still has 1 phones. Move or remove its phones first.',
  ]);
  await says('PUT /api/v1/sites/Porto', lisbon, [
    '400 invalid: site Porto: is not an id. Use 1 to 64 lower-case letters, digits and dashes.',
  ]);
  await says(
    'PUT /api/v1/sites/porto',
    { zon: 'Europe/Lisbon', windows: [{ ...window, days: ['monday'] }] },
    [
      '400 invalid: site porto: zone: is missing. Add zone as an IANA time zone such as Europe/Lisbon.',
      '400 invalid: site porto: zon: is not a key that is known here. Did you mean zone?',
      '400 invalid: site porto: windows[0].days[0]: is "monday", which is none of: mon, tue, wed, thu, fri, sat, sun. Write one of: mon, tue, wed, thu, fri, sat, sun.',
    ],
  );
  await says(
    'PUT /api/v1/sites/porto',
    { zone: 'Europe/Lisbn', windows: [{ ...window, end: '00:00' }] },
    [
      '400 invalid: site porto: zone: "Europe/Lisbn" is not an IANA time zone. Did you mean Europe/Lisbon?',
      `400 invalid: site porto: windows[0]: begins and ends at the same time, which may mean never or all day ("minutes": 1440). ${next}`,
    ],
  );
  await says('POST /api/v1/sites/lisbon/token', { hours: 1000 }, [
    '400 invalid: token: hours: is 1000. Write a number from 0.1 to 720.',
  ]);
  await says('POST /api/v1/sites/porto/token', {}, [
    '404 not-found: site porto: does not exist. List them with: ringwave site list',
  ]);
  await says(
    'POST /api/v1/phones',
    [
      { ...phone, mac: '80:5e:c0:00:00:0x' },
      { ...phone, mac: '00-00-00-00-00' },
    ],
    [
      '400 invalid: phone 80:5e:c0:00:00:0x: is not a MAC address. Write 12 hexadecimal digits, such as 80:5e:c0:12:34:56.',
      '400 invalid: phone 00-00-00-00-00: is not a MAC address. Write 12 hexadecimal digits, such as 80:5e:c0:12:34:56.',
    ],
  );
  await says('GET /api/v1/phones/805ec0000099', undefined, [
    '404 not-found: phone 805ec0000099: is not in the inventory. List phones with: ringwave phone list',
  ]);
  await says('DELETE /api/v1/phones/kitchen', undefined, [
    '404 not-found: phone kitchen: is not a MAC address. Write 12 hexadecimal digits, such as 80:5e:c0:12:34:56.',
  ]);
  await says('GET /api/v1/phones?site=lisbo', undefined, [
    '404 not-found: site lisbo: does not exist. Did you mean lisbon?',
  ]);
  await says('GET /api/v1/compliance?site=lisbo', undefined, [
    '404 not-found: site lisbo: does not exist. Did you mean lisbon?',
  ]);
  await says(
    'POST /api/v1/rollouts',
    { id: 'autumn', releases: [release], waves: [{ name: 'all' }], selection: { models: ['T99'] } },
    ['400 invalid: rollout autumn: selection: selects no phone. Compare with: ringwave phone list'],
  );
  await says(
    'POST /api/v1/rollouts',
    { id: 'autumn', releases: [`${release}x`], waves: [{ name: 'all', percent: -5 }], gates: {} },
    [
      '400 invalid: rollout: waves[0].percent: is -5. Write a number from 0.001 to 100.',
      '400 invalid: rollout: gates: is not a key that is known here. Did you mean gate?',
      `400 invalid: release ${release}x: does not exist. Did you mean ${release}?`,
    ],
  );
  await says(
    'POST /api/v1/rollouts',
    { id: 'autumn', releases: [`${release}x`], waves: [{ name: 'all' }] },
    [`404 not-found: release ${release}x: does not exist. Did you mean ${release}?`],
  );
  await says('GET /api/v1/rollouts/autum', undefined, [
    '404 not-found: rollout autum: does not exist. List them with: ringwave rollout list',
  ]);
  await says('POST /api/v1/rollouts/autum/approve', {}, [
    '404 not-found: rollout autum: does not exist. List them with: ringwave rollout list',
  ]);
  await says('POST /api/v1/halt', { halted: 'yes' }, [
    '400 invalid: halt: reason: is missing. Add reason as one line without control characters.',
    '400 invalid: halt: halted: is "yes", not true or false. Write true or false.',
  ]);
  await says('GET /api/v1/sitez', undefined, [
    '404 not-found: /api/v1/sitez: is no path of this interface. See docs/rest.md.',
  ]);
  await says('GET /api/v1/phones/%zz', undefined, [
    '404 not-found: /api/v1/phones/%zz: is no path of this interface. See docs/rest.md.',
  ]);
  const broken = await door.ask('POST', '/api/v1/phones', '[{"mac": ');
  t.equal(broken.status, 400);
  t.match(told(broken), [/^400 invalid: the request: .*JSON.*content-type application\/json/]);
  const form = await door.ask('POST', '/api/v1/phones', 'a=b', {
    authorization: `Bearer ${door.controller.access.mintApiToken('ada')}`,
    'content-type': 'application/x-www-form-urlencoded',
  });
  t.equal(form.status, 415);
  const long = await door.ask('POST', '/api/v1/phones', `["${'x'.repeat(bodyBytesMax)}"]`);
  t.same(told(long), [
    `413 too-large: the request: is longer than ${bodyBytesMax} bytes. Send it in parts.`,
  ]);
});

test('phones and coverage groups that are there twice, and MACs of no phone, are refused', async (t) => {
  const door = await openDoor(t);
  const of = async (...list: object[]) => told(await door.ask('POST', '/api/v1/phones', list));
  await door.ask('PUT', '/api/v1/sites/lisbon', lisbon);
  t.same(await of(phone, { ...phone, mac, model: 'T42S' }), [
    '400 invalid: phone 80:5e:c0:00:00:01: is there twice. Keep one of the two.',
  ]);
  const next = 'Write 12 hexadecimal digits, such as 80:5e:c0:12:34:56.';
  t.same(
    await of(
      ...['ffffffffffff', '01005e000001', '0'.repeat(12)].map((it) => ({ ...phone, mac: it })),
    ),
    [
      `400 invalid: phone ffffffffffff: is the address of a group, and of no phone. ${next}`,
      `400 invalid: phone 01005e000001: is the address of a group, and of no phone. ${next}`,
      `400 invalid: phone 000000000000: is the address of no phone. ${next}`,
    ],
  );
  t.same((await door.ask('GET', '/api/v1/phones')).body.phones, []);
  const kind = 'phone';
  const { body } = await door.ask('POST', '/api/v1/desired-state', {
    documents: [
      { kind, id: 'ff:ff:ff:ff:ff:ff', site: 'lisbon', vendor: 'Yealink', model: 'T46S' },
    ],
  });
  t.match(body, {
    ok: false,
    problems: [{ reason: 'is the address of a group, and of no phone' }],
  });
  const coverage = [
    { id: 'floor-1', minUp: 1 },
    { id: 'floor-1', minUp: 2 },
  ];
  t.same(told(await door.ask('PUT', '/api/v1/sites/lisbon', { ...lisbon, coverage })), [
    '400 invalid: site lisbon: coverage[1]: is group floor-1 again. Keep one of the two.',
  ]);
});

test('a vendor in any case is stored as its releases write it, and a model in another case is told', async (t) => {
  const door = await openDoor(t);
  const release = await smallFleet(door);
  const list = [
    { ...phone, vendor: 'yealink' },
    { ...phone, mac: '805ec0000002', model: 't46s' },
  ];
  t.equal((await door.ask('POST', '/api/v1/phones', list)).status, 200);
  const documents = [{ kind: 'phone', id: mac, site: 'lisbon', vendor: 'YEALINK', model: 'T46S' }];
  t.match(await door.ask('POST', '/api/v1/desired-state', { documents }), {
    body: { ok: true, differences: [{ change: 'same' }] },
  });
  const asked = { id: 'autumn', releases: [release], waves: [{ name: 'all' }] };
  t.match((await door.ask('POST', '/api/v1/rollouts/preview', asked)).body, {
    phones: 1,
    leftOut: [
      {
        mac: '80:5e:c0:00:00:02',
        why: 'No release of the rollout is for a Yealink t46s; it writes the model T46S',
      },
    ],
  });
});

test('a manifest with several faults, or without its images, is refused whole', async (t) => {
  const door = await openDoor(t);
  const wrong = {
    ...manifest,
    version: undefined,
    severty: 'high',
    images: [{ fileName: '../T46S.rom', sha256: 'abc', lengthBytes: 0 }],
  };
  const answer = await door.ask('POST', '/api/v1/releases', wrong);
  t.equal(answer.status, 400);
  const things = answer.body.problems.map((it: { thing: string }) => it.thing);
  for (const path of [
    'version',
    'severty',
    'images[0].fileName',
    'images[0].sha256',
    'images[0].lengthBytes',
  ])
    t.ok(things.includes(`release: ${path}`), path);
  const early = await door.ask('POST', '/api/v1/releases', manifest);
  t.match(told(early), [
    /^400 invalid: release \S+: image T46S\.rom: is not in the image store\. Upload it first/,
  ]);
  await door.ask('PUT', `/api/v1/images/${digest}`, image);
  const longer = { ...manifest, images: [{ ...manifest.images[0], lengthBytes: 99 }] };
  t.match(told(await door.ask('POST', '/api/v1/releases', longer)), [
    /has 22 bytes, the manifest says 99/,
  ]);
  t.same((await door.ask('GET', '/api/v1/releases')).body, []);
  const nowhere = await door.ask('POST', '/api/v1/advisories', { ...advisory, affected: {} });
  t.match(told(nowhere), [/affected: names no version/]);
  t.same((await door.ask('GET', '/api/v1/advisories')).body, []);
});

test('an image that differs from its digest leaves nothing behind', async (t) => {
  const door = await openDoor(t);
  const other = 'b'.repeat(64);
  const answer = await door.ask('PUT', `/api/v1/images/${other}`, image);
  t.same(told(answer), [
    `400 invalid: image ${other}: image-digest-differs. Import the release again: these bytes are not the ones the release names.`,
  ]);
  const files = readdirSync(join(door.folder, 'images'), { recursive: true, withFileTypes: true });
  t.same(
    files.filter((entry) => entry.isFile()).map(({ name }) => name),
    [],
  );
  t.match(told(await door.ask('PUT', '/api/v1/images/abc', image)), [
    /image abc: is not a SHA-256/,
  ]);
  t.match(told(await door.ask('PUT', `/api/v1/images/${digest}`, { no: 'bytes' })), [
    /another content type/,
  ]);
});

test('agents fetch images by digest with their own token, whole or from an offset; others see nothing', async (t) => {
  const door = await openDoor(t);
  await smallFleet(door);
  const { body } = await door.ask('POST', '/api/v1/sites/lisbon/token', {});
  const enrolled = await enrol(body.token, door.controller.url);
  if (!enrolled.ok) return t.fail('not enrolled');
  const agent = { authorization: `Bearer ${enrolled.grant.agentToken}` };
  const get = (headers: Record<string, string>, path = `/images/${digest}`) =>
    door.ask('GET', path, undefined, headers);
  const whole = await get(agent);
  t.equal(whole.text, image.toString());
  t.match(whole.headers.get('etag'), digest);
  const rest = await get({ ...agent, range: 'bytes=4-' });
  t.same([rest.status, rest.text], [206, image.toString().slice(4)]);
  t.equal(rest.headers.get('content-range'), `bytes 4-21/22`);
  t.equal((await get({ ...agent, range: 'bytes=22-' })).status, 416);
  const operator = { authorization: `Bearer ${door.controller.access.mintApiToken('ada')}` };
  const strangers = [{}, { authorization: 'Bearer 0123456789abcdef0123' }, operator];
  for (const headers of strangers)
    t.equal((await get(headers)).status, 404, 'as if there were none');
  t.equal((await get(agent, `/images/${'b'.repeat(64)}`)).status, 404);
  t.equal(
    (await door.ask('GET', '/api/v1/sites', undefined, agent)).status,
    401,
    'nor may an agent ask the rest',
  );
  const again = await enrol(body.token, door.controller.url);
  t.notOk(again.ok, 'the token is used up');
});

test('an upload that breaks off goes on where it stopped', async (t) => {
  const door = await openDoor(t);
  const path = `/api/v1/images/${digest}`;
  const state = async () => (await door.ask('GET', path)).body;
  t.match(await state(), { state: 'absent', lengthBytes: 0 });
  const authorization = `Bearer ${door.controller.access.mintApiToken('ada')}`;
  const part = (from: number, to: number, whole = image.length) => ({
    authorization,
    'content-range': `bytes ${from}-${to - 1}/${whole}`,
  });
  const half = Math.floor(image.length / 2);
  const first = await door.ask('PUT', path, image.subarray(0, half), part(0, half));
  t.equal(first.status, 202);
  t.match(await state(), { state: 'partial', lengthBytes: half });
  const gap = await door.ask('PUT', path, image.subarray(half + 1), part(half + 1, image.length));
  t.match(gap.body, { problems: [{ next: `Go on at byte ${half}.` }] });
  const odd = await door.ask('PUT', path, image.subarray(half), part(half, image.length + 5));
  t.equal(odd.status, 400);
  const rest = await door.ask('PUT', path, image.subarray(half), part(half, image.length));
  t.equal(rest.status, 201);
  t.match(await state(), { state: 'held', lengthBytes: image.length });
});
