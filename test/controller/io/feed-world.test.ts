import { HostManners } from '@ringwave/firmware-catalog/io/host-manners';
import { type Test, test } from 'tap';
import { readFeeds } from '../../../controller/core/feed-choice.ts';
import { runController } from '../../../controller/main.ts';
import { request, told } from './door.ts';
import { digest, feedsOf, page, phoneCve, vendorWorld, type World } from './vendor-world.ts';

const local = { host: '127.0.0.1', port: 0 };

async function controllerOf(t: Test, world: World, folder: string) {
  const read = readFeeds(feedsOf(world));
  if ('problems' in read) throw new Error(JSON.stringify(read.problems));
  const controller = await runController({
    folder,
    http: local,
    mqtt: local,
    feeds: {
      choices: read.feeds,
      schedule: '0 3 * * *',
      manners: new HostManners({ gapMs: 0 }),
    },
    note: () => {},
    failed: (error) => t.fail(String(error)),
  });
  const authorization = `Bearer ${controller.access.mintApiToken('ada')}`;
  const ask = (method: string, path: string, body?: unknown) =>
    request(controller.url, method, `/api/v1${path}`, body, { authorization });
  return { controller, ask, round: async () => controller.feeds?.runOnce() };
}

type Running = Awaited<ReturnType<typeof controllerOf>>;

const countsOf = async ({ ask }: Running, feed: string) => {
  const [run] = (await ask('GET', `/feeds/${feed}/runs`)).body;
  return `${run.outcome} +${run.added} ~${run.changed} -${run.refused} aside ${run.aside}`;
};

async function fleetOfOne({ ask }: Running): Promise<void> {
  const windows = [{ days: ['mon'], start: '01:00', end: '03:00' }];
  await ask('PUT', '/sites/lisbon', { zone: 'Europe/Lisbon', windows });
  const phone = { mac: '80:5e:c0:00:00:01', site: 'lisbon', vendor: 'Yealink', model: 'T46S' };
  await ask('POST', '/phones', [phone]);
}

test('one round over six kinds of feeds lists what they say, side by side', async (t) => {
  const world = await vendorWorld(t);
  const running = await controllerOf(t, world, t.testdir());
  t.teardown(() => running.controller.close());
  await running.round();
  const { ask } = running;
  t.match((await ask('GET', '/feeds')).body, [
    { name: 'mirror', kind: 'releases', fault: null },
    { name: 'downloads', kind: 'page', fault: null },
    { name: 'acme', kind: 'csaf', fault: null },
    { name: 'kev', fault: null },
    { name: 'nvd', fault: null },
    { name: 'epss', fault: null, lastGoodAt: Number, nextAttemptAt: Number },
  ]);
  t.equal(await countsOf(running, 'mirror'), 'read +1 ~0 -0 aside 0');
  t.equal(await countsOf(running, 'downloads'), 'read +2 ~0 -0 aside 0');
  t.equal(await countsOf(running, 'acme'), 'read +1 ~0 -0 aside 0');
  t.equal(await countsOf(running, 'nvd'), 'read +1 ~1 -0 aside 1', 'the editor is nobody’s phone');
  t.equal(await countsOf(running, 'kev'), 'read +0 ~2 -0 aside 0');
  t.equal(await countsOf(running, 'epss'), 'read +0 ~1 -0 aside 0');
  t.match((await ask('GET', '/releases')).body, [{ version: '66.86.0.15', state: 'verified' }]);
  t.match((await ask('GET', `/images/${digest}`)).body, { state: 'held' });
  await fleetOfOne(running);
  t.match((await ask('GET', '/advisories')).body, [
    {
      id: phoneCve,
      title: 'Phones take orders',
      scores: [{ issuer: 'nvd@nist.gov', score: 8.8 }],
      exploited: { issuer: 'cisa-kev' },
      likelihood: { chance: 0.25, on: '2026-01-10' },
      priority: { rule: 'exploited', kevDueOn: '2026-01-26' },
    },
  ]);
  t.match((await ask('GET', `/advisories/${phoneCve}`)).body, {
    exposed: {
      models: [{ model: 'T46S', phones: { 'needs-review': 1 } }],
      phones: [{ mac: '80:5e:c0:00:00:01', version: null }],
    },
  });
  t.same(told(await ask('GET', '/advisories/CVE-2025-0002')), [
    '404 not-found: advisory CVE-2025-0002: does not exist. Did you mean CVE-2025-0001?',
  ]);
  t.same((await ask('GET', '/advisories?review=1')).body, []);
});

test('a second round costs answers without a body, also after a restart', async (t) => {
  const world = await vendorWorld(t);
  const folder = t.testdir();
  const first = await controllerOf(t, world, folder);
  await first.round();
  const all = [
    '304 /csaf/acme-1.json',
    '304 /csaf/index.txt',
    '304 /epss.csv',
    '304 /kev.json',
    '304 /nvd.json',
    '304 /page.html',
    '304 /releases.json',
  ];
  world.asked();
  await first.round();
  t.same(world.asked().sort(), all);
  t.equal(await countsOf(first, 'epss'), 'unchanged +0 ~0 -0 aside 0');
  const before = (await first.ask('GET', '/advisories')).body;
  await first.controller.close();
  const second = await controllerOf(t, world, folder);
  t.teardown(() => second.controller.close());
  await second.round();
  t.same(world.asked().sort(), all);
  t.same((await second.ask('GET', '/advisories')).body, before);
  t.equal((await second.ask('GET', '/feeds/kev/runs')).body.length, 3);
});

test('a feed whose shape changed says so with what to do, and all that was good stays', async (t) => {
  const world = await vendorWorld(t);
  const running = await controllerOf(t, world, t.testdir());
  t.teardown(() => running.controller.close());
  await running.round();
  const { ask } = running;
  const before = (await ask('GET', '/advisories')).body;
  world.pages['/kev.json'] = '<html>gone</html>';
  world.pages['/page.html'] = page('66.86.0.15', '66.86.0.20', '66.86.0.25');
  t.equal((await ask('POST', '/feeds/refresh')).status, 202);
  await running.round();
  const feeds = (await ask('GET', '/feeds')).body;
  t.match(feeds[3], { fault: 'feed-shape-changed', advice: /no longer has the shape/ });
  t.equal(feeds[3].lastGoodAt < feeds[1].lastGoodAt, true);
  t.equal(await countsOf(running, 'kev'), 'failed +0 ~0 -0 aside 0');
  t.equal(await countsOf(running, 'downloads'), 'read +1 ~0 -0 aside 0', 'the others go on');
  t.same((await ask('GET', '/advisories')).body, before);
});

test('announcements are listed in pages, filtered by vendor, model and flag', async (t) => {
  const world = await vendorWorld(t);
  const running = await controllerOf(t, world, t.testdir());
  t.teardown(() => running.controller.close());
  await running.round();
  const { ask } = running;
  const { body } = await ask('GET', '/announcements?vendor=yealink&model=T46S&flag=no-digest');
  t.same(body.announcements.map((one: { version: string }) => one.version).sort(), [
    '66.86.0.15',
    '66.86.0.20',
  ]);
  t.equal((await ask('GET', '/announcements?limit=1')).body.announcements.length, 1);
  t.match(told(await ask('GET', '/announcements?vendor=Yaelink&after=gone')), [
    /^400 invalid: query vendor: is "Yaelink", which nobody here knows\. Did you mean Yealink\?/,
    /^400 invalid: query after: is "gone", which is no announcement that is kept/,
  ]);
  t.match(told(await ask('GET', '/announcements?flag=no-digst')), [
    /^400 invalid: query flag: is "no-digst", which does not exist\. Did you mean no-digest\? Write one of: /,
  ]);
  const sent = {
    vendor: 'Snom',
    models: ['D785'],
    version: '10.1.175.16',
    kind: 'firmware',
    files: [{ fileName: 'snomD785-10.1.175.16-SIP-r.bin', sha1: 'a'.repeat(40), lengthBytes: 7 }],
    flags: [],
    notes: '\u202eevil',
    source: 'a list',
  };
  const bad = { ...sent, files: [] };
  const came = await ask('POST', '/announcements', [sent, sent, bad]);
  t.match(came.body, { added: 1, repeated: 1, problems: [{ reason: 'names no file' }] });
  const snom = (await ask('GET', '/announcements?vendor=Snom')).body.announcements;
  t.match(snom, [{ version: '10.1.175.16', from: 'ada', notes: 'evil', release: null }]);
  t.equal((await ask('POST', '/announcements', [bad])).status, 400);
  t.match(told(await ask('POST', '/announcements', [{ ...sent, kimd: 1 }])), [/kimd.*kind/]);
});

test('a controller without feeds says so, and one names the feed that was meant', async (t) => {
  const world = await vendorWorld(t);
  const running = await controllerOf(t, world, t.testdir());
  t.teardown(() => running.controller.close());
  t.same(told(await running.ask('GET', '/feeds/kevv/runs')), [
    '404 not-found: feed kevv: does not exist. Did you mean kev?',
  ]);
  await running.round();
});
