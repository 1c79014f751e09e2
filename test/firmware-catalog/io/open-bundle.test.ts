import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync, gzipSync } from 'node:zlib';
import type { BundleLimits } from '@ringwave/firmware-catalog/bundle';
import { openBundle } from '@ringwave/firmware-catalog/io/open-bundle';
import { pack } from 'tar-stream';
import { type Test, test } from 'tap';
import { needs } from '../../peers/peer.ts';

const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const rom = Buffer.from('an image of a phone '.repeat(500));

/** A test has one `testdir`; here each file and each opening has a folder of its own. */
function folderOf(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'ringwave-bundle-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function opened(
  t: Test,
  path: string,
  limits: Partial<BundleLimits> = {},
  keep: string[] = [],
) {
  const aside = folderOf(t);
  const bundle = await openBundle(path, { aside, limits, keep });
  t.teardown(() => bundle.close());
  return bundle;
}

/** Why a bundle is refused; it leaves nothing behind. */
async function refusal(t: Test, path: string, limits: Partial<BundleLimits> = {}): Promise<string> {
  const aside = folderOf(t);
  const bundle = await openBundle(path, { aside, limits });
  t.same(readdirSync(aside), [], 'nothing is left of it');
  if (bundle.kind !== 'refused') return `took ${bundle.files.map(({ name }) => name).join()}`;
  return bundle.problems.map(({ path: where, reason }) => `${where} ${reason}`.trim()).join();
}

const written = (t: Test, name: string, bytes: Uint8Array): string => {
  const path = join(folderOf(t), name);
  writeFileSync(path, bytes);
  return path;
};

interface ZipEntry {
  readonly name: string;
  readonly content?: Buffer;
  readonly attributes?: number;
  readonly flags?: number;
  /** Bytes that the headers claim; the real ones where absent. */
  readonly claimed?: number;
  /** Points the central directory at the bytes of another entry. */
  readonly at?: number;
}

/** A zip with headers that no packer would write (APPNOTE 4.3.7 and 4.3.12). */
function zipOf(...entries: readonly ZipEntry[]): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let at = 0;
  for (const { name, content = rom, attributes = 0, flags = 0, claimed, at: where } of entries) {
    const packed = deflateRawSync(content);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(flags, 2);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(claimed ?? content.length, 18);
    common.writeUInt16LE(Buffer.byteLength(name), 22);
    const local = Buffer.concat([
      Buffer.from('PK\u0003\u0004', 'latin1'),
      common,
      Buffer.from(name),
      packed,
    ]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(attributes >>> 0, 6);
    rest.writeUInt32LE(where ?? at, 10);
    central.push(
      Buffer.concat([
        Buffer.from('PK\u0001\u0002\u0014\u0003', 'latin1'),
        common,
        rest,
        Buffer.from(name),
      ]),
    );
    if (where === undefined) {
      locals.push(local);
      at += local.length;
    }
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write('PK\u0005\u0006', 0, 'latin1');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...locals, directory, end]);
}

test('what zip and tar of this machine pack is unpacked and measured', async (t) => {
  if (!needs(t, 'zip', 'tar')) return;
  const folder = t.testdir({ fw: { 'T46S(T48S)-66.86.0.15.rom': '', 'notes.txt': 'read me' } });
  writeFileSync(join(folder, 'fw/T46S(T48S)-66.86.0.15.rom'), rom);
  const packers: readonly [file: string, program: string, args: string[]][] = [
    ['bundle.zip', 'zip', ['-q', '-r', 'bundle.zip', 'fw']],
    ['bundle.tar', 'tar', ['cf', 'bundle.tar', 'fw']],
    ['bundle.tar.gz', 'tar', ['czf', 'bundle.tar.gz', 'fw']],
    ['pax.tar', 'tar', ['--format=pax', '-cf', 'pax.tar', 'fw']],
  ];
  for (const [file, program, args] of packers) {
    execFileSync(program, args, { cwd: folder });
    const bundle = await openBundle(join(folder, file), { aside: join(folder, 'aside') });
    if (bundle.kind === 'refused') {
      t.fail(`${file}: ${JSON.stringify(bundle.problems)}`);
      continue;
    }
    const image = bundle.files.find(({ fileName }) => fileName.endsWith('.rom'));
    t.match(image, {
      name: 'fw/T46S(T48S)-66.86.0.15.rom',
      lengthBytes: rom.length,
      sha256: digest(rom),
    });
    t.same(readFileSync(image?.place ?? ''), rom, file);
    await bundle.close();
    t.notOk(existsSync(image?.place ?? ''), 'closing takes the files away');
  }
});

test('a bundle in a bundle is opened, and one that is an image itself is kept', async (t) => {
  const inner = zipOf({ name: 'sip.ld' });
  const path = written(
    t,
    'ucs.zip',
    zipOf({ name: 'a/phones.zip', content: inner }, { name: 'x.rom' }),
  );
  const bundle = await opened(t, path);
  t.match(bundle, {
    kind: 'unpacked',
    files: [{ name: 'a/phones.zip/sip.ld' }, { name: 'x.rom' }],
  });
  const kept = await opened(t, path, {}, ['phones.zip']);
  t.match(kept, { files: [{ name: 'a/phones.zip', sha256: digest(inner) }, { name: 'x.rom' }] });
});

test('a tar.gz of zips is opened to its images', async (t) => {
  const tar = pack();
  tar.entry({ name: 'one.zip' }, zipOf({ name: 'one.rom' }));
  tar.entry({ name: 'two.rom' }, rom);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  const path = written(t, 'b.tgz', gzipSync(Buffer.concat(chunks)));
  t.match(await opened(t, path), { files: [{ name: 'one.zip/one.rom' }, { name: 'two.rom' }] });
});

/** The name is UTF-8 (APPNOTE 4.4.4, bit 11). */
const utf8 = 0x800;
const link = (0o120777 << 16) >>> 0;
const BAD_ENTRIES: readonly [what: string, entries: readonly ZipEntry[], reason: RegExp][] = [
  ['leads out of its folder', [{ name: '../../etc/passwd' }], /leads out|invalid relative path/],
  ['has an absolute path', [{ name: '/etc/passwd' }], /absolute path/],
  ['has a drive letter', [{ name: 'C:/x.rom' }], /absolute path/],
  ['has a back slash', [{ name: 'a\\..\\x.rom' }], /back slash|invalid characters/],
  ['has control characters', [{ name: 'x\u001b[2J.rom', flags: utf8 }], /control characters/],
  ['is a link', [{ name: 'x.rom', attributes: link }], /is a link or a device/],
  ['is encrypted', [{ name: 'x.rom', flags: 1 }], /is encrypted/],
  ['is there twice', [{ name: 'x.rom' }, { name: 'x.rom' }], /is there twice/],
  [
    'differs by case alone',
    [{ name: 'x.rom' }, { name: 'X.rom' }],
    /same name as x\.rom but for its case/,
  ],
  [
    'is the same letter written in two ways',
    [
      { name: 'caf\u00e9.rom', flags: utf8 },
      { name: 'cafe\u0301.rom', flags: utf8 },
    ],
    /is the same name/,
  ],
];

for (const [what, entries, reason] of BAD_ENTRIES) {
  test(`a bundle with an entry that ${what} is refused whole`, async (t) => {
    t.match(
      await refusal(t, written(t, 'bad.zip', zipOf({ name: 'good.bin' }, ...entries))),
      reason,
    );
  });
}

test('a bundle that swells is refused long before it fills the disk', async (t) => {
  const zeros = Buffer.alloc(32 * 1024 ** 2);
  const bomb = written(t, 'bomb.zip', zipOf({ name: 'zeros.rom', content: zeros }));
  t.match(await refusal(t, bomb), 'zeros.rom unpacks to more than 200 times its length');
  t.match(await refusal(t, written(t, 'bomb.gz', gzipSync(zeros))), /more than 200 times/);
  const limits = { ratioMax: 1e9, totalBytesMax: 1024 ** 2 };
  t.match(await refusal(t, bomb, limits), /makes the bundle more than 1048576 bytes long/);
  t.match(
    await refusal(t, bomb, { ratioMax: 1e9, fileBytesMax: 1000 }),
    /unpacks to more than 1000 bytes/,
  );
});

test('entries that share their bytes, or claim another length, are refused', async (t) => {
  const shared = Array.from({ length: 50 }, (_, nth) => ({ name: `x${nth}.rom`, at: 0 }));
  const overlapping = zipOf({ name: 'x.rom' }, ...shared);
  t.match(await refusal(t, written(t, 'overlap.zip', overlapping)), /shares its bytes/);
  const lying = zipOf({ name: 'x.rom', claimed: 10 });
  t.match(await refusal(t, written(t, 'lying.zip', lying)), /cannot be read/);
});

test('a bundle without end in itself, or with too many entries, is refused', async (t) => {
  let nested = zipOf({ name: 'x.rom' });
  for (let depth = 0; depth < 5; depth += 1) nested = zipOf({ name: 'again.zip', content: nested });
  t.match(await refusal(t, written(t, 'quine.zip', nested)), /lies more than 3 bundles deep/);
  const many = Array.from({ length: 30 }, (_, nth) => ({
    name: `${nth}`,
    content: Buffer.from('x'),
  }));
  const path = written(t, 'many.zip', zipOf(...many));
  t.match(await refusal(t, path, { entriesMax: 20 }), /is one of more than 20 entries/);
});

test('tars with links, devices and swollen headers are refused', async (t) => {
  if (!needs(t, 'tar')) return;
  const folder = t.testdir({ fw: { 'x.rom': 'x' } });
  symlinkSync('/etc/passwd', join(folder, 'fw/link'));
  execFileSync('tar', ['cf', 'link.tar', 'fw'], { cwd: folder });
  t.match(await refusal(t, join(folder, 'link.tar')), 'fw/link is a link or a device');
  const header = Buffer.alloc(512);
  header.write('x', 0);
  header.write('17777777777', 124);
  header.write('x', 156);
  header.write('ustar', 257);
  const swollen = Buffer.concat([Buffer.alloc(0), header, Buffer.alloc(1024)]);
  t.match(await refusal(t, written(t, 'pax.tar', swollen)), /has a swollen header/);
});

test('what is no bundle says so and what to do', async (t) => {
  t.match(
    await refusal(t, written(t, 'page.zip', Buffer.from('<html>'))),
    'is neither zip nor tar',
  );
  t.match(
    await refusal(t, written(t, 'a.7z', Buffer.from('377abcaf271c', 'hex'))),
    'is a 7z, which is not opened here',
  );
  t.match(await refusal(t, written(t, 'empty.zip', Buffer.alloc(0))), 'is neither zip');
  const cut = zipOf({ name: 'x.rom' }).subarray(0, -30);
  t.match(await refusal(t, written(t, 'cut.zip', cut)), /cannot be read/);
  const half = gzipSync(rom).subarray(0, 40);
  t.match(await refusal(t, written(t, 'cut.tgz', half)), /cannot be read/);
  t.equal(await refusal(t, '/nowhere.zip'), 'is not there');
  t.equal(await refusal(t, folderOf(t)), 'is a folder');
});

test('opening a bundle ends in time', async (t) => {
  const path = written(t, 'slow.zip', zipOf({ name: 'x.rom' }));
  t.match(await refusal(t, path, { timeMs: 0 }), 'took more than 0 ms to open');
});

test('bundles damaged at any place are opened or refused, and leave nothing behind', async (t) => {
  const whole = zipOf({ name: 'a.rom' }, { name: 'b/c.rom' });
  for (let seed = 1; seed <= 12; seed += 1) {
    const damaged = Buffer.from(whole);
    for (let flips = 0; flips < 4; flips += 1) {
      const place = (seed * 7919 + flips * 104_729) % damaged.length;
      damaged[place] = (damaged[place] ?? 0) ^ (1 << ((seed + flips) % 8));
    }
    const aside = folderOf(t);
    const bundle = await openBundle(written(t, 'damaged.zip', damaged), { aside });
    await bundle.close();
    t.same(readdirSync(aside), [], `seed ${seed}`);
  }
});
