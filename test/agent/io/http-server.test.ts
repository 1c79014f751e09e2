import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import { seconds } from '@ringwave/protocol/units';
import { type Test, test } from 'tap';
import type {
  Asked,
  FileResolver,
  Served,
  TransferEnd,
  TransferSeen,
} from '../../../agent/io/file-source.ts';
import { HttpServer, type HttpServerOptions } from '../../../agent/io/http-server.ts';
import { needs } from '../../peers/peer.ts';

const run = promisify(execFile);
const body = Buffer.from(Array.from({ length: 600_000 }, (_, at) => (at * 7 + (at >> 8)) & 0xff));
const fw: Served = {
  kind: 'image',
  etag: 'sha256-abc',
  lengthBytes: body.length,
  read: (offset, length) => body.subarray(offset, offset + length),
};
const config: Served = {
  kind: 'bytes',
  body: Buffer.from('account.1.password = marker\n'),
  contentType: 'text/plain',
  noStore: true,
};

async function serve(
  t: Test,
  files: FileResolver | ((asked: Asked) => Served),
  options: Partial<HttpServerOptions> = {},
): Promise<string> {
  const server = await HttpServer.listen({
    host: '127.0.0.1',
    port: 0,
    files: typeof files === 'function' ? { resolve: files } : files,
    ...options,
  });
  t.teardown(() => server.close());
  return `http://127.0.0.1:${server.port}`;
}

const byName = ({ path }: Asked): Served =>
  path === 'fw.rom' ? fw : path === 'phone.cfg' ? config : { kind: 'absent' };

/** Sends text as it is and gives everything up to the end of the connection. */
async function raw(base: string, text: string): Promise<string> {
  const socket = connect(Number(new URL(base).port), '127.0.0.1');
  const pieces: Buffer[] = [];
  socket.on('data', (piece: Buffer) => pieces.push(piece));
  socket.on('error', () => {});
  socket.end(text);
  await new Promise((resolve) => socket.on('close', resolve));
  return Buffer.concat(pieces).toString('latin1');
}

test('an image is whole, has its length and a strong tag', async (t) => {
  const base = await serve(t, byName);
  const got = await fetch(`${base}/fw.rom`);
  t.ok(Buffer.from(await got.arrayBuffer()).equals(body));
  t.match(Object.fromEntries(got.headers), {
    'content-length': '600000',
    'content-type': 'application/octet-stream',
    etag: '"sha256-abc"',
    'accept-ranges': 'bytes',
  });
  t.equal(got.headers.get('content-encoding'), null, 'and is not compressed');
  const head = await fetch(`${base}/fw.rom`, { method: 'HEAD' });
  t.equal(head.headers.get('content-length'), '600000');
  t.equal((await head.arrayBuffer()).byteLength, 0);
});

test('a part is exactly that part, over the borders of chunks', async (t) => {
  const base = await serve(t, byName);
  const part = async (headers: Record<string, string>) => {
    const got = await fetch(`${base}/fw.rom`, { headers });
    const bytes = Buffer.from(await got.arrayBuffer());
    return { status: got.status, bytes, range: got.headers.get('content-range') };
  };
  for (const [from, to] of [
    [0, 0],
    [262_143, 262_144],
    [1000, 599_999],
  ] as const) {
    const { status, bytes, range } = await part({ range: `bytes=${from}-${to}` });
    t.equal(status, 206);
    t.equal(range, `bytes ${from}-${to}/600000`);
    t.ok(bytes.equals(body.subarray(from, to + 1)), `${from} to ${to}`);
  }
  t.ok((await part({ range: 'bytes=-5' })).bytes.equals(body.subarray(-5)));
  t.match(await part({ range: 'bytes=600000-' }), { status: 416, range: 'bytes */600000' });
  t.match(await part({ range: `bytes=${'9'.repeat(16)}-` }), { status: 416 });
  t.match(await part({ range: 'bytes=0-1,4-5' }), { status: 200 });
  t.match(await part({ range: 'bytes=5-', 'if-range': '"sha256-abc"' }), { status: 206 });
  t.match(await part({ range: 'bytes=5-', 'if-range': '"other"' }), { status: 200 });
  t.match(await part({ 'if-none-match': '"sha256-abc"' }), { status: 304 });
  t.match(await part({ 'if-match': '"sha256-abc"', range: 'bytes=5-' }), { status: 206 });
  t.match(await part({ 'if-match': '*' }), { status: 200 });
  const other = { 'if-match': '"other"', 'if-none-match': '"sha256-abc"', range: 'bytes=5-' };
  t.match(await part(other), { status: 412, bytes: Buffer.alloc(0) });
});

test('a rendered config is kept by nobody on the way', async (t) => {
  const base = await serve(t, byName);
  const got = await fetch(`${base}/phone.cfg`);
  t.equal(await got.text(), 'account.1.password = marker\n');
  t.equal(got.headers.get('cache-control'), 'no-store');
  t.equal(got.headers.get('content-length'), '28');
});

test('a missing file is 404 with nothing in it, and a refused one looks the same', async (t) => {
  const base = await serve(t, ({ path }) =>
    path === 'a' ? { kind: 'absent' } : { kind: 'refused', reason: 'not its own' },
  );
  const without = (text: string) => text.replace(/Date: .*\r\n/, '');
  const absent = without(await raw(base, 'GET /a HTTP/1.0\r\n\r\n'));
  t.equal(absent, 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
  t.equal(without(await raw(base, 'GET /b HTTP/1.0\r\n\r\n')), absent);
});

test('a path is decoded once; what leaves the root or is no path is refused', async (t) => {
  const seen: string[] = [];
  const base = await serve(t, (asked) => {
    seen.push(asked.path);
    return { kind: 'absent' };
  });
  const status = async (target: string) =>
    (await raw(base, `GET ${target} HTTP/1.0\r\n\r\n`)).slice(9, 12);
  t.equal(await status('//T46U(T43U%2CT46U)-108%20%252e.rom?x=/../y'), '404');
  t.equal(await status('/a;b\\c'), '404');
  t.equal(await status('/%252e%252e/x'), '404');
  t.same(seen, ['T46U(T43U,T46U)-108 %2e.rom', 'a;b\\c', '%2e%2e/x']);
  for (const target of ['/../x', '/a/%2e%2e/x', '/%00', '/a/', '/', '/%', '/%zz', '/%e9']) {
    t.equal(await status(target), '404', target);
  }
  for (const target of ['/a b.cfg', '/Büro.cfg', '/a b\xe9.cfg?x']) {
    t.equal(await status(target), '404', `${target}, unescaped: a phone looks for its next name`);
  }
  for (const target of ['http://other/x', '*', 'a b']) {
    t.equal(await status(target), '400', target);
  }
  t.equal(seen.length, 3, 'nobody was asked for those');
});

test('other methods are refused by name and their bodies are not read', async (t) => {
  const base = await serve(t, byName);
  const put = await fetch(`${base}/phone.log`, { method: 'PUT', body: 'x'.repeat(1000) });
  t.equal(put.status, 405);
  t.equal(put.headers.get('allow'), 'GET, HEAD');
  const expecting = await raw(
    base,
    'PUT /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n',
  );
  t.match(expecting, /^HTTP\/1.1 405 .*Connection: close/s);
  t.equal((await fetch(`${base}/fw.rom`, { method: 'DELETE' })).status, 405);
});

test('what is expected and not known is refused without a body', async (t) => {
  const base = await serve(t, byName);
  const expecting = await raw(base, 'GET /fw.rom HTTP/1.1\r\nExpect: a miracle\r\n\r\n');
  t.match(expecting, /^HTTP\/1.1 417 .*Content-Length: 0\r\n.*\r\n\r\n$/s);
  const put = await raw(base, 'PUT /a b.log HTTP/1.1\r\nContent-Length: 1\r\n\r\nx');
  t.match(put, /^HTTP\/1.1 400 /);
});

test('what cannot be read does not get into the image that is on its way', async (t) => {
  const chunk = Buffer.alloc(262_144, 'x');
  const never = new Promise<Buffer>(() => {});
  const read = (offset: number) => (offset === 0 ? chunk : never);
  const base = await serve(t, () => ({ kind: 'image', etag: 'a', lengthBytes: 600_000, read }));
  const socket = connect(Number(new URL(base).port), '127.0.0.1');
  let text = '';
  socket.on('data', (piece: Buffer) => (text += piece.toString('latin1')));
  socket.write('GET /fw.rom HTTP/1.1\r\n\r\n');
  await once(socket, 'data');
  socket.write('GET /a b HTTP/1.1\r\n\r\n');
  await once(socket, 'close');
  t.match(text, /^HTTP\/1.1 200 OK\r\n(?:[A-Z][^\r]*\r\n)+\r\nx*$/);
});

test('old and odd clients are served: HTTP/1.0, no Host, ten files on one connection', async (t) => {
  const base = await serve(t, byName);
  t.match(await raw(base, 'GET /phone.cfg HTTP/1.0\r\n\r\n'), /200 OK.*marker\n$/s);
  t.match(await raw(base, 'GET /phone.cfg HTTP/1.1\r\n\r\n'), /200 OK.*marker\n$/s);
  const ten = await raw(base, 'GET /phone.cfg HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(10));
  t.equal(ten.match(/200 OK/g)?.length, 10);
  // Some stacks say of every request how long its body is.
  const empty = 'GET /phone.cfg HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n';
  t.equal((await raw(base, empty.repeat(3))).match(/200 OK/g)?.length, 3);
  const userAgent = `Yealink SIP-T46U ${'x'.repeat(2000)}`;
  t.match(
    await raw(base, `GET /phone.cfg HTTP/1.1\r\nUser-Agent: ${userAgent}\xe9\r\n\r\n`),
    /200 OK/,
  );
  t.match(await raw(base, 'GARBAGE\r\n\r\n'), /400 Bad Request/);
  t.match(await raw(base, `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`), /431 /);
});

test('a phone that ends its side after it asked gets its answer, also where the file takes a while to find', async (t) => {
  const later = async () => {
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
    return config;
  };
  const base = await serve(t, { resolve: later });
  const text = await raw(base, 'GET /phone.cfg HTTP/1.0\r\n\r\n');
  t.match(text, /^HTTP\/1\.1 200 OK/);
  t.match(text, 'account.1.password = marker');
});

test('the resolver learns who asks', async (t) => {
  const asked: Asked[] = [];
  const base = await serve(t, (one) => {
    asked.push(one);
    return { kind: 'absent' };
  });
  await fetch(`${base}/a.cfg`, { headers: { 'user-agent': 'Yealink SIP-T46U 108.86.0.20' } });
  t.match(asked, [
    {
      protocol: 'http',
      method: 'GET',
      path: 'a.cfg',
      userAgent: 'Yealink SIP-T46U 108.86.0.20',
      address: '127.0.0.1',
    },
  ]);
});

const loggedIn = ({ login }: Asked): Served => {
  const held = login?.verify((user) => (user === 'phone' ? ['old', 'new'] : []));
  if (held === undefined) return { kind: 'login-needed', realm: 'Ringwave' };
  const text = `${login?.scheme} ${['old', 'new'][held]}`;
  return { kind: 'bytes', body: Buffer.from(text), contentType: 'text/plain', noStore: true };
};

test('without TLS no phone is invited to send its password in clear, and none that does is let in', async (t) => {
  const base = await serve(t, loggedIn);
  const authorization = `Basic ${Buffer.from('phone:new').toString('base64')}`;
  for (const headers of [{}, { authorization }] as const) {
    const answer = await fetch(`${base}/x`, { headers });
    t.equal(answer.status, 401);
    t.match(answer.headers.get('www-authenticate'), /^Digest .*MD5.*, Digest .*SHA-256/);
    t.notMatch(answer.headers.get('www-authenticate'), /Basic/);
  }
});

test('a phone logs in with either password of a rotation, by Digest or, where it may, Basic', async (t) => {
  if (!needs(t, 'curl')) return;
  const base = await serve(t, loggedIn, { plainSecrets: true });
  const curl = async (...args: string[]) =>
    (await run('curl', ['-s', '-w', ' %{http_code}', ...args, `${base}/a%20b.cfg?x=1`])).stdout;
  t.equal(await curl('--digest', '-u', 'phone:old'), 'digest old 200');
  t.equal(await curl('--digest', '-u', 'phone:new'), 'digest new 200');
  t.equal(await curl('--basic', '-u', 'phone:new'), 'basic new 200');
  t.equal(await curl('--anyauth', '-u', 'phone:new'), 'digest new 200');
  t.equal(await curl('--digest', '-u', 'phone:wrong'), ' 401');
  t.equal(await curl('--basic', '-u', 'other:new'), ' 401');
  t.equal(await curl(), ' 401');
  const stale = await fetch(base + '/x', {
    headers: {
      authorization:
        'Digest username="phone", realm="Ringwave", nonce="1.2", uri="/x", response="0", algorithm=MD5',
    },
  });
  t.match(stale.headers.get('www-authenticate'), /stale=true/);
});

test('each transfer leaves its record, also one that the phone breaks off', async (t) => {
  const ended: { seen: TransferSeen; end: TransferEnd }[] = [];
  const huge = 50_000_000;
  const base = await serve(t, {
    resolve: ({ path }) =>
      path === 'huge'
        ? { kind: 'image', etag: 'huge', lengthBytes: huge, read: (_, size) => Buffer.alloc(size) }
        : byName({ path } as Asked),
    observer: { transferEnded: (seen, end) => ended.push({ seen, end }) },
  });
  await (await fetch(`${base}/fw.rom`, { headers: { range: 'bytes=100-' } })).arrayBuffer();
  await fetch(`${base}/fw.rom`, { method: 'HEAD' });
  const broken = new AbortController();
  const reader = (await fetch(`${base}/huge`, { signal: broken.signal })).body?.getReader();
  await reader?.read();
  broken.abort();
  await reader?.read().catch(() => {});
  while (ended.length < 2) await new Promise(setImmediate);
  t.match(ended[0], {
    seen: { etag: 'sha256-abc', lengthBytes: 600_000, fromByte: 100 },
    end: { outcome: { kind: 'done' }, bytes: 599_900 },
  });
  t.match(ended[1]?.end.outcome, { kind: 'aborted', by: 'phone' });
  t.ok((ended[1]?.end.bytes ?? huge) < huge);
});

test('a disk that fails cuts the answer rather than ending it early', async (t) => {
  const released: string[] = [];
  const base = await serve(t, () => ({
    ...fw,
    etag: 'bad',
    read: (offset: number, length: number) =>
      offset > 0 ? Promise.reject(new Error('EIO')) : body.subarray(0, length),
    release: () => released.push('once'),
  }));
  const got = await fetch(`${base}/fw.rom`);
  await t.rejects(got.arrayBuffer());
  t.same(released, ['once']);
  const failing = await serve(t, () => {
    throw new Error('broken');
  });
  const answer = await fetch(`${failing}/x`);
  t.equal(answer.status, 503);
  t.equal(await answer.text(), '');
});

test('a source over its share of connections is cut, and served again later', async (t) => {
  const limits = { connectionsMax: 10, connectionsPerSourceMax: 2 };
  const base = await serve(t, byName, { limits });
  const port = Number(new URL(base).port);
  const held = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')] as const;
  await Promise.all(held.map((socket) => once(socket, 'connect')));
  t.equal(await raw(base, 'GET /phone.cfg HTTP/1.0\r\n\r\n'), '');
  for (const socket of held) socket.destroy();
  let again = '';
  while (again === '') again = await raw(base, 'GET /phone.cfg HTTP/1.0\r\n\r\n');
  t.match(again, /200 OK/);
});

test('closing lets an answer end', async (t) => {
  let answer: (served: Served) => void = () => {};
  const server = await HttpServer.listen({
    host: '127.0.0.1',
    port: 0,
    files: {
      resolve: () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    },
  });
  const got = fetch(`http://127.0.0.1:${server.port}/fw.rom`);
  while (answer.length === 0) await new Promise(setImmediate);
  const closed = server.close(seconds(60));
  answer(fw);
  t.equal((await (await got).arrayBuffer()).byteLength, body.length);
  await closed;
});
