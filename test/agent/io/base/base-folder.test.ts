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
