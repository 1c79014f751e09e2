import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Feeds } from '@ringwave/controller/io/feeds';
import { ImageStore } from '@ringwave/firmware-catalog/io/image-store';
import type { EpochMs, Sha256 } from '@ringwave/protocol/units';
import { type Test, test } from 'tap';
import { plainFeeds } from '@ringwave/controller/core/feed-choice';
import { Desk } from '../core/desk.ts';
import { HandClock } from '../../hand-clock.ts';

const bytes = Buffer.from('an image');
const sha256 = createHash('sha256').update(bytes).digest('hex') as Sha256;

async function serve(t: Test, pages: Record<string, () => string | Buffer>) {
  const asked: string[] = [];
  const server = createServer(({ url = '' }, response) => {
    asked.push(url);
    const page = pages[url];
    if (page) response.end(page());
    else response.writeHead(404).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const manifest = (version: string, url: string) => ({
  schema: 'ringwave/release/1',
  vendor: 'Yealink',
  version,
  models: ['T46S'],
  images: [{ fileName: `T46S-${version}.rom`, sha256, lengthBytes: bytes.length, url }],
  severity: 'none',
  notes: '',
});

async function follow(t: Test, list: string, desk = new Desk()) {
  const images = await ImageStore.open(t.testdir({}));
  const told = { commands: [] as string[], notes: [] as unknown[] };
  const feeds = new Feeds({
    choices: plainFeeds([{ kind: 'releases', url: list }]),
    schedule: '0 3 * * *',
    images,
    tables: desk.tables,
    clock: new HandClock(1_790_000_000_000 as EpochMs),
    submit(command) {
      told.commands.push(command.kind);
      return desk.ask(command, 'feed');
    },
    note: (about) => void told.notes.push(about),
  });
  await feeds.runOnce();
  await feeds.close();
  return { images, told };
}

test('a release enters once its image, named beside its list, is in the store', async (t) => {
  const pages: Record<string, () => string | Buffer> = { '/fw/T46S.rom': () => bytes };
  const mirror = await serve(t, pages);
  pages['/releases.json'] = () =>
    JSON.stringify([manifest('66.86.0.15', `${mirror.url}/fw/T46S.rom`)]);
  const { images, told } = await follow(t, `${mirror.url}/releases.json`);
  t.ok(await images.has(sha256));
  t.equal(told.commands.at(-1), 'release-put');
  t.same(told.notes, []);
});

test('a list never sends anyone to another service inside the network', async (t) => {
  const inner = await serve(t, { '/secret': () => bytes });
  const mirror = await serve(t, {
    '/releases.json': () => JSON.stringify([manifest('66.86.0.15', `${inner.url}/secret`)]),
  });
  const { images, told } = await follow(t, `${mirror.url}/releases.json`);
  t.same(inner.asked, []);
  t.notOk(await images.has(sha256));
  t.match(told.notes, [{ problem: /inside a network/ }]);
  t.notOk(told.commands.includes('release-put'));
});

test('an entry that cannot be read is told in the log, and the others count', async (t) => {
  const pages: Record<string, () => string | Buffer> = { '/fw/T46S.rom': () => bytes };
  const mirror = await serve(t, pages);
  const good = manifest('66.86.0.15', `${mirror.url}/fw/T46S.rom`);
  pages['/releases.json'] = () => JSON.stringify([{ ...good, vendor: 7 }, good]);
  const { images, told } = await follow(t, `${mirror.url}/releases.json`);
  t.ok(await images.has(sha256));
  t.match(told.notes, [{ feed: /^releases-127/, path: '[0].vendor' }]);
});

test('an image that could not be had is fetched by a later round, though its list did not change', async (t) => {
  const pages: Record<string, () => string | Buffer> = {};
  const mirror = await serve(t, pages);
  const desk = new Desk();
  pages['/releases.json'] = () =>
    JSON.stringify([manifest('66.86.0.15', `${mirror.url}/fw/T46S.rom`)]);
  const list = `${mirror.url}/releases.json`;
  const first = await follow(t, list, desk);
  t.match(first.told.notes, [{ problem: 'the server answers 404' }]);
  t.equal(desk.tables.listed.size, 1);
  pages['/fw/T46S.rom'] = () => bytes;
  pages['/releases.json'] = () => '[]';
  const second = await follow(t, list, desk);
  t.ok(await second.images.has(sha256));
  t.equal(desk.tables.listed.size, 0);
});
