import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type Socket } from 'node:net';
import { type EpochMs, seconds } from '@ringwave/protocol/units';
import { type Test, test } from 'tap';
import { digestResponse } from '../../../agent/core/digest.ts';
import { ByteBudget } from '../../../agent/io/byte-budget.ts';
import type { FileResolver, Served } from '../../../agent/io/file-source.ts';
import { HttpServer, type HttpServerOptions } from '../../../agent/io/http-server.ts';
import { anyPhoneMayWrite, spoolLimits, UploadSpool } from '../../../agent/io/upload-spool.ts';

const fast = { connectionsMax: 500, connectionsPerSourceMax: 500 };

async function serve(
  t: Test,
  resolve: FileResolver['resolve'],
  options: Partial<HttpServerOptions> = {},
): Promise<{ base: string; port: number }> {
  const server = await HttpServer.listen({
    host: '127.0.0.1',
    port: 0,
    files: { resolve },
    ...options,
  });
  t.teardown(() => server.close());
  return { base: `http://127.0.0.1:${server.port}`, port: server.port };
}

const image = (body: Buffer, more: object = {}): Served => ({
  kind: 'image',
  etag: `of-${body.length}`,
  lengthBytes: body.length,
  read: (offset, length) => body.subarray(offset, offset + length),
  ...more,
});

async function open(port: number, text: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.on('error', () => {});
  socket.write(text);
  return socket;
}

async function allOf(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (piece: Buffer) => (text += piece.toString('latin1')));
  await once(socket, 'close');
  return text;
}

test('headers that never end are cut in time, while others are served', async (t) => {
  const { base, port } = await serve(t, () => image(Buffer.from('x')), {
    limits: { ...fast, headersMsMax: 200 },
  });
  const slow = await Promise.all(
    Array.from({ length: 50 }, () => open(port, 'GET /a HTTP/1.1\r\nHost: a\r\nX-A: ')),
  );
  t.equal(await (await fetch(`${base}/a`)).text(), 'x');
  const ends = await Promise.all(slow.map(allOf));
  t.ok(ends.every((text) => /^HTTP\/1.1 408|^$/.test(text)));
});

test('one address gets its requests a second and is told to wait beyond them', async (t) => {
  const { base } = await serve(t, () => image(Buffer.from('x')), {
    limits: { ...fast, requestsPerSecond: 5 },
  });
  const status = async () => (await fetch(`${base}/a`)).status;
  const all = [];
  for (let count = 0; count < 15; count += 1) all.push(await status());
  t.ok(all.filter((one) => one === 200).length >= 10);
  t.ok(all.includes(503));
});

test('a phone that is to come back is told when, five minutes where nothing else is known', async (t) => {
  const later = { kind: 'later', reason: 'busy' } as const;
  const { base } = await serve(t, ({ path }) =>
    path === 'soon' ? { ...later, after: seconds(5) } : later,
  );
  const told = async (path: string) => {
    const { status, headers } = await fetch(`${base}/${path}`);
    return [status, headers.get('retry-after')];
  };
  t.same(await told('soon'), [503, '5']);
  t.same(await told('later'), [503, '300']);
});

const login = (nonce: string, count: string, password = 'secret') => {
  const facts = {
    algorithm: 'MD5',
    user: 'phone',
    realm: 'R',
    nonce,
    method: 'GET',
    uri: '/a',
    auth: { nonceCount: count, clientNonce: 'c' },
  } as const;
  return `Digest username="phone", realm="R", nonce="${nonce}", uri="/a", qop=auth, nc=${count}, cnonce="c", response="${digestResponse(facts, password)}"`;
};

async function loginServer(t: Test) {
  const { base } = await serve(t, (asked) =>
    asked.login?.verify(() => ['secret']) === undefined
      ? { kind: 'login-needed', realm: 'R' }
      : image(Buffer.from('x')),
  );
  const ask = (authorization: string, path = '/a') =>
    fetch(`${base}${path}`, { headers: { authorization } });
  const challenge = (await fetch(`${base}/a`)).headers.get('www-authenticate') ?? '';
  return { ask, nonce: /nonce="([^"]+)"/.exec(challenge)?.[1] ?? '' };
}

test('a Digest login heard on the wire opens nothing twice; the phone goes on with its next count', async (t) => {
  const { ask, nonce } = await loginServer(t);
  t.equal((await ask(login(nonce, '00000001'))).status, 200);
  const replayed = await ask(login(nonce, '00000001'));
  t.equal(replayed.status, 401);
  t.match(replayed.headers.get('www-authenticate'), /stale=true/, 'an honest phone asks nobody');
  t.equal((await ask(login(nonce, '00000003'))).status, 200);
  t.equal((await ask(login(nonce, '00000002'))).status, 200, 'two connections cross');
});

/** As a phone of RFC 2069 logs in, which knows no counts. */
const oldLogin = (nonce: string, uri: string, { password = 'secret', realm = 'R' } = {}) => {
  const facts = { algorithm: 'MD5', user: 'phone', realm, nonce, method: 'GET', uri } as const;
  return `Digest username="phone", realm="${realm}", nonce="${nonce}", uri="${uri}", response="${digestResponse(facts, password)}"`;
};

test('a login without a count opens each file once, and asks nobody for a password where it is tried again', async (t) => {
  const { ask, nonce } = await loginServer(t);
  t.equal((await ask(oldLogin(nonce, '/a', { password: 'guess' }))).status, 401);
  t.equal((await ask(oldLogin(nonce, '/a'))).status, 200);
  t.equal(
    (await ask(oldLogin(nonce, '/b'), '/b')).status,
    200,
    'one nonce for all files of a boot',
  );
  const again = await ask(oldLogin(nonce, '/a'));
  t.equal(again.status, 401);
  const challenge = again.headers.get('www-authenticate') ?? '';
  t.match(challenge, /stale=true/);
  const next = /nonce="([^"]+)"/.exec(challenge)?.[1] ?? '';
  t.equal((await ask(oldLogin(next, '/a'))).status, 200);
  t.equal((await ask(login(next, '00000001'))).status, 200, 'counts go on beside it');
});

test('a login for another realm than the one that was asked for opens nothing', async (t) => {
  const { ask, nonce } = await loginServer(t);
  const other = await ask(oldLogin(nonce, '/a', { realm: 'r' }));
  t.equal(other.status, 401);
  t.match(other.headers.get('www-authenticate'), /realm="R"/);
  t.equal((await ask(oldLogin(nonce, '/a'))).status, 200);
});

test('a wrong password uses up no count, and a guesser soon gets no verdict', async (t) => {
  const { ask, nonce } = await loginServer(t);
  t.equal((await ask(login(nonce, '00000001', 'guess'))).status, 401);
  t.equal((await ask(login(nonce, '00000001'))).status, 200);
  const statuses = [];
  for (let count = 2; count < 12; count += 1) {
    statuses.push((await ask(login(nonce, `000000${10 + count}`, 'guess'))).status);
  }
  t.ok(statuses.includes(503), statuses.join(' '));
});

/** The status of an answer that came over a connection of its own. */
const statusAlone = async (port: number, headers: string): Promise<number> => {
  const socket = await open(
    port,
    `GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${headers}\r\n`,
  );
  return Number((await allOf(socket)).slice(9, 12));
};

const wrongLogin = 'Authorization: Basic cGhvbmU6Z3Vlc3M=\r\n';

test('who guesses over a new connection each time is limited as who keeps one', async (t) => {
  const { port } = await serve(t, () => ({ kind: 'login-needed', realm: 'R' }), {
    plainSecrets: true,
  });
  const statuses = [];
  for (let count = 0; count < 12; count += 1) statuses.push(await statusAlone(port, wrongLogin));
  t.ok(statuses.includes(503), statuses.join(' '));
});

test('guesses that come all at once count each', async (t) => {
  const later = async (): Promise<Served> => {
    await new Promise(setImmediate);
    return { kind: 'login-needed', realm: 'R' };
  };
  const { port } = await serve(t, later, { plainSecrets: true });
  const guess = () => statusAlone(port, wrongLogin);
  await Promise.all(Array.from({ length: 30 }, guess));
  const statuses = [];
  for (let count = 0; count < 5; count += 1) statuses.push(await guess());
  t.same(new Set(statuses), new Set([503]));
});

test('requests over a new connection each count together', async (t) => {
  const { port } = await serve(t, () => image(Buffer.from('x')), {
    limits: { ...fast, requestsPerSecond: 5 },
  });
  const statuses = [];
  for (let count = 0; count < 15; count += 1) statuses.push(await statusAlone(port, ''));
  t.ok(statuses.includes(503), statuses.join(' '));
});

test('a date alone says unchanged, a tag beside it decides', async (t) => {
  const modifiedAt = Date.UTC(2026, 10, 22, 10) as EpochMs;
  const { base } = await serve(t, () => image(Buffer.from('x'), { modifiedAt }));
  const status = async (headers: Record<string, string>) =>
    (await fetch(`${base}/a`, { headers })).status;
  const got = await fetch(`${base}/a`);
  const date = got.headers.get('last-modified') ?? '';
  t.equal(date, 'Sun, 22 Nov 2026 10:00:00 GMT');
  t.equal(await status({ 'if-modified-since': date }), 304);
  t.equal(await status({ 'if-modified-since': 'Sun, 22 Nov 2026 09:00:00 GMT' }), 200);
  t.equal(await status({ 'if-modified-since': date, 'if-none-match': '"other"' }), 200);
});

async function spool(t: Test, limits = {}, options: Partial<HttpServerOptions> = {}) {
  const folder = t.testdir({});
  const uploads = await UploadSpool.open(folder, anyPhoneMayWrite(['{mac}-app.log']), {
    ...spoolLimits,
    ...limits,
  });
  const { base, port } = await serve(t, () => ({ kind: 'absent' }), { uploads, ...options });
  return { folder, base, port, file: join(folder, '0004f2aabbcc-app.log') };
}

test('a log is taken by PUT and POST, whole or not at all', async (t) => {
  const { base, port, file, folder } = await spool(t, { fileBytesMax: 1000, quotaBytes: 1500 });
  const put = (body: string, init: RequestInit = {}, name = '0004f2aabbcc-app.log') =>
    fetch(`${base}/${name}`, { method: 'PUT', body, ...init });
  t.equal((await put('one')).status, 201);
  t.equal((await put('two', { method: 'POST' })).status, 204);
  t.equal(readFileSync(file, 'utf8'), 'two');
  t.equal((await put('x'.repeat(1001))).status, 413);
  t.equal(
    (await put('x', { headers: { 'content-type': 'multipart/form-data; boundary=x' } })).status,
    415,
  );
  for (const coding of ['gzip', 'deflate', 'br', 'identity, gzip']) {
    t.equal((await put('x', { headers: { 'content-encoding': coding } })).status, 415, coding);
  }
  t.equal((await put('two', { headers: { 'content-encoding': 'Identity' } })).status, 204);
  t.equal((await put('x', {}, 'fw.rom')).status, 405);
  t.equal((await put('x'.repeat(900))).status, 204);
  t.equal((await put('x'.repeat(700), {}, '0004f2aabbdd-app.log')).status, 507);
  const broken = await open(
    port,
    'PUT /0004f2aabbcc-app.log HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\nhalf',
  );
  broken.destroy();
  t.equal((await put('last')).status, 204);
  t.equal(readFileSync(file, 'utf8'), 'last');
  t.same(readdirSync(folder), ['0004f2aabbcc-app.log']);
});

test('a body without a length is cut where it grows too large', async (t) => {
  const { port, file } = await spool(t, { fileBytesMax: 1000 });
  const coded = await open(
    port,
    'PUT /0004f2aabbcc-app.log HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n',
  );
  t.match(await allOf(coded), /^HTTP\/1.1 415 /, 'nor one that is compressed under way');
  const head =
    'PUT /0004f2aabbcc-app.log HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
  const socket = await open(port, `${head}400\r\n${'x'.repeat(1024)}\r\n`);
  t.match(await allOf(socket), /^HTTP\/1.1 413/);
  t.equal(existsSync(file), false);
});

test('a phone that asks before it sends is told to go on, and only for what is taken', async (t) => {
  const { port, file } = await spool(t);
  const head = (name: string) =>
    `PUT /${name} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n`;
  const socket = await open(port, head('0004f2aabbcc-app.log'));
  const [first] = (await once(socket, 'data')) as [Buffer];
  t.match(first.toString(), /^HTTP\/1.1 100 Continue/);
  socket.write('log');
  t.match(await allOf(socket), /^HTTP\/1.1 201/);
  t.equal(readFileSync(file, 'utf8'), 'log');
  t.match(await allOf(await open(port, head('fw.rom'))), /^HTTP\/1.1 405/);
});

test('200 clients that break off mid-way leave nothing open, and the next is served', async (t) => {
  const body = Buffer.alloc(2_000_000, 1);
  const held = new Set<object>();
  const { base, port } = await serve(
    t,
    () => {
      const one = {};
      held.add(one);
      return image(body, { release: () => held.delete(one) });
    },
    { limits: fast },
  );
  for (let round = 0; round < 4; round += 1) {
    const sockets = await Promise.all(
      Array.from({ length: 50 }, () => open(port, 'GET /a HTTP/1.1\r\nHost: a\r\n\r\n')),
    );
    await Promise.all(sockets.map((socket) => once(socket, 'data')));
    for (const socket of sockets) socket.destroy();
  }
  while (held.size > 0) await new Promise(setImmediate);
  t.equal((await (await fetch(`${base}/a`)).arrayBuffer()).byteLength, 2_000_000);
});

test('200 images at once arrive whole', async (t) => {
  const body = Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * 7) & 0xff));
  const { base } = await serve(t, () => image(body), { limits: fast });
  const got = await Promise.all(
    Array.from({ length: 200 }, async () =>
      Buffer.from(await (await fetch(`${base}/a`)).arrayBuffer()),
    ),
  );
  t.ok(got.every((bytes) => bytes.equals(body)));
});

test('a reader that takes nothing keeps one piece waiting, not the image, and slows nobody', async (t) => {
  const body = Buffer.alloc(60_000_000);
  let reads = 0;
  const { base, port } = await serve(t, ({ path }) =>
    path === 'slow'
      ? image(body, {
          etag: 'slow',
          read: (at: number, size: number) => ((reads += 1), body.subarray(at, at + size)),
        })
      : image(Buffer.from('x')),
  );
  const slow = await open(port, 'GET /slow HTTP/1.1\r\nHost: a\r\n\r\n');
  slow.pause();
  for (let count = 0; count < 20; count += 1) await (await fetch(`${base}/a`)).text();
  t.ok(reads < 60, `${reads} of 229 pieces were read`);
  slow.destroy();
});

test('the site’s limit of bytes a second holds over HTTP too', async (t) => {
  const body = Buffer.alloc(300_000, 5);
  const { base } = await serve(t, () => image(body), { budget: new ByteBudget(2_000_000) });
  const startedAt = performance.now();
  const got = await Promise.all([1, 2].map(async () => (await fetch(`${base}/a`)).arrayBuffer()));
  const tookMs = performance.now() - startedAt;
  t.ok(got.every((bytes) => Buffer.from(bytes).equals(body)));
  t.ok(tookMs > 250, `600 kB at 2 MB/s took ${Math.round(tookMs)} ms`);
});
