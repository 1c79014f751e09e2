import { spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { test } from 'tap';
import { encodeAck } from '../../../agent/core/tftp/packet.ts';
import { serving } from '../../peers/serve-process.ts';
import { readRequest, TftpPeer } from '../io/tftp-peer.ts';

const program = fileURLToPath(new URL('../../../agent/bin/ringwave-agent.js', import.meta.url));

function said(...args: string[]) {
  const { status, stderr, stdout } = spawnSync(process.execPath, [program, ...args], {
    encoding: 'utf8',
  });
  return { status, stderr, stdout };
}

test('what cannot be served is told in one line, with status 2', async (t) => {
  const root = t.testdir({ file: 'x' });
  const free = ['--tftp', '127.0.0.1:0'];
  const taken = createSocket('udp4');
  taken.bind(0, '127.0.0.1');
  await once(taken, 'listening');
  t.teardown(() => taken.close());
  const { port } = taken.address();
  const cases: [string[], string][] = [
    [
      ['--root', `${root}/none`, ...free],
      `cannot serve the folder ${root}/none: there is none. Name an existing folder with --root.`,
    ],
    [
      ['--root', `${root}/file`, ...free],
      `cannot serve the folder ${root}/file: it is not a folder. Name an existing folder with --root.`,
    ],
    [
      ['--root', root],
      'nothing to serve on: neither --tftp nor --http is given. Add for example --tftp 127.0.0.1:6969.',
    ],
    [
      ['--root', root, '--tftp', '69'],
      'cannot read --tftp 69: it is not of the form HOST:PORT. Write for example --tftp 127.0.0.1:0.',
    ],
    [
      ['--root', root, '--tftp', `127.0.0.1:${port}`],
      `cannot listen for tftp on 127.0.0.1:${port}: another program uses it. Choose another with --tftp, or port 0 for any free one.`,
    ],
    [
      ['--root', root, '--foo'],
      "unknown option '--foo' (Did you mean --root?). See ringwave-agent --help.",
    ],
  ];
  for (const [args, line] of cases) {
    t.same(said('serve', ...args), { status: 2, stderr: `ringwave-agent: ${line}\n`, stdout: '' });
  }
  t.match(said('serve', '--root', `${root}/none`, ...free, '--trace').stderr, /\n +at /);
});

test('a signal lets a transfer end before the program does', async (t) => {
  const { child, tftpPort } = await serving(t, t.testdir({ 'fw.rom': 'x'.repeat(600) }));
  const peer = await TftpPeer.open();
  t.teardown(() => peer.close());
  peer.send(readRequest('fw.rom'), tftpPort);
  const { port } = await peer.next();
  const ended = once(child, 'exit');
  child.kill('SIGINT');
  peer.send(encodeAck(1), port);
  await peer.next();
  peer.send(encodeAck(2), port);
  t.same(await ended, [0, null]);
});

test('it serves over IPv6 and on one protocol alone', async (t) => {
  const root = t.testdir({ 'a.cfg': 'A' });
  const child = spawn(process.execPath, [program, 'serve', '--root', root, '--http', '[::1]:0']);
  t.teardown(() => child.kill());
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const [, authority] = /^ready http (\[::1\]:\d+)\n$/.exec(line.toString()) ?? [];
  t.equal(await (await fetch(`http://${authority}/a.cfg`)).text(), 'A');
});
