import type { SteadyMs } from '@ringwave/runtime/clock';
import { test } from 'tap';
import { type Entry, type Talk, TftpLive, type TftpLimits } from '../../../agent/io/tftp-live.ts';

const at = (ms: number) => ms as SteadyMs;

const nobodyWaits = { waiting: 0, dismiss: () => {} };

/** What becomes of one transfer is noted in `ended`. */
const talkOf = (is: Partial<Talk>, ended: (how: string) => void = () => {}): Talk => ({
  verified: true,
  isUnderWay: true,
  startedAt: at(0),
  heardAt: at(0),
  take: () => {},
  scan: () => {},
  repeatFirst: () => {},
  abort: () => ended('aborted'),
  forget: () => ended('forgotten'),
  ...is,
});

/** Transfers that are there, by the phone's address and port, and how each ends. */
function liveWith(limits: TftpLimits, admitted: Record<string, Partial<Talk> & Partial<Entry>>) {
  const live = new TftpLive(limits, nobodyWaits);
  const ends: string[] = [];
  for (const [key, { fileName = 'a.rom', isImage, ...is }] of Object.entries(admitted)) {
    const entry: Entry = { kind: 'read', fileName, ...(isImage && { isImage }) };
    live.admit(key, entry);
    entry.talk = talkOf(is, (how) => {
      ends.push(`${key} ${how}`);
      live.release(key, entry);
    });
  }
  return { live, ends };
}

const wide = { transfersMax: 9, transfersPerSourceMax: 9 };

test('a phone that starts again before it took anything is known by address, file and silence', async (t) => {
  const isUnderWay = false;
  const { live, ends } = liveWith(wide, {
    '10.0.0.1 1': { isUnderWay, heardAt: at(7000) },
    '10.0.0.1 2': { isUnderWay, fileName: 'b.rom' },
    '10.0.0.2 1': { isUnderWay },
  });
  const now = at(10_000);
  live.supersede('10.0.0.1', { fileName: 'a.rom', now });
  live.supersede('10.0.0.1', { fileName: 'c.rom', now });
  live.supersede('10.0.0.3', { fileName: 'a.rom', now });
  t.same(ends, [], 'heard of a moment ago, another file, another address');
  live.supersede('10.0.0.1', { fileName: 'b.rom', now });
  live.supersede('10.0.0.2', { fileName: 'a.rom', now });
  t.same(ends, ['10.0.0.1 2 aborted', '10.0.0.2 1 aborted']);
  await live.close();
  t.equal(live.isAwake, false);
});

test('a transfer that is under way is ended by nobody else behind its address', async (t) => {
  const { live, ends } = liveWith(wide, { '10.0.0.1 1': {} });
  const now = at(10_000);
  live.supersede('10.0.0.1', { fileName: 'a.rom', now });
  live.supersede('10.0.0.1', { fileName: 'a.rom', now, isProven: talkOf({}) });
  t.same(ends, []);
  await live.close();
});

test('one of a file that a single phone asks for ends when that phone answers from its new port', async (t) => {
  const fileName = 'fw/0004f2aabbcc/r1/sip.ld';
  const { live, ends } = liveWith(wide, { '10.0.0.1 1': { fileName } });
  const now = at(10_000);
  live.supersede('10.0.0.1', { fileName, now });
  t.same(ends, [], 'the request may be forged');
  live.supersede('10.0.0.1', { fileName, now: at(5000), isProven: talkOf({}) });
  t.same(ends, [], 'silent for five seconds, and not longer');
  live.supersede('10.0.0.1', { fileName, now, isProven: talkOf({}) });
  t.same(ends, ['10.0.0.1 1 aborted']);
  await live.close();
});

test('the limits count transfers in all and for each address', async (t) => {
  const { live } = liveWith(
    { transfersMax: 3, transfersPerSourceMax: 2 },
    { 'fe80::1%eth0 1': {}, 'fe80::1%eth0 2': {} },
  );
  t.equal(live.makeRoom('fe80::1%eth0', at(0)), false);
  t.equal(live.makeRoom('10.0.0.1', at(0)), true);
  const entry = { kind: 'read', fileName: 'x' } as const;
  live.admit('10.0.0.1 1', entry);
  t.equal(live.makeRoom('10.0.0.2', at(0)), false, 'three are all');
  live.release('10.0.0.1 1', entry);
  live.release('10.0.0.1 1', entry);
  t.equal(live.makeRoom('10.0.0.2', at(0)), true);
  await live.close();
  t.equal(live.size, 0);
});

test('where all is taken, the oldest that nobody answered gives its place up, and no word is sent', async (t) => {
  const verified = false;
  const { live, ends } = liveWith(
    { transfersMax: 5, transfersPerSourceMax: 9 },
    {
      '10.0.0.1 1': {},
      '10.0.0.2 1': { verified, isImage: true },
      '10.0.0.3 1': { verified, startedAt: at(800) },
      '10.0.0.4 1': { verified, startedAt: at(100) },
      '10.0.0.5 1': { verified, startedAt: at(100) },
    },
  );
  t.equal(live.makeRoom('10.0.0.9', at(260)), true, 'an image was silent long enough');
  t.same(ends, ['10.0.0.2 1 forgotten']);
  live.admit('10.0.0.9 1', { kind: 'read', fileName: 'x' });
  t.equal(live.makeRoom('10.0.0.9', at(300)), false, 'the others still have time');
  t.equal(live.makeRoom('10.0.0.9', at(400)), true);
  t.same(ends.slice(1), ['10.0.0.4 1 forgotten']);
  await live.close();
});

test('at the limit of an address its own oldest that nobody answered gives its place up', async (t) => {
  const verified = false;
  const { live, ends } = liveWith(
    { transfersMax: 9, transfersPerSourceMax: 2 },
    { '10.0.0.1 1': { verified }, '10.0.0.2 1': { verified }, '10.0.0.2 2': { verified } },
  );
  t.equal(live.makeRoom('10.0.0.2', at(300)), true);
  t.same(ends, ['10.0.0.2 1 forgotten']);
  await live.close();
});

test('many addresses of one IPv6 network leave a quarter of all transfers to others, and the mute among them give way', async (t) => {
  const limits = { transfersMax: 4, transfersPerSourceMax: 2 };
  const { live, ends } = liveWith(limits, {
    '2001:db8::1 1': {},
    '2001:db8::2 1': { verified: false },
    '2001:db8::3 1': {},
  });
  t.equal(live.makeRoom('10.0.0.1', at(10)), true);
  t.equal(live.makeRoom('2001:db8:1::1', at(10)), true, 'another network');
  t.equal(live.makeRoom('2001:db8::4', at(10)), false);
  t.equal(live.makeRoom('2001:db8::4', at(1000)), true);
  t.same(ends, ['2001:db8::2 1 forgotten']);
  await live.close();
});
