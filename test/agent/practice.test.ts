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

test('an agent that is stopped already opens nothing to practise with', async (t) => {
  const folder = t.testdir({ file: '' });
  const stopped = AbortSignal.abort();
  t.match(await practise(join(folder, 'file'), { stopped }), { requests: 0 });
});

test('an agent that is stopped while it opens its practice waits for no plan', async (t) => {
  const folder = t.testdir();
  const stop = new AbortController();
  const practised = practise(folder, { withinMs: 60_000, stopped: stop.signal });
  setImmediate(() => stop.abort());
  t.match(await practised, { requests: 0 });
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

test('where a machine does not reach itself, practice takes no longer than where it does', (t) => {
  const alone = ['--map-root-user', '--net'];
  if (spawnSync('unshare', [...alone, 'true']).status !== 0) {
    const said = 'needs the right to a network of its own';
    t.pass(said, { skip: said });
    return t.end();
  }
  const program = `import { practise } from '${practice}';
    const began = performance.now();
    await practise(process.argv[1]).catch((error) => console.log(error.message));
    console.log(performance.now() - began < 4500 ? 'in time' : 'late');`;
  const node = [process.execPath, '--input-type=module', '--eval', program, t.testdir()];
  const { stdout } = spawnSync('unshare', [...alone, ...node], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  t.equal(stdout, 'the agent does not reach a controller on its own machine\nin time\n');
  t.end();
});

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
