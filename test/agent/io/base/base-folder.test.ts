import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { BaseFolder } from '../../../../agent/io/base/base-folder.ts';

const text = async (folder: BaseFolder, path: string): Promise<string> => {
  const file = await folder.read({ path, isConfig: true });
  return file.kind === 'found' ? file.body.toString() : file.kind;
};

test('only plain files below the folder are read, and none that is too long', async (t) => {
  const root = t.testdir({ 'a.cfg': 'A', sub: { 'b.cfg': 'B' } });
  writeFileSync(join(root, 'long.cfg'), Buffer.alloc(1024 ** 2 + 1));
  symlinkSync(join(root, 'a.cfg'), join(root, 'link.cfg'));
  symlinkSync('/etc', join(root, 'etc'));
  const folder = await BaseFolder.open(root, false);
  t.equal(await text(folder, 'a.cfg'), 'A');
  t.equal(await text(folder, 'sub/b.cfg'), 'B');
  for (const path of ['A.cfg', 'link.cfg', 'etc/hostname', 'sub', 'a.cfg/x', 'none.cfg']) {
    t.equal(await text(folder, path), 'absent', path);
  }
  t.equal(await text(folder, 'long.cfg'), 'failed');
  if (process.platform !== 'win32') {
    execFileSync('mkfifo', [join(root, 'pipe.cfg')]);
    t.equal(await text(folder, 'pipe.cfg'), 'absent', 'a pipe holds nobody up');
  }
});

test('case is passed over only on request, and only for one file', async (t) => {
  const root = t.testdir({ '805ec0000007.cfg': 'mine', Two: { 'X.cfg': 'x' } });
  mkdirSync(join(root, 'both'));
  writeFileSync(join(root, 'both/q.cfg'), 'q');
  writeFileSync(join(root, 'both/Q.cfg'), 'Q');
  const folder = await BaseFolder.open(root, true);
  t.equal(await text(folder, '805EC0000007.cfg'), 'mine');
  t.equal(await text(folder, 'two/x.CFG'), 'x');
  t.equal(await text(folder, 'both/Q.cfg'), 'Q', 'the exact name first');
  t.equal(await text(folder, 'both/q.CFG'), 'absent', 'two would fit');
});

test('files that no phone could be given are named with their line and what to do, and the others are served', async (t) => {
  const folder = t.testdir({
    '805ec0000001.cfg': '#!version:1.0.0.1\naccount.1.label = Ann\naccount.1.password = {$pass}\n',
    '805ec0000002.cfg': '#!version:1.0.0.1\n# made from {{ this }}\naccount.1.label = Bob\n',
    'y000000000066.cfg': '<settings/>',
    'cfgc074ad000003.xml':
      '<gs_provision version="1">\n<config version="2">\n<item name="a">b</item>\n</config></gs_provision>',
    '805ec0000001.boot': '#!version:1.0.0.1\ninclude:config "all.cfg"\n',
    site: { 'extra.xml': '<a>\n<!-- {{x}}\n-->\n<b>${USER}</b></a>', 'ann.jpg': '{{x}}' },
  });
  const base = await BaseFolder.open(folder, false);
  const flaws: string[] = [];
  await base.check((_, reason) => void flaws.push(reason));
  const fill = 'Fill the template in, or give its finished files.';
  t.same(flaws.sort(), [
    `805ec0000001.cfg line 3 has the placeholder {$pass}. ${fill}`,
    'cfgc074ad000003.xml line 2 has named items (config version 2), and no document tells which of them name firmware or hold passwords. Give its settings as numbered P values.',
    `site/extra.xml line 4 has the placeholder \${USER}. ${fill}`,
    'y000000000066.cfg line 1 is not key = value lines under a first line with a version. Correct the file, or take it away.',
  ]);
  const read = (path: string) => base.read({ path, isConfig: true });
  t.match(await read('805ec0000001.cfg'), { kind: 'failed', reason: flaws[0] });
  t.match(await read('805ec0000002.cfg'), { kind: 'found' });
});
