import type { Announcement } from '@ringwave/firmware-catalog/announcement';
import { announcementKey, judgeAnnouncements } from '@ringwave/firmware-catalog/announcements';
import { readReleaseRecords } from '@ringwave/firmware-catalog/release-records';
import { otherVersionIn } from '@ringwave/firmware-catalog/version-in-name';
import * as fc from 'fast-check';
import { test } from 'tap';

const sha = (digit: string): string => digit.repeat(40);

const snom = (change: Partial<Announcement> = {}, sha1 = sha('a')): Announcement => ({
  vendor: 'Snom',
  models: ['D715'],
  version: '10.1.46.16',
  kind: 'firmware',
  files: [{ fileName: 'snom715-10.1.46.16-SIP-r.bin', lengthBytes: 7, sha1 }],
  flags: [],
  notes: '',
  source: 'here',
  ...change,
});

const codesOf = (...batch: readonly Announcement[]) =>
  judgeAnnouncements(batch).accepted.map(({ flags }) => flags.map(({ code }) => code));

test('an announcement that says all has no flag, and one that says it again is counted', (t) => {
  t.same(codesOf(snom()), [[]]);
  const { accepted, flagged, refused, repeated } = judgeAnnouncements([
    snom(),
    snom({ source: 'x' }),
  ]);
  t.same([accepted.length, flagged.length, refused.length, repeated], [1, 0, 0, 1]);
  t.end();
});

test('one name with two digests is two announcements, each told of the other', (t) => {
  const { accepted } = judgeAnnouncements([snom(), snom({}, sha('b'))]);
  t.same(
    accepted.map(({ flags }) => flags),
    [
      [{ code: 're-released', detail: `snom715-10.1.46.16-SIP-r.bin also exists as ${sha('b')}` }],
      [{ code: 're-released', detail: `snom715-10.1.46.16-SIP-r.bin also exists as ${sha('a')}` }],
    ],
  );
  t.not(announcementKey(snom()), announcementKey(snom({}, sha('b'))));
  const next = snom({ version: '10.1.49.11', files: [{ ...snom().files[0]!, sha1: sha('b') }] });
  t.same(codesOf(snom(), next), [[], ['version-differs']], 'another version is no re-release');
  t.end();
});

test('one digest under two versions is flagged with the other’s name', (t) => {
  const file = { fileName: 'snom715-10.1.49.11-SIP-r.bin', lengthBytes: 7, sha1: sha('a') };
  const { flagged } = judgeAnnouncements([snom(), snom({ version: '10.1.49.11', files: [file] })]);
  t.same(
    flagged.map(({ flags }) => flags[0]),
    [
      { code: 'hash-shared', detail: 'snom715-10.1.46.16-SIP-r.bin is also Snom D715 10.1.49.11' },
      { code: 'hash-shared', detail: 'snom715-10.1.49.11-SIP-r.bin is also Snom D715 10.1.46.16' },
    ],
  );
  t.end();
});

test('what is missing, unknown or without an order is flagged', (t) => {
  t.same(codesOf(snom({ files: [{ fileName: 'snom715-10.1.46.16-SIP-r.bin' }] })), [
    ['no-digest', 'no-length'],
  ]);
  t.same(codesOf(snom({ models: [] })), [['models-unknown']]);
  t.same(codesOf(snom({ flags: [{ code: 'models-guessed' }] })), [['models-guessed']]);
  t.same(codesOf(snom({ version: '8.10.1.refs-changes' })), [
    ['version-differs', 'version-unordered'],
  ]);
  t.same(codesOf(snom({ vendor: 'Zenitel' })), [['version-unordered', 'vendor-unknown']]);
  t.same(codesOf(snom({ kind: 'language', version: '' })), [['version-unordered']]);
  t.end();
});

test('a file’s name that speaks of another version is noticed, however it is written', (t) => {
  for (const [name, declared, other] of [
    ['T53-96.86.0.45(20211130).rom', '96.86.0.20', '96.86.0.45'],
    ['T23-4.80.0.95.zip', '44.80.0.95', '4.80.0.95'],
    ['x22.14.0.7386T20210730165954.z', '2.14.0.7386', undefined],
    ['x22.10.2.6887T20191115101133.z', '2.2.0.3753', '22.10.2.6887'],
    ['cmterm-78xx.11-3-1MSR3-3_REL.zip', '11.3.1-MSR3-3', undefined],
    ['Polycom-UC-Software-5.5.1-rts43.zip', '5.5.1.11526', undefined],
    ['Gigaset-Nx70-V2.65.0-build.8504c90.bin', '83.V2.65.0', undefined],
    ['download.php', '1.2.3', undefined],
  ] as const) {
    t.equal(otherVersionIn(name, declared), other, `${name} as ${declared}`);
  }
  t.end();
});

test('what cannot be taken is refused with all its reasons', (t) => {
  const reasons = (one: Announcement): string[] =>
    judgeAnnouncements([one]).refused.flatMap(({ problems }) => problems.map(({ path }) => path));
  const file = snom().files[0]!;
  t.same(reasons(snom({ files: [] })), ['files']);
  t.same(reasons(snom({ version: '' })), ['version']);
  t.same(reasons(snom({ version: 'coming soon' })), ['version']);
  t.same(reasons(snom({ version: '<b>1.2</b>', vendor: '' })), ['vendor', 'version']);
  t.same(reasons(snom({ files: [{ ...file, sha1: 'abc', lengthBytes: -1 }] })), [
    'files[0].sha1',
    'files[0].lengthBytes',
  ]);
  for (const fileName of [
    '',
    '..',
    '../x.rom',
    'a\\b.rom',
    '/etc/passwd',
    'C:x.rom',
    'a%2f..%2fb',
    'a\u0000.rom',
    'mor.\u202eexe',
    'x'.repeat(256),
  ]) {
    t.same(reasons(snom({ files: [{ ...file, fileName }] })), ['files[0].fileName'], fileName);
  }
  t.end();
});

test('a hundred thousand announcements are judged in seconds, even when all share a digest', (t) => {
  const batch = Array.from({ length: 100_000 }, (_, place) =>
    snom({
      version: `10.1.${place % 1000}.${Math.floor(place / 1000)}`,
      files: [{ fileName: `snom715-${place}.bin`, lengthBytes: 7, sha1: sha('a') }],
    }),
  );
  const beganAt = performance.now();
  const { accepted, flagged } = judgeAnnouncements(batch);
  t.same([accepted.length, flagged.length], [100_000, 100_000]);
  t.ok(performance.now() - beganAt < 5000);
  t.end();
});

test('records of a public collection are read, and what is none is named by its place', (t) => {
  const record = {
    vendor: 'Yealink',
    models: ['T46S'],
    version: '66.86.0.15',
    kind: 'firmware',
    files: [{ name: 'T46S-66.86.0.15.rom', size: 23_192_144, sha1: sha('A'), flags: ['x'] }],
    description: 'Firmware for Yealink T46S',
    firstSeen: '2022-05-30',
    source: 'a list',
    flags: ['models-from-nearest-plugin-list'],
    partNumber: '7',
  };
  const read = readReleaseRecords([record, 7, { ...record, kind: 'toaster' }, { vendor: 'X' }]);
  t.match(read?.announcements, [
    {
      files: [{ fileName: 'T46S-66.86.0.15.rom', lengthBytes: 23_192_144, sha1: sha('a') }],
      flags: [{ code: 'models-guessed' }],
      announcedAt: 1_653_868_800_000,
      partNumber: '7',
    },
  ]);
  t.same(
    read?.problems.map(({ path }) => path),
    ['[1]', '[2]', '[3]'],
  );
  t.equal(readReleaseRecords({ releases: [] }), undefined);
  t.end();
});

test('no record makes the reader or the judge throw', (t) => {
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom('firmware', '1.2.3', ['a']),
  );
  const record = fc.record({
    vendor: value,
    models: value,
    version: value,
    files: value,
    flags: value,
    firstSeen: value,
    kind: fc.constant('firmware'),
  });
  fc.assert(
    fc.property(fc.array(record, { maxLength: 5 }), (records) => {
      judgeAnnouncements(readReleaseRecords(records)?.announcements ?? []);
    }),
    { seed: 20_260_109, numRuns: 300 },
  );
  t.end();
});
