import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seconds } from '@ringwave/protocol/units';
import { type Test, test } from 'tap';
import { encodeAck, encodeError } from '../../../agent/core/tftp/packet.ts';
import type {
  Asked,
  FileResolver,
  Served,
  TransferEnd,
  TransferSeen,
} from '../../../agent/io/file-source.ts';
import { ServedFolder } from '../../../agent/io/served-folder.ts';
import { TftpServer, type TftpServerOptions } from '../../../agent/io/tftp-server.ts';
import { generator } from '../core/tftp/lossy-network.ts';
import { readFile, readRequest, TftpPeer } from './tftp-peer.ts';

/** Bytes that differ from block to block and hold every value, CR and LF among them. */
export function pattern(lengthBytes: number): Buffer {
  const bytes = Buffer.alloc(lengthBytes);
  for (let at = 0; at < lengthBytes; at += 1) bytes[at] = (at * 7 + (at >>> 8) * 13) & 0xff;
  return bytes;
}

const image = (body: Buffer, etag = `of-${body.length}`): Served => ({
  kind: 'image',
  etag,
  lengthBytes: body.length,
  read: (offset, length) => body.subarray(offset, offset + length),
});

async function serve(
  t: Test,
  files: FileResolver | ((asked: Asked) => Served),
  options: Partial<TftpServerOptions> = {},
): Promise<TftpServer> {
  const server = await TftpServer.listen({
    host: '127.0.0.1',
    port: 0,
    files: typeof files === 'function' ? { resolve: files } : files,
    ...options,
  });
  t.teardown(() => server.close());
  return server;
}

async function peerOf(t: Test): Promise<TftpPeer> {
  const peer = await TftpPeer.open();
  t.teardown(() => peer.close());
  return peer;
}

test('files of every awkward length arrive whole, with and without options', async (t) => {
  const { port } = await serve(t, ({ path }) => image(pattern(Number(path))));
  const lengths = [0, 1, 511, 512, 513, 1427, 1428, 1429, 4 * 1428, 8 * 1428, 300_000, 600_001];
  for (const options of [{}, { blksize: '1428' }, { blksize: '1428', windowsize: '8' }]) {
    for (const length of lengths) {
      const got = await readFile(port, `${length}`, options);
      t.ok(got.kind === 'file' && got.bytes.equals(pattern(length)), `${length} bytes`);
    }
  }
});

test('every length around a block arrives whole', async (t) => {
  const { port } = await serve(t, ({ path }) => image(pattern(Number(path))));
  const wrong = [];
  for (let length = 450; length <= 520; length += 1) {
    const got = await readFile(port, `${length}`);
    if (got.kind !== 'file' || !got.bytes.equals(pattern(length))) wrong.push(length);
  }
  t.same(wrong, []);
});

test('files of exactly 65,535 and 65,536 blocks and of more than 131,072 arrive whole', async (t) => {
  const limits = { transfersMax: 9, transfersPerSourceMax: 9 };
  const body = pattern(8 * 131_080);
  const lengthOf = ({ path }: Asked) => image(body.subarray(0, Number(path) * 8), path);
  const { port } = await serve(t, lengthOf, { limits });
  for (const blocks of [65_535, 65_536, 131_080]) {
    const got = await readFile(port, `${blocks}`, { blksize: '8', windowsize: '16' });
    t.ok(got.kind === 'file' && got.bytes.equals(body.subarray(0, blocks * 8)), `${blocks} blocks`);
  }
});

test('block numbers roll over without the phone noticing', async (t) => {
  const body = pattern(8 * 66_000 + 3);
  const { port } = await serve(t, () => image(body));
  const got = await readFile(port, 'x', { blksize: '8', windowsize: '16' });
  t.ok(got.kind === 'file' && got.bytes.equals(body));
});

test('answers come from a port of their own', async (t) => {
  const { port } = await serve(t, () => image(pattern(9)));
  const got = await readFile(port, 'x');
  t.not(got.kind === 'file' && got.port, port);
});

test('an option is granted, lowered or left out, but never refused', async (t) => {
  const { port } = await serve(t, () => image(pattern(2000)));
  const agreed = async (options: Record<string, string>) => {
    const got = await readFile(port, 'x', options);
    return got.kind === 'file' && got.bytes.length === 2000 && got.options;
  };
  t.same(await agreed({ blksize: '65464' }), { blksize: '1468' });
  t.same(await agreed({ BlkSize: '8', TSIZE: '77' }), { blksize: '8', tsize: '2000' });
  t.same(await agreed({ windowsize: '65535' }), { windowsize: '16' });
  for (const junk of ['7', '0', '-5', '65465', '99999999999', 'abc', '', '1428.0', ' 512']) {
    t.same(await agreed({ blksize: junk, tsize: '0' }), { tsize: '2000' }, `blksize ${junk}`);
  }
  t.same(await agreed({ timeout: '3', multicast: '', utimeout: '9', foo: 'bar' }), {});
});

test('text mode is converted, its size is the converted size, and other modes are refused', async (t) => {
  const { port } = await serve(t, ({ path }) =>
    path === 'text'
      ? { kind: 'bytes', body: Buffer.from('a\nb\r\n'), contentType: 'text/plain', noStore: true }
      : image(pattern(700_000), 'converted'),
  );
  const text = await readFile(port, 'text', { tsize: '0' }, 'netascii');
  t.match(text, { bytes: Buffer.from('a\r\nb\r\0\r\n'), options: { tsize: '8' } });

  const body = pattern(700_000).toString('latin1');
  const expected = body.replace(/[\r\n]/g, (character) => (character === '\n' ? '\r\n' : '\r\0'));
  for (const blksize of ['512', '1428']) {
    const got = await readFile(port, 'image', { blksize, tsize: '0' }, 'NetASCII');
    t.ok(got.kind === 'file' && got.bytes.toString('latin1') === expected, `blksize ${blksize}`);
    t.match(got, { options: { tsize: `${expected.length}` } });
  }
  t.match(await readFile(port, 'image', {}, 'mail'), { kind: 'error', code: 4 });
});

test('nothing outside the folder and nothing but files is served', async (t) => {
  const root = t.testdir({
    served: { 'a.cfg': 'A', '..x': 'dots', sub: { 'b c.cfg': 'B' } },
    'secret.txt': 'secret',
  });
  const folder = join(root, 'served');
  symlinkSync('../secret.txt', join(folder, 'out'));
  symlinkSync('sub/b c.cfg', join(folder, 'in'));
  symlinkSync('nowhere', join(folder, 'dangling'));
  execFileSync('mkfifo', [join(folder, 'fifo')]);
  mkdirSync(join(folder, '__proto__'));
  const { port } = await serve(t, await ServedFolder.open(folder));
  const got = async (name: string) => {
    const result = await readFile(port, name);
    return result.kind === 'file' ? result.bytes.toString() : result.code;
  };
  t.equal(await got('a.cfg'), 'A');
  t.equal(await got('/a.cfg'), 'A');
  t.equal(await got('//a.cfg'), 'A');
  t.equal(await got('\\sub\\b c.cfg'), 'B');
  t.equal(await got('in'), 'B');
  t.equal(await got('..x'), 'dots');
  for (const name of ['../secret.txt', 'sub/../../secret.txt', '..\\secret.txt', 'x\n', 'sub/']) {
    t.equal(await got(name), 2, JSON.stringify(name));
  }
  const absent = ['out', 'dangling', 'fifo', 'sub', '__proto__', 'constructor', 'A.CFG', 'x'];
  for (const name of [...absent, '/etc/passwd', 'C:\\x', '%2e%2e/secret.txt', 'y'.repeat(400)]) {
    t.equal(await got(name), 1, JSON.stringify(name));
  }
});

test('a request to write is refused, garbage gets silence, and both stay under a rate', async (t) => {
  const server = await serve(t, () => image(pattern(1)));
  const peer = await peerOf(t);
  const write = Buffer.from('\0\u0002log\0octet\0');
  for (let count = 0; count < 100; count += 1) peer.send(write, server.port);
  for (const opcode of [0, 3, 4, 5, 6, 7, 9, 255]) {
    for (const length of [0, 1, 2, 3, 4, 5, 600]) {
      peer.send(Buffer.from([0, opcode, ...Buffer.alloc(length)]), server.port);
    }
  }
  for (let length = 0; length < 4; length += 1) peer.send(Buffer.alloc(length), server.port);
  peer.send(Buffer.alloc(60_000, 1), server.port);
  peer.send(readRequest('x'), server.port);
  const answers = [];
  for (;;) {
    const { packet } = await peer.next();
    if (packet?.kind === 'data') break;
    answers.push(packet);
  }
  t.ok(answers.length >= 10 && answers.length < 40, `${answers.length} answers to 100 writes`);
  t.match(answers[0], { kind: 'error', code: 2 });
});

test('a malformed request gets an error no longer than itself, or none', async (t) => {
  const server = await serve(t, () => ({ kind: 'absent' }));
  const peer = await peerOf(t);
  for (const short of ['\0\u0001', '\0\u0001a', '\0\u0002ab']) {
    peer.send(Buffer.from(short), server.port);
  }
  for (const request of [
    '\0\u0001abc',
    '\0\u0001a\0octet',
    '\0\u0001\0octet\0',
    '\0\u0001a\0octet\0',
  ]) {
    peer.send(Buffer.from(request), server.port);
    const { bytes, packet } = await peer.next();
    t.equal(packet?.kind, 'error', JSON.stringify(request));
    t.ok(bytes.length <= request.length, `${bytes.length} for ${request.length}`);
  }
  t.equal(peer.left, 0, 'silence for the shortest');
});

test('a doubled request is one transfer and repeats its first packet', async (t) => {
  const server = await serve(t, () => image(pattern(600)));
  const peer = await peerOf(t);
  peer.send(readRequest('x'), server.port);
  const first = await peer.next();
  peer.send(readRequest('x'), server.port);
  const second = await peer.next();
  t.equal(second.port, first.port);
  t.match([first.packet, second.packet], [{ block: 1 }, { block: 1 }]);
  t.equal(server.transfers, 1);
  peer.send(encodeAck(1), first.port);
  await peer.next();
  peer.send(readRequest('x'), server.port);
  peer.send(encodeAck(2), first.port);
  const other = await readFile(server.port, 'x');
  t.equal(other.kind, 'file');
  t.equal(peer.left, 0, 'a copy that comes late changes nothing');
});

test('another request from the same port replaces the transfer', async (t) => {
  const server = await serve(t, ({ path }) => image(Buffer.from(path), path));
  const peer = await peerOf(t);
  peer.send(readRequest('one'), server.port);
  t.match((await peer.next()).packet, { data: Buffer.from('one') });
  peer.send(readRequest('two'), server.port);
  const answers = [(await peer.next()).packet, (await peer.next()).packet];
  t.match(
    answers.find((packet) => packet?.kind === 'data'),
    { data: Buffer.from('two') },
  );
  t.equal(server.transfers, 1);
});

test('what strangers and broken phones send to a transfer costs it nothing', async (t) => {
  const body = pattern(1500);
  const server = await serve(t, () => image(body));
  const peer = await peerOf(t);
  const stranger = await peerOf(t);
  peer.send(readRequest('x'), server.port);
  const { port } = await peer.next();
  stranger.send(encodeAck(1), port);
  stranger.send(encodeError(0, 'die'), port);
  for (let length = 0; length < 4; length += 1) peer.send(Buffer.alloc(length), port);
  peer.send(Buffer.from([0, 4, 0]), port);
  peer.send(Buffer.from([0, 4, 0, 1, 0]), port);
  peer.send(encodeAck(9), port);
  peer.send(encodeAck(1), port);
  t.match((await peer.next()).packet, { kind: 'data', block: 2 });
  peer.send(encodeAck(2), port);
  t.match((await peer.next()).packet, { kind: 'data', block: 3 });
  t.equal(stranger.left, 0);
});

test('what is rendered for one request is given to no other', async (t) => {
  let count = 0;
  const { port } = await serve(t, () => ({
    kind: 'bytes',
    body: Buffer.from(`rendition ${++count}`),
    contentType: 'text/plain',
    noStore: true,
  }));
  t.match(await readFile(port, 'x'), { bytes: Buffer.from('rendition 1') });
  t.match(await readFile(port, 'x'), { bytes: Buffer.from('rendition 2') });
});

test('what needs a login does not exist over TFTP', async (t) => {
  const { port } = await serve(t, () => ({ kind: 'login-needed', realm: 'phones' }));
  t.match(await readFile(port, 'x'), { kind: 'error', code: 1 });
});

test('a source over its limit is met with silence and served when a place is free', async (t) => {
  const limits = { transfersMax: 10, transfersPerSourceMax: 2 };
  const server = await serve(t, () => image(pattern(9)), { limits });
  const peers = [await peerOf(t), await peerOf(t), await peerOf(t)] as const;
  peers[0].send(readRequest('x'), server.port);
  const { port } = await peers[0].next();
  peers[1].send(readRequest('x'), server.port);
  await peers[1].next();
  peers[2].send(readRequest('x'), server.port);
  t.match(await readFile(server.port, '../x'), { code: 2 }, 'refusals cost no place');
  t.equal(peers[2].left, 0);
  peers[0].send(encodeAck(1), port);
  while (server.transfers > 1) await new Promise(setImmediate);
  t.equal((await readFile(server.port, 'x')).kind, 'file');
});

test('an address that may not ask gets no answer', async (t) => {
  const closed = await serve(t, () => image(pattern(9)), { mayAsk: () => false });
  const open = await serve(t, () => image(pattern(9)));
  const peer = await peerOf(t);
  peer.send(readRequest('x'), closed.port);
  peer.send(readRequest('x'), open.port);
  await peer.next();
  t.equal(closed.transfers, 0);
});

test('each transfer leaves its record', async (t) => {
  const ended: { seen: TransferSeen; end: TransferEnd }[] = [];
  const server = await serve(t, {
    resolve: () => image(pattern(600), 'six-hundred'),
    observer: { transferEnded: (seen, end) => ended.push({ seen, end }) },
  });
  await readFile(server.port, '/fw.rom');
  const peer = await peerOf(t);
  peer.send(readRequest('fw.rom', { tsize: '0' }), server.port);
  const { port } = await peer.next();
  peer.send(encodeError(8, 'only asking'), port);
  while (server.transfers > 0) await new Promise(setImmediate);
  t.match(ended, [
    {
      seen: {
        asked: { protocol: 'tftp', path: 'fw.rom', address: '127.0.0.1' },
        etag: 'six-hundred',
        lengthBytes: 600,
      },
      end: { outcome: { kind: 'done' }, bytes: 600, blocks: 2, retransmits: 0 },
    },
    { end: { outcome: { kind: 'declined' }, bytes: 0 } },
  ]);
});

test('a phone that closes its port ends its transfer at once', async (t) => {
  const ended: TransferEnd[] = [];
  const server = await serve(t, {
    resolve: () => image(pattern(600)),
    observer: { transferEnded: (_seen, end) => ended.push(end) },
  });
  const peer = await TftpPeer.open();
  peer.send(readRequest('x'), server.port);
  const { port } = await peer.next();
  peer.send(encodeAck(1), port);
  peer.close();
  while (server.transfers > 0) await new Promise(setImmediate);
  t.match(ended, [{ outcome: { kind: 'last-ack-missing' }, bytes: 512 }]);
});

test('a file replaced during a transfer arrives with its old bytes; one written over ends it', async (t) => {
  const folder = t.testdir({ 'new.rom': 'new' });
  const path = join(folder, 'fw.rom');
  const body = pattern(900_000);
  writeFileSync(path, body);
  const server = await serve(t, await ServedFolder.open(folder));
  const begin = async () => {
    const peer = await peerOf(t);
    peer.send(readRequest('fw.rom', { blksize: '1428' }), server.port);
    const { port } = await peer.next();
    return { peer, port };
  };
  const finish = async ({ peer, port }: Awaited<ReturnType<typeof begin>>) => {
    const pieces: Buffer[] = [];
    for (;;) {
      peer.send(encodeAck(pieces.length), port);
      const { packet } = await peer.next();
      if (packet?.kind !== 'data') return packet;
      pieces.push(Buffer.from(packet.data));
      if (packet.data.length < 1428) return Buffer.concat(pieces);
    }
  };
  const replaced = await begin();
  renameSync(join(folder, 'new.rom'), path);
  t.ok(((await finish(replaced)) as Buffer).equals(body));

  writeFileSync(path, body);
  const writtenOver = await begin();
  writeFileSync(path, Buffer.alloc(900_000, 1));
  t.match(await finish(writtenOver), { kind: 'error', code: 0 });
});

test('a resolver or a disk that fails costs only its own transfer', async (t) => {
  const server = await serve(t, ({ path }) => {
    if (path === 'throws') throw new Error('broken');
    if (path === 'fine') return image(pattern(3));
    const read = () => Promise.reject(new Error('EIO'));
    return { kind: 'image', etag: 'bad', lengthBytes: 5, read };
  });
  t.match(await readFile(server.port, 'throws'), { kind: 'error', code: 0 });
  t.match(await readFile(server.port, 'bad-disk'), { kind: 'error', code: 0 });
  t.equal((await readFile(server.port, 'fine')).kind, 'file');
});

test('3,000 random datagrams, to the server and into a transfer, leave both working', async (t) => {
  const body = pattern(1500);
  const server = await serve(t, ({ path }) => (path === 'x' ? image(body) : { kind: 'absent' }));
  const random = generator(23);
  const noise = await peerOf(t);
  const peer = await peerOf(t);
  peer.send(readRequest('x'), server.port);
  const { port } = await peer.next();
  for (let round = 0; round < 3000; round += 1) {
    const bytes = Buffer.alloc(Math.floor(random() ** 4 * 2000));
    for (let at = 0; at < bytes.length; at += 1) bytes[at] = Math.floor(random() ** 3 * 256);
    // Anything but an ERROR, which would rightly end the transfer, and the ACK it waits for.
    if (bytes.length > 1) bytes.set([0, [0, 1, 2, 3, 6, 7, 9, 255][Math.floor(random() * 8)]!]);
    noise.send(bytes, server.port);
    peer.send(bytes, port);
    if (round % 50 === 0) await new Promise(setImmediate);
  }
  const other = await readFile(server.port, 'x');
  t.ok(other.kind === 'file' && other.bytes.equals(body));
  peer.send(encodeAck(1), port);
  let arrived = await peer.next();
  while (arrived.packet?.kind === 'data' && arrived.packet.block === 1) arrived = await peer.next();
  t.match(arrived.packet, { kind: 'data', block: 2 });
});

test('closing lets a transfer end, takes no new one, and tells who is left', async (t) => {
  const open = () =>
    TftpServer.listen({
      host: '127.0.0.1',
      port: 0,
      files: { resolve: () => image(pattern(5)) },
    });
  const draining = await open();
  const peer = await peerOf(t);
  peer.send(readRequest('x'), draining.port);
  const { port } = await peer.next();
  const closed = draining.close(seconds(60));
  peer.send(readRequest('y'), draining.port);
  peer.send(encodeAck(1), port);
  await closed;
  t.equal(peer.left, 0);

  const stopping = await open();
  peer.send(readRequest('x'), stopping.port);
  await peer.next();
  await stopping.close();
  t.match((await peer.next()).packet, { kind: 'error', code: 0, text: 'Server is stopping' });
});

test('a port in use is an error with a code', async (t) => {
  const { port } = await serve(t, () => ({ kind: 'absent' }));
  const listening = TftpServer.listen({
    host: '127.0.0.1',
    port,
    files: { resolve: () => ({ kind: 'absent' }) },
  });
  await t.rejects(listening, { code: 'EADDRINUSE' });
});
