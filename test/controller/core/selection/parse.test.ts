import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { test } from 'tap';
import {
  parseSelection,
  whereDepthMax,
  whereLengthMax,
  whereListMax,
} from '../../../../controller/core/selection/parse.ts';
import { printSelection } from '../../../../controller/core/selection/print.ts';
import type { Where } from '../../../../controller/core/selection/where.ts';
import { selectionTexts } from './fleets.ts';

const printed = (text: string): string => {
  const read = parseSelection(text);
  return read.ok ? printSelection(read.selection) : JSON.stringify(read.problems);
};
const problems = (text: string) => {
  const read = parseSelection(text);
  return read.ok ? [] : read.problems;
};
/** Column, message and what was expected, of each problem. */
const told = (text: string) =>
  problems(text).map(({ column, message, expected }) => [column, message, expected.join(' | ')]);

test('the same selection has one canonical text, however it was typed', (t) => {
  for (const [typed, canonical] of [
    ['model in (T46S,T48S) AND site.region="EU"', 'model in (T46S, T48S) and site.region = EU'],
    ['running<66.86.0.15', 'running < 66.86.0.15'],
    ["vendor == 'Yealink' and (model <> T46S)", 'vendor = Yealink and model != T46S'],
    ['model like T4*', 'model ~ T4*'],
    ['NOT (vendor = Snom or vendor = Poly)', 'not (vendor = Snom or vendor = Poly)'],
    [
      'vendor = Snom or model = T46S and seen < 24H',
      'vendor = Snom or (model = T46S and seen < 24h)',
    ],
    ['mac = 805EC0-123456', 'mac = 80:5e:c0:12:34:56'],
    ['mac ~ 80-5E-C*', 'mac ~ 80:5e:c*'],
    ['hardware is not unknown', 'has hardware'],
    ['running is unknown and has label.Room', 'running is unknown and has label.room'],
    ['emergency = TRUE', 'emergency = yes'],
    ['seen > 90min', 'seen > 90m'],
    ['label.room = "12 b"', 'label.room = "12 b"'],
    ['label.room = "and"', 'label.room = "and"'],
    ['label.room = "say \\"x\\""', 'label.room = "say \\"x\\""'],
    ['label.room = "50*"', 'label.room = "50*"'],
    ['site.name = Köln', 'site.name = Köln'],
    [
      'rollout = r1 and phase in (failed, UNREACHABLE)',
      'rollout = r1 and phase in (failed, unreachable)',
    ],
    ['all', 'all'],
  ] as const)
    t.equal(printed(typed), canonical, typed);
  t.end();
});

test('an error names its column, what is wrong, and the nearest word', (t) => {
  t.same(told('modle = T46S'), [[1, '"modle" is no field', 'model']]);
  t.same(told('vendor = Yealink and moddel = T46S or hardwear is unknown'), [
    [22, '"moddel" is no field', 'model'],
    [39, '"hardwear" is no field', 'hardware'],
  ]);
  t.same(told('rollout = r1 and phase = faild'), [
    [26, '"faild" is no phase of a phone', 'failed'],
  ]);
  t.same(told('emergency = maybe'), [[13, '"maybe" is neither yes nor no', 'yes | no']]);
  t.match(told('seen < yesterday')[0], [8, /no age/, /24h/]);
  t.match(told('mac = 80:5e')[0], [7, /not a MAC address/, /12 hexadecimal digits/]);
  t.match(told('mac ~ *56')[0], [7, /not the beginning/, /80:5e:c0\*/]);
  t.same(told('model = T4*'), [
    [9, '* stands for any letters only after ~', '~ T4* | "T4*" in quotes'],
  ]);
  t.same(told('model < T46S'), [
    [7, 'model cannot be asked with "<"', '= | != | in | not in | ~ | not ~'],
  ]);
  t.same(told('version < 1')[0]?.[2], 'running', 'habits from elsewhere are led to our word');
  t.end();
});

test('a broken grammar is told at its first place', (t) => {
  t.same(told(''), [[1, 'it ends here', 'a field such as model | ( | not']]);
  t.same(told('model T46S'), [
    [7, '"T46S" does not fit here', '= | != | in | not in | ~ | not ~ | is unknown'],
  ]);
  t.same(told('model = T46S adn site = lisbon'), [[14, '"adn" does not fit here', 'and']]);
  t.same(told('(model = T46S'), [[14, 'it ends here', ')']]);
  t.same(told('model in (T46S T48S)'), [[16, '"T48S" does not fit here', ', | )']]);
  t.same(told('model = and'), [
    [9, '"and" does not fit here', '"and" in quotes, if it is a value'],
  ]);
  t.match(told('model = "T46S')[0], [9, /never closed/, 'a closing "']);
  t.same(told('model = T46S & site = x'), [[14, '"&" has no meaning here', 'and']]);
  t.same(told('modl = T46S & vendr = x'), [
    [1, '"modl" is no field', 'model'],
    [13, '"&" has no meaning here', 'and'],
    [15, '"vendr" is no field', 'vendor'],
  ]);
  t.match(told('model = "😀" ;')[0], [13, /";"/, /quotes/], 'columns count characters');
  t.end();
});

test('phase is of the rollout beside it, and of no other', (t) => {
  t.match(told('phase = failed')[0], [1, /several rollouts/, 'rollout = NAME and phase ...']);
  t.match(told('rollout = a and rollout = b and phase = done')[0], [33, /any of a, b/]);
  t.match(told('rollout = a or phase = done')[0], [16, /several rollouts/]);
  t.same(told('(rollout = a and phase = done) and (rollout = b and phase = failed)'), []);
  t.same(told('rollout = a and (vendor = Snom or not phase = done)'), []);
  t.end();
});

test('what is too long, too deep or too many is refused and not read', (t) => {
  t.match(told(' '.repeat(whereLengthMax + 1))[0], [1, /4001 characters/]);
  t.ok(parseSelection(`${'('.repeat(whereDepthMax)}all${')'.repeat(whereDepthMax)}`).ok);
  t.match(told(`${'('.repeat(whereDepthMax + 1)}all`)[0], [34, /deeper than 32/]);
  t.match(told(`${'not '.repeat(900)}all`)[0]?.[1], /deeper than 32/);
  const list = (length: number) => `model in (${Array.from({ length }, () => 'a').join(',')})`;
  t.ok(parseSelection(list(whereListMax)).ok);
  t.match(told(list(whereListMax + 1))[0]?.[1], /more than 1000 values/);
  t.end();
});

test('the examples of docs/selection.md are selections', (t) => {
  const file = join(import.meta.dirname, '../../../../docs/selection.md');
  const blocks = [...readFileSync(file, 'utf8').matchAll(/```where\n([\s\S]*?)```/g)];
  const examples = blocks.flatMap((found) => (found[1] ?? '').trim().split('\n'));
  t.ok(examples.length > 8);
  for (const example of examples) t.same(told(example), [], example);
  t.end();
});

/** Columns are where it was typed, not what it means. */
const meaning = (where: Where): unknown =>
  JSON.parse(JSON.stringify(where, (key, value) => (key === 'column' ? undefined : value)));

test('reading what was printed gives the same selection', (t) => {
  fc.assert(
    fc.property(selectionTexts, (text) => {
      const first = parseSelection(text);
      if (!first.ok) throw new Error(`${text}: ${JSON.stringify(first.problems)}`);
      const canonical = printSelection(first.selection);
      const again = parseSelection(canonical);
      if (!again.ok) throw new Error(`${canonical}: ${JSON.stringify(again.problems)}`);
      assert.deepEqual(meaning(again.selection), meaning(first.selection));
      return printSelection(again.selection) === canonical;
    }),
    { numRuns: 500 },
  );
  t.end();
});

test('columns count characters as people do, and no character is cut', (t) => {
  t.same(told('model = 😀 and foo = 3'), [
    [9, '"😀" has no meaning here', 'a word, or the text in double quotes'],
  ]);
  t.same(
    told('😀😀 model < 3').map(([column]) => column),
    [1, 2, 10],
  );
  t.same(told('model = "😀" and 𝔘 = 1')[0]?.slice(0, 2), [17, '"𝔘" is no field']);
  const long = `a${'𝔘'.repeat(40)}`;
  t.match(told(`${long} = 1`)[0]?.[1], /^"a𝔘{19}" is no field$/u);
  t.end();
});

test('what is expected is told whole, and never as what stands there already', (t) => {
  t.same(told('has site.region and has not running'), [
    [25, '"not" does not fit here', 'a field such as model'],
  ]);
  t.same(told('site in (lisbon ny)'), [[17, '"ny" does not fit here', ', | )']]);
  t.same(told('model = T46S orr model = T48S'), [[14, '"orr" does not fit here', 'or']]);
  t.same(told('(model = T46S x'), [[15, '"x" does not fit here', ')']]);
  t.same(told('not and'), [[5, '"and" does not fit here', 'a field such as model | ( | not']]);
  t.end();
});
