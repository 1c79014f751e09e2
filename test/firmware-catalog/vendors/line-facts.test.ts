import {
  KNOWN_VENDORS,
  knowledgeOf,
  PROFILES,
  profileOf,
  whyNotServed,
} from '@ringwave/firmware-catalog/vendors/all';
import {
  imageNameLengthMax,
  nameDoubts,
  readImageName,
} from '@ringwave/firmware-catalog/vendors/image-name';
import {
  type LineFacts,
  PASSWORD_USES,
  SETTINGS,
} from '@ringwave/firmware-catalog/vendors/line-facts';
import { missingFacts } from '@ringwave/firmware-catalog/vendors/served-by-facts';
import { test } from 'tap';

const lines = KNOWN_VENDORS.flatMap(({ name, lines: own }) =>
  own.map((line) => ({ vendor: name, line })),
);

const QUESTIONS = [
  'claims',
  'bootFiles',
  'userAgent',
  'config',
  'settings',
  'absentValue',
  'updateDecision',
  'versionScheme',
  'families',
  'imageNames',
  'wake',
  'reboot',
  'wipe',
  'passwords',
] as const satisfies readonly (keyof LineFacts)[];

test('every vendor has a line, and every line answers every question or says unknown', (t) => {
  const silent = KNOWN_VENDORS.filter((vendor) => vendor.lines.length === 0);
  t.same(silent, []);
  for (const { vendor, line } of lines) {
    const about = `${vendor} ${line.line}`;
    for (const question of QUESTIONS) t.not(line[question], undefined, `${about}: ${question}`);
    t.same(Object.keys(line.settings).sort(), [...SETTINGS].sort(), about);
    t.same(Object.keys(line.passwords).sort(), [...PASSWORD_USES].sort(), about);
  }
  t.end();
});

test('every line tells its sources', (t) => {
  for (const { vendor, line } of lines) {
    t.ok(line.sources.length > 0, `${vendor} ${line.line}`);
    for (const source of line.sources) t.match(source, /^\S.{9,}\S$/, `${vendor} ${line.line}`);
    for (const { source } of line.soldAs ?? []) t.match(source, /^\S.{9,}\S$/);
  }
  t.end();
});

test('models that phones of the large makers name belong to one of their lines', (t) => {
  const models: Readonly<Record<string, readonly string[]>> = {
    Yealink: ['T46S', 'T21P_E2', 'VP59', 'CP960', 'W60B', 'W80DM', 'AX83H', 'W56H', 'CP930W'],
    Polycom: ['SPIP335', 'SSIP7000', 'VVX411', 'Trio8800', 'CCX500', 'EdgeE220'],
    Cisco: ['8851', '7821', 'ATA191', 'SPA504G', 'SPA525G2', '7962G', '7941', '9971'],
    Grandstream: ['GXP2170', 'GRP2614', 'GXV3350', 'HT802V2', 'WP820', 'DP752'],
    Snom: ['D785', '370', 'MP', 'M900', 'D865'],
    Fanvil: ['X5U-V2', 'i16SV', 'V62', 'H2U-V2', 'X6U Pro', 'C58'],
    Aastra: ['6731i', '6757i CT', '9143i', '6867i'],
    Mitel: ['6930', '6905', '6867i', '5330', '6920w'],
    Gigaset: ['N510 IP PRO', 'N720 DM PRO', 'N870 IP PRO', 'Maxwell 3 PRO'],
    Avaya: ['J179', 'J189', '1220', '9608G'],
    Linksys: ['SPA942', 'SPA3102'],
  };
  for (const [vendor, names] of Object.entries(models)) {
    for (const model of names) {
      const line = knowledgeOf(vendor)?.lines.find(({ hasModel }) => hasModel(model));
      t.ok(line, `${vendor} ${model}`);
    }
  }
  t.end();
});

const images = lines.flatMap(({ vendor, line }) =>
  (line.imageNames === 'unknown' ? [] : line.imageNames).map((name) => ({ vendor, line, name })),
);

test('every example of an image name is read as its vendor’s', (t) => {
  for (const { vendor, name } of images) {
    t.match(name.example, name.pattern, vendor);
    t.equal(readImageName(name.example, vendor)?.vendor, vendor, name.example);
  }
  t.ok(images.length > 50, `${images.length} names`);
  t.end();
});

type Row = readonly [fileName: string, vendor: string, version: string | null, models?: string];
const names: readonly Row[] = [
  ['T46S(T48S,T42S,T41S)-66.86.0.15.rom', 'Yealink', '66.86.0.15', 'T46S T48S T42S T41S'],
  ['T58W-OS12-150.87.0.15.rom', 'Yealink', '150.87.0.15', 'T58W'],
  ['Base-W52P&W56P-25.80.0.15.zip', 'Yealink', '25.80.0.15', 'W52P W56P'],
  ['W53H-88.83.0.80_(Only for W80B).rom', 'Yealink', '88.83.0.80', 'W53H'],
  ['snomD785-10.1.215.13-SIP-r.bin', 'Snom', '10.1.215.13', 'D785'],
  ['snomD862-10.1.198.12-HW6-SIP-r.swu', 'Snom', '10.1.198.12', 'D862'],
  ['M900_v0520_b0001.fwu', 'Snom', '05.20.0001', 'M900'],
  ['sip88xx.12-0-7MPP0201-66.loads', 'Cisco', '12-0-7MPP0201-66', '88xx'],
  ['SIP45.9-4-2SR3-1S.loads', 'Cisco', '9-4-2SR3-1S', '7945 7965'],
  ['spa50x-30x-7-5-2b.bin', 'Cisco', '7.5.2b', 'SPA50x SPA30x'],
  ['Release_GXP16xx_1.0.7.81.zip', 'Grandstream', '1.0.7.81', 'GXP16xx'],
  ['gxp2170fw.bin', 'Grandstream', null, 'GXP2170'],
  ['3111-46161-001.sip.ld', 'Polycom', null, 'VVX310'],
  ['Polycom_UC_Software_5_3_0_rts37_release_sig_split.zip', 'Polycom', '5.3.0'],
  [
    'x5u-6906-P0.18.23.142-2.4.13.1-3679T2024-11-25-16.18.11.z',
    'Fanvil',
    'P0.18.23.142-2.4.13.1',
    'X5U',
  ],
  ['x22.3.2.4638T20171221091842.z', 'Fanvil', '2.3.2.4638', 'X2'],
  ['6739i.st', 'Aastra', null, '6739i'],
  ['6930.st', 'Mitel', null, '6930'],
  ['Gigaset-Nx70-V2.62.1-build.d1d6a22.bin', 'Gigaset', '83.V2.62.1', 'N6x0 N8x0'],
  ['FW_S_J179_R4_1_3_0_6.bin', 'Avaya', '4.1.3.0.6', 'J179'],
  ['2_2_1_8_D70_firmware.eff', 'Digium', '2.2.1.8', 'D70'],
];

test('a name tells vendor, version and models without being told whose it is', (t) => {
  for (const [fileName, vendor, version, models] of names) {
    const read = readImageName(fileName);
    t.same(
      [read?.vendor, read?.version, read?.models?.join(' ')],
      [vendor, version, models],
      fileName,
    );
  }
  t.end();
});

test('a name that several makers give, or none, is read only where the maker is told', (t) => {
  t.equal(readImageName('26.73.0.11.zip'), undefined);
  t.equal(readImageName('26.73.0.11.zip', 'Yealink')?.version, '26.73.0.11');
  t.equal(readImageName('6867i.st', 'mitel')?.vendor, 'Mitel');
  t.equal(readImageName('download'), undefined);
  t.equal(readImageName('y000000000066.cfg'), undefined);
  t.equal(readImageName('T46S-66.86.0.15.rom', 'Nobody'), undefined);
  t.equal(readImageName('T46S-66.86.0.15.rom', 'Snom'), undefined);
  t.end();
});

test('a declaration that its file’s name contradicts is in doubt', (t) => {
  const doubts = (fileName: string, vendor: string, version: string, ...models: string[]) =>
    nameDoubts(fileName, { vendor, version, models }).map(({ about }) => about);
  t.same(doubts('T46S(T48S,T42S,T41S)-66.86.0.15.rom', 'Yealink', '66.86.0.15', 'T41S'), []);
  t.same(doubts('T41S-66.81.0.110.rar', 'Yealink', '68.81.0.110', 'T41S'), ['version']);
  t.same(doubts('T57W-97.84.0.30.rom', 'Yealink', '97.84.0.85', 'T57W'), ['version']);
  t.same(doubts('T31(T30,T31P)-124.86.0.75.rom', 'Yealink', '124.86.0.75', 'T46S'), ['models']);
  t.same(
    doubts(
      'x4upro-fanvil-release-ff01-6903-2.12.20-krnlvUT2024-07-16-04.42.26.z',
      'Fanvil',
      '2.12.20',
      'X4U',
    ),
    ['models'],
    'the second hardware’s image is not the first’s',
  );
  t.same(doubts('cmterm-7945_7965-sccp.9-4-2SR3-1.zip', 'Cisco', '9.4.2 SR3', '7965G'), []);
  t.same(doubts('6739i.st', 'Aastra', '3.3.1.4365', '6739i'), [], 'no version in the name');
  t.same(doubts('anything.bin', 'Aastra', '3.3.1.4365', '6739i'), []);
  t.end();
});

/** Repeats of what a pattern reads gladly, ended so that it fails: where expressions backtrack, they do here. */
const hostile = (example: string, length: number): string[] => {
  const seeds = ['a', '1', '1.', '-', '_', '(', 'T46S,', '1-', ' ', example];
  return seeds.flatMap((seed) => {
    const long = seed.repeat(Math.ceil(length / seed.length)).slice(0, length);
    return [`${long}!`, `${example}${long}`, `${example.slice(0, 12)}${long}`];
  });
};

test('image names are read in time linear in their length, however hostile', (t) => {
  const spent = (length: number): number => {
    const start = process.cpuUsage();
    for (const { name } of images)
      for (const text of hostile(name.example, length)) name.pattern.test(text);
    const { user, system } = process.cpuUsage(start);
    return user + system;
  };
  spent(1000);
  // 16 times the length: linear is 16 times the work, quadratic 256 times. 5 ms of noise are allowed.
  const short = spent(2000);
  const long = spent(32_000);
  t.ok(long < (short + 5000) * 64, `${short} µs, then ${long} µs`);
  t.equal(readImageName('1.'.repeat(imageNameLengthMax), 'Yealink'), undefined);
  t.end();
});

test('a vendor is served, or the facts that are missing are named', (t) => {
  const served = new Set(PROFILES.map(({ name }) => name));
  for (const { name } of KNOWN_VENDORS)
    t.equal(whyNotServed(name).length === 0, served.has(name), name);
  t.match(whyNotServed('Fanvil').join('\n'), 'it asks the user before it updates');
  t.match(
    whyNotServed('Avaya').join('\n'),
    'J100: firmware is named only in a file that phones share',
  );
  t.same(whyNotServed('Nobody'), ['the vendor is not known here']);
  t.end();
});

test('how a line decides on an image keeps it from being served only where it asks its user', (t) => {
  const [line] = knowledgeOf('Panasonic')?.lines ?? [];
  if (!line) throw new Error('no line');
  t.equal(line.updateDecision, 'unknown');
  t.same(missingFacts(line), []);
  t.same(missingFacts({ ...line, updateDecision: 'asks-user' }), [
    'it asks the user before it updates',
  ]);
  t.equal(profileOf('Panasonic')?.updateDecision, 'unknown', 'and nobody made something up');
  t.end();
});
