import {
  readFixed,
  readVersions,
  type VersionBound,
} from '@ringwave/firmware-catalog/version-wording';
import * as fc from 'fast-check';
import { test } from 'tap';

const bound = ({ version, also = [] }: VersionBound): string => [version, ...also].join('=');

/** Clauses, conditions and what was not read, as one line. */
function read(wording: string): string {
  const { clauses, conditions, unread } = readVersions(wording);
  return [
    ...clauses.map(({ products, range, condition, isPartial }) => {
      const { from, after, below, atMost, exactly, all } = range;
      const sides = [
        from && `>=${bound(from)}`,
        after && `>${bound(after)}`,
        below && `<${bound(below)}`,
        atMost && `<=${bound(atMost)}`,
        exactly?.map(bound).join(','),
        all && 'all',
      ];
      const words = sides.filter((side) => side !== undefined).join(' ');
      return `[${products}] ${words}${condition ? ` if ${needs(condition.needs)}` : ''}${isPartial ? ' partial' : ''}`;
    }),
    ...conditions.map((one) => `if ${needs(one.needs)}`),
    ...unread.map(({ reason }) => `unread: ${reason}`),
  ].join('; ');
}

const needs = (all: readonly { setting: string; is: string }[]): string =>
  all.map(({ setting, is }) => `${setting}=${is}`).join('&') || 'words';

const NOT_READ = 'unread: is no range of versions that can be read';
const DATED = 'unread: tells by date and not by version, and phones report no date';

const wordings: readonly (readonly [wording: string, read: string])[] = [
  ['< 1.0.7.81', '[] <1.0.7.81'],
  ['<= R6.4.0.HF1 (R6.4.0.136)', '[] <=R6.4.0.HF1=R6.4.0.136'],
  ['before 2.2.2', '[] <2.2.2'],
  ['prior to firmware version 10.1.54.13', '[] <10.1.54.13'],
  ['V84.0.15 and earlier', '[] <=V84.0.15'],
  ['versions up to and including 5.9.6', '[] <=5.9.6'],
  ['versions 1.0 through 2.3.4', '[] >=1.0 <=2.3.4'],
  ['between 2.0.1 and 2.0.9', '[] >=2.0.1 <=2.0.9'],
  ['1.0.0.1 - 1.0.0.9', '[] >=1.0.0.1 <=1.0.0.9'],
  ['>= 1.2.3, < 1.4.0', '[] >=1.2.3 <1.4.0'],
  ['91.15.0.118 up to < 122.15.0.142', '[] >=91.15.0.118 <122.15.0.142'],
  ['1.0.9.129, 1.0.11.74', '[] 1.0.9.129,1.0.11.74'],
  ['1.0.3.6 (Base)', '[] 1.0.3.6'],
  ['all releases', '[] all'],
  ['all versions before 3.2', '[] <3.2'],
  ['desk < 11.7(1); 8831 < 10.3(1)SR6', '[desk] <11.7(1); [8831] <10.3(1)SR6'],
  ['6900w <= 6.3 SP3 HF4', '[6900w] <=6.3.SP3.HF4'],
  ['6970 also V1 R0.1.0', '[6970 also] V1 R0.1.0'],
  ['< 1.2 on T46S', '[T46S] <1.2'],
  ['1.10.4.3 and earlier on three branches', '[] <=1.10.4.3'],
  ['< 12.7(1) (other lines differ)', '[] <12.7(1) partial'],
  ['< 12.7(1) (8821: < 11.0)', '[] <12.7(1) partial'],
  ['< 6.4.8; only with ICE enabled', '[] <6.4.8; if ice=on'],
  ['< 6.4.8 only with ICE enabled', '[] <6.4.8 if ice=on'],
  ['< 6.4.8 (with ICE enabled)', '[] <6.4.8 if ice=on'],
  ['< 2.0; CUCM-registered with Web Access on', '[] <2.0; if web-access=on&cucm-registered=on'],
  ['< 2.0; if telnet or SSH enabled', '[] <2.0; if words'],
  ['< 2.0; if TLS is not enabled', '[] <2.0; if words'],
  ['< 2.0; with ICE enabled and SSH off', '[] <2.0; if words'],
  ['firmware dated up to 2019-08-04', DATED],
  ['H.323 firmware before the June 2019 image', DATED],
  ['2.1 and 2.3 and earlier', NOT_READ],
  ['before 1.9 and before 2.1', NOT_READ],
  ['6.3.x', NOT_READ],
  ['2.0.4.2 and prior, 2.42.6.1.10', NOT_READ],
  ['< 1.2; no fix planned', '[] <1.2'],
  ['1.2.3 is not affected', NOT_READ],
  ['< 2.0 and some later builds of the branch', NOT_READ],
  ['', 'unread: names no version'],
  [
    '3.6.0.20 (no range in the record)',
    'unread: the record names 3.6.0.20 without saying which others are affected',
  ],
];

test('the wordings of bulletins are read as ranges, conditions, or a reason why not', (t) => {
  for (const [wording, wanted] of wordings) t.equal(read(wording), wanted, wording);
  t.end();
});

test('a fixed version is read with its products, and prose about a later one is no version', (t) => {
  t.match(readFixed('11.7(1) (7800/8800 desk)'), {
    bound: { version: '11.7(1)' },
    products: '7800/8800 desk',
  });
  t.match(readFixed('R6.4.0.HF2 (R6.4.0.137)').bound, { also: ['R6.4.0.137'] });
  t.match(readFixed('3.2.1 or later').bound, { version: '3.2.1' });
  t.equal(readFixed('first release after 1.8.0.12').bound, undefined);
  t.equal(readFixed('image of 2019-06-25 or later').bound, undefined);
  t.equal(readFixed('no fix in 1.2.3').bound, undefined);
  t.end();
});

test('a wording longer than its bound is named and not read', (t) => {
  t.equal(read('<'.repeat(2001)), 'unread: is longer than 2000 characters');
  t.equal(read('< 1.0; '.repeat(100)).endsWith('unread: has more than 60 clauses'), true);
  t.end();
});

const part = fc.constantFrom(
  '<',
  '<=',
  '1.2.3',
  '11.7(1)SR2',
  ';',
  '(',
  ')',
  'and',
  'earlier',
  'all',
  'up to',
  'T46S',
  'with',
  'ICE',
  'enabled',
  'SP3',
  'HF4',
  'V1 R0.1.0',
  ',',
  '-',
  'before',
  'on',
  '\n',
  '((',
);

test('no text leaves a reader without a clause, a condition or a reason', (t) => {
  const text = fc.oneof(
    fc.array(part, { maxLength: 40 }).map((words) => words.join(' ')),
    fc.string({ maxLength: 200 }),
  );
  fc.assert(
    fc.property(text, (wording) => {
      const { clauses, conditions, unread } = readVersions(wording);
      readFixed(wording);
      return clauses.length + conditions.length + unread.length > 0;
    }),
    { numRuns: 2000, seed: 7 },
  );
  t.end();
});

test('hostile text of the greatest length is read at once', (t) => {
  const before = performance.now();
  for (const seed of ['(', '1.', '< ', 'sp1 ', 'up to ', '1 (', '1.1 - ', 'v1 r']) {
    readVersions(seed.repeat(2000 / seed.length));
    readFixed(seed.repeat(2000 / seed.length));
  }
  t.ok(performance.now() - before < 2000);
  t.end();
});

test('a range that goes back from its version is never read as that version alone', (t) => {
  for (const wording of [
    '1.0.3.2 and below',
    '1.0.3.2 & below',
    '1.0.3.2 or before',
    '1.0.3.2 (and below)',
    '1.0.3.2 (or earlier)',
  ]) {
    t.equal(read(wording), '[] <=1.0.3.2', wording);
  }
  for (const wording of [
    '1.0.3.2 <',
    '1.0.3.2 through',
    'until 1.0.3.2',
    '1.0.3.2, 1.0.3.3 and below',
  ]) {
    t.match(read(wording), /^unread: /, `${wording}: where it ends is left to a person`);
  }
  t.end();
});
