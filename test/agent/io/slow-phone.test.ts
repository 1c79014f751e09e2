import { type Id, laterBy, ms } from '@ringwave/protocol/units';
import { test } from 'tap';
import { downloadStallMax } from '../../../agent/core/phone-update.ts';
import { progressBytes, type Served } from '../../../agent/io/file-source.ts';
import { HttpServer } from '../../../agent/io/http-server.ts';
import { TftpServer } from '../../../agent/io/tftp-server.ts';
import { after, Box, imageDigest, macOf, planOf, planPhone } from '../core/box.ts';
import { readFile } from './tftp-peer.ts';

// A phone that is slow, or on a bad line, and still moves must not be taken for one that has stalled.

test('both servers tell of progress often enough that 300 bytes a second are seen to move', async (t) => {
  t.ok((progressBytes / 300) * 1000 < downloadStallMax, 'between two reports');
  let body = Buffer.alloc(300_000, 7);
  const image = (): Served => ({
    kind: 'image',
    etag: 'image',
    lengthBytes: body.length,
    read: (offset, length) => body.subarray(offset, offset + length),
  });
  const told: number[] = [];
  const observer = { transferProgress: (_: object, bytes: number) => void told.push(bytes) };
  const files = { resolve: image, observer };
  const tftp = await TftpServer.listen({ host: '127.0.0.1', port: 0, files });
  const http = await HttpServer.listen({ host: '127.0.0.1', port: 0, files });
  t.teardown(() => Promise.all([tftp.close(), http.close()]));
  t.match(await readFile(tftp.port, 'fw.rom'), { bytes: body });
  t.same(told, [65_536, 131_072, 196_608, 262_144]);
  told.length = 0;
  body = Buffer.alloc(5_000_000, 7);
  await (await fetch(`http://127.0.0.1:${http.port}/fw.rom`)).arrayBuffer();
  t.ok(told.length > 2, `over HTTP ${told.length} times in 5 MB`);
});

test('a slow phone keeps its slot while it moves, and costs two reports a minute at most', (t) => {
  const mac = macOf(1);
  const box = new Box().take({ kind: 'plan-came', plan: planOf([planPhone(1)]) }).hold(imageDigest);
  box.asks(mac, '66.85.0.5');
  const image = { mac, release: 'target' as Id, fileName: 'T46S.rom' };
  box.take({ kind: 'image-began', ...image });
  const told = () => box.tables.delivery.get('delivery')?.nextSeq ?? 0;
  const toldBefore = told();
  for (let half = 1; half <= 40 * 120; half += 1) {
    const at = laterBy(after(0), ms(half * 500));
    box.take({ kind: 'image-progressed', ...image }, at);
  }
  t.equal(box.phase(mac), 'downloading', 'after forty minutes');
  const reports = told() - toldBefore;
  t.ok(reports > 70 && reports <= 80, `${reports} reports`);
  const stalls = laterBy(box.now, downloadStallMax);
  t.equal(box.take({ kind: 'woke' }, stalls).phase(mac), 'held', 'and then it moves no more');
  t.end();
});
