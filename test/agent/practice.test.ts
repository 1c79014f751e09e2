import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { practise } from '../../agent/practice.ts';
import { smallDisk } from '../peers/small-disk.ts';

test('every phone of a branch that does not exist is served, and nothing of it stays', async (t) => {
  const folder = t.testdir({ 'agent.sqlite': 'of the real branch' });
  const { requests, files } = await practise(folder, { withinMs: 60_000 });
  t.ok(requests > 2000, `${requests} requests were answered`);
  t.ok(files > requests / 2, `${files} of them by a file`);
  t.same(readdirSync(folder), ['agent.sqlite']);
});

test('practice ends with the time that it was given', async (t) => {
  const folder = t.testdir();
  const { requests } = await practise(folder, { withinMs: 0 });
  t.equal(requests, 0);
  t.same(readdirSync(folder), []);
});

test('practice ends where the agent is stopped', async (t) => {
  const folder = t.testdir();
  const stopped = AbortSignal.abort();
  t.match(await practise(folder, { withinMs: 60_000, stopped }), { requests: 0 });
  t.same(readdirSync(folder), []);
});

test('what a box that lost its power left of its practice is no hindrance', async (t) => {
  const folder = t.testdir();
  mkdirSync(join(folder, '.ringwave-practice'));
  writeFileSync(join(folder, '.ringwave-practice', 'agent.sqlite'), 'torn');
  const { requests } = await practise(folder, { withinMs: 60_000 });
  t.ok(requests > 300);
  t.notOk(existsSync(join(folder, '.ringwave-practice')));
});

test('practice in a folder that cannot be had is told, not hidden', async (t) => {
  const folder = t.testdir({ file: '' });
  await t.rejects(practise(join(folder, 'file')), { code: 'ENOTDIR' });
});

const practice = new URL('../../agent/practice.ts', import.meta.url).href;

test('practice on a full disk tells that, leaves nothing, and keeps no program from ending', (t) => {
  const disk = smallDisk(t, 80_000);
  if (!disk) return t.end();
  const program = `import { practise } from '${practice}';
    await practise(process.argv[1]).catch((error) => console.log(error.message));`;
  const args = ['--input-type=module', '--eval', program, disk.folder];
  const { stdout, status } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    timeout: 30_000,
  });
  t.match(stdout, /disk is full|ENOSPC/);
  t.equal(status, 0, 'it ended by itself');
  t.same(readdirSync(disk.folder), []);
  t.end();
});
