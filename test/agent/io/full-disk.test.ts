import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { ImageStore } from '@ringwave/firmware-catalog/io/image-store';
import type { Sha256 } from '@ringwave/protocol/units';
import { pino } from 'pino';
import { type Test, test } from 'tap';
import type { AgentEvent } from '../../../agent/core/state.ts';
import { LastGood } from '../../../agent/io/base/last-good.ts';
import { HttpServer } from '../../../agent/io/http-server.ts';
import { ImageCache } from '../../../agent/io/image-cache.ts';
import { storedImage } from '../../../agent/io/stored-image.ts';
import { anyPhoneMayWrite, spoolLimits, UploadSpool } from '../../../agent/io/upload-spool.ts';
import { smallDisk } from '../../peers/small-disk.ts';

const MB = 1024 * 1024;

interface Image {
  readonly body: Buffer;
  readonly digest: Sha256;
}

const imageOf = (lengthBytes: number, fill: number): Image => {
  const body = Buffer.alloc(lengthBytes, fill);
  return { body, digest: createHash('sha256').update(body).digest('hex') as Sha256 };
};

/** A controller that has these images; gives its address. */
async function sourceOf(t: Test, images: readonly Image[]): Promise<string> {
  const server = createServer((request, response) => {
    const found = images.find(({ digest }) => request.url === `/images/${digest}`);
    response.writeHead(found ? 200 : 404).end(found?.body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function cacheOn(
  t: Test,
  folder: string,
  images: readonly Image[],
  spareBytes: number,
  unneeded: readonly Image[] = [],
) {
  const store = await ImageStore.open(folder);
  const ends: AgentEvent[] = [];
  let told: () => void = () => {};
  const cache = new ImageCache({
    images: store,
    grant: { httpUrl: await sourceOf(t, images), agentToken: 'token' },
    log: pino({ level: 'silent' }),
    spareBytes,
    unneeded: () => unneeded.map(({ digest }) => digest),
    submit: (event) => {
      if (event.kind === 'image-lost') return;
      ends.push(event);
      told();
    },
  });
  t.teardown(() => cache.close());
  const fetched = async ({ body, digest }: Image) => {
    const end = new Promise<void>((resolve) => (told = resolve));
    const lengthBytes = body.length;
    cache.fetch({ kind: 'fetch-image', digest, lengthBytes, bytesPerSecond: 0 });
    await end;
    return ends.at(-1);
  };
  return { store, fetched, incoming: () => readdirSync(join(folder, 'incoming')) };
}

test('an image that fills the disk is no half image, the others are served, and it comes when there is room', async (t) => {
  const disk = smallDisk(t, 4 * MB);
  if (!disk) return;
  const [small, large] = [imageOf(MB, 1), imageOf(6 * MB, 2)];
  const { store, fetched, incoming } = await cacheOn(t, disk.folder, [small, large], -6 * MB);
  t.match(await fetched(small), { kind: 'image-held' });
  t.match(await fetched(large), { kind: 'image-failed', fault: 'storage-full' });
  t.same(incoming(), [], 'nothing of it stands in the way of others');
  const served = await storedImage(store, small.digest);
  t.same(await served?.read(0, MB), small.body);
  served?.release?.();
  const another = imageOf(MB, 3);
  async function* bytes() {
    yield another.body;
  }
  const claim = { sha256: another.digest, lengthBytes: MB };
  t.match(await store.write(bytes(), claim), { kind: 'stored' });
  disk.grow(16 * MB);
  t.match(await fetched(large), { kind: 'image-held', fetchedBytes: 6 * MB });
});

test('an image that would leave the agent no room for its own state is not begun', async (t) => {
  const disk = smallDisk(t, 4 * MB);
  if (!disk) return;
  const image = imageOf(2 * MB, 1);
  const { fetched, incoming } = await cacheOn(t, disk.folder, [image], 3 * MB);
  t.match(await fetched(image), { kind: 'image-failed', fault: 'storage-full' });
  t.same(incoming(), []);
  disk.grow(6 * MB);
  t.match(await fetched(image), { kind: 'image-held' });
});

test('images of past rollouts give way to one that needs their room, and only then', async (t) => {
  const disk = smallDisk(t, 8 * MB);
  if (!disk) return;
  const [old, older] = [imageOf(2 * MB, 1), imageOf(2 * MB, 2)];
  const [kept, wanted] = [imageOf(2 * MB, 3), imageOf(2 * MB, 4)];
  const all = [old, older, kept, wanted];
  const { store, fetched } = await cacheOn(t, disk.folder, all, MB, [old, older]);
  for (const image of [old, older, kept]) t.match(await fetched(image), { kind: 'image-held' });
  t.ok(await store.has(old.digest), 'there was room');
  t.match(await fetched(wanted), { kind: 'image-held' });
  const held = await Promise.all(all.map(({ digest }) => store.has(digest)));
  t.same(held, [false, true, true, true], 'no more than was needed');
});

test('an upload that fills the disk leaves the file before it, is named, and is kept when there is room', async (t) => {
  const disk = smallDisk(t, MB);
  if (!disk) return;
  const full: string[] = [];
  const spool = join(disk.folder, 'uploads');
  const uploads = await UploadSpool.open(
    spool,
    anyPhoneMayWrite(['{mac}-app.log']),
    { ...spoolLimits, fileBytesMax: 4 * MB, spareBytes: 0 },
    { full: ({ address, path }, what) => void full.push(`${address} ${path} ${what}`) },
  );
  const server = await HttpServer.listen({
    host: '127.0.0.1',
    port: 0,
    files: { resolve: () => ({ kind: 'absent' }) },
    uploads,
  });
  t.teardown(() => server.close());
  const put = async (name: string, body: string) =>
    (await fetch(`http://127.0.0.1:${server.port}/${name}`, { method: 'PUT', body })).status;
  const [mine, others] = ['0004f2aabbcc-app.log', '0004f2aabbdd-app.log'];
  t.equal(await put(mine, 'before'), 201);
  t.equal(await put(mine, 'x'.repeat(2 * MB)), 507);
  t.same(full, [`127.0.0.1 ${mine} disk`]);
  t.equal(readFileSync(join(spool, mine), 'utf8'), 'before');
  t.same(readdirSync(spool), [mine], 'nothing half written');
  t.equal(await put(others, 'another phone'), 201);
  disk.grow(8 * MB);
  t.equal(await put(mine, 'x'.repeat(2 * MB)), 204);
  t.equal(readFileSync(join(spool, mine)).length, 2 * MB);
  t.ok(existsSync(join(spool, others)));
});

test('uploads and answers kept of a PBX leave the agent the room that it needs for its own state', async (t) => {
  const disk = smallDisk(t, 4 * MB);
  if (!disk) return;
  const spareBytes = 3 * MB;
  const full: string[] = [];
  const uploads = await UploadSpool.open(
    join(disk.folder, 'uploads'),
    anyPhoneMayWrite(['{mac}-app.log']),
    { ...spoolLimits, spareBytes },
    { full: ({ address }) => void full.push(address) },
  );
  const store = async (address: string, mac: string, bytes: number) => {
    const upload = uploads.admits({ protocol: 'http', path: `${mac}-app.log`, address });
    return upload !== 'busy' && upload?.store(Buffer.alloc(bytes));
  };
  const together = [1, 2, 3].map((n) => store(`10.0.0.${n}`, `0004f2aabb0${n}`, 0.6 * MB));
  const outcomes = await Promise.all(together);
  t.same(outcomes.filter((one) => one === 'new').length, 1, 'also where they come together');
  t.equal(full.length, 2);
  const kept = await LastGood.open(join(disk.folder, 'kept'), {
    files: 9,
    bytes: 9 * MB,
    spareBytes,
  });
  const body = Buffer.alloc(0.6 * MB);
  t.match(await kept.keep('a.cfg', { kind: 'found', body }), { fault: 'storage-full' });
  disk.grow(8 * MB);
  t.equal(await kept.keep('a.cfg', { kind: 'found', body }), undefined);
  t.equal(await store('10.0.0.2', '0004f2aabb02', 0.6 * MB), 'replaced');
});
