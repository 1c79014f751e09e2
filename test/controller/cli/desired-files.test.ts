import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readDesired, readDesiredFiles } from '@ringwave/controller/cli/desired-files';
import { test } from 'tap';

const told = (text: string): readonly string[] =>
  readDesired('f', text).problems.map(
    ({ line, column, problem, next }) => `${line}:${column} ${problem}. ${next}`,
  );

const site = 'kind: site\nid: lisbon\nzone: UTC\nwindows: []\n';
const rollout = 'kind: rollout\nid: autumn\nreleases: [r1]\nwaves: [{ name: all }]\n';
const next = 'Remove it, and write plain maps, lists and values.';

test('what a tag makes of a map, a list or a value is refused at its place', (t) => {
  for (const [text, place, tag] of [
    [`${rollout}selection: !!omap\n  - where: site = ny\n`, '5:12', '!!omap'],
    [`${rollout}selection: !!set { where }\n`, '5:12', '!!set'],
    [`${rollout}selection: !<tag:yaml.org,2002:omap> [where: site = ny]\n`, '5:12', '!!omap'],
    [`%TAG !y! tag:yaml.org,2002:\n---\n${site}labels: !y!omap [a: b]\n`, '7:9', '!!omap'],
    [`%YAML 1.1\n---\n${site}labels: !!set { a }\n`, '7:9', '!!set'],
    [`${site}labels: !!pairs [region: EU]\n`, '5:9', '!!pairs'],
    [`${site}labels: !!timestamp 2026-01-01\n`, '5:9', '!!timestamp'],
    [`${site}labels: !!binary aGk=\n`, '5:9', '!!binary'],
    [`${site}labels: !ours { region: EU }\n`, '5:9', '!ours'],
    ['!!omap\n- kind: site\n- id: lisbon\n', '1:1', '!!omap'],
    [`${site}phonesUpdatingMax: !!int many\n`, '5:20', '!!int'],
  ] as const) {
    const { documents } = readDesired('f', text);
    t.same([told(text), documents], [[`${place} the tag ${tag} is not read here. ${next}`], []]);
  }
  t.end();
});

test('a file that calls itself YAML 1.1 is read as all others are', (t) => {
  const old = `%YAML 1.1\n---\n${site}name: 2026-01-01\nlabels: { a: no, b: 12:30 }\n`;
  const { documents, problems } = readDesired('f', old);
  t.same(problems, []);
  t.match(documents[0]?.document, { name: '2026-01-01', labels: { a: 'no', b: '12:30' } });
  t.end();
});

test('tags that say what a value is anyway are read', (t) => {
  const plain =
    '!!map\nkind: !!str site\nid: ! "7"\nzone: UTC\nwindows: !!seq []\nphonesUpdatingMax: !!int 5\nlabels: !!map { region: !!str 5 }\n';
  const { documents, problems } = readDesired('f', plain);
  t.same(problems, []);
  t.match(documents[0]?.document, { id: '7', phonesUpdatingMax: 5, labels: { region: '5' } });
  t.end();
});

test('a file that is not UTF-8 is refused by its name', async (t) => {
  const file = join(t.testdir(), 'sites.yaml');
  writeFileSync(file, `${site}name: Straße\n`, 'latin1');
  await t.rejects(readDesiredFiles([file]), {
    message: `${file}: is not UTF-8 (line 5). Save it as UTF-8.`,
  });
  writeFileSync(file, `\ufeff${site}name: Straße\n`);
  const { documents, problems } = await readDesiredFiles([file]);
  t.same([documents[0]?.document['name'], problems], ['Straße', []]);
});

test('a key that stands twice is told at its second place, however it is written', (t) => {
  const twice = 'Map keys must be unique. Keep one of the two.';
  t.same(told(`${site}labels: { a: x, b: y, "a": z }\nzone: Europe/Lisbon\n`), [
    `5:23 ${twice}`,
    `6:1 ${twice}`,
  ]);
  t.same(told(`${site}labels: { 1: x, "1": y }\n`), [`5:17 ${twice}`]);
  t.same(told(`${site}labels: { ~: x, "": y }\n`), [`5:17 ${twice}`]);
  t.same(told(`${site}labels:\n  ? a\n  : x\n  ? a\n`), [`8:5 ${twice}`]);
  t.match(told(`${site}labels: { __proto__: x, __proto__: y }\n`), [`5:25 ${twice}`]);
  t.end();
});

test('what is read of a file grows with its keys, and not with their square', (t) => {
  const keys = Array.from({ length: 40_000 }, (_, number) => `  k${number}: v\n`).join('');
  const began = performance.now();
  t.match(told(`${site}labels:\n${keys}`), [/^5:1 labels has 40000 entries\. At most 32/]);
  t.match(told(`${site}labels: {${keys.replaceAll('\n', ',')}}\n`), [/40000 entries/]);
  // Compared each with each they took above twenty seconds.
  t.ok(performance.now() - began < 10_000);
  t.end();
});
