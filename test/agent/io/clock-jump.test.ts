import { once } from 'node:events';
import { get } from 'node:http';
import { test } from 'tap';
import { encodeAck } from '../../../agent/core/tftp/packet.ts';
import type { Outcome } from '../../../agent/core/tftp/transfer.ts';
import type { Served, TransferEnd } from '../../../agent/io/file-source.ts';
import { HttpServer } from '../../../agent/io/http-server.ts';
import { TftpServer } from '../../../agent/io/tftp-server.ts';
import { readRequest, TftpPeer } from './tftp-peer.ts';

const hourMs = 3_600_000;

test('transfers under way do not notice that the wall clock jumps an hour ahead and an hour back', async (t) => {
  const body = Buffer.alloc(512 * 40, 7);
  const image: Served = {
    kind: 'image',
    etag: 'image',
    lengthBytes: body.length,
    read: (offset, length) => body.subarray(offset, offset + length),
  };
  const ended: { outcome: Outcome['kind']; retransmits: number; tookMs: number }[] = [];
  const observer = {
    transferEnded: (_: object, { outcome, retransmits = 0, durationMs }: TransferEnd) =>
      void ended.push({ outcome: outcome.kind, retransmits, tookMs: durationMs }),
  };
  const files = { resolve: () => image, observer };
  const tftp = await TftpServer.listen({ host: '127.0.0.1', port: 0, files });
  const http = await HttpServer.listen({ host: '127.0.0.1', port: 0, files });
  t.teardown(() => Promise.all([tftp.close(), http.close()]));
  const real = Date.now;
  t.teardown(() => void (Date.now = real));
  const peer = await TftpPeer.open();
  t.teardown(() => peer.close());
  peer.send(readRequest('fw.rom'), tftp.port);
  const page = get({ host: '127.0.0.1', port: http.port, path: '/fw.rom' });
  const [response] = await once(page, 'response');
  const pieces: Uint8Array[] = [];
  for (let block = 1; block <= 41; block += 1) {
    const jump = block === 10 ? hourMs : block === 30 ? -hourMs : undefined;
    if (jump) Date.now = () => real() + jump;
    const { packet, port } = await peer.next();
    t.match(packet, { kind: 'data', block });
    if (packet?.kind === 'data') pieces.push(packet.data);
    peer.send(encodeAck(block), port);
  }
  t.ok(Buffer.concat(pieces).equals(body), 'over TFTP');
  const rest: Buffer[] = await response.toArray();
  t.ok(Buffer.concat(rest).equals(body), 'over HTTP');
  const again = await fetch(`http://127.0.0.1:${http.port}/fw.rom`);
  t.equal((await again.arrayBuffer()).byteLength, body.length, 'and whoever comes after');
  while (ended.length < 3) await new Promise(setImmediate);
  for (const end of ended) {
    t.match(end, { outcome: 'done', retransmits: 0 });
    t.ok(end.tookMs < 60_000, 'no hour in its record');
  }
  t.equal(peer.left, 0, 'nothing was sent twice');
});
