import { execFileSync, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folderFiles, openImageFiles } from '@ringwave/firmware-catalog/io/image-files';
import { ImageStore } from '@ringwave/firmware-catalog/io/image-store';
import { intake } from '@ringwave/firmware-catalog/io/intake';
import { type Test, test } from 'tap';
import { needs } from '../../peers/peer.ts';

const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

const parts = ['3111-48300-001', '3111-48350-001', '3111-48450-001'];
const images = parts.map((part) => ({ name: `${part}.sip.ld`, bytes: randomBytes(400_000) }));
const manifest = {
  schema: 'ringwave/release/1',
  vendor: 'Polycom',
  version: '6.4.7.1181',
  models: ['VVX301', 'VVX311', 'VVX411'],
  images: images.map(({ name, bytes }) => ({
    fileName: name,
    sha256: digest(bytes),
    lengthBytes: bytes.length,
  })),
  severity: 'none',
  notes: '',
};

/** A folder with a manifest and the vendor's zip. */
function delivery(t: Test): string {
  const folder = t.testdir({ fw: {}, 'manifest.json': JSON.stringify(manifest) });
  for (const { name, bytes } of images) writeFileSync(join(folder, 'fw', name), bytes);
  execFileSync('zip', ['-q', '-r', '../bundle.zip', '.'], { cwd: join(folder, 'fw') });
  return folder;
}

const held = (folder: string): string[] => {
  const root = join(folder, 'store', 'images');
  if (!existsSync(root)) return [];
  return readdirSync(root).flatMap((two) =>
    readdirSync(join(root, two)).map((name) => join(root, two, name)),
  );
};

/** Runs the intake in a process of its own and kills it once so many things have happened in its folder. */
async function killedAfter(events: number, folder: string): Promise<'killed' | 'ended'> {
  const incoming = join(folder, 'store', 'incoming');
  mkdirSync(incoming, { recursive: true });
  const child = spawn(process.execPath, [join(import.meta.dirname, 'intake-process.ts'), folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let seen = 0;
  const watcher = watch(join(folder, 'store'), { recursive: true }, () => {
    seen += 1;
    if (seen >= events) child.kill('SIGKILL');
  });
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
  watcher.close();
  return signal === 'SIGKILL' ? 'killed' : 'ended';
}

test('an intake killed at any moment leaves whole images or none, and is done again', async (t) => {
  if (!needs(t, 'zip')) return;
  const folder = delivery(t);
  let killed = 0;
  for (const events of [1, 2, 3, 5, 8, 12, 16, 20, 25, 30]) {
    if ((await killedAfter(events, folder)) === 'killed') killed += 1;
    for (const path of held(folder)) {
      t.equal(digest(readFileSync(path)), path.slice(-64), `whole after ${events} events`);
    }
  }
  t.ok(killed >= 5, `${killed} of 10 were killed on their way`);
  const store = await ImageStore.open(join(folder, 'store'));
  t.same(readdirSync(join(folder, 'store', 'incoming')), [], 'what a kill left is swept');
  const opened = await openImageFiles(join(folder, 'bundle.zip'), { aside: join(folder, 'aside') });
  if (opened.kind === 'refused') return t.fail(JSON.stringify(opened.problems));
  const end = await intake(manifest, { files: opened.files, store });
  t.match(end, { kind: 'accepted' });
  t.equal(held(folder).length, 3);
  const again = await intake(manifest, { files: opened.files, store });
  t.match(again, { stored: 0, alreadyHeld: 3 }, 'the same files twice cost nothing');
  await opened.files.close();
});

test('a bundle that lacks an image, or holds it twice in two shapes, names it and stores nothing', async (t) => {
  if (!needs(t, 'zip')) return;
  const folder = delivery(t);
  const store = await ImageStore.open(join(folder, 'store'));
  const taken = async (): Promise<unknown> => {
    const opened = await openImageFiles(join(folder, 'odd.zip'), { aside: join(folder, 'aside') });
    if (opened.kind === 'refused') return opened;
    const end = await intake(manifest, { files: opened.files, store });
    await opened.files.close();
    return end;
  };
  const [first] = images;
  execFileSync('zip', ['-q', '../odd.zip', first?.name ?? ''], { cwd: join(folder, 'fw') });
  t.match(await taken(), {
    kind: 'refused',
    problems: [
      { path: 'images[1]', reason: '3111-48350-001.sip.ld is not in the bundle' },
      { path: 'images[2]' },
    ],
  });
  mkdirSync(join(folder, 'fw/old'));
  writeFileSync(join(folder, 'fw/old', first?.name ?? ''), 'another');
  execFileSync('zip', ['-q', '-r', '../odd.zip', '.'], { cwd: join(folder, 'fw') });
  t.match(await taken(), { problems: [{ reason: /is in the bundle several times: / }] });
  t.same(held(folder), []);
});

test('a web page saved under the name of an image is refused, whatever its digest', async (t) => {
  const folder = t.testdir({ files: {} });
  const page = Buffer.from('<!DOCTYPE html><title>Sign in</title>');
  writeFileSync(join(folder, 'files', '3111-48450-001.sip.ld'), page);
  const image = {
    fileName: '3111-48450-001.sip.ld',
    sha256: digest(page),
    lengthBytes: page.length,
  };
  const store = await ImageStore.open(join(folder, 'store'));
  const end = await intake(
    { ...manifest, models: ['VVX411'], images: [image] },
    { files: folderFiles(join(folder, 'files')), store },
  );
  t.match(end, {
    problems: [
      { path: 'images[0]', reason: '3111-48450-001.sip.ld begins as a web page or a message' },
    ],
  });
});

test('a path where nothing lies, or no bundle, says so', async (t) => {
  const folder = t.testdir({ 'notes.txt': 'read me' });
  const aside = join(folder, 'aside');
  t.match(await openImageFiles(join(folder, 'nothing'), { aside }), {
    problems: [{ reason: 'is not there' }],
  });
  t.match(await openImageFiles(join(folder, 'notes.txt'), { aside }), {
    problems: [{ path: /notes\.txt$/, reason: 'is neither zip nor tar nor tar.gz' }],
  });
});
