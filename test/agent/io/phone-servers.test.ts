import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { EpochMs } from '@ringwave/protocol/units';
import { test } from 'tap';
import { encodeData, encodeRequest } from '../../../agent/core/tftp/packet.ts';
import { phoneUpload } from '../../../agent/core/provisioning/phone-uploads.ts';
import { silentLog } from '../../../agent/io/file-source.ts';
import { openPhoneServers } from '../../../agent/io/phone-servers.ts';
import { Box, macOf, planOf, planPhone } from '../core/box.ts';
import { readFile, TftpPeer } from './tftp-peer.ts';

const body = Buffer.from('config');
const anyPort = { host: '127.0.0.1', port: 0 };

test('one site serves over TFTP, HTTP and two kinds of TLS, and takes the logs of its own phones alone', async (t) => {
  const folder = t.testdir({});
  const box = new Box().take({ kind: 'plan-came', plan: planOf([planPhone(1)]) });
  const servers = await openPhoneServers({
    folder,
    http: anyPort,
    tftp: anyPort,
    https: anyPort,
    oldHttps: anyPort,
    hosts: ['127.0.0.1'],
    files: { resolve: () => ({ kind: 'bytes', body, contentType: 'text/plain', noStore: true }) },
    log: silentLog,
    now: Date.now() as EpochMs,
    bytesPerSecond: 10_000_000,
    masked: (body) => body,
    mayWrite: (path) => phoneUpload(box.tables, path),
  });
  t.teardown(() => servers.close());
  const { ports } = servers;
  t.match(await readFile(ports.tftp, 'a.cfg'), { bytes: body });
  t.equal(await (await fetch(`http://127.0.0.1:${ports.http}/a.cfg`)).text(), 'config');
  for (const [port, kind] of [
    [ports.https, 'p-256'],
    [ports.oldHttps, 'rsa'],
  ] as const) {
    const ca = readFileSync(join(folder, 'tls', `${kind}-authority.pem`));
    const request = httpsRequest({ host: '127.0.0.1', port, path: '/a.cfg', ca, agent: false });
    request.end();
    const [response] = (await once(request, 'response')) as [AsyncIterable<Buffer>];
    for await (const piece of response) t.equal(piece.toString(), 'config', kind);
  }
  const digits = macOf(1).replaceAll(':', '');
  const put = async (name: string) =>
    (await fetch(`http://127.0.0.1:${ports.http}/${name}`, { method: 'PUT', body: 'log' })).status;
  t.equal(await put(`${digits}-local.cfg`), 201);
  t.equal(readFileSync(join(folder, 'uploads', `${digits}-local.cfg`), 'utf8'), 'log');
  t.equal(await put(`${digits}-app.log`), 405, 'a name of another vendor');
  t.equal(await put('805ec0ffffff-local.cfg'), 405, 'a phone that is not of this site');
  const peer = await TftpPeer.open();
  t.teardown(() => peer.close());
  const options = new Map<string, string>();
  const fileName = `${digits}-local.cfg`;
  peer.send(encodeRequest({ kind: 'write', fileName, mode: 'octet', options }), ports.tftp);
  const { port } = await peer.next();
  peer.send(encodeData(1, Buffer.from('by tftp')), port);
  t.match((await peer.next()).packet, { kind: 'ack', block: 1 });
  t.equal(readFileSync(join(folder, 'uploads', fileName), 'utf8'), 'by tftp');
});

test('the rate that the plan sets holds for all phones over both protocols, and its end lets them go', async (t) => {
  const bytes = Buffer.alloc(150_000, 7);
  const image = {
    kind: 'image' as const,
    etag: 'image',
    lengthBytes: bytes.length,
    read: (offset: number, length: number) => bytes.subarray(offset, offset + length),
  };
  const servers = await openPhoneServers({
    folder: t.testdir({}),
    http: anyPort,
    tftp: anyPort,
    hosts: ['127.0.0.1'],
    files: { resolve: () => image },
    log: silentLog,
    now: Date.now() as EpochMs,
    masked: (body) => body,
    mayWrite: () => undefined,
  });
  t.teardown(() => servers.close());
  const { ports } = servers;
  const both = async () => {
    const began = performance.now();
    const [web, tftp] = await Promise.all([
      fetch(`http://127.0.0.1:${ports.http}/fw.rom`).then((answer) => answer.arrayBuffer()),
      readFile(ports.tftp, 'fw.rom', { blksize: '1428' }),
    ]);
    t.equal(web.byteLength, bytes.length);
    t.match(tftp, { bytes });
    return performance.now() - began;
  };
  const free = await both();
  servers.setLanRate(200_000);
  const paced = await both();
  t.ok(
    paced > 1000,
    `300 kB at 200 kB/s took ${Math.round(paced)} ms, and ${Math.round(free)} free`,
  );
  servers.setLanRate('free');
  t.ok((await both()) < paced, 'free again');
});

test('where a site says that many phones share one address, they may connect and ask as many', async (t) => {
  for (const [httpPerAddressMax, open] of [
    [undefined, 64],
    [200, 100],
  ] as const) {
    const servers = await openPhoneServers({
      folder: t.testdir({}),
      http: anyPort,
      tftp: anyPort,
      hosts: ['127.0.0.1'],
      files: { resolve: () => ({ kind: 'bytes', body, contentType: 'text/plain', noStore: true }) },
      log: silentLog,
      now: Date.now() as EpochMs,
      masked: (body) => body,
      mayWrite: () => undefined,
      ...(httpPerAddressMax && { httpPerAddressMax }),
    });
    t.teardown(() => servers.close());
    const held = Array.from({ length: 100 }, () => connect(servers.ports.http, '127.0.0.1'));
    const answers = await Promise.all(
      held.map(async (socket) => {
        socket.on('error', () => {});
        socket.write('GET /a.cfg HTTP/1.1\r\nHost: a\r\n\r\n');
        const said = once(socket, 'data').then(
          () => true,
          () => false,
        );
        const gone = once(socket, 'close').then(
          () => false,
          () => false,
        );
        return Promise.race([said, gone]);
      }),
    );
    t.equal(answers.filter(Boolean).length, open);
    for (const socket of held) socket.destroy();
  }
});
