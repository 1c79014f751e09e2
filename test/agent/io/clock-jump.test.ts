import { once } from 'node:events';
import { utimesSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { type EpochMs, epochMs, laterBy, minutes, ms, type Sha256 } from '@ringwave/protocol/units';
import type { SteadyMs } from '@ringwave/runtime/clock';
import { test } from 'tap';
import { encodeAck } from '../../../agent/core/tftp/packet.ts';
import type { Outcome } from '../../../agent/core/tftp/transfer.ts';
import type { Served, TransferEnd } from '../../../agent/io/file-source.ts';
import { HttpServer } from '../../../agent/io/http-server.ts';
import { RescueDesk, rescueGrantsIn, writeRescueGrants } from '../../../agent/io/rescue-desk.ts';
import { mintIds, SipTransactions } from '../../../agent/io/sip-transactions.ts';
import { TftpServer } from '../../../agent/io/tftp-server.ts';
import { HandClock } from '../../hand-clock.ts';
import { one } from '../core/box.ts';
import { readRequest, TftpPeer } from './tftp-peer.ts';

type At = { readonly address: string; readonly port: number };
const hourMs = 3_600_000;

test('a phone is waited for 32 s, whatever becomes of the wall clock meanwhile', async (t) => {
  for (const jump of [hourMs, -hourMs]) {
    const hand = new HandClock(one);
    let ahead = 0;
    const transactions = new SipTransactions({
      now: () => (hand.now() + ahead) as EpochMs,
      after: (wait, fn) => hand.after(wait, fn),
      steady: () => hand.now() as number as SteadyMs,
    });
    const [phone, from] = [5062, 5060].map((port) => ({ address: '127.0.0.1', port })) as [At, At];
    let copies = 0;
    let outcome: unknown;
    const ask = { phone, from, user: '101', event: 'check-sync', ids: mintIds() };
    const ended = transactions
      .run(ask, { source: '127.0.0.1', send: () => void (copies += 1) })
      .then((said) => (outcome = said));
    hand.pass(1000);
    ahead = jump;
    hand.pass(30_000);
    await Promise.resolve();
    t.equal(outcome, undefined, 'not before');
    hand.pass(1000);
    t.same(await ended, { kind: 'silent' });
    t.equal(copies, 11);
  }
});

test('a rescue name stays open for the minutes that were said, and for no hour more', async (t) => {
  for (const jump of [hourMs, -hourMs]) {
    const folder = t.testdir({});
    let now = epochMs(Date.now())!;
    const desk = await RescueDesk.open(folder, () => now);
    const grant = { name: 'a.bin', sha256: 'a'.repeat(64) as Sha256, lengthBytes: 1, from: 'a' };
    writeRescueGrants(folder, [{ ...grant, until: laterBy(now, minutes(30)) }]);
    now = laterBy(now, minutes(10 + jump / 60_000));
    desk.moveBy(ms(jump));
    t.match(rescueGrantsIn(folder), [{ until: laterBy(now, minutes(20)) }], `${jump}`);
    const written = laterBy(now, minutes(20));
    utimesSync(join(folder, 'rescue.json'), now / 1000, now / 1000);
    desk.moveBy(ms(jump));
    t.match(rescueGrantsIn(folder), [{ until: written }], 'what was opened on the new clock');
  }
});

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
