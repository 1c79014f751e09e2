import { readFileSync } from 'node:fs';
import { exposure, parseAdvisory } from '@ringwave/firmware-catalog/advisory';
import {
  entryFor,
  imagesFor,
  isFor,
  parseRelease,
  ReleaseManifest,
} from '@ringwave/firmware-catalog/release';
import { test } from 'tap';

const digest = (digit: string): string => digit.repeat(64);

const manifest = (parts: Record<string, unknown> = {}): Record<string, unknown> => ({
  schema: 'ringwave/release/1',
  vendor: 'Polycom',
  version: '5.9.6.2327',
  models: ['VVX310', 'VVX410'],
  images: [
    {
      fileName: '3111-46161-001.sip.ld',
      sha256: digest('a'),
      lengthBytes: 52_000_000,
      models: ['VVX310'],
    },
    {
      fileName: '3111-46162-001.sip.ld',
      sha256: digest('B'),
      lengthBytes: 53_000_000,
      models: ['VVX410'],
    },
    { fileName: 'languages.zip', sha256: digest('c'), lengthBytes: 9 },
  ],
  severity: 'high',
  notes: '',
  ...parts,
});

const pathsOf = (value: unknown): string[] =>
  (parseRelease(value).problems ?? []).map(({ path }) => path);

test('a manifest, text or parsed, becomes a release with an id of its own', (t) => {
  const { release } = parseRelease(JSON.stringify(manifest()));
  t.match(release?.id, /^polycom-vvx310-and-1-5-9-6-2327-[0-9a-f]{8}$/);
  t.equal(release?.entry, '3111-46161-001.sip.ld', 'the first image unless named');
  t.equal(release?.images[1]?.sha256, digest('b'), 'digests are lower case');
  t.equal(release?.oneWay, false);
  t.equal(
    parseRelease(manifest({ notes: 'corrected', severity: 'low' })).release?.id,
    release?.id,
    'words do not make another release',
  );
  const again = manifest({ images: [{ fileName: 'sip.ld', sha256: digest('d'), lengthBytes: 1 }] });
  t.not(parseRelease(again).release?.id, release?.id, 'other bytes under the same version do');
  t.end();
});

test('an id keeps to 64 characters that every broker carries', (t) => {
  const models = Array.from({ length: 256 }, (_, place) => `VVX310 Long-Model.Name ${place}`);
  const image = { fileName: 'sip.ld', sha256: digest('a'), lengthBytes: 1 };
  const { release } = parseRelease(manifest({ models, images: [image] }));
  t.match(release?.id, /^[a-z0-9-]{1,64}$/);
  t.end();
});

test('each model has its own images, and one that its configuration names', (t) => {
  const { release } = parseRelease(manifest());
  if (!release) return t.fail('no release');
  t.same(
    imagesFor(release, 'VVX410').map(({ fileName }) => fileName),
    ['3111-46162-001.sip.ld', 'languages.zip'],
  );
  t.equal(entryFor(release, 'VVX410')?.fileName, '3111-46162-001.sip.ld');
  t.ok(isFor(release, { vendor: 'Polycom', model: 'VVX410' }));
  t.notOk(isFor(release, { vendor: 'Polycom', model: 'VVX450' }));
  const v2 = { ...release, hardware: ['V2'] };
  t.notOk(isFor(v2, { vendor: 'Polycom', model: 'VVX410' }), 'a named hardware must be known');
  t.ok(isFor(v2, { vendor: 'Polycom', model: 'VVX410', hardware: 'V2' }));
  t.end();
});

test('all problems of a manifest are told at once, each with what to do', (t) => {
  const { problems } = parseRelease({
    vendro: 'Polycom',
    schema: 'ringwave/release/2',
    version: '',
    models: [],
    images: [{ fileName: '../sip.ld', sha256: 'abc', lengthBytes: 2 ** 31 + 1, size: 5 }],
    severity: 'hihg',
    notes: 7,
    releasedOn: '2026-02-30',
  });
  t.same(
    problems?.map(({ path }) => path),
    [
      'vendor',
      'vendro',
      'schema',
      'version',
      'models',
      'images[0].fileName',
      'images[0].sha256',
      'images[0].lengthBytes',
      'images[0].size',
      'severity',
      'notes',
      'releasedOn',
    ],
  );
  const step = (path: string) => problems?.find((one) => one.path === path)?.nextStep;
  t.equal(step('vendro'), 'Did you mean vendor?');
  t.equal(step('severity'), 'Did you mean high?');
  t.equal(step('images[0].sha256'), 'Write it as 64 hexadecimal digits.');
  t.end();
});

test('parts that do not fit each other are problems too', (t) => {
  const image = { fileName: 'a.ld', sha256: digest('a'), lengthBytes: 1 };
  t.same(pathsOf(manifest({ vendor: 'Polycmo' })), ['vendor']);
  t.same(pathsOf(manifest({ requires: { fromAtLeast: '5.9.7' } })), ['requires.fromAtLeast']);
  t.same(pathsOf(manifest({ requires: { fromAtLeast: '4.4.0B' } })), ['requires.fromAtLeast']);
  t.same(pathsOf(manifest({ entry: 'sip.ld' })), ['entry']);
  t.same(pathsOf(manifest({ images: [image, { ...image, fileName: 'A.LD' }] })), [
    'images[1].fileName',
  ]);
  t.same(pathsOf(manifest({ images: [{ ...image, models: ['VVX999'] }] })), [
    'images[0].models',
    'models',
    'models',
  ]);
  t.same(pathsOf(manifest({ models: ['VVX310'], images: [{ ...image, models: ['VVX310'] }] })), []);
  t.end();
});

test('what is no manifest at all is refused with one problem', (t) => {
  for (const value of [
    '',
    '{',
    'null',
    '[]',
    '"x"',
    null,
    undefined,
    3,
    [],
    `"${'x'.repeat(1024 * 1024)}"`,
  ]) {
    t.equal(parseRelease(value).problems?.length, 1, String(value).slice(0, 20));
  }
  t.equal(parseRelease('['.repeat(500_000)).problems?.length, 1);
  t.end();
});

test('file names that a phone’s folder cannot hold are refused', (t) => {
  const named = (fileName: string) =>
    manifest({ models: ['VVX310'], images: [{ fileName, sha256: digest('a'), lengthBytes: 1 }] });
  for (const fileName of ['', '.', '..', 'a/b', 'a\\b', 'a\nb', 'a\u0000', 'x'.repeat(256)]) {
    t.same(pathsOf(named(fileName)), ['images[0].fileName'], JSON.stringify(fileName));
  }
  for (const fileName of [
    'T46S(T48S,T42S,T41S)-66.86.0.15.rom',
    'Base-W52P&W56P.zip',
    'VP530 Firmware.zip',
    '...',
  ]) {
    const namesDifferBecause = 'only the name is tried here';
    t.same(pathsOf({ ...named(fileName), namesDifferBecause }), [], fileName);
  }
  t.end();
});

test('an image named as another version, model or maker is refused, unless somebody says why', (t) => {
  const wrong = (fileName: string, parts: Record<string, unknown> = {}) =>
    manifest({
      vendor: 'Yealink',
      version: '66.86.0.15',
      models: ['T46S'],
      images: [{ fileName, sha256: digest('a'), lengthBytes: 1 }],
      ...parts,
    });
  const told = (document: Record<string, unknown>) =>
    (parseRelease(document).problems ?? []).map(({ reason }) => reason);
  t.same(told(wrong('T46S(T48S,T42S,T41S)-66.86.0.15.rom')), []);
  t.same(told(wrong('T46S(T48S,T42S,T41S)-66.85.0.5.rom')), [
    'is T46S(T48S,T42S,T41S)-66.85.0.5.rom, whose name says version 66.85.0.5, not 66.86.0.15',
  ]);
  t.match(told(wrong('T54W(T57W,T53W,T53)-96.86.0.15.rom')), [/says version 96/, /says models/]);
  t.match(told(wrong('snomD785-10.1.198.19-SIP-r.bin')), [
    /named as Snom names images, not Yealink/,
  ]);
  const namesDifferBecause = 'the vendor mended the file and kept its name';
  t.same(told(wrong('T46S-66.85.0.5.rom', { namesDifferBecause })), []);
  t.end();
});

test('a flood of problems is cut off', (t) => {
  const keys = Object.fromEntries(Array.from({ length: 5000 }, (_, place) => [`key${place}`, 1]));
  t.equal(parseRelease(manifest(keys)).problems?.length, 200);
  t.end();
});

test('the published schema is the one that is checked', (t) => {
  const published: unknown = JSON.parse(
    readFileSync(new URL('../../firmware-catalog/release.schema.json', import.meta.url), 'utf8'),
  );
  t.same(published, {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    ...(JSON.parse(JSON.stringify(ReleaseManifest)) as Record<string, unknown>),
  });
  t.end();
});

const notice = (affected: Record<string, string>): Record<string, unknown> => ({
  id: 'RW-1',
  cve: 'CVE-2026-2329',
  vendor: 'Grandstream',
  models: ['GXP1610', 'HT802'],
  affected,
  severity: 'critical',
  cvss: 9.3,
  source: 'https://www.cve.org/CVERecord?id=CVE-2026-2329',
  title: 'Stack overflow in the web server',
});

test('an advisory concerns the versions in its range, in the vendor’s own order', (t) => {
  const { advisory } = parseAdvisory(
    JSON.stringify(notice({ from: '1.0.4.33', below: '1.0.7.81' })),
  );
  if (!advisory) return t.fail('no advisory');
  const asked = (version: string | null, model = 'GXP1610') =>
    exposure(advisory, { vendor: 'Grandstream', model, version });
  t.equal(asked('1.0.4.9'), 'not-affected');
  t.equal(asked('1.0.4.33'), 'affected');
  t.equal(asked('1.0.4.138'), 'affected');
  t.equal(asked('1.0.7.81'), 'not-affected');
  t.equal(asked('1.0.7.13', 'GXP2170'), 'not-affected');
  t.equal(asked(null), 'unknown');
  t.equal(asked('nightly'), 'unknown');
  t.equal(asked('1.0.7'), 'unknown', 'a version without its build may be on either side');
  const atMost = { ...advisory, affected: { atMost: '1.0.7.13' } };
  t.equal(
    exposure(atMost, { vendor: 'Grandstream', model: 'GXP1610', version: '1.0.7.13' }),
    'affected',
  );
  t.equal(
    exposure(atMost, { vendor: 'Grandstream', model: 'HT802', version: '1.0.63.3' }),
    'unknown',
    'hardware V2 counts afresh',
  );
  t.end();
});

test('all problems of an advisory are told at once', (t) => {
  const { problems } = parseAdvisory({
    ...notice({ below: '1' }),
    cve: '2329',
    cvss: 11,
    modles: [],
  });
  t.same(
    problems?.map(({ path }) => path),
    ['cve', 'cvss', 'modles'],
  );
  t.same(
    parseAdvisory(notice({})).problems?.map(({ path }) => path),
    ['affected'],
  );
  t.equal(parseAdvisory('nonsense').problems?.length, 1);
  t.end();
});
