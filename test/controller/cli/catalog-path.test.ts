import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { registerPath } from '@ringwave/controller/cli/catalog-path';
import { Command } from 'commander';
import { test } from 'tap';

/** Runs `ringwave catalog path …` in this process, with a terminal that only remembers. */
async function catalog(args: readonly string[]) {
  const terminal = { out: '', code: 0 };
  const program = new Command('ringwave').exitOverride().configureOutput({ writeErr: () => {} });
  registerPath(program, {
    write: (text) => void (terminal.out += text),
    fail: (message) => void (terminal.out += message),
    exitWith: (code) => void (terminal.code = Math.max(terminal.code, code)),
    input: (async function* none() {})(),
  });
  await program.parseAsync([...args], { from: 'user' });
  return terminal;
}

const asked = (words: string, ...more: string[]) => catalog([...words.split(' '), ...more]);

test('path prints the hops, the vendor found by the model alone', async (t) => {
  const { out, code } = await asked('path --model 7941 --from 8-3-2 --to 9-4-2SR3-1');
  t.equal(out, 'Cisco 7941: 2 hops from 8-3-2 to 9-4-2SR3-1\n1. 8-5-2\n2. 9-4-2SR3-1\n');
  t.equal(code, 0);
  const there = await asked('path --model SPA504G --from 7.5.5 --to 7.5.5');
  t.equal(there.out, 'Cisco SPA504G: 7.5.5 is 7.5.5 already\n');
});

test('path prints the exact reason where there is no road, and exits 1', async (t) => {
  const words = 'path --model 8851 --hardware V15 --from 12-0-7MPP0201-66 --to 11-3-1MSR3-3';
  const { out, code } = await asked(`${words} --allow-downgrade`);
  t.match(out, /^Cisco 8851: no road from 12-0-7MPP0201-66 to 11-3-1MSR3-3\n/);
  t.match(out, /88xx audio phones with hardware V15 .* \(rule cisco-88xx-v15-floor, /);
  t.equal(code, 1);
  const json = await asked(`${words} --json`);
  t.match(JSON.parse(json.out), { kind: 'closed', rule: 'cisco-88xx-v15-floor', model: '8851' });
});

test('work by hand and a change of edition are told with their hop', async (t) => {
  const upgrader = await asked('path --model SPIP650 --from 3.2.7.0198 --to 4.0.15.1009');
  t.match(upgrader.out, '   by hand first: the Upgrader image 4.4.0B');
  const consent = 'path --model 8841 --from 12.8.1 --to 12-0-7MPP0201-66 --consent';
  const { out } = await asked(consent, 'cisco-enterprise-to-mpp');
  t.match(out, '   changes the edition (rule cisco-enterprise-to-mpp)');
});

test('a model of nobody, or of several makers, asks for the vendor', async (t) => {
  await t.rejects(asked('path --model QX99 --from 1.0 --to 2.0'), {
    message: /no vendor is known for model QX99. Name the maker with --vendor\./,
  });
  await t.rejects(asked('path --model T46S --vendor Yealnk --from 1.0 --to 2.0'), {
    message: /--vendor Yealnk is not known here/,
  });
});

test('rules of an own file are followed too, and a file that is wrong says all that is', async (t) => {
  const rule = {
    id: 'own-floor',
    kind: 'floor',
    vendor: 'Yealink',
    models: ['T46S'],
    to: { from: '66.86.0.0' },
    needs: { from: '66.84.0.10' },
    reason: 'our phones lost their settings',
    source: 'our own trial',
  };
  const file = join(t.testdir({}), 'rules.json');
  writeFileSync(file, JSON.stringify({ schema: 'ringwave/constraints/1', rules: [rule] }));
  const words = `path --vendor Yealink --model T46S --from 66.81.0.110 --to 66.86.0.15`;
  const { out } = await asked(words, '--constraints', file);
  t.equal(
    out,
    'Yealink T46S: 2 hops from 66.81.0.110 to 66.86.0.15\n1. 66.84.0.10\n2. 66.86.0.15\n',
  );
  const listed = await asked('rules', file);
  t.match(listed.out, 'own-floor (floor) Yealink T46S\n  our phones lost their settings\n');
  writeFileSync(
    file,
    JSON.stringify({
      schema: 'ringwave/constraints/1',
      rules: [{ ...rule, needs: { from: '66.87.0.1' } }],
    }),
  );
  await t.rejects(asked(words, '--constraints', file), {
    message: /rule own-floor can never be met: 66\.87\.0\.1 is itself behind this rule/,
  });
  await t.rejects(asked(words, '--constraints', '/nowhere.json'), {
    message: '/nowhere.json cannot be read: there is none. Name a constraint file.',
  });
});

test('rules lists what is known about a model, with sources', async (t) => {
  const { out } = await asked('rules --model VVX1500');
  t.match(out, 'poly-vvx1500-floor-3-2-2 (floor) Polycom VVX1500*');
  t.notMatch(out, 'cisco-');
});

test('path refuses an empty version and a model of another maker', async (t) => {
  await t.rejects(asked('path --model T46S --to 66.86.0.15', '--from', ''), {
    message: '--from is empty. Give the phone’s present version.',
  });
  await t.rejects(asked('path --vendor Cisco --model T46S --from 66.85.0.5 --to 66.86.0.15'), {
    message: 'T46S is no model of Cisco, but of Yealink. Correct --vendor or --model.',
  });
});
