import { once } from 'node:events';
import { createSocket } from 'node:dgram';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Test, test } from 'tap';
import { encodeAck, encodeRequest } from '../../../agent/core/tftp/packet.ts';
import type { FileResolver, Served, TransferEnd } from '../../../agent/io/file-source.ts';
import { ServedFolder } from '../../../agent/io/served-folder.ts';
import { TftpServer, type TftpServerOptions } from '../../../agent/io/tftp-server.ts';
import { boxAndDesk } from '../../peers/network.ts';
import { needs } from '../../peers/peer.ts';
import { readFile, readRequest, TftpPeer } from './tftp-peer.ts';

// Attacks on the TFTP side, each by its number in the list of attacks that Ringwave is held to.

const image = (body: Buffer): Served => ({
  kind: 'image',
  etag: `of-${body.length}`,
  lengthBytes: body.length,
  read: (offset, length) => body.subarray(offset, offset + length),
});

async function serve(
  t: Test,
  files: FileResolver,
  options: Partial<TftpServerOptions> = {},
): Promise<TftpServer> {
  const server = await TftpServer.listen({ host: '127.0.0.1', port: 0, files, ...options });
  t.teardown(() => server.close());
  return server;
}

async function peerOf(t: Test, address?: string): Promise<TftpPeer> {
  const peer = await TftpPeer.open(address);
  t.teardown(() => peer.close());
  return peer;
}

const program = fileURLToPath(new URL('../../../agent/bin/ringwave-agent.js', import.meta.url));

test('T27 a request from outside the phones’ networks gets silence and is counted; a phone is served', async (t) => {
  const machines = needs(t, 'curl') ? boxAndDesk(t) : undefined;
  if (!machines) return;
  const { box, desk } = machines;
  desk.run('ip', ['addr', 'add', '172.31.9.9/32', 'dev', 'lan']);
  const root = t.testdir({ 'a.cfg': 'a file' });
  const listens = ['--tftp', `${box.address}:6969`, '--http', `${box.address}:8080`];
  const flags = ['--root', root, ...listens, '--phones-from', '10.77.0.0/24'];
  const server = box.start(process.execPath, [program, 'serve', ...flags]);
  await once(server.stdout!, 'data');
  const said = createInterface({ input: server.stderr! });
  const url = `tftp://${box.address}:6969/a.cfg`;
  const outside = desk.start('curl', ['-s', '--interface', '172.31.9.9', url]);
  const [line] = (await once(said, 'line')) as [string];
  t.match(line, /^tftp asked from outside .*"address":"172.31.9.9","unanswered":1/);
  const sent = /^Udp: (?:\d+ ){3}(\d+)/m.exec(box.run('cat', ['/proc/net/snmp']));
  t.equal(sent?.[1], '0', 'datagrams that left the box');
  outside.kill();
  const http = ['-s', '--interface', '172.31.9.9', `http://${box.address}:8080/a.cfg`];
  t.throws(() => desk.run('curl', http), 'over HTTP it is cut');
  t.equal(desk.run('curl', ['-s', url]), 'a file');
  t.equal(desk.run('curl', ['-s', `http://${box.address}:8080/a.cfg`]), 'a file');
});

test('T28 a request that nobody acknowledges costs three datagrams and less than 1,600 bytes', async (t) => {
  const ends: (() => void)[] = [];
  const observer = { transferEnded: (_: object, { outcome }: TransferEnd) => ended(outcome.kind) };
  const kinds: string[] = [];
  const ended = (kind: string) => {
    kinds.push(kind);
    if (kinds.length === 2) for (const end of ends) end();
  };
  const server = await serve(t, { resolve: () => image(Buffer.alloc(90_000)), observer });
  const both = new Promise<void>((resolve) => ends.push(resolve));
  const [plain, windowed] = [await peerOf(t), await peerOf(t)];
  plain.send(readRequest('x'), server.port);
  windowed.send(readRequest('x', { blksize: '65464', windowsize: '64' }), server.port);
  await both;
  t.same(kinds, ['never-answered', 'never-answered']);
  for (const peer of [plain, windowed]) {
    let bytes = 0;
    t.equal(peer.left, 3);
    while (peer.left > 0) bytes += (await peer.next()).bytes.length;
    t.ok(bytes <= 1600, `${bytes} bytes`);
  }
});

test('T29 no name leads out of the folder: every trick gets an error', async (t) => {
  const folder = t.testdir({ root: { 'a.cfg': 'fine' }, 'secret.txt': 'secret' });
  mkdirSync(join(folder, 'root', 'sub'));
  writeFileSync(join(folder, 'root-other'), 'secret');
  const server = await serve(t, await ServedFolder.open(join(folder, 'root')));
  t.match(await readFile(server.port, 'a.cfg'), { bytes: Buffer.from('fine') });
  const tricks = [
    '../secret.txt',
    '../../../../../../etc/passwd',
    'sub/../../secret.txt',
    '..\\secret.txt',
    'sub\\..\\..\\secret.txt',
    '/etc/passwd',
    '//etc/passwd',
    'C:\\secret.txt',
    join(folder, 'secret.txt'),
    '../root-other',
    '%2e%2e/secret.txt',
    '..%2fsecret.txt',
    'a.cfg/../../secret.txt',
    '.',
    '..',
    'sub',
    'tftp://127.0.0.1/../secret.txt',
    'n'.repeat(600),
    'a.cfg ',
    'A.CFG',
    '__proto__',
  ];
  for (const name of tricks) {
    for (const mode of ['octet', 'netascii']) {
      const got = await readFile(server.port, name, {}, mode);
      t.match(got, { kind: 'error', code: /^[124]$/ }, `${mode} ${name.slice(0, 40)}`);
    }
  }
  const peer = await peerOf(t);
  peer.send(Buffer.from('\0\u0001../secret.txt\0a.cfg\0octet\0'), server.port);
  t.match((await peer.next()).packet, { kind: 'error' }, 'a NUL inside a name');
  peer.send(Buffer.from('\0\u0001a.cfg\0mail\0'), server.port);
  t.match((await peer.next()).packet, { kind: 'error', code: 4 }, 'a mode of old');
});

test('T30 who writes where nothing may be written is told so, then gets silence, and changes no file', async (t) => {
  const folder = t.testdir({ 'image.rom': 'an image' });
  const server = await serve(t, await ServedFolder.open(folder));
  const peer = await peerOf(t);
  const options = new Map<string, string>();
  const write = encodeRequest({ kind: 'write', fileName: 'image.rom', mode: 'octet', options });
  peer.send(write, server.port);
  t.match((await peer.next()).packet, { kind: 'error', code: 2 });
  for (let nth = 0; nth < 200; nth += 1) peer.send(write, server.port);
  // Another phone is served, and only after all of that has been looked at.
  t.match(await readFile(server.port, 'image.rom'), { bytes: Buffer.from('an image') });
  t.ok(peer.left <= 40, `${peer.left} answers to 200 more`);
});

test('T31 sizes beyond reason are clamped, and a lie about the length is answered with the truth', async (t) => {
  const server = await serve(t, { resolve: () => image(Buffer.alloc(5000)) });
  const got = async (options: Record<string, string>) => {
    const file = await readFile(server.port, 'x', options);
    return file.kind === 'file' && file.bytes.length === 5000 ? file.options : file;
  };
  t.same(await got({ blksize: '65464' }), { blksize: '1468' });
  t.same(await got({ windowsize: '65535' }), { windowsize: '16' });
  t.same(await got({ tsize: '99999999999' }), { tsize: '5000' });
  t.same(await got({ blksize: '65464', windowsize: '65535', tsize: '0' }), {
    blksize: '1468',
    windowsize: '16',
    tsize: '5000',
  });
  for (const blksize of ['65465', '7', '0', '-1', '1e9', '99999999999999999999999']) {
    t.same(await got({ blksize }), {}, `blksize ${blksize.slice(0, 12)} is left out`);
  }
});

test('T32 of 200 requests at once from one address eight are served, and another phone as ever', async (t) => {
  const server = await serve(t, { resolve: () => image(Buffer.from('whole')) });
  const crowd = await Promise.all(Array.from({ length: 200 }, () => peerOf(t)));
  for (const peer of crowd) peer.send(readRequest('x'), server.port);
  const phone = await peerOf(t, '127.0.0.2');
  phone.send(readRequest('x'), server.port);
  const { packet, port } = await phone.next();
  t.match(packet, { kind: 'data', data: Buffer.from('whole') });
  phone.send(encodeAck(1), port);
  while (server.transfers > 8) await new Promise(setImmediate);
  t.equal(server.transfers, 8);
  const served = () => crowd.filter((peer) => peer.left > 0).length;
  while (served() < 8) await new Promise(setImmediate);
  t.equal(served(), 8);
});

test('T32 where many phones stand behind one address, the site says how many', async (t) => {
  const limits = { transfersMax: 1088, transfersPerSourceMax: 64 };
  const server = await serve(t, { resolve: () => image(Buffer.from('whole')) }, { limits });
  const crowd = await Promise.all(Array.from({ length: 60 }, () => peerOf(t)));
  for (const peer of crowd) peer.send(readRequest('x'), server.port);
  for (const peer of crowd) t.match((await peer.next()).packet, { data: Buffer.from('whole') });
});

test('T33 a stranger’s packet is refused by the box’s kernel, and the transfer goes on', async (t) => {
  const server = await serve(t, { resolve: () => image(Buffer.alloc(1500, 1)) });
  const peer = await peerOf(t);
  peer.send(readRequest('x'), server.port);
  const { port } = await peer.next();
  const stranger = createSocket('udp4');
  t.teardown(() => stranger.close());
  stranger.connect(port, '127.0.0.1');
  await once(stranger, 'connect');
  const refused = once(stranger, 'error');
  stranger.send(encodeAck(1));
  t.match(await refused, [{ code: 'ECONNREFUSED' }]);
  peer.send(encodeAck(1), port);
  t.match((await peer.next()).packet, { kind: 'data', block: 2 });
});
