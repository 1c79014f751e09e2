import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { existsSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Test, test } from 'tap';
import { alwaysOpen, Api, enrolAgent, startController } from '../../scenarios/site.ts';

const program = fileURLToPath(new URL('../../../agent/bin/ringwave-agent.js', import.meta.url));
const any = '127.0.0.1:0';
const doors = ['--http', any, '--tftp', any, '--sip', any];
const practiceFolder = '.ringwave-practice';

/** A box that was enrolled, and has not run. */
async function enrolledBox(t: Test): Promise<string> {
  const folder = t.testdir();
  const controller = await startController(join(folder, 'controller'));
  t.teardown(() => controller.close());
  const api = new Api(controller);
  await api.must('PUT', '/sites/lisbon', alwaysOpen);
  await enrolAgent(api, controller, 'lisbon', join(folder, 'agent'));
  return join(folder, 'agent');
}

test('a flag that cannot be read is told before the box practises', async (t) => {
  const box = await enrolledBox(t);
  const junk = join(box, 'junk.pem');
  writeFileSync(junk, 'no certificate');
  const wrong: [string[], string][] = [
    [['--phone-sip-port', '0'], 'cannot read --phone-sip-port 0'],
    [['--lan-limit', '5'], 'cannot read --lan-limit 5'],
    [['--pnp', '224'], 'cannot read --pnp 224'],
    [['--http-per-address', '5000'], 'cannot read --http-per-address 5000'],
    [['--page', 'x'], 'cannot read --page x'],
    [['--log-level', 'loud'], 'cannot read --log-level loud'],
    [['--provisioning', join(box, 'none.yaml')], 'none.yaml'],
    [['--pbx', join(box, 'none.yaml')], 'none.yaml'],
    [['--tls-cert', 'cert.pem'], 'cannot serve TLS'],
    [['--tls-cert', 'none.pem', '--tls-key', 'none.pem'], 'cannot read --tls-cert none.pem'],
    [['--tls-cert', junk, '--tls-key', junk], `cannot serve TLS with ${junk} and ${junk}`],
    [['--phone-ca', junk], `cannot use --phone-ca ${junk}`],
    [['--advertise', 'not a host!'], 'cannot read --advertise not a host!'],
  ];
  for (const [flags, what] of wrong) {
    const args = [program, 'run', '--data', box, ...doors, '--log-level', 'info', ...flags];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    t.equal(status, 2, what);
    t.ok(stderr.includes(what), stderr);
    t.notMatch(stderr, /practised |could not practise/, what);
  }
});

test('what keeps an agent from starting is told with what to do about it, not with other ports', async (t) => {
  const box = await enrolledBox(t);
  const busy = createServer().listen(0, '127.0.0.1');
  await once(busy, 'listening');
  t.teardown(() => busy.close());
  const started = (...flags: string[]) => {
    const args = [program, 'run', '--data', box, ...doors, ...flags];
    return spawnSync(process.execPath, args, { encoding: 'utf8' });
  };
  const port = `127.0.0.1:${(busy.address() as AddressInfo).port}`;
  t.match(started('--http', port).stderr, /another program uses it\. Choose other addresses/);
  writeFileSync(join(box, 'agent.sqlite'), 'no database '.repeat(100));
  const { status, stderr } = started();
  t.equal(status, 2);
  t.match(stderr, /file is not a database/);
  t.ok(stderr.includes(`Put ${box} back from a backup`), stderr);
  t.notMatch(stderr, 'other addresses');
});

test('a box that is stopped while it practises ends, and leaves nothing of it', async (t) => {
  const box = await enrolledBox(t);
  const looks = watch(box);
  t.teardown(() => looks.close());
  const child = spawn(process.execPath, [program, 'run', '--data', box, ...doors], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  let said = '';
  child.stdout.on('data', (piece: Buffer) => (said += piece));
  const ended = once(child, 'close');
  while (!existsSync(join(box, practiceFolder))) await once(looks, 'change');
  child.kill('SIGTERM');
  t.same(await ended, [0, null]);
  t.equal(said, '', 'it never was ready');
  t.notOk(existsSync(join(box, practiceFolder)));
});
