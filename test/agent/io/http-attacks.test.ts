import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { ImageStore } from '@ringwave/firmware-catalog/io/image-store';
import type { Sha256 } from '@ringwave/protocol/units';
import { type Test, test } from 'tap';
import type { FileResolver, Served } from '../../../agent/io/file-source.ts';
import { HttpServer } from '../../../agent/io/http-server.ts';
import { ServedFolder } from '../../../agent/io/served-folder.ts';
import { storedImage } from '../../../agent/io/stored-image.ts';

// Attacks on the HTTP side, each by its number in the list of attacks that Ringwave is held to.

async function serve(t: Test, files: FileResolver): Promise<{ base: string; port: number }> {
  const server = await HttpServer.listen({ host: '127.0.0.1', port: 0, files });
  t.teardown(() => server.close());
  return { base: `http://127.0.0.1:${server.port}`, port: server.port };
}

async function* of(...chunks: readonly Uint8Array[]): AsyncIterable<Uint8Array> {
  yield* chunks;
}

test('T41 an image with other bytes than were measured is not served, whenever it was changed', async (t) => {
  const folder = t.testdir({});
  const body = Buffer.from('the bytes that were signed for');
  const sha256 = createHash('sha256').update(body).digest('hex') as Sha256;
  const store = await ImageStore.open(folder);
  const claim = { sha256, lengthBytes: body.length };
  await store.write(of(body), claim);
  const resolve = async (): Promise<Served> =>
    (await storedImage(store, sha256)) ?? { kind: 'absent' };
  const { base } = await serve(t, { resolve });
  const get = async () => {
    const got = await fetch(`${base}/fw.rom`);
    return `${got.status} ${await got.text()}`;
  };
  t.equal(await get(), '200 the bytes that were signed for');
  const file = join(folder, 'images', sha256.slice(0, 2), sha256);
  writeFileSync(file, 'the bytes that somebody put in');
  t.equal(await get(), '404 ', 'of the same length, under a process that had measured it');
  t.notOk(await store.has(sha256), 'it is gone, so that it is fetched again');
  t.same(await store.write(of(body), claim), { kind: 'stored' });
  t.equal(await get(), '200 the bytes that were signed for');
});

/** A connection from an address of the loopback net that never ends its headers. */
async function slowLoris(port: number, localAddress: string): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write('GET /a HTTP/1.1\r\nX-A: ');
  return socket;
}

test('T42 with 500 connections that never end their headers, phones are served as ever', async (t) => {
  const body = Buffer.from('a configuration');
  const { base } = await serve(t, {
    resolve: () => ({ kind: 'bytes', body, contentType: 'text/plain', noStore: true }),
  });
  const port = Number(new URL(base).port);
  const addresses = Array.from({ length: 500 }, (_, place) => `127.0.9.${1 + (place % 10)}`);
  const slow = await Promise.all(addresses.map((address) => slowLoris(port, address)));
  t.teardown(() => slow.forEach((socket) => socket.destroy()));
  const tookMs: number[] = [];
  for (let count = 0; count < 100; count += 1) {
    const began = performance.now();
    t.equal(await (await fetch(`${base}/a`)).text(), 'a configuration');
    tookMs.push(performance.now() - began);
  }
  const p95Ms = tookMs.sort((a, b) => a - b)[95]!;
  t.ok(p95Ms < 2000, `p95 ${Math.round(p95Ms)} ms`);
});

/** Sends text as it is and gives the status. */
async function status(port: number, text: string): Promise<number> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.on('data', (piece: Buffer) => (answer += piece.toString('latin1')));
  socket.on('error', () => {});
  socket.write(text);
  await once(socket, 'close');
  return Number(/^HTTP\/1.1 (\d{3})/.exec(answer)?.[1]);
}

test('T43 paths and hosts that read in two ways get 400 or 404', async (t) => {
  const folder = t.testdir({ root: { 'a.cfg': 'fine' }, 'secret.txt': 'secret' });
  const { port } = await serve(t, await ServedFolder.open(join(folder, 'root')));
  const ask = (path: string, headers = 'Host: a') =>
    status(port, `GET ${path} HTTP/1.1\r\n${headers}\r\nConnection: close\r\n\r\n`);
  t.equal(await ask('/a.cfg'), 200);
  const targets = [
    '/%252e%252e/secret.txt',
    '/%252e%252e%252fsecret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/..%5csecret.txt',
    '/..\\secret.txt',
    '/a.cfg%00',
    '/a.cfg%00.txt',
    '/%00',
    '/a.cfg;x=1',
    '/;/../secret.txt',
    '/a.cfg%',
    '/a.cfg%zz',
    '/%c0%ae%c0%ae/secret.txt',
    '//etc/passwd',
    '//127.0.0.1/a.cfg',
    'http://127.0.0.1/a.cfg',
    'http://evil.example/a.cfg',
    'a.cfg',
    '*',
    '/a.cfg#x',
  ];
  for (const target of targets) t.ok([400, 404].includes(await ask(target)), target);
  // A host decides nothing here, so that a false one gains nothing.
  t.equal(await ask('/a.cfg', 'Host: evil.example'), 200);
  for (const headers of [
    'Host: a\r\nHost: b',
    'Host: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked',
    'Host: a\r\nContent-Length: 3\r\nContent-Length: 4',
    'Host : a',
  ]) {
    t.equal(await ask('/a.cfg', headers), 400, headers.replaceAll('\r\n', ' | '));
  }
});
