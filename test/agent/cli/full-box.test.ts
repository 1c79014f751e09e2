import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Test, test } from 'tap';
import { smallDisk } from '../../peers/small-disk.ts';
import { alwaysOpen, Api, enrolAgent, startController, until } from '../../scenarios/site.ts';

const program = fileURLToPath(new URL('../../../agent/bin/ringwave-agent.js', import.meta.url));
const any = '127.0.0.1:0';
const doors = ['--http', any, '--tftp', any, '--sip', any];
const MB = 1024 ** 2;

/** An agent as its service runs it, once it serves phones. */
async function agentIn(t: Test, folder: string) {
  const child = spawn(process.execPath, [program, 'run', '--data', folder, ...doors], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const said = { out: '', log: '' };
  child.stdout.on('data', (piece: Buffer) => (said.out += piece));
  child.stderr.on('data', (piece: Buffer) => (said.log += piece));
  const ended = once(child, 'close');
  await until('the agent serves', () => said.out.includes('ready '));
  const port = /http 127\.0\.0\.1:(\d+)/.exec(said.out)?.[1] ?? '';
  let asked = 0;
  /** A phone that nobody knows, another one each time: the agent commits that it was seen. */
  const ask = async () => {
    const name = `805ec0${(asked += 1).toString(16).padStart(6, '0')}.cfg`;
    const headers = { 'user-agent': 'Yealink SIP-T46S 66.86.0.15' };
    return (await fetch(`http://127.0.0.1:${port}/${name}`, { headers })).status;
  };
  return { child, said, ended, ask };
}

test('an agent whose disk is filled goes on, tells its controller, and holds room again when there is some', async (t) => {
  const disk = smallDisk(t, 48 * MB);
  if (!disk) return;
  const controller = await startController(join(t.testdir(), 'controller'));
  t.teardown(() => controller.close());
  const api = new Api(controller);
  await api.must('PUT', '/sites/lisbon', alwaysOpen);
  const box = join(disk.folder, 'agent');
  await enrolAgent(api, controller, 'lisbon', box);
  const ballast = join(box, 'ballast');
  const isHeld = () => existsSync(ballast) && statSync(ballast).size === 16 * MB;
  const first = await agentIn(t, box);
  await until('room is held back', isHeld);
  disk.fill();
  await until('the room is used', async () => (await first.ask(), !existsSync(ballast)));
  await until('the controller knows', async () => {
    const { notices } = await api.must('GET', '/sites/lisbon');
    return JSON.stringify(notices).includes('storage-full');
  });
  t.equal(await first.ask(), 404);
  t.equal(first.child.exitCode, null);
  disk.fill();
  await until('even that is full', async () => {
    await first.ask().catch(() => {});
    return first.child.exitCode !== null;
  });
  t.equal(first.child.exitCode, 70);
  t.match(first.said.log, `Free at least 64 MiB on the disk of ${box}`);
  const args = [program, 'run', '--data', box, ...doors];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  t.equal(status, 2);
  t.match(stderr, `Free at least 64 MiB on the disk of ${box}, then start it again.`);
  t.notMatch(stderr, '--http');
  rmSync(join(disk.folder, 'filling'));
  const second = await agentIn(t, box);
  await until('room is held back again', isHeld);
  second.child.kill('SIGTERM');
  t.same(await second.ended, [0, null]);
});
