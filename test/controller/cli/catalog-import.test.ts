import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { registerCatalogImport } from '@ringwave/controller/cli/catalog-import';
import { Command } from 'commander';
import { test } from 'tap';

/** Runs `ringwave catalog import …` in this process, with a terminal that only remembers. */
async function run(...args: readonly string[]) {
  const terminal = { out: '', errors: '', code: 0 };
  const program = new Command('catalog').exitOverride();
  registerCatalogImport(program, {
    write: (text) => void (terminal.out += text),
    fail: (message) => void (terminal.errors += message),
    exitWith: (code) => void (terminal.code = Math.max(terminal.code, code)),
    input: (async function* () {})(),
  });
  await program.parseAsync(['import', ...args], { from: 'user' });
  return terminal;
}

const list = (vendor: string, model: string, version: string, sha1: string): string =>
  `[pkg_${model}-fw]\ndescription: Firmware for ${vendor} ${model}\nversion: ${version}\nfiles: one\n
[file_one]\nfilename: ${model}-${version}.rom\nsize: 7\nsha1sum: ${sha1}\n`;

const good = 'a'.repeat(40);

test('a folder of package lists is read in one go, and what is refused is told with its reason', async (t) => {
  const folder = t.testdir({
    'wazo-yealink': {
      v86: { pkgs: { 'pkgs.db': list('Yealink', 'T46S', '66.86.0.15', good) } },
      v85: { pkgs: { 'pkgs.db': list('Yealink', 'T46S', '66.85.0.5', '5d88a4f8') } },
      v84: { pkgs: { 'pkgs.db': '' }, 'README.md': 'no list' },
    },
    'wazo-zenitel': { pkgs: { 'pkgs.db': list('Acme', 'Z1', '1.2.3', 'b'.repeat(40)) } },
  });
  const into = join(t.testdirName, 'taken.jsonl');
  const told = await run('--format', 'wazo-pkgs', folder, '--into', into);
  t.equal(told.code, 0);
  const name = folder.split(/[\\/]/).at(-1);
  t.equal(
    told.out,
    `read      3 announcements in 4 list(s)
accepted  2
flagged   1
  models-unknown: 1
  version-unordered: 1
  vendor-unknown: 1
repeated  0
refused   1, and 1 part(s) that could not be read
  Yealink 66.85.0.5 (${name}/wazo-yealink/v85/pkgs/pkgs.db [pkg_T46S-fw]): files[0].sha1 is "5d88a4f8", not 40 hexadecimal digits
  wazo-yealink/v84/pkgs/pkgs.db holds no package
`,
  );
  const taken = readFileSync(into, 'utf8').trim().split('\n');
  t.match(
    taken.map((line): unknown => JSON.parse(line)),
    [{ version: '66.86.0.15' }, { vendor: 'Zenitel' }],
  );
  const json = await run('--format', 'wazo-pkgs', folder, '--json');
  const lines = json.out.trim().split('\n');
  t.equal(lines.length, 2 + 1 + 1 + 1);
  t.match(JSON.parse(lines.at(-1) ?? ''), { summary: { accepted: 2, refused: 1, problems: 1 } });
});

test('a collection in JSON is read, and --json gives every line', async (t) => {
  const record = {
    vendor: 'Snom',
    models: ['D715'],
    version: '10.1.46.16',
    kind: 'firmware',
    files: [{ name: 'snom715-10.1.46.16-SIP-r.bin', size: 7, sha1: good }],
  };
  const folder = t.testdir({
    'all.json': JSON.stringify([record, 7]),
    'none.json': '[]',
    'odd.json': '{}',
    'torn.json': '[',
  });
  const told = await run('--format', 'releases-json', join(folder, 'all.json'));
  t.match(told.out, /^accepted {2}1$/m);
  t.match(told.out, /^ {2}\[1\] is no object$/m);
  const none = await run('--format', 'releases-json', join(folder, 'none.json'));
  t.equal(none.code, 2);
  t.match(none.errors, /nothing in .* could be taken/);
  await t.rejects(run('--format', 'releases-json', join(folder, 'odd.json')), /is no list/);
  await t.rejects(run('--format', 'releases-json', join(folder, 'torn.json')), /is not JSON/);
});

test('a folder that is not there, or holds no list, is said so', async (t) => {
  const folder = t.testdir({ 'README.md': '' });
  await t.rejects(
    run('--format', 'wazo-pkgs', join(folder, 'gone')),
    /cannot read the folder .*none/,
  );
  await t.rejects(run('--format', 'wazo-pkgs', folder), /holds no pkgs\.db/);
});
