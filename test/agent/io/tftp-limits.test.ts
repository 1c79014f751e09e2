import { seconds } from '@ringwave/protocol/units';
import { type Test, test } from 'tap';
import { encodeAck, encodeError } from '../../../agent/core/tftp/packet.ts';
import { phonePolicy } from '../../../agent/core/tftp/options.ts';
import { ByteBudget } from '../../../agent/io/byte-budget.ts';
import type { Asked, Served } from '../../../agent/io/file-source.ts';
import { TftpServer, type TftpServerOptions } from '../../../agent/io/tftp-server.ts';
import { phoneLimits } from '../../../agent/io/tftp-live.ts';
import { readFile, readRequest, TftpPeer } from './tftp-peer.ts';

const image = (body: Buffer, release = () => {}): Served => ({
  kind: 'image',
  etag: `of-${body.length}-${body.toString('latin1', 0, 8)}`,
  lengthBytes: body.length,
  read: (offset, length) => body.subarray(offset, offset + length),
  release,
});
const config: Served = {
  kind: 'bytes',
  body: Buffer.from('config'),
  contentType: 'text/plain',
  noStore: true,
};

async function serve(
  t: Test,
  resolve: (asked: Asked) => Served,
  options: Partial<TftpServerOptions> = {},
): Promise<TftpServer> {
  const files = { resolve };
  const server = await TftpServer.listen({ host: '127.0.0.1', port: 0, files, ...options });
  t.teardown(() => server.close());
  return server;
}

async function peerOf(t: Test, address?: string): Promise<TftpPeer> {
  const peer = await TftpPeer.open(address);
  t.teardown(() => peer.close());
  return peer;
}

test('through one port transfers run side by side, and strangers change nothing', async (t) => {
  const bodies = [Buffer.alloc(3000, 1), Buffer.alloc(5000, 2)];
  const server = await serve(t, ({ path }) => image(bodies[Number(path)]!), { singlePort: true });
  const stranger = await peerOf(t);
  const peer = await peerOf(t);
  peer.send(readRequest('0'), server.port);
  t.equal((await peer.next()).port, server.port, 'answered from the port asked');
  stranger.send(encodeAck(1), server.port);
  stranger.send(encodeError(0, 'die'), server.port);
  const others = ['1', '0', '1'].map((name) => readFile(server.port, name, { blksize: '1000' }));
  for (const [place, got] of (await Promise.all(others)).entries()) {
    t.match(got, { kind: 'file', bytes: bodies[[1, 0, 1][place]!] });
  }
  peer.send(encodeAck(1), server.port);
  t.match((await peer.next()).packet, { kind: 'data', block: 2 });
  t.equal(stranger.left, 0);
});

test('through one port a transfer ends while the server closes', async (t) => {
  const server = await serve(t, () => image(Buffer.alloc(600)), { singlePort: true });
  const peer = await peerOf(t);
  peer.send(readRequest('x'), server.port);
  await peer.next();
  const closed = server.close(seconds(60));
  peer.send(encodeAck(1), server.port);
  t.match((await peer.next()).packet, { kind: 'data', block: 2 });
  peer.send(encodeAck(2), server.port);
  await closed;
});

test('a phone that counts on with 1 after 65,535 gets its file where the site says so', async (t) => {
  const body = Buffer.alloc(8 * 65_600, 7);
  const policy = { ...phonePolicy, rollover: 1 } as const;
  const server = await serve(t, () => image(body), { policy });
  const peer = await peerOf(t);
  peer.send(readRequest('x', { blksize: '8', windowsize: '16' }), server.port);
  const { port } = await peer.next();
  peer.send(encodeAck(0), port);
  const wire = (block: number) => (block > 65_535 ? block - 65_535 : block);
  for (let block = 1; block <= 65_601; block += 1) {
    const { packet } = await peer.next();
    if (packet?.kind !== 'data' || packet.block !== wire(block)) return t.fail(`block ${block}`);
    if (block % 16 === 0 || block === 65_601) peer.send(encodeAck(wire(block)), port);
  }
  t.equal(peer.left, 0);
});

test('images beyond their places wait, configurations do not', async (t) => {
  const limits = { transfersMax: 10, transfersPerSourceMax: 10, imagesMax: 1 };
  const server = await serve(
    t,
    ({ path }) => (path === 'cfg' ? config : image(Buffer.from(path))),
    { limits },
  );
  const [first, second] = [await peerOf(t), await peerOf(t)];
  first.send(readRequest('first'), server.port);
  const { port } = await first.next();
  second.send(readRequest('second'), server.port);
  t.match(await readFile(server.port, 'cfg'), { bytes: Buffer.from('config') });
  second.send(readRequest('second'), server.port);
  t.equal(second.left, 0, 'asking again changes nothing');
  first.send(encodeAck(1), port);
  t.match((await second.next()).packet, { kind: 'data', data: Buffer.from('second') });
});

test('one who waits and asks for something else gives its place in the line up', async (t) => {
  const limits = { transfersMax: 10, transfersPerSourceMax: 10, imagesMax: 1 };
  const released: string[] = [];
  const server = await serve(
    t,
    ({ path }) =>
      path === 'cfg' ? config : image(Buffer.from(path), () => void released.push(path)),
    { limits },
  );
  const [first, second] = [await peerOf(t), await peerOf(t)];
  first.send(readRequest('first'), server.port);
  const { port } = await first.next();
  second.send(readRequest('second'), server.port);
  second.send(readRequest('cfg'), server.port);
  t.match((await second.next()).packet, { data: Buffer.from('config') });
  t.same(released, ['second']);
  first.send(encodeAck(1), port);
  t.match(await readFile(server.port, 'third'), { bytes: Buffer.from('third') });
});

test('two phones behind one address that take the same file leave each other alone', async (t) => {
  const limits = { ...phoneLimits, startsAgainAfter: seconds(0) };
  const server = await serve(t, () => image(Buffer.alloc(5000, 7)), { limits });
  const slow = await peerOf(t);
  slow.send(readRequest('T46.rom'), server.port);
  const { port } = await slow.next();
  for (const block of [1, 2]) {
    slow.send(encodeAck(block), port);
    t.match((await slow.next()).packet, { kind: 'data', block: block + 1 });
  }
  t.match(await readFile(server.port, 'T46.rom'), { kind: 'file' });
  slow.send(encodeAck(3), port);
  t.match((await slow.next()).packet, { kind: 'data', block: 4 });
});

test('a phone that starts again is done with its old transfer once it answers; a forged request ends nothing', async (t) => {
  const limits = { ...phoneLimits, startsAgainAfter: seconds(0) };
  const server = await serve(t, () => image(Buffer.alloc(5000, 7)), { limits });
  const [before, after] = [await peerOf(t), await peerOf(t)];
  const own = readRequest('fw/0004f2aabbcc/r1/sip.ld');
  before.send(own, server.port);
  const { port } = await before.next();
  for (const block of [1, 2]) {
    before.send(encodeAck(block), port);
    await before.next();
  }
  after.send(own, server.port);
  const again = await after.next();
  before.send(encodeAck(3), port);
  t.match((await before.next()).packet, { kind: 'data', block: 4 });
  after.send(encodeAck(1), again.port);
  t.match((await before.next()).packet, { kind: 'error' });
  t.match((await after.next()).packet, { kind: 'data', block: 2 });
});

test('a crowd of addresses that never answer keeps no phone from its files', async (t) => {
  const limits = { transfersMax: 4, transfersPerSourceMax: 4, imagesMax: 2 };
  const server = await serve(
    t,
    ({ path }) => (path.endsWith('cfg') ? config : image(Buffer.from(path))),
    { limits },
  );
  const names = ['a.cfg', 'b.cfg', 'c.rom', 'd.rom'];
  const mutes = await Promise.all(names.map(() => peerOf(t, '127.0.0.2')));
  for (const [place, mute] of mutes.entries()) {
    mute.send(readRequest(names[place]!), server.port);
    await mute.next();
  }
  // As a phone does, it asks until it is answered.
  for (const [name, bytes] of [
    ['e.cfg', 'config'],
    ['f.rom', 'f.rom'],
  ] as const) {
    const phone = await peerOf(t);
    const asks = setInterval(() => phone.send(readRequest(name), server.port), 50);
    const { packet, port } = await phone.next();
    clearInterval(asks);
    t.match(packet, { kind: 'data', data: Buffer.from(bytes) });
    phone.send(encodeAck(1), port);
  }
  for (const mute of mutes) t.ok(mute.left < 2, 'it has not been given up for its silence');
});

test('images that wait in their line take no place of a configuration', async (t) => {
  const limits = { transfersMax: 2, transfersPerSourceMax: 9, imagesMax: 1 };
  const server = await serve(
    t,
    ({ path }) => (path === 'cfg' ? config : image(Buffer.alloc(1000))),
    { limits },
  );
  const [first, ...others] = await Promise.all([1, 2, 3].map(() => peerOf(t)));
  first!.send(readRequest('x'), server.port);
  const { port } = await first!.next();
  first!.send(encodeAck(1), port);
  await first!.next();
  for (const other of others) other.send(readRequest('x'), server.port);
  while (server.transfers < 3) await new Promise(setImmediate);
  t.match(await readFile(server.port, 'cfg'), { bytes: Buffer.from('config') });
});

test('a limit of bytes a second holds, and no timer runs when all is done', async (t) => {
  const budget = new ByteBudget(2_000_000);
  const body = Buffer.alloc(150_000, 3);
  const server = await serve(t, () => image(body), { budget });
  const startedAt = performance.now();
  const sizes = [{ blksize: '1428' }, { blksize: '512' }, { blksize: '1428', windowsize: '8' }];
  const got = await Promise.all(sizes.map((options) => readFile(server.port, 'x', options)));
  const tookMs = performance.now() - startedAt;
  for (const one of got) t.ok(one.kind === 'file' && one.bytes.equals(body));
  t.ok(tookMs > 180, `450 kB at 2 MB/s took ${Math.round(tookMs)} ms`);
  while (server.transfers > 0) await new Promise(setImmediate);
  t.equal(server.isAwake, false);
});

test('an idle server runs no timer, and 300 vanished clients leave nothing behind', async (t) => {
  const limits = { transfersMax: 1000, transfersPerSourceMax: 1000 };
  const released: number[] = [];
  const server = await serve(t, () => image(Buffer.alloc(5000), () => void released.push(1)), {
    limits,
  });
  t.equal(server.isAwake, false);
  const peers = await Promise.all(Array.from({ length: 300 }, () => TftpPeer.open()));
  for (const [place, peer] of peers.entries()) {
    peer.send(readRequest('x'), server.port);
    const { port } = await peer.next();
    if (place % 2 === 0) peer.send(encodeAck(1), port);
    if (place % 2 === 0) await peer.next();
  }
  t.equal(server.transfers, 300);
  t.equal(server.isAwake, true);
  // Their ports close: the host's answer to what is sent next ends each at once.
  for (const peer of peers) peer.close();
  await server.close();
  t.equal(released.length, 300);
  t.equal(server.transfers, 0);
});

test('a request that holds a whole URL means its path', async (t) => {
  const server = await serve(t, ({ path }) => image(Buffer.from(path)));
  t.match(await readFile(server.port, 'tftp://192.0.2.1/a/b.rom'), {
    bytes: Buffer.from('a/b.rom'),
  });
});

test('10,000 requests from one address hold eight transfers and get few answers', async (t) => {
  const server = await serve(t, ({ path }) =>
    path === 'no' ? { kind: 'absent' } : image(Buffer.alloc(9)),
  );
  const peers = await Promise.all(Array.from({ length: 20 }, () => peerOf(t)));
  for (let round = 0; round < 500; round += 1) {
    for (const peer of peers) peer.send(readRequest(`x${round}`), server.port);
    if (round % 10 === 0) await new Promise(setImmediate);
  }
  t.ok(server.transfers <= 8, `${server.transfers} transfers`);
});
