import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'tap';

const program = fileURLToPath(new URL('../../../agent/bin/ringwave-agent.js', import.meta.url));
const run = (...args: string[]) =>
  spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', timeout: 20_000 });

test('a site is frozen and lifted in the folder of its agent, and in no other', (t) => {
  const folder = t.testdir({ agent: { 'grant.json': '{}' } });
  const [agent, typo] = [join(folder, 'agent'), join(folder, 'agnet')];
  t.match(run('freeze', 'wedding in the hall', '--data', agent).stdout, /^frozen: within 2 s/);
  for (const args of [['freeze', 'wedding'], ['freeze'], ['freeze', '--lift'], ['rescue']]) {
    const { status, stderr } = run(...args, '--data', typo);
    t.equal(status, 2, args.join(' '));
    t.match(stderr, /is the folder of no agent/);
  }
  t.match(run('freeze', '--data', agent).stdout, /^frozen: wedding in the hall/);
  t.match(run('freeze', '--lift', '--data', agent).stdout, /^lifted/);
  t.end();
});

test('who looks at a folder that is not there makes none', (t) => {
  const typo = join(t.testdir({}), 'agnet');
  for (const args of [['phones'], ['doctor'], ['run'], ['web-login']]) {
    run(...args, '--data', typo);
    t.notOk(existsSync(typo), args.join(' '));
  }
  t.end();
});
