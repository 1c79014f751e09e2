import { PROFILES, profileOf } from '@ringwave/firmware-catalog/vendors/all';
import type { Order } from '@ringwave/firmware-catalog/vendors/profile';
import { compareVersions } from '@ringwave/firmware-catalog/version';
import { test } from 'tap';

type About = { model?: string; hardware?: string };

const flipped: Record<Order, Order> = {
  older: 'newer',
  newer: 'older',
  same: 'same',
  incomparable: 'incomparable',
};

/** Ascending lists, each on the phone it belongs to; every pair is compared both ways. */
const ladders: readonly (readonly [vendor: string, about: About, versions: readonly string[]])[] = [
  [
    'Yealink',
    { model: 'T28P' },
    ['2.50.0.50', '2.60.0.110', '2.72.0.25', '2.72.0.80', '2.73.0.40'],
  ],
  [
    'Yealink',
    { model: 'T41S' },
    ['68.81.0.110', '66.82.0.20', '66.82.0.30', '66.84.0.125', '66.85.0.5', '66.86.0.15'],
  ],
  ['Yealink', { model: 'T57W' }, ['97.84.0.30', '97.84.0.125', '96.85.0.5', '96.87.0.15']],
  ['Yealink', {}, ['95.84.0.125', '96.85.0.5', '96.86.0.45', '96.87.0.16']],
  ['Yealink', {}, ['108.85.0.63', '108.86.0.20', '108.86.0.90', '108.87.14.1']],
  ['Yealink', {}, ['25.10.0.10', '25.30.0.2', '25.30.0.20', '25.73.0.20', '25.81.0.60']],
  ['Yealink', {}, ['38.0.0.115', '38.70.0.125', '38.70.1.33']],
  [
    'Polycom',
    {},
    ['4.1.0.84959', '4.1.4.7430', '4.1.6', '5.0.0.6874', '5.0.1.7310', '5.1.1.2986', '5.9.6.2327'],
  ],
  ['Polycom', {}, ['4.1.4.0122', '4.2.1.0275', '4.2.3.0003', '4.4.0', '4.4.0B']],
  ['Polycom', {}, ['5.0.3.1167', '5.0.8']],
  ['Polycom', {}, ['6.3.0.14929', '6.4.0', '6.4.6.2656', '6.4.7.1181', '6.4.7.4560']],
  [
    'Cisco',
    {},
    ['8-3-3S', '8-5-2S', '8-5-2SR1S', '9-0-3S', '9-4-2-1S', '9-4-2SR1-1S', '9-4-2SR3-1S'],
  ],
  [
    'Cisco',
    { model: '8851' },
    [
      '11-2-3MSR1-1',
      '11-3-1MSR2-6',
      '11-3-1MSR3-3',
      '12-0-1MPP0001-245',
      '12-0-7MPP0001-245',
      '12-0-7MPP0201-66',
    ],
  ],
  [
    'Cisco',
    { model: 'SPA504G' },
    ['7.4.4', '7.4.8', '7.4.8a', '7.4.9c', '7.5.2b', '7.5.4', '7.6.2b', '7.6.2c'],
  ],
  ['Cisco', {}, ['6.1.3', '6.1.11', '6.1.12SR1']],
  ['Cisco', {}, ['P00305000500', 'P00308000900', 'P0030801SR02']],
  ['Cisco', {}, ['9-2-3-5', '9-3-1-18', '9-4-2SR3-1']],
  ['Grandstream', { model: 'GXP2170' }, ['1.0.4.33', '1.0.4.138', '1.0.7.13', '1.0.11.57']],
  ['Grandstream', { model: 'HT801V2' }, ['1.0.5.4', '1.0.5.10']],
  ['Grandstream', { model: 'HT802', hardware: 'V1.1A' }, ['1.0.9.3', '1.0.17.5', '1.0.63.3']],
];

test('versions of one line are in total order, whichever of two is asked first', (t) => {
  for (const [vendor, about, versions] of ladders) {
    for (const [i, a] of versions.entries()) {
      for (const [j, b] of versions.entries()) {
        const expected = i < j ? 'older' : i > j ? 'newer' : 'same';
        t.equal(compareVersions(vendor, a, b, about), expected, `${vendor} ${a} ${b}`);
      }
    }
  }
  t.end();
});

test('different spellings of one version are the same', (t) => {
  const pairs = [
    ['Cisco', '9.4(2)SR3', '9-4-2SR3-1'],
    ['Cisco', 'SIP45.9-4-2SR3-1S.loads', '9.4.2 SR3'],
    ['Cisco', '11.3.1-MSR3-3', '11-3-1MSR3-3'],
    ['Cisco', '11.3(1)SR3', '11-3-1MSR3-3'],
    ['Cisco', '11.1.0-MSR4', '11-1-0MPP0401-002'],
    ['Cisco', '11.3.7_MPP_0001', 'sip88xx.11-3-7MPP0001-245.loads'],
    ['Cisco', '6.1.5(a)', '6.1.5a'],
    ['Polycom', '5.9.6', '5.9.6.2327'],
    ['Yealink', ' 66.86.0.15', '66.86.0.15'],
    ['polycom', '6.4.0', '6.4.0'],
  ] as const;
  for (const [vendor, a, b] of pairs) t.equal(compareVersions(vendor, a, b), 'same', `${a} ${b}`);
  t.end();
});

test('versions of different lines, families, editions and kinds of code are incomparable', (t) => {
  const pairs: readonly (readonly [string, string, string, About?])[] = [
    ['Yealink', '25.81.0.60', '26.73.0.30'],
    ['Yealink', '66.86.0.15', '108.86.0.20'],
    ['Yealink', '68.81.0.110', '65.81.0.110'],
    ['Yealink', '73.85.0.5', '73.15.0.54'],
    ['Yealink', '58.15.0.36', '58.86.0.20', { model: 'T58A' }],
    ['Yealink', '66.86.0.25', '108.86.0.20', { model: 'T46U' }],
    ['Yealink', '180.85.0.54', '108.86.0.20', { model: 'T46U' }],
    ['Yealink', '96.85.0.65 (ddphone)', '96.86.0.20'],
    ['Polycom', '4.2.2.0710', '3.2.3.1734'],
    ['Polycom', '4.1.4.0122', '4.1.4.7430'],
    ['Polycom', '5.0.8', '5.0.1.7310'],
    ['Cisco', '12-0-7MPP0201-66', '12-8-1-0001-455'],
    ['Cisco', '7.5.5', '9-4-2SR3-1S'],
    ['Cisco', 'SIP41.9-4-2-1S', 'SCCP42.9-4-2SR1-1S'],
    ['Grandstream', '1.0.63.3', '1.0.5.10', { model: 'HT802V2' }],
    ['Grandstream', '1.0.63.3', '1.0.5.10', { model: 'HT802', hardware: 'V2.0A' }],
    ['Grandstream', '1.0.63.3', '1.0.5.10', { model: 'HT802' }],
  ];
  for (const [vendor, a, b, about] of pairs) {
    t.equal(compareVersions(vendor, a, b, about), 'incomparable', `${a} ${b}`);
    t.equal(compareVersions(vendor, b, a, about), 'incomparable', `${b} ${a}`);
  }
  t.end();
});

test('unknown vendors and shapes compare by equality only', (t) => {
  t.equal(compareVersions('Nobody', '1.0', '1.0'), 'same');
  t.equal(compareVersions('Nobody', '1.0', '2.0'), 'incomparable');
  t.equal(compareVersions('Nobody', '', ''), 'incomparable');
  for (const { name } of PROFILES) {
    for (const odd of [
      '',
      'latest',
      '1',
      '1.x.3',
      '10.1.refs_changes_66',
      '-1.2.3',
      '9'.repeat(500),
    ]) {
      t.equal(
        compareVersions(name, odd, '5.0.1.7310'),
        'incomparable',
        `${name} ${odd.slice(0, 20)}`,
      );
    }
    t.equal(compareVersions(name, 'odd build', 'odd build'), 'same', name);
  }
  t.end();
});

/** The same numbers on every run (mulberry32). */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Whole versions of a vendor, of few different numbers, so that equals and neighbours are met often. */
const makers: Readonly<Record<string, (below: (n: number) => number) => string>> = {
  Yealink: (n) => `${[66, 68, 95, 96, 108][n(5)]}.${80 + n(8)}.${[0, 0, 14][n(3)]}.${5 * n(4)}`,
  Polycom: (n) => `${3 + n(4)}.${n(5)}.${n(6)}.${['0122', '0710', '2327', '14929'][n(4)]}`,
  Cisco: (n) =>
    [
      `${8 + n(2)}-${n(5)}-${1 + n(3)}${['', 'SR1', 'SR3'][n(3)]}-${1 + n(3)}S`,
      `11-${1 + n(3)}-${1 + n(3)}${['MSR1', 'MSR3', 'MPP0001', 'MPP0301'][n(4)]}-${1 + n(3)}`,
      `7.${4 + n(3)}.${n(9)}${['', 'a', 'c'][n(3)]}`,
    ][n(3)] ?? '',
  Grandstream: (n) => `1.0.${n(30)}.${n(140)}`,
};

test('the order is antisymmetric and transitive for versions of each vendor', (t) => {
  for (const [vendor, make] of Object.entries(makers)) {
    const below = seeded(20_260_314);
    const broken: string[] = [];
    for (let round = 0; round < 3000; round += 1) {
      const [a, b, c] = [make(below), make(below), make(below)];
      const ab = compareVersions(vendor, a, b);
      if (compareVersions(vendor, b, a) !== flipped[ab]) broken.push(`${a} against ${b}`);
      const isChain = ab === 'older' && compareVersions(vendor, b, c) === 'older';
      if (isChain && compareVersions(vendor, a, c) !== 'older') broken.push(`${a} < ${b} < ${c}`);
    }
    t.same(broken, [], vendor);
  }
  t.end();
});

test('a vendor is found by its name in any case', (t) => {
  t.equal(profileOf('YEALINK')?.name, 'Yealink');
  t.equal(profileOf('Fanvil'), undefined);
  t.end();
});

test('the lines of Alcatel-Lucent Enterprise number on their own', (t) => {
  const order = (a: string, b: string) => compareVersions('Alcatel-Lucent', a, b);
  t.equal(order('R300.1.40.12.4180', 'R300.1.41.02.1000'), 'older');
  t.equal(order('R200.1.01.10.728', 'R300.1.40.12.4180'), 'incomparable');
  t.equal(order('1.51.52.2204', '1.51.52'), 'same');
  t.end();
});

test('a letter after a Cisco service release is a later issue of it', (t) => {
  t.equal(compareVersions('Cisco', '10.3(1)SR4', '10.3(1)SR4b'), 'older');
  t.equal(compareVersions('Cisco', '10.3(1)SR4b', '10.3(1)SR5'), 'older');
  t.equal(compareVersions('Cisco', '10.3(1)', '10.3(1)SR4b'), 'older');
  t.equal(compareVersions('Cisco', '9-4-2SR3-1S', '9-4-2SR3-1'), 'same');
  t.end();
});

test('hot fixes of one Mitel release order among each other and not against its builds', (t) => {
  t.equal(compareVersions('Mitel', 'R6.4.0.HF1', 'R6.4.0.HF2'), 'older');
  t.equal(compareVersions('Mitel', '6.3 SP3 HF4', '6.3 SP3'), 'newer');
  t.equal(compareVersions('Mitel', '6.3 SP3 HF4', '6.3 SP4'), 'older');
  t.equal(compareVersions('Mitel', 'R6.4.0.HF1', 'R6.4.1'), 'older');
  t.equal(compareVersions('Mitel', '6.4.0.136', 'R6.4.0.HF1'), 'incomparable');
  t.equal(compareVersions('Mitel', 'R6.4.0.SP1', 'R6.4.0.HF1'), 'incomparable');
  t.end();
});
