import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { advisoryFeed } from '@ringwave/firmware-catalog/feeds/advisory-feed';
import { releaseFeed } from '@ringwave/firmware-catalog/feeds/release-feed';
import { FeedFollower, type FollowerParts } from '@ringwave/firmware-catalog/io/feed-follower';
import { HostManners } from '@ringwave/firmware-catalog/io/host-manners';
import { type EpochMs, laterBy, minutes } from '@ringwave/protocol/units';
import { type Test, test } from 'tap';

const noon = 1_790_000_000_000 as EpochMs;
const after = (count: number): EpochMs => laterBy(noon, minutes(count));

const manifest = (version: string) => ({
  schema: 'ringwave/release/1',
  vendor: 'Yealink',
  version,
  models: ['T46S'],
  images: [{ fileName: `T46S-${version}.rom`, sha256: 'a'.repeat(64), lengthBytes: 1 }],
  severity: 'none',
  notes: '',
});

const list = (...versions: readonly string[]): string =>
  JSON.stringify({ releases: versions.map(manifest) });

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A vendor's server whose answer a test changes as it goes; it keeps what it was asked. */
async function vendorServer(t: Test) {
  const vendor = {
    answer: ((_, response) => response.end(list('66.86.0.15'))) as Answer,
    asked: [] as IncomingMessage[],
    url: '',
  };
  const server = createServer((request, response) => {
    vendor.asked.push(request);
    vendor.answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  vendor.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/releases.json`;
  return vendor;
}

/** Without the gap between requests, so that no test waits. */
const following = <Item>(parts: FollowerParts<Item>): FeedFollower<Item> =>
  new FeedFollower({ manners: new HostManners({ gapMs: 0 }), ...parts });

const versionsOf = (follower: FeedFollower<{ version: string }>) =>
  follower.state.items.map(({ version }) => version);

test('a feed is asked with what it gave before, and 304 costs nothing', async (t) => {
  const vendor = await vendorServer(t);
  vendor.answer = (request, response) => {
    const known = request.headers['if-none-match'] === '"v1"';
    response.writeHead(known ? 304 : 200, {
      etag: '"v1"',
      'last-modified': 'Mon, 05 Jan 2026 10:00:00 GMT',
    });
    response.end(known ? undefined : list('66.85.0.5', '66.86.0.15'));
  };
  const follower = following({ url: vendor.url, feed: releaseFeed });
  const first = await follower.runOnce(noon);
  t.match(first, { kind: 'read', at: noon, problems: [] });
  t.equal(first.kind === 'read' && first.added.length, 2);
  t.same(await follower.runOnce(after(60)), { kind: 'unchanged', at: after(60) });
  t.equal(vendor.asked[1]?.headers['if-modified-since'], 'Mon, 05 Jan 2026 10:00:00 GMT');
  t.same(versionsOf(follower), ['66.85.0.5', '66.86.0.15']);
  const next = following({ url: vendor.url, feed: releaseFeed, state: follower.state });
  t.match(await next.runOnce(after(120)), { kind: 'unchanged' }, 'also in another process');
});

test('only what is new or changed is added, and what left the list is not forgotten', async (t) => {
  const vendor = await vendorServer(t);
  const follower = following({ url: vendor.url, feed: releaseFeed });
  await follower.runOnce(noon);
  vendor.answer = (_, response) => response.end(list('66.86.0.25'));
  const run = await follower.runOnce(after(60));
  t.same(run.kind === 'read' && run.added.map(({ version }) => version), ['66.86.0.25']);
  t.same(versionsOf(follower), ['66.86.0.15', '66.86.0.25']);
});

test('a feed that changed its shape raises a named fault and keeps the last good state', async (t) => {
  const vendor = await vendorServer(t);
  const follower = following({ url: vendor.url, feed: releaseFeed });
  await follower.runOnce(noon);
  for (const body of [
    '<html>maintenance</html>',
    '{"items":[]}',
    '7',
    JSON.stringify([{ name: 'T46S' }]),
  ]) {
    const later = following({ url: vendor.url, feed: releaseFeed, state: follower.state });
    vendor.answer = (_, response) => response.end(body);
    t.match(await later.runOnce(after(1)), { kind: 'failed', fault: 'feed-shape-changed' }, body);
    t.same(versionsOf(later), ['66.86.0.15']);
  }
});

test('one bad entry is named and takes no good one with it', async (t) => {
  const vendor = await vendorServer(t);
  vendor.answer = (_, response) =>
    response.end(
      JSON.stringify([manifest('66.86.0.15'), { ...manifest('66.86.0.25'), severity: 'dire' }]),
    );
  const follower = following({ url: vendor.url, feed: releaseFeed });
  const run = await follower.runOnce(noon);
  t.same(run.kind === 'read' && run.problems.map(({ path }) => path), ['[1].severity']);
  t.same(versionsOf(follower), ['66.86.0.15']);
});

test('after failures the feed is left alone for longer and longer, then works again', async (t) => {
  const vendor = await vendorServer(t);
  vendor.answer = (_, response) => response.writeHead(503).end();
  const follower = following({ url: vendor.url, feed: releaseFeed });
  const first = await follower.runOnce(noon);
  t.match(first, { kind: 'failed', fault: 'feed-refused' });
  const until = first.kind === 'failed' ? first.until : noon;
  t.ok(until >= after(1) && until <= after(1.25), 'a minute, and up to a quarter more');
  t.same(await follower.runOnce(noon), { kind: 'backing-off', at: noon, until });
  const second = await follower.runOnce(until);
  const longer = second.kind === 'failed' ? second.until - until : 0;
  t.ok(longer >= 120_000 && longer <= 150_000, 'then two');
  t.equal(vendor.asked.length, 2, 'nobody knocks while backing off');
  vendor.answer = (_, response) => response.end(list('66.86.0.15'));
  t.match(await follower.runOnce(after(5)), { kind: 'read' });
  t.equal(follower.state.failures, 0);
  t.same(
    follower.log.map(({ outcome, fault, added }) => [outcome, fault, added]),
    [
      ['failed', 'feed-refused', 0],
      ['backing-off', undefined, 0],
      ['failed', 'feed-refused', 0],
      ['read', undefined, 1],
    ],
  );
});

test('the log says what each run brought, and how much came', async (t) => {
  const vendor = await vendorServer(t);
  const follower = following({ url: vendor.url, feed: releaseFeed });
  await follower.runOnce(noon);
  const body = JSON.stringify([
    { ...manifest('66.86.0.15'), severity: 'low' },
    manifest('66.86.0.25'),
    { vendor: 7 },
  ]);
  vendor.answer = (_, response) => response.end(body);
  const run = await follower.runOnce(after(60));
  const refused = run.kind === 'read' ? run.problems.length : 0;
  const { durationMs, ...entry } = follower.log[1] ?? { durationMs: -1 };
  const bytes = Buffer.byteLength(body);
  t.same(entry, {
    at: after(60),
    feed: 'release',
    outcome: 'read',
    added: 1,
    changed: 1,
    refused,
    bytes,
  });
  t.ok(refused > 0 && durationMs >= 0);
});

test('a host that asks to be left alone is left alone for as long as it asks', async (t) => {
  const vendor = await vendorServer(t);
  vendor.answer = (_, response) => response.writeHead(429, { 'retry-after': '7200' }).end();
  const manners = new HostManners({ gapMs: 0 });
  const follower = following({ url: vendor.url, feed: releaseFeed, manners });
  t.match(await follower.runOnce(noon), { kind: 'failed', until: after(120) });
  const other = following({ url: `${vendor.url}?other`, feed: releaseFeed, manners });
  t.match(await other.runOnce(after(1)), { kind: 'failed', fault: 'feed-refused' });
  t.equal(vendor.asked.length, 1, 'nor does another feed of that host knock');
  const date = new Date(after(180)).toUTCString();
  vendor.answer = (_, response) => response.writeHead(503, { 'retry-after': date }).end();
  const third = following({ url: vendor.url, feed: releaseFeed });
  t.match(await third.runOnce(noon), { until: after(180) });
});

test('two feeds of one host wait for each other', async (t) => {
  const vendor = await vendorServer(t);
  let open = 0;
  let most = 0;
  vendor.answer = (_, response) => {
    open += 1;
    most = Math.max(most, open);
    setImmediate(() => {
      open -= 1;
      response.end(list('66.86.0.15'));
    });
  };
  const manners = new HostManners({ gapMs: 20 });
  const beganAt = performance.now();
  const runs = [1, 2, 3].map((one) =>
    following({ url: `${vendor.url}?${one}`, feed: releaseFeed, manners }).runOnce(noon),
  );
  for (const run of await Promise.all(runs)) t.match(run, { kind: 'read' });
  t.equal(most, 1);
  t.ok(performance.now() - beganAt >= 38, 'with a gap between them');
});

test('parts of a feed are read to the end, and one that breaks takes nothing from the others', async (t) => {
  const vendor = await vendorServer(t);
  const paged: typeof releaseFeed = {
    ...releaseFeed,
    read: (document) => {
      const read = releaseFeed.read(document);
      const page = Number(new URL(document.url).searchParams.get('page') ?? 0);
      return read && page < 3 ? { ...read, more: [`?page=${page + 1}`] } : read;
    },
  };
  const broken = new Set(['/releases.json?page=2']);
  vendor.answer = ({ url = '', headers }, response) => {
    if (broken.has(url)) return response.end('<html>maintenance</html>');
    if (headers['if-none-match'] === url) return response.writeHead(304).end();
    response.setHeader('etag', url);
    return response.end(list(`66.86.0.${/\d$/.exec(url)?.[0] ?? 0}`));
  };
  const follower = following({ url: vendor.url, feed: paged });
  const first = await follower.runOnce(noon);
  t.same(first.kind === 'read' && first.problems.map(({ reason }) => reason.split(':')[0]), [
    'feed-shape-changed',
  ]);
  t.same(versionsOf(follower), ['66.86.0.0', '66.86.0.1']);
  broken.clear();
  const state: typeof follower.state = JSON.parse(JSON.stringify(follower.state));
  const next = following({ url: vendor.url, feed: paged, state });
  const second = await next.runOnce(after(60));
  t.same(second.kind === 'read' && second.added.map(({ version }) => version), [
    '66.86.0.2',
    '66.86.0.3',
  ]);
  t.match(await next.runOnce(after(120)), { kind: 'unchanged' });
});

test('a feed without end, one that hangs and one that nobody serves are faults with names', async (t) => {
  const vendor = await vendorServer(t);
  const limits = { timeoutMs: 300, bytesMax: 10_000, redirectsMax: 1 };
  const run = () => following({ url: vendor.url, feed: releaseFeed, limits }).runOnce(noon);
  vendor.answer = (_, response) => {
    const more = (): void => {
      if (!response.destroyed && response.write('x'.repeat(1000))) setImmediate(more);
      else response.once('drain', more);
    };
    more();
  };
  t.match(await run(), { kind: 'failed', fault: 'feed-too-long' });
  vendor.answer = (_, response) => response.write('[');
  t.match(await run(), { kind: 'failed', fault: 'feed-too-slow' });
  const nowhere = following({ url: 'http://127.0.0.1:1/feed', feed: releaseFeed });
  t.match(await nowhere.runOnce(noon), { kind: 'failed', fault: 'feed-unreachable' });
  const odd = following({ url: 'file:///etc/passwd', feed: releaseFeed });
  t.match(await odd.runOnce(noon), { kind: 'failed', fault: 'feed-unreachable' });
});

test('redirects are followed on the same host, a few times, and nowhere else', async (t) => {
  const vendor = await vendorServer(t);
  const follower = () => following({ url: vendor.url, feed: releaseFeed });
  vendor.answer = ({ url }, response) =>
    url === '/moved'
      ? response.end(list('66.86.0.15'))
      : response.writeHead(301, { location: '/moved' }).end();
  t.match(await follower().runOnce(noon), { kind: 'read' });
  vendor.answer = (_, response) => response.writeHead(302, { location: '/round' }).end();
  t.match(await follower().runOnce(noon), { kind: 'failed', fault: 'feed-redirected-away' });
  const inside = 'feed-redirected-inside';
  for (const [location, fault] of [
    ['http://127.0.0.1:9/x', inside],
    ['http://localhost/x', inside],
    ['http://169.254.169.254/latest/meta-data', inside],
    ['http://[::ffff:10.0.0.1]/x', inside],
    ['http://2130706433/x', inside],
    ['http://0x7f.1/x', inside],
    ['http://[fd00::1]/x', inside],
    ['file:///etc/passwd', 'feed-redirected-away'],
    ['//example.com/', 'feed-redirected-away'],
  ] as const) {
    vendor.answer = (_, response) => response.writeHead(302, { location }).end();
    t.match(await follower().runOnce(noon), { kind: 'failed', fault }, location);
  }
});

test('a list may link to manifests on its own host; a missing one is asked for again', async (t) => {
  const vendor = await vendorServer(t);
  let isThere = false;
  vendor.answer = ({ url, headers }, response) => {
    if (url === '/releases.json') {
      response.setHeader('etag', '"list"');
      const links = ['/m/1.json', { manifest: 'm/2.json' }, 'http://127.0.0.1:9/3.json'];
      response
        .writeHead(headers['if-none-match'] === '"list"' ? 304 : 200)
        .end(JSON.stringify(links));
    } else if (url === '/m/1.json') {
      response.setHeader('etag', '"one"');
      const known = headers['if-none-match'] === '"one"';
      response
        .writeHead(known ? 304 : 200)
        .end(known ? undefined : JSON.stringify(manifest('66.85.0.5')));
    } else if (isThere) response.end(JSON.stringify(manifest('66.86.0.15')));
    else response.writeHead(404).end();
  };
  const follower = following({ url: vendor.url, feed: releaseFeed });
  const first = await follower.runOnce(noon);
  t.same(first.kind === 'read' && first.problems.map(({ path }) => path), [
    new URL('m/2.json', vendor.url).href,
    'http://127.0.0.1:9/3.json',
  ]);
  isThere = true;
  const second = await follower.runOnce(after(60));
  t.same(second.kind === 'read' && second.added.map(({ version }) => version), ['66.86.0.15']);
  t.same(versionsOf(follower).sort(), ['66.85.0.5', '66.86.0.15']);
});

test('advisories are followed the same way', async (t) => {
  const vendor = await vendorServer(t);
  const notice = {
    id: 'RW-1',
    vendor: 'Grandstream',
    models: ['GXP1610'],
    affected: { below: '1.0.7.81' },
    severity: 'critical',
    source: 'https://www.cve.org/CVERecord?id=CVE-2026-2329',
    title: 'Stack overflow in the web server',
  };
  vendor.answer = (_, response) => response.end(JSON.stringify({ advisories: [notice] }));
  const follower = following({ url: vendor.url, feed: advisoryFeed });
  const run = await follower.runOnce(noon);
  t.same(run.kind === 'read' && run.added.map(({ id }) => id), ['RW-1']);
  vendor.answer = (_, response) =>
    response.end(JSON.stringify({ advisories: [{ ...notice, fixedIn: '1.0.7.81' }] }));
  const changed = await follower.runOnce(after(60));
  t.same(
    changed.kind === 'read' && changed.added.map(({ fixedIn }) => fixedIn),
    ['1.0.7.81'],
    'a corrected notice counts as new',
  );
  t.equal(follower.state.items.length, 1);
});
