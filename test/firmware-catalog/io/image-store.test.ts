import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ImageStore } from '@ringwave/firmware-catalog/io/image-store';
import { folderFiles } from '@ringwave/firmware-catalog/io/image-files';
import { intake } from '@ringwave/firmware-catalog/io/intake';
import type { Sha256 } from '@ringwave/protocol/units';
import { type Test, test } from 'tap';

const bytes = Buffer.from('the bytes of an image, long enough to be cut in two');
const digestOf = (data: Buffer): Sha256 =>
  createHash('sha256').update(data).digest('hex') as Sha256;
const claim = { sha256: digestOf(bytes), lengthBytes: bytes.length };

async function* of(...chunks: readonly Uint8Array[]): AsyncIterable<Uint8Array> {
  yield* chunks;
}

async function* breakingAfter(...chunks: readonly Uint8Array[]): AsyncIterable<Uint8Array> {
  yield* chunks;
  throw new Error('the line broke');
}

async function openStore(
  t: Test,
): Promise<{ store: ImageStore; folder: string; incoming: () => string[] }> {
  const folder = t.testdir({});
  const store = await ImageStore.open(folder);
  return { store, folder, incoming: () => readdirSync(join(folder, 'incoming')) };
}

async function readAll(store: ImageStore, digest: Sha256): Promise<string | undefined> {
  const image = await store.openRead(digest);
  if (!image) return undefined;
  try {
    return (await image.handle.readFile()).toString();
  } finally {
    await image.handle.close();
  }
}

test('an image is stored under the digest that was measured, and the same bytes cost nothing', async (t) => {
  const { store, folder, incoming } = await openStore(t);
  t.equal(await store.sizeOf(claim.sha256), undefined);
  t.same(await store.write(of(bytes.subarray(0, 7), bytes.subarray(7)), claim), { kind: 'stored' });
  t.ok(existsSync(join(folder, 'images', claim.sha256.slice(0, 2), claim.sha256)));
  t.equal(await store.sizeOf(claim.sha256), bytes.length);
  t.equal(await readAll(store, claim.sha256), bytes.toString());
  t.same(
    await store.write(breakingAfter(), claim),
    { kind: 'already-held' },
    'the source is not even read',
  );
  t.same(incoming(), []);
  t.equal(
    await readAll(await ImageStore.open(folder), claim.sha256),
    bytes.toString(),
    'and after a restart',
  );
});

test('bytes that are not what was claimed leave nothing behind', async (t) => {
  const { store, incoming } = await openStore(t);
  const wrong = Buffer.from(bytes);
  wrong[3] = 0;
  t.same(await store.write(of(wrong), claim), { kind: 'refused', fault: 'image-digest-differs' });
  t.same(await store.write(of(bytes, bytes), claim), { kind: 'refused', fault: 'image-too-long' });
  t.same(await store.write(of(bytes.subarray(1)), claim), {
    kind: 'refused',
    fault: 'image-digest-differs',
  });
  t.same(await store.write(of(), { ...claim, lengthBytes: 2 ** 31 + 1 }), {
    kind: 'refused',
    fault: 'image-too-long',
  });
  await t.rejects(store.write(breakingAfter(bytes.subarray(0, 5)), claim), {
    message: 'the line broke',
  });
  t.notOk(await store.has(claim.sha256));
  t.same(incoming(), []);
});

test('a broken download goes on where it stopped, also after a restart', async (t) => {
  const { store, folder } = await openStore(t);
  const first = await store.append(breakingAfter(bytes.subarray(0, 9)), { ...claim, from: 0 });
  t.same(first, { kind: 'partial', lengthBytes: 9 });
  const again = await ImageStore.open(folder);
  t.equal(await again.partialLength(claim.sha256), 9);
  t.same(await again.append(of(bytes.subarray(9, 20)), { ...claim, from: 9 }), {
    kind: 'partial',
    lengthBytes: 20,
  });
  t.same(await again.append(of(bytes.subarray(20)), { ...claim, from: 20 }), { kind: 'stored' });
  t.equal(await readAll(again, claim.sha256), bytes.toString());
  t.equal(await again.partialLength(claim.sha256), 0);
});

test('a server that ignores the range starts the image again', async (t) => {
  const { store } = await openStore(t);
  await store.append(of(bytes.subarray(0, 9)), { ...claim, from: 0 });
  t.same(await store.append(of(bytes), { ...claim, from: 0 }), { kind: 'stored' });
  t.equal(await readAll(store, claim.sha256), bytes.toString());
});

test('a resumed image is verified over the whole, and wrong parts are thrown away', async (t) => {
  const { store, incoming } = await openStore(t);
  await store.append(of(Buffer.alloc(9)), { ...claim, from: 0 });
  const end = await store.append(of(bytes.subarray(9)), { ...claim, from: 9 });
  t.same(end, { kind: 'refused', fault: 'image-digest-differs' });
  const long = await store.append(of(bytes, bytes), { ...claim, from: 0 });
  t.same(long, { kind: 'refused', fault: 'image-too-long' });
  t.same(incoming(), []);
});

test('two writers of one image take turns', async (t) => {
  const { store } = await openStore(t);
  const both = await Promise.all([
    store.append(of(bytes), { ...claim, from: 0 }),
    store.append(of(bytes), { ...claim, from: 0 }),
  ]);
  t.same(both, [{ kind: 'stored' }, { kind: 'already-held' }]);
});

test('what a crash left is swept, but for parts that can be resumed', async (t) => {
  const folder = t.testdir({
    incoming: { 'half.tmp': 'x', [`${claim.sha256}.part`]: bytes.subarray(0, 4), 'odd.part': 'x' },
  });
  const store = await ImageStore.open(folder);
  t.same(readdirSync(join(folder, 'incoming')), [`${claim.sha256}.part`]);
  t.equal(await store.partialLength(claim.sha256), 4);
});

test('an image that rotted on disk is not served and can be fetched again', async (t) => {
  const { store, folder } = await openStore(t);
  await store.write(of(bytes), claim);
  writeFileSync(join(folder, 'images', claim.sha256.slice(0, 2), claim.sha256), 'rotten');
  const later = await ImageStore.open(folder);
  t.equal(await later.openRead(claim.sha256), undefined);
  t.notOk(await later.has(claim.sha256));
  t.same(await later.write(of(bytes), claim), { kind: 'stored' });
});

test('a full disk is a fault with a name', {
  skip: existsSync('/dev/full') ? false : 'needs /dev/full',
}, async (t) => {
  const { store, folder } = await openStore(t);
  symlinkSync('/dev/full', join(folder, 'incoming', `${claim.sha256}.part`));
  const end = await store.append(of(bytes), { ...claim, from: 0 });
  t.match(end, { kind: 'refused', fault: 'storage-full' });
});

const manifest = (parts: Record<string, unknown> = {}) => ({
  schema: 'ringwave/release/1',
  vendor: 'Yealink',
  version: '66.86.0.15',
  models: ['T46S', 'T48S'],
  images: [{ fileName: 'T46S(T48S)-66.86.0.15.rom', ...claim }],
  severity: 'medium',
  notes: '',
  ...parts,
});

test('a manifest and its folder become a release, and taken in twice change nothing', async (t) => {
  const { store, folder } = await openStore(t);
  const files = join(folder, 'files');
  mkdirSync(files);
  writeFileSync(join(files, 'T46S(T48S)-66.86.0.15.rom'), bytes);
  const first = await intake(JSON.stringify(manifest()), { files: folderFiles(files), store });
  t.match(first, {
    kind: 'accepted',
    stored: 1,
    alreadyHeld: 0,
    release: { version: '66.86.0.15' },
  });
  const second = await intake(manifest(), { files: folderFiles(files), store });
  t.match(second, { kind: 'accepted', stored: 0, alreadyHeld: 1 });
});

test('with any file missing, linked, cut or changed nothing is stored and all is told', async (t) => {
  const { store, folder, incoming } = await openStore(t);
  const files = join(folder, 'files');
  mkdirSync(files);
  writeFileSync(join(files, 'good.rom'), bytes);
  writeFileSync(join(files, 'short.rom'), bytes.subarray(1));
  writeFileSync(join(files, 'changed.rom'), Buffer.alloc(bytes.length));
  symlinkSync('/etc/hostname', join(files, 'link.rom'));
  const images = ['good', 'absent', 'short', 'changed', 'link'].map((name) => ({
    fileName: `${name}.rom`,
    ...claim,
  }));
  const end = await intake(manifest({ images }), { files: folderFiles(files), store });
  t.same(
    end.kind === 'refused' &&
      end.problems.map(({ path, reason }) => `${path} ${reason.split(',')[0]?.split(' (')[0]}`),
    [
      'images[1] absent.rom is not in the folder',
      `images[2] short.rom has ${bytes.length - 1} bytes`,
      'images[3] changed.rom does not have the digest declared',
      'images[4] link.rom is no plain file',
    ],
  );
  t.notOk(await store.has(claim.sha256));
  t.same(incoming(), []);
  t.match(await intake('{', { files: folderFiles(files), store }), { kind: 'refused' });
});
