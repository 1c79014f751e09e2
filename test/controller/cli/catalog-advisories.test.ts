import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { registerCatalog } from '@ringwave/controller/cli/catalog';
import { Command } from 'commander';
import { type Test, test } from 'tap';

const records = [
  {
    cve: 'CVE-2024-1000',
    vendor: 'HP Poly',
    models: ['VVX 450', 'Trio 8500'],
    affected: 'VVX < 6.4.8; Trio 8500/8800 < 7.2.8; only with ICE enabled',
    fixedIn: ['6.4.8 (VVX)', '7.2.8 (Trio 8500/8800)'],
    cvss: 9.2,
    scoreBasis: 'cna-v4.0',
    source: 'https://example.net/1',
    fixBasis: 'press',
  },
  {
    cve: 'CVE-2024-1001',
    vendor: 'Yealink',
    models: ['SIP phones (unspecified)'],
    affected: 'old',
  },
  { cve: 'CVE-2024-1002', vendor: 'Yealink', models: ['Config Encrypt Tool'], affected: '< 1.2' },
];

async function advisories(t: Test, list: unknown, ...args: string[]) {
  const file = join(t.testdir({}), 'advisories.json');
  writeFileSync(file, JSON.stringify(list));
  const terminal = { out: '', errors: '', code: 0 };
  const program = new Command('ringwave').exitOverride();
  registerCatalog(program, {
    write: (text) => void (terminal.out += text),
    fail: (message) => void (terminal.errors += message),
    exitWith: (code) => void (terminal.code = Math.max(terminal.code, code)),
    input: (async function* () {})(),
  });
  await program.parseAsync(['catalog', 'advisories', '--from', file, ...args], { from: 'user' });
  return terminal;
}

test('each advisory is placed, named as no phone, or under review with the reason', async (t) => {
  const { out, code } = await advisories(t, records);
  t.match(out, 'CVE-2024-1000: placed on 2 model(s) of Polycom; scored 9.2 (cna)\n');
  t.match(
    out,
    '  placed: Polycom VVX450: < 6.4.8; fixed in 6.4.8; condition: only with ICE enabled\n',
  );
  t.match(out, 'CVE-2024-1001: needs review, 1 reason(s); not scored\n');
  t.match(out, 'CVE-2024-1002: not a phone; not scored\n');
  t.match(out, /due: \d{4}-\d\d-\d\d by rule critical, cna scores it 9\.2/);
  t.equal(code, 0);
});

test('the exposure of phones is told beside each advisory', async (t) => {
  const phone = ['--phone', 'Polycom/VVX450/6.4.7.1181', '--phone', 'Polycom/Trio8500'];
  const open = await advisories(t, records.slice(0, 1), ...phone);
  t.match(open.out, 'Polycom VVX450 6.4.7.1181: exposed-unless, 6.4.7.1181 is older than 6.4.8');
  t.match(open.out, 'Polycom Trio8500 (version unseen): needs-review, no version of it was seen');
  const shut = await advisories(t, records.slice(0, 1), ...phone, '--setting', 'ice=off', '--json');
  const { exposures } = JSON.parse(shut.out) as { exposures: { verdict: string }[] };
  t.same(
    exposures.map(({ verdict }) => verdict),
    ['not-exposed', 'needs-review'],
  );
});

test('a record that is none is told with its place, and the others are placed', async (t) => {
  const { out, errors, code } = await advisories(t, [{ cve: 'CVE-2024-1003' }, records[0]]);
  t.match(errors, '[0].vendor is missing');
  t.match(out, 'CVE-2024-1000: placed');
  t.equal(code, 2);
  await t.rejects(advisories(t, records, '--phone', 'T46S'), { message: /names no phone/ });
  await t.rejects(advisories(t, records, '--setting', 'ice'), { message: /says nothing/ });
});

test('an exposure is never told of what nobody knows: vendors, settings, settings both on and off', async (t) => {
  for (const [flags, message] of [
    [['--phone', 'Bogus/T46S/1.0'], /of a vendor that is not known here/],
    [
      ['--setting', 'bogus=on'],
      /is none that an advisory asks for\. Settings are: ice, web-access/,
    ],
    [['--setting', 'ice=on', '--setting', 'ice=off'], /--setting ice is both on and off/],
  ] as const) {
    await t.rejects(advisories(t, records, ...flags), { message });
  }
  await t.rejects(advisories(t, []), { message: /names no advisory/ });
});
