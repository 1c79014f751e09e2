import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { encodeData, encodeRequest } from '../../../agent/core/tftp/packet.ts';
import { TftpServer } from '../../../agent/io/tftp-server.ts';
import {
  anyPhoneMayWrite,
  type SpoolHooks,
  spoolLimits,
  UploadSpool,
} from '../../../agent/io/upload-spool.ts';
import { TftpPeer } from './tftp-peer.ts';

const log = '0004f2aabbcc-app.log';
const mayWrite = anyPhoneMayWrite(['{mac}-app.log', '{mac}-boot.log']);

async function open(t: Test, limits = {}, hooks: SpoolHooks = {}) {
  const folder = t.testdir({});
  const uploads = await UploadSpool.open(folder, mayWrite, { ...spoolLimits, ...limits }, hooks);
  const files = { resolve: () => ({ kind: 'absent' }) as const };
  const server = await TftpServer.listen({ host: '127.0.0.1', port: 0, files, uploads });
  t.teardown(() => server.close());
  return { folder, server, uploads, kept: () => readFileSync(join(folder, log), 'utf8') };
}

const request = (fileName: string, options: Record<string, string> = {}, mode = 'octet') =>
  encodeRequest({ kind: 'write', fileName, mode, options: new Map(Object.entries(options)) });

async function begin(t: Test, server: TftpServer, packet: Buffer) {
  const peer = await TftpPeer.open();
  t.teardown(() => peer.close());
  peer.send(packet, server.port);
  const first = await peer.next();
  return { peer, first: first.packet, port: first.port };
}

/** Writes in lock step; gives the last answer. */
async function write(t: Test, server: TftpServer, body: Buffer, packet = request(log)) {
  const { peer, first, port } = await begin(t, server, packet);
  if (first?.kind === 'error') return first;
  const size = first?.kind === 'options' ? Number(first.options.get('blksize') ?? 512) : 512;
  for (let at = 0, block = 1; ; at += size, block += 1) {
    const piece = body.subarray(at, at + size);
    peer.send(encodeData(block, piece), port);
    const { packet } = await peer.next();
    if (packet?.kind !== 'ack' || piece.length < size) return packet;
  }
}

test('a log of an allowed name is kept whole, and a newer one replaces it', async (t) => {
  const { server, kept, uploads } = await open(t);
  for (const body of ['x'.repeat(1300), 'y'.repeat(1024), '']) {
    t.match(await write(t, server, Buffer.from(body)), { kind: 'ack' }, `${body.length} bytes`);
    t.equal(kept(), body);
  }
  const large = request(log, { blksize: '1428', tsize: '5000' });
  t.match(await write(t, server, Buffer.from('z'.repeat(5000)), large), { kind: 'ack', block: 4 });
  t.equal(kept(), 'z'.repeat(5000));
  t.equal(uploads.bytes, 5000);
});

test('text is kept as text', async (t) => {
  const { server, kept } = await open(t);
  await write(t, server, Buffer.from('a\r\nb\r\0c'), request(log, {}, 'netascii'));
  t.equal(kept(), 'a\nb\rc');
});

test('no other name can be written, and without a desk none can', async (t) => {
  const { server, folder } = await open(t);
  for (const name of ['fw.rom', '0004f2aabbcc.cfg', `sub/${log}`, `../${log}`, '/etc/passwd']) {
    t.match(
      await write(t, server, Buffer.from('x'), request(name)),
      { kind: 'error', code: 2 },
      name,
    );
  }
  t.same(readdirSync(folder), []);
});

test('a file larger than allowed is refused at once where it says so, and else when it grows too large', async (t) => {
  const { server, folder } = await open(t, { fileBytesMax: 1000 });
  const announced = await write(t, server, Buffer.alloc(0), request(log, { tsize: '1001' }));
  t.match(announced, { kind: 'error', code: 3 });
  t.match(await write(t, server, Buffer.alloc(1500)), { kind: 'error', code: 3 });
  t.same(readdirSync(folder), []);
});

test('a full spool refuses the new file and keeps the old one', async (t) => {
  const full: string[] = [];
  const hooks = {
    full: ({ path }: { path: string }, what: string) => full.push(`${path} ${what}`),
  };
  const { server, kept, uploads, folder } = await open(t, { quotaBytes: 1000 }, hooks);
  await write(t, server, Buffer.from('x'.repeat(900)));
  const other = request('0004f2aabbcc-boot.log');
  t.match(await write(t, server, Buffer.alloc(200), other), { kind: 'error', code: 3 });
  t.same(full, ['0004f2aabbcc-boot.log quota'], 'somebody is told');
  t.match(
    await write(t, server, Buffer.from('y'.repeat(1000))),
    { kind: 'ack' },
    'a replacement fits',
  );
  t.equal(kept(), 'y'.repeat(1000));
  t.equal(uploads.bytes, 1000);
  t.same(readdirSync(folder), [log]);
  rmSync(join(folder, log));
  t.match(await write(t, server, Buffer.alloc(200), other), { kind: 'ack' }, 'room was made');
  t.equal(uploads.bytes, 200);
});

test('a writer that vanishes leaves the old file as it was', async (t) => {
  const { server, kept, folder } = await open(t);
  await write(t, server, Buffer.from('old'));
  const { peer, port } = await begin(t, server, request(log));
  peer.send(encodeData(1, Buffer.alloc(512, 'n')), port);
  await peer.next();
  t.equal(kept(), 'old', 'and so it is read while the new one is written');
  await server.close();
  t.equal(kept(), 'old');
  t.same(readdirSync(folder), [log]);
});

test('of two writers of one name the last to finish wins, whole', async (t) => {
  const { server, kept } = await open(t);
  const [one, two] = [await begin(t, server, request(log)), await begin(t, server, request(log))];
  for (const [{ peer, port }, letter] of [
    [one, 'a'],
    [two, 'b'],
  ] as const) {
    peer.send(encodeData(1, Buffer.alloc(512, letter)), port);
    await peer.next();
  }
  two.peer.send(encodeData(2, Buffer.from('B')), two.port);
  await two.peer.next();
  one.peer.send(encodeData(2, Buffer.from('A')), one.port);
  await one.peer.next();
  t.equal(kept(), `${'a'.repeat(512)}A`);
});

test('the last ACK that was lost is sent again, and the file is written once', async (t) => {
  const { server, kept } = await open(t);
  const { peer, port } = await begin(t, server, request(log));
  peer.send(encodeData(1, Buffer.from('once')), port);
  t.match((await peer.next()).packet, { kind: 'ack', block: 1 });
  peer.send(encodeData(1, Buffer.from('once')), port);
  t.match((await peer.next()).packet, { kind: 'ack', block: 1 });
  t.equal(kept(), 'once');
});

test('uploads beyond the limit wait for their turn in silence', async (t) => {
  const { server } = await open(t, { uploadsMax: 1 });
  const { peer, port } = await begin(t, server, request(log));
  const second = await TftpPeer.open();
  t.teardown(() => second.close());
  second.send(request('0004f2aabbcc-boot.log'), server.port);
  peer.send(encodeData(1, Buffer.from('x')), port);
  await peer.next();
  t.equal(second.left, 0);
});

test('what an earlier end left half written is removed, and what is there counts', async (t) => {
  const folder = t.testdir({ 'x.uploading': 'half', [log]: '12345' });
  const spool = await UploadSpool.open(folder, mayWrite);
  t.same(readdirSync(folder), [log]);
  t.equal(spool.bytes, 5);
});

test('an upload holds one place until it is done, however often that is said', async (t) => {
  const folder = t.testdir({});
  const spool = await UploadSpool.open(join(folder, 'spool'), mayWrite, {
    ...spoolLimits,
    uploadsMax: 1,
  });
  const upload = spool.admits({ protocol: 'tftp', path: log, address: 'a' });
  if (!upload || upload === 'busy') return t.fail('not admitted');
  t.equal(spool.admits({ protocol: 'tftp', path: log, address: 'a' }), 'busy');
  t.equal(await upload.store(Buffer.from('x')), 'new');
  t.equal(await upload.store(Buffer.from('yy')), 'replaced');
  upload.done();
  upload.done();
  t.type(spool.admits({ protocol: 'tftp', path: log, address: 'a' }), 'object');
  t.equal(
    spool.admits({ protocol: 'tftp', path: log, address: 'a' }),
    'busy',
    'one place, not two',
  );
  t.ok(existsSync(join(folder, 'spool', log)));
});

test('one address holds two places, whatever else it wants to write; others have theirs', async (t) => {
  const spool = await UploadSpool.open(t.testdir({}), mayWrite);
  const ask = (address: string) => spool.admits({ protocol: 'http', path: log, address });
  const [first] = [ask('10.0.0.1'), ask('10.0.0.1')];
  t.equal(ask('10.0.0.1'), 'busy');
  t.type(ask('10.0.0.2'), 'object');
  if (!first || first === 'busy') return t.fail('not admitted');
  first.done();
  t.type(ask('10.0.0.1'), 'object');
  t.equal(ask('10.0.0.1'), 'busy');
});

test('addresses of one IPv6 network leave a quarter of all places to others', async (t) => {
  const spool = await UploadSpool.open(t.testdir({}), mayWrite);
  const ask = (address: string) => spool.admits({ protocol: 'tftp', path: log, address });
  const asked = Array.from({ length: 16 }, (_, host) => ask(`2001:db8::${host + 1}`));
  t.equal(asked.filter((one) => one !== 'busy').length, 12);
  t.type(ask('10.0.0.2'), 'object');
  const [first] = asked;
  if (!first || first === 'busy') return t.fail('not admitted');
  first.done();
  t.type(ask('2001:db8::ff'), 'object');
});

test('writes that never send their first block keep no phone from its own, whatever address they name', async (t) => {
  for (const limits of [{ uploadsMax: 2 }, { uploadsMax: 16 }]) {
    const { server, kept } = await open(t, limits);
    // From the phone's own address as well: two of one address is all that it may have.
    const mutes = [await begin(t, server, request(log)), await begin(t, server, request(log))];
    const phone = await TftpPeer.open();
    t.teardown(() => phone.close());
    // As a phone does, it asks until it is answered.
    const asks = setInterval(() => phone.send(request(log), server.port), 50);
    const { packet, port } = await phone.next();
    clearInterval(asks);
    t.match(packet, { kind: 'ack', block: 0 });
    t.ok(
      mutes.every(({ peer }) => peer.left < 2),
      'they have not been given up for their silence',
    );
    phone.send(encodeData(1, Buffer.from('mine')), port);
    let told = await phone.next();
    // It had asked once more before it was answered.
    while (told.packet?.kind === 'ack' && told.packet.block === 0) told = await phone.next();
    t.match(told.packet, { kind: 'ack', block: 1 });
    t.equal(kept(), 'mine');
  }
});

test('a write that goes on gives its place to nobody', async (t) => {
  const { server } = await open(t, { uploadsMax: 1 });
  const { peer, port } = await begin(t, server, request(log));
  peer.send(encodeData(1, Buffer.alloc(512)), port);
  t.match((await peer.next()).packet, { kind: 'ack', block: 1 });
  const second = await TftpPeer.open();
  t.teardown(() => second.close());
  const asks = setInterval(() => second.send(request('0004f2aabbcc-boot.log'), server.port), 50);
  // Its ACK is repeated after a second: longer than any place of a silent write.
  t.match((await peer.next()).packet, { kind: 'ack', block: 1 });
  clearInterval(asks);
  peer.send(encodeData(2, Buffer.from('x')), port);
  t.match((await peer.next()).packet, { kind: 'ack', block: 2 });
  t.equal(second.left, 0);
});
