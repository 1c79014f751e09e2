// Files of awkward and of great lengths, fetched and written by foreign clients.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { test } from 'tap';
import { encodeError } from '../../agent/core/tftp/packet.ts';
import { readRequest, TftpPeer } from '../agent/io/tftp-peer.ts';
import { needs } from './peer.ts';
import { serving } from './serve-process.ts';

const run = promisify(execFile);

/** A sparse file with a mark in every 16 MiB, so that bytes from a wrong place show. */
async function writeSparse(path: string, lengthBytes: number): Promise<void> {
  writeFileSync(path, '');
  truncateSync(path, lengthBytes);
  const file = await open(path, 'r+');
  for (let at = 0; at < lengthBytes; at += 16 * 1024 * 1024) {
    await file.write(Buffer.from(`mark at ${at}\r\n`), 0, undefined, at);
  }
  await file.close();
}

test('files of 0, 1, 511, 512 and 513 bytes arrive bit-exact at every client', async (t) => {
  const folder = t.testdir({ served: {}, got: {} });
  const lengths = [0, 1, 511, 512, 513];
  for (const length of lengths) {
    writeFileSync(join(folder, 'served', `${length}`), Buffer.alloc(length, 'a\r\nb'));
  }
  const { tftpPort, httpPort } = await serving(t, join(folder, 'served'));
  const port = `${tftpPort}`;
  // curl 7.88 fails on an empty file wherever options were agreed, whoever serves it.
  const clients: Record<string, (name: string, to: string) => [string, string[]]> = {
    tftp: (name, to) => ['tftp', ['127.0.0.1', port, '-m', 'binary', '-c', 'get', name, to]],
    atftp: (name, to) => ['atftp', ['--get', '-r', name, '-l', to, '127.0.0.1', port]],
    'curl by tftp': (name, to) => [
      'curl',
      ['-sS', '--tftp-no-options', '-o', to, `tftp://127.0.0.1:${port}/${name}`],
    ],
    'curl by http': (name, to) => [
      'curl',
      ['-sSf', '-o', to, `http://127.0.0.1:${httpPort}/${name}`],
    ],
  };
  for (const [client, command] of Object.entries(clients)) {
    await t.test(client, async (t) => {
      if (!needs(t, client.split(' ')[0]!)) return;
      for (const length of lengths) {
        const to = join(folder, 'got', `${client} ${length}`);
        await run(...command(`${length}`, to));
        // curl leaves no file where there is nothing to write.
        const got = existsSync(to) ? readFileSync(to) : Buffer.alloc(0);
        t.ok(got.equals(readFileSync(join(folder, 'served', `${length}`))), `${length} bytes`);
      }
    });
  }
});

test('900 MB over HTTP are whole after a cut and a resume', async (t) => {
  if (!needs(t, 'curl', 'cmp')) return;
  const folder = t.testdir({ served: {} });
  const image = join(folder, 'served', 'bundle.zip');
  await writeSparse(image, 900_000_000);
  const { httpPort } = await serving(t, join(folder, 'served'));
  const url = `http://127.0.0.1:${httpPort}/bundle.zip`;
  const to = join(folder, 'got');
  const cut = spawn('curl', ['-sS', '--limit-rate', '400M', '-o', to, url]);
  const ended = once(cut, 'exit');
  while (!existsSync(to) || statSync(to).size < 50_000_000) {
    if (cut.exitCode !== null) break;
    await new Promise((resolve) => setImmediate(resolve));
  }
  cut.kill('SIGKILL');
  await ended;
  const held = statSync(to).size;
  t.ok(held >= 50_000_000 && held < 900_000_000, `cut after ${held} bytes`);
  await run('curl', ['-sSf', '-C', '-', '-o', to, url]);
  await t.resolves(run('cmp', [image, to]));
});

test('a file above 4 GiB has its true size, and its end is found', async (t) => {
  const folder = t.testdir({ served: {} });
  const lengthBytes = 5 * 1024 ** 3 + 20;
  await writeSparse(join(folder, 'served', 'huge.img'), lengthBytes);
  const { tftpPort, httpPort } = await serving(t, join(folder, 'served'));
  const peer = await TftpPeer.open();
  t.teardown(() => peer.close());
  // As boot loaders probe: the size first, refused once known, then the file in a request of its own.
  peer.send(readRequest('huge.img', { tsize: '0', blksize: '1456' }), tftpPort);
  const { packet, port } = await peer.next();
  t.same(packet, {
    kind: 'options',
    options: new Map([
      ['tsize', `${lengthBytes}`],
      ['blksize', '1456'],
    ]),
  });
  peer.send(encodeError(8, 'only the size'), port);
  peer.send(readRequest('huge.img', { blksize: '1456' }), tftpPort);
  t.match((await peer.next()).packet, { kind: 'options' });
  const got = await fetch(`http://127.0.0.1:${httpPort}/huge.img`, {
    headers: { range: `bytes=${5 * 1024 ** 3}-` },
  });
  t.equal(await got.text(), 'mark at 5368709120\r\n');
  t.equal(got.headers.get('content-range'), `bytes 5368709120-5368709139/${lengthBytes}`);
});

test('foreign clients write a log, and nothing else', async (t) => {
  const folder = t.testdir({ served: {}, spool: {}, own: {} });
  const flags = ['--uploads', join(folder, 'spool')];
  const { tftpPort, httpPort } = await serving(t, join(folder, 'served'), flags);
  const name = '0004f2aabbcc-app.log';
  const log = join(folder, 'own', name);
  const kept = () => readFileSync(join(folder, 'spool', name), 'utf8');
  const port = `${tftpPort}`;
  const clients: Record<string, [string, string[]]> = {
    tftp: ['tftp', ['127.0.0.1', port, '-m', 'binary', '-c', 'put', log, name]],
    atftp: ['atftp', ['--put', '-l', log, '-r', name, '127.0.0.1', port]],
    'curl by tftp': ['curl', ['-sS', '-T', log, `tftp://127.0.0.1:${port}/${name}`]],
    'curl by http': ['curl', ['-sSf', '-T', log, `http://127.0.0.1:${httpPort}/${name}`]],
  };
  for (const [client, command] of Object.entries(clients)) {
    await t.test(client, async (t) => {
      if (!needs(t, command[0])) return;
      const text = `${client}\n`.repeat(200);
      writeFileSync(log, text);
      await run(...command);
      t.equal(kept(), text);
    });
  }
  if (!needs(t, 'curl')) return;
  mkdirSync(join(folder, 'other'));
  writeFileSync(join(folder, 'other', 'fw.rom'), 'x');
  const refused = run('curl', [
    '-sS',
    '-T',
    join(folder, 'other', 'fw.rom'),
    `tftp://127.0.0.1:${port}/fw.rom`,
  ]);
  await t.rejects(refused);
});
