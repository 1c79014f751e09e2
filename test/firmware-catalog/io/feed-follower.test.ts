import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { advisoryFeed } from '@ringwave/firmware-catalog/feeds/advisory-feed';
import { releaseFeed } from '@ringwave/firmware-catalog/feeds/release-feed';
import { FeedFollower } from '@ringwave/firmware-catalog/io/feed-follower';
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
  const follower = new FeedFollower({ url: vendor.url, feed: releaseFeed });
  const first = await follower.runOnce(noon);
  t.match(first, { kind: 'read', at: noon, problems: [] });
  t.equal(first.kind === 'read' && first.added.length, 2);
  t.same(await follower.runOnce(after(60)), { kind: 'unchanged', at: after(60) });
  t.equal(vendor.asked[1]?.headers['if-modified-since'], 'Mon, 05 Jan 2026 10:00:00 GMT');
  t.same(versionsOf(follower), ['66.85.0.5', '66.86.0.15']);
  const next = new FeedFollower({ url: vendor.url, feed: releaseFeed, state: follower.state });
  t.match(await next.runOnce(after(120)), { kind: 'unchanged' }, 'also in another process');
});

test('only what is new or changed is added, and what left the list is not forgotten', async (t) => {
  const vendor = await vendorServer(t);
  const follower = new FeedFollower({ url: vendor.url, feed: releaseFeed });
  await follower.runOnce(noon);
  vendor.answer = (_, response) => response.end(list('66.86.0.25'));
  const run = await follower.runOnce(after(60));
  t.same(run.kind === 'read' && run.added.map(({ version }) => version), ['66.86.0.25']);
  t.same(versionsOf(follower), ['66.86.0.15', '66.86.0.25']);
});

test('a feed that changed its shape raises a named fault and keeps the last good state', async (t) => {
  const vendor = await vendorServer(t);
  const follower = new FeedFollower({ url: vendor.url, feed: releaseFeed });
  await follower.runOnce(noon);
  for (const body of [
    '<html>maintenance</html>',
    '{"items":[]}',
    '7',
    JSON.stringify([{ name: 'T46S' }]),
  ]) {
    const later = new FeedFollower({ url: vendor.url, feed: releaseFeed, state: follower.state });
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
  const follower = new FeedFollower({ url: vendor.url, feed: releaseFeed });
  const run = await follower.runOnce(noon);
  t.same(run.kind === 'read' && run.problems.map(({ path }) => path), ['[1].severity']);
  t.same(versionsOf(follower), ['66.86.0.15']);
});

test('after failures the feed is left alone for longer and longer, then works again', async (t) => {
  const vendor = await vendorServer(t);
  vendor.answer = (_, response) => response.writeHead(503).end();
  const follower = new FeedFollower({ url: vendor.url, feed: releaseFeed });
  t.match(await follower.runOnce(noon), { kind: 'failed', fault: 'feed-refused', until: after(1) });
  t.same(await follower.runOnce(noon), { kind: 'backing-off', at: noon, until: after(1) });
  t.match(await follower.runOnce(after(1)), { kind: 'failed', until: after(3) });
  t.equal(vendor.asked.length, 2, 'nobody knocks while backing off');
  vendor.answer = (_, response) => response.end(list('66.86.0.15'));
  t.match(await follower.runOnce(after(3)), { kind: 'read' });
  t.equal(follower.state.failures, 0);
  t.same(
    follower.runs.map(({ kind }) => kind),
    ['failed', 'backing-off', 'failed', 'read'],
  );
});

test('a feed without end, one that hangs and one that nobody serves are faults with names', async (t) => {
  const vendor = await vendorServer(t);
  const limits = { timeoutMs: 300, bytesMax: 10_000, redirectsMax: 1 };
  const run = () => new FeedFollower({ url: vendor.url, feed: releaseFeed, limits }).runOnce(noon);
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
  const nowhere = new FeedFollower({ url: 'http://127.0.0.1:1/feed', feed: releaseFeed });
  t.match(await nowhere.runOnce(noon), { kind: 'failed', fault: 'feed-unreachable' });
  const odd = new FeedFollower({ url: 'file:///etc/passwd', feed: releaseFeed });
  t.match(await odd.runOnce(noon), { kind: 'failed', fault: 'feed-unreachable' });
});

test('redirects are followed on the same host, a few times, and nowhere else', async (t) => {
  const vendor = await vendorServer(t);
  const follower = () => new FeedFollower({ url: vendor.url, feed: releaseFeed });
  vendor.answer = ({ url }, response) =>
    url === '/moved'
      ? response.end(list('66.86.0.15'))
      : response.writeHead(301, { location: '/moved' }).end();
  t.match(await follower().runOnce(noon), { kind: 'read' });
  vendor.answer = (_, response) => response.writeHead(302, { location: '/round' }).end();
  t.match(await follower().runOnce(noon), { kind: 'failed', fault: 'feed-redirected-away' });
  for (const location of [
    'http://127.0.0.1:9/x',
    'http://localhost/x',
    'file:///etc/passwd',
    '//example.com/',
  ]) {
    vendor.answer = (_, response) => response.writeHead(302, { location }).end();
    t.match(
      await follower().runOnce(noon),
      { kind: 'failed', fault: 'feed-redirected-away' },
      location,
    );
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
  const follower = new FeedFollower({ url: vendor.url, feed: releaseFeed });
  const first = await follower.runOnce(noon);
  t.same(first.kind === 'read' && first.problems.map(({ path }) => path), [
    'm/2.json',
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
  const follower = new FeedFollower({ url: vendor.url, feed: advisoryFeed });
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
