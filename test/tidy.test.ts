import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { test } from 'tap';
import { GENERATED, renewed, SCHEMAS } from '../scripts/reference.ts';

// Holds the house to its rules: who may import what, who may look at the clock, how long a file may be, and that
// documents say what the code does. Prints its numbers.

const root = resolve(import.meta.dirname, '..');
const notOurs = new Set(['node_modules', 'dist', '.git', '.tap', 'ringwave-data', 'public']);

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (notOurs.has(entry.name)) return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesUnder(path) : [relative(root, path)];
  });
}

const files = filesUnder(root);
const text = (file: string): string => readFileSync(join(root, file), 'utf8');
const isCode = (file: string): boolean => /\.(ts|tsx|mjs)$/.test(file);
const code = files.filter(isCode).map((file) => ({ file, source: text(file), lines: 0 }));
for (const one of code) one.lines = one.source.split('\n').length;
const sources = code.filter(({ file }) => !/^(test|scripts)\//.test(file));

const packages = [
  'protocol',
  'runtime',
  'firmware-catalog',
  'agent',
  'controller',
  'controller/console',
  'simulator',
  'rehearsal',
];
const manifests = ['.', ...packages].map((folder) => ({
  folder,
  ...(JSON.parse(text(join(folder, 'package.json'))) as {
    dependencies?: Record<string, string>;
    devDependencies?: Record<string, string>;
    optionalDependencies?: Record<string, string>;
  }),
}));

/** The longest package folder that holds the file, so that the console is not the controller. */
const packageOf = (file: string): string =>
  packages.filter((one) => file.startsWith(`${one}/`)).sort((a, b) => b.length - a.length)[0] ?? '';

interface Import {
  readonly from: string;
  /** As written: `./x.ts`, `node:fs`, `@ringwave/protocol/units`. */
  readonly what: string;
  /** The file it means, for imports of ours. */
  readonly file: string | undefined;
  readonly isTypeOnly: boolean;
}

const importPattern =
  /^(?:import|export)\s+(type\s+)?(?:[^;'"]*?\sfrom\s+)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/gm;

function importsOf({ file, source }: { file: string; source: string }): Import[] {
  return [...source.matchAll(importPattern)].map((found) => {
    const what = found[2] ?? found[3] ?? '';
    return { from: file, what, file: ours(file, what), isTypeOnly: found[1] !== undefined };
  });
}

function ours(from: string, what: string): string | undefined {
  if (what.startsWith('.')) return relative(root, resolve(root, dirname(from), what));
  const found = /^@ringwave\/([^/]+)\/(.+)$/.exec(what);
  return found ? `${found[1]}/${found[2]}.ts` : undefined;
}

const imports = code.flatMap(importsOf);

const told = ({ from, what }: Import): string => `${from} imports ${what}`;

const isTest = (file: string): boolean => file.startsWith('test/');

/** The words in back quotes in the first column of the table under this heading. */
function tableWords(document: string, heading: string): string[] {
  const section = document.split(/^## /m).find((one) => one.startsWith(heading)) ?? '';
  const firstCells = section
    .split('\n')
    .flatMap((line) => /^\| (`[^|]*`) \|/.exec(line)?.[1] ?? []);
  return firstCells.flatMap((cell) =>
    [...cell.matchAll(/`([^`]+)`/g)].map((found) => found[1] ?? ''),
  );
}

/** Links are seen from their document, paths in back quotes from the root. */
const linked = (document: string, path: string): string =>
  existsSync(resolve(root, dirname(document), path)) ? join(dirname(document), path) : path;

/** What a package may import of the others. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  runtime: ['protocol'],
  'firmware-catalog': ['runtime', 'protocol'],
  agent: ['firmware-catalog', 'runtime', 'protocol'],
  controller: ['firmware-catalog', 'runtime', 'protocol'],
  'controller/console': ['protocol'],
  simulator: ['firmware-catalog', 'runtime', 'protocol'],
  // Runs the steps of both programs in virtual time; they never reach each other through it.
  rehearsal: ['agent', 'controller', 'firmware-catalog', 'runtime', 'protocol'],
};

/** What stands above the programs: the demonstration's processes, and rehearsals, of which only shapes are known. */
const aboveAll = [
  'controller/cli/demo.ts',
  'controller/io/rehearse.ts',
  'controller/cli/rehearse.ts',
];

test('packages import one way, and agent and controller never each other', (t) => {
  const wrong = imports.filter(({ from, file }) => {
    const [here, there] = [packageOf(from), packageOf(file ?? '')];
    if (here === '' || there === '' || here === there || aboveAll.includes(from)) return false;
    return !(mayImport[here] ?? []).includes(there);
  });
  t.same(wrong.map(told), []);
  const lost = imports.filter(({ file }) => file !== undefined && !existsSync(join(root, file)));
  t.same(lost.map(told), [], 'every import of ours names a file that exists');
  t.end();
});

/** `core`, `io`, `cli`, `vendors` …; the package's own level is '' (main, config, ports). */
function layerOf(file: string): string {
  const inside = file.slice(packageOf(file).length + 1);
  return inside.includes('/') ? (inside.split('/')[0] ?? '') : '';
}

/** Protocol decides only; so does the catalogue outside io; programs decide in core. */
function isPure(file: string): boolean {
  const where = packageOf(file);
  if (where === 'protocol') return true;
  if (where === 'firmware-catalog') return layerOf(file) !== 'io';
  return layerOf(file) === 'core';
}

/** What a deciding file may import from outside: arithmetic, schemas, calendars and readers of text. */
const pureImports = [
  'semver',
  'node:crypto',
  'node:zlib',
  'node:buffer',
  'node:assert/strict',
  'typebox',
  'typebox/compile',
  'temporal-polyfill',
  'fast-xml-parser',
  'cheerio/slim',
];

test('what decides imports nothing that acts', (t) => {
  const pure = imports.filter(({ from }) => isPure(from) && !isTest(from));
  const foreign = pure.filter(
    ({ what, file }) => file === undefined && !pureImports.includes(what),
  );
  t.same(foreign.map(told), []);
  const acting = pure.filter(({ from, file }) => {
    if (file === undefined || packageOf(file) === 'runtime') return false;
    return packageOf(from) === packageOf(file) ? !isPure(file) : /\/io\//.test(file);
  });
  t.same(acting.map(told), []);
  const shell = pure.filter(
    ({ file }) => file?.startsWith('runtime/') && file !== 'runtime/clock.ts',
  );
  t.same(shell.map(told), [], 'of the shell, core knows the clock port alone');
  t.comment(`${sources.filter(({ file }) => isPure(file)).length} files decide and import no I/O`);
  t.end();
});

test('io acts for core and never reaches up to the command line or the wiring', (t) => {
  const up = imports.filter(({ from, file }) => {
    if (layerOf(from) !== 'io' || file === undefined || packageOf(from) !== packageOf(file))
      return false;
    return layerOf(file) === 'cli' || basename(file) === 'main.ts';
  });
  t.same(up.map(told), []);
  t.end();
});

test('the console takes only types from the protocol', (t) => {
  const taken = imports.filter(
    ({ from, file }) => packageOf(from) === 'controller/console' && packageOf(file ?? '') !== '',
  );
  const outside = taken.filter(({ file }) => packageOf(file ?? '') !== 'controller/console');
  t.same(outside.filter((one) => !one.isTypeOnly).map(told), []);
  t.end();
});

/** Strings and comments may speak of clocks; code that decides may not look at one. */
const bare = (source: string): string =>
  source
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/\/\/.*$/gm, '')
    .replace(/'(?:[^'\\\n]|\\.)*'/g, "''");

const ambient =
  /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bset(?:Timeout|Interval|Immediate)\b|\bprocess\.|\bperformance\.|\brandom(?:Bytes|UUID|Int)\b|\bTemporal\.Now\b|\bfetch\(/;

test('what decides reads no clock, no chance and no environment', (t) => {
  const reads = sources.flatMap(({ file, source }) => {
    const found = isPure(file) && ambient.exec(bare(source));
    return found ? [`${file}: ${found[0]}`] : [];
  });
  t.same(reads, []);
  t.end();
});

const sourceLinesMax = 400;
const testLinesMax = 500;

test('files are short enough to read', (t) => {
  const long = code.filter(
    ({ file, lines }) => lines > (isTest(file) ? testLinesMax : sourceLinesMax) + 1,
  );
  t.same(
    long.map(({ file, lines }) => `${file}: ${lines - 1}`),
    [],
  );
  const lines = (of: typeof code) => of.reduce((sum, one) => sum + one.lines, 0);
  const tests = code.filter(({ file }) => isTest(file));
  const longest = [...sources].sort((a, b) => b.lines - a.lines)[0];
  t.comment(`${sources.length} source files, ${lines(sources)} lines`);
  t.comment(`${tests.length} test files, ${lines(tests)} lines`);
  t.comment(`longest source: ${longest?.file}, ${longest?.lines} lines`);
  t.end();
});

test('names are kebab-case words of the domain', (t) => {
  const parts = code.flatMap(({ file }) => file.split('/').map((part) => ({ file, part })));
  const odd = parts.filter(({ part }) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z]+)*$/.test(part));
  t.same(
    odd.map(({ file }) => file),
    [],
  );
  const empty =
    /^(index|utils?|helpers?|misc|common|shared)\.|(^|-)(manager|service|util|helper)s?(\.|$)/;
  t.same(
    parts.filter(({ part }) => empty.test(part)).map(({ file }) => file),
    [],
    'no utils, helpers, manager, service or index',
  );
  t.end();
});

test('every source is used by another, or is where a program begins', (t) => {
  const used = new Set(imports.map(({ file }) => file));
  const begins =
    /^agent\/bin\/|^controller\/bin\/|^controller\/console\/(src\/main\.tsx|vite\.config\.ts)$/;
  // Plain JavaScript, and processes that are started by their file name.
  const launched = files
    .filter((file) => isCode(file) || /\/bin\/.*\.js$/.test(file))
    .map((file) => text(file))
    .join('\n');
  const alone = sources.filter(({ file }) => {
    if (used.has(file) || begins.test(file)) return false;
    return !launched.includes(`/${basename(file)}'`) && !launched.includes(`'${basename(file)}'`);
  });
  t.same(
    alone.map(({ file }) => file),
    [],
  );
  t.end();
});

test('types are never silenced', (t) => {
  const silenced = code.flatMap(({ file, source }) => {
    const strings = source.replace(/'(?:[^'\\\n]|\\.)*'/g, "''").replace(/\/.*\/[a-z]*/g, '');
    const found =
      /@ts-(?:ignore|nocheck|expect-error)/.exec(strings) ??
      /\bas any\b|<any>|: any\b/.exec(bare(source).replace(/\/.*\/[a-z]*/g, ''));
    return found ? [`${file}: ${found[0]}`] : [];
  });
  t.same(silenced, []);
  t.end();
});

test('dependencies are exact, locked without a host, and each has its reason', (t) => {
  const all = manifests.flatMap(({ folder, dependencies, devDependencies, optionalDependencies }) =>
    Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies }).map(
      ([name, version]) => ({ folder, name, version }),
    ),
  );
  const open = all.filter(({ version }) => !/^\d+\.\d+\.\d+$/.test(version));
  t.same(open, [], 'every version is exact');
  const resolved = text('package-lock.json').match(/"resolved": "https?:[^"]*"/g) ?? [];
  t.same(resolved, [], 'the lock names no registry host');
  const named = [...new Set(all.map(({ name }) => name))].filter(
    (one) => !one.startsWith('@ringwave/'),
  );
  const reasons = tableWords(text('ARCHITECTURE.md'), 'Dependencies');
  t.same(
    named.sort(),
    [...reasons].sort(),
    'ARCHITECTURE.md gives a reason for each, and no others',
  );
  t.comment(`${named.length} dependencies named by us`);
  t.end();
});

test('every invariant names a test that exists', (t) => {
  const claims = [
    ...text('ARCHITECTURE.md').matchAll(/`(test\/[\w./-]+\.test\.ts)`(?:: "([^"]+)")?/g),
  ].map((found) => ({ file: found[1] ?? '', name: found[2] }));
  const broken = claims.filter(({ file, name }) => {
    if (!existsSync(join(root, file))) return true;
    return name !== undefined && !text(file).includes(name);
  });
  t.same(broken, []);
  const invariants = (
    text('ARCHITECTURE.md')
      .split(/^## /m)
      .find((one) => one.startsWith('Invariants')) ?? ''
  )
    .split(/^(?=\d+\. )/m)
    .slice(1);
  t.same(
    invariants.filter((one) => !/`test\/[\w./-]+\.test\.ts`/.test(one)),
    [],
    'none stands without its test',
  );
  t.ok(invariants.length >= 10, 'the invariants were found');
  t.comment(`${invariants.length} invariants name ${claims.length} tests`);
  t.end();
});

test('documents say what the code does: commands, faults', (t) => {
  for (const [name, part] of Object.entries(GENERATED)) {
    const document = text(name);
    t.equal(document, renewed(document, part()), `${name} is as npm run docs writes it`);
  }
  for (const [name, schema] of Object.entries(SCHEMAS)) {
    const written: unknown = JSON.parse(text(name));
    t.same(written, JSON.parse(JSON.stringify(schema())), `${name} is as npm run docs writes it`);
  }
  t.end();
});

test('docs/rest.md describes every route, and no other', (t) => {
  const said = [...text('docs/rest.md').matchAll(/^### (GET|POST|PUT|DELETE) (\S+)/gm)];
  const served = sources
    .filter(({ file }) => file.startsWith('controller/io/rest/'))
    .flatMap(({ source }) => [
      ...source.matchAll(/\bapp\.(get|post|put|delete)\(\s*(['`])([^'`]+)\2/g),
    ])
    .map((found) => `${found[1]?.toUpperCase()} ${found[3]}`);
  t.same(said.map((found) => `${found[1]} ${found[2]}`).sort(), served.sort());
  t.ok(served.length > 20, 'the routes were found');
  t.comment(`${served.length} routes`);
  t.end();
});

test('paths that the documents name exist', (t) => {
  const documents = files.filter((file) => /^[A-Z]+\.md$|^docs\/.*\.md$/.test(file));
  const lost = documents.flatMap((document) =>
    [
      ...text(document).matchAll(
        /\]\(([^)#]+)[^)]*\)|`((?:agent|controller|docs|firmware-catalog|protocol|runtime|scripts|simulator|test)\/[\w./-]+)`/g,
      ),
    ]
      .map((found) => found[1] ?? found[2] ?? '')
      .filter((path) => !path.includes('://') && !existsSync(resolve(root, linked(document, path))))
      .map((path) => `${document}: ${path}`),
  );
  t.same(lost, []);
  t.end();
});
