import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { releaseFeed } from '@ringwave/firmware-catalog/feeds/release-feed';
import { FeedFollower } from '@ringwave/firmware-catalog/io/feed-follower';
import { isInside } from '@ringwave/firmware-catalog/io/inside-address';
import { OwnHosts } from '@ringwave/firmware-catalog/io/own-hosts';
import { politeFetch, type Resolve } from '@ringwave/firmware-catalog/io/polite-fetch';
import type { EpochMs } from '@ringwave/protocol/units';
import { type Test, test } from 'tap';

const noon = 1_790_000_000_000 as EpochMs;
const mebibyte = 1024 ** 2;

async function serve(t: Test, answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/feed`;
}

const fetched = (url: string, bytesMax = mebibyte) =>
  politeFetch(url, {
    accept: '*/*',
    known: {},
    limits: { timeoutMs: 20_000, bytesMax, redirectsMax: 3 },
    own: new OwnHosts([new URL(url)]),
  });

/** The most memory held while something is done, above what was held before. */
async function memoryOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.memoryUsage().rss;
  let most = before;
  const look = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss);
  }, 5);
  await work();
  clearInterval(look);
  return Math.max(most, process.memoryUsage().rss) - before;
}

test('a feed of 1 GB ends by name, and most of it is never read', async (t) => {
  const block = Buffer.alloc(mebibyte, 'x');
  let sent = 0;
  const url = await serve(t, (_, response) => {
    const more = (): void => {
      while (!response.destroyed && sent < 1024) {
        sent += 1;
        if (!response.write(block)) return void response.once('drain', more);
      }
      response.end();
    };
    more();
  });
  const follower = new FeedFollower({ url, feed: releaseFeed });
  const memory = await memoryOf(async () => {
    t.match(await follower.runOnce(noon), { kind: 'failed', fault: 'feed-too-long' });
  });
  t.ok(sent < 64, `${sent} MiB left the server`);
  t.ok(memory < 200 * mebibyte, `${Math.round(memory / mebibyte)} MiB held`);
});

test('a feed of a million items ends by name in bounded time and memory', async (t) => {
  const million = `[${'7,'.repeat(999_999)}7]`;
  const url = await serve(t, (_, response) => response.end(million));
  const follower = new FeedFollower({ url, feed: releaseFeed });
  const beganAt = performance.now();
  const memory = await memoryOf(async () => {
    t.match(await follower.runOnce(noon), { kind: 'failed', fault: 'feed-too-long' });
  });
  t.ok(performance.now() - beganAt < 5000);
  t.ok(memory < 300 * mebibyte, `${Math.round(memory / mebibyte)} MiB held`);
});

test('a packed body is inflated by its first bytes, once more where it was packed on its way', async (t) => {
  const csv = 'cve,epss,percentile\nCVE-2026-2329,0.5,0.9\n';
  for (const [body, headers] of [
    [gzipSync(csv), {}],
    [gzipSync(csv), { 'content-encoding': 'gzip' }],
    [gzipSync(gzipSync(csv)), { 'content-encoding': 'gzip' }],
    [Buffer.from(csv), {}],
  ] as const) {
    const url = await serve(t, (_, response) => response.writeHead(200, headers).end(body));
    t.match(await fetched(url), { kind: 'body', body: csv, bytes: csv.length });
  }
  const latin = await serve(t, (_, response) =>
    response
      .writeHead(200, { 'content-type': 'text/html; charset=iso-8859-1' })
      .end(Buffer.from('caf\u00e9', 'latin1')),
  );
  t.match(await fetched(latin), { body: 'caf\u00e9' });
});

test('a body that swells is cut off, and one that is packed wrongly is named', async (t) => {
  const bomb = gzipSync(Buffer.alloc(256 * mebibyte));
  const url = await serve(t, (_, response) => response.end(bomb));
  const memory = await memoryOf(async () => {
    t.match(await fetched(url), { kind: 'fault', fault: 'feed-too-long' });
  });
  t.ok(memory < 150 * mebibyte, `${Math.round(memory / mebibyte)} MiB held`);
  const torn = await serve(t, (_, response) => response.end(gzipSync('feed').subarray(0, 12)));
  t.match(await fetched(torn), { kind: 'fault', fault: 'feed-shape-changed' });
  const short = await serve(t, (_, response) => response.end(Buffer.from([0x1f])));
  t.match(await fetched(short), { kind: 'body', bytes: 1 });
});

test('"unchanged" is no answer to one who knew nothing', async (t) => {
  const url = await serve(t, (_, response) => response.writeHead(304).end());
  t.match(await fetched(url), { kind: 'fault', fault: 'feed-refused' });
});

test('a name that meant a vendor and now means an address inside is not followed there', async (t) => {
  let asked = 0;
  const url = await serve(t, (_, response) => {
    asked += 1;
    response.end('[]');
  });
  const named = url.replace('127.0.0.1', 'vendor.example');
  const inside: Resolve = async () => [{ address: '127.0.0.1', family: 4 }];
  const state = { items: [], pages: {}, linked: {}, failures: 0, isInside: false };
  const later = new FeedFollower({ url: named, feed: releaseFeed, state, resolve: inside });
  t.match(await later.runOnce(noon), { kind: 'failed', fault: 'feed-redirected-inside' });
  t.equal(asked, 0, 'nobody connected');
  const mirror = new FeedFollower({ url: named, feed: releaseFeed, resolve: inside });
  t.match(await mirror.runOnce(noon), { kind: 'read' }, 'a mirror inside from the first is one');
  t.equal(mirror.state.isInside, true);
  const mixed: Resolve = async () => [
    { address: '93.184.215.14', family: 4 },
    { address: 'fd00::1', family: 6 },
  ];
  const both = new FeedFollower({ url: named, feed: releaseFeed, state, resolve: mixed });
  t.match(await both.runOnce(noon), { kind: 'failed', fault: 'feed-redirected-inside' });
});

test('addresses inside a network are known however they are written', (t) => {
  const inside = [
    '127.0.0.1',
    '10.1.2.3',
    '172.31.255.255',
    '192.168.0.1',
    '169.254.169.254',
    '100.100.100.200',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    'fe80::1%eth0',
    'fd00:ec2::254',
    'ff02::1',
    '::ffff:127.0.0.1',
    '::ffff:a00:1',
    '64:ff9b::a00:1',
    '2002:a00:1::',
    'nonsense',
  ];
  t.same(
    inside.filter((one) => !isInside(one)),
    [],
  );
  const outside = ['93.184.215.14', '172.32.0.1', '100.128.0.1', '2606:2800:21f::1'];
  t.same(outside.filter(isInside), []);
  t.end();
});
