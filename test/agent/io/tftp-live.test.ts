import type { SteadyMs } from '@ringwave/runtime/clock';
import { test } from 'tap';
import { type Talk, TftpLive } from '../../../agent/io/tftp-live.ts';

const at = (ms: number) => ms as SteadyMs;

/** A transfer that was last heard then; what ends it is noted. */
const talkHeard = (heardAt: number, ended: string[] = []): Talk => ({
  verified: true,
  startedAt: at(0),
  heardAt: at(heardAt),
  take: () => {},
  scan: () => {},
  repeatFirst: () => {},
  abort: (why) => void ended.push(why),
});

test('a phone that starts again is known by address, file and the silence of its old transfer', (t) => {
  const live = new TftpLive({ transfersMax: 9, transfersPerSourceMax: 9 }, () => {});
  const entries = [
    ['10.0.0.1 1001', 'a.rom', 7000],
    ['10.0.0.1 1002', 'b.rom', 1000],
    ['10.0.0.2 1001', 'a.rom', 1000],
  ] as const;
  const admitted = entries.map(([key, fileName, heardAt]) => {
    const entry = { kind: 'read', fileName, talk: talkHeard(heardAt) } as const;
    live.admit(key, entry);
    return { key, entry };
  });
  const stalled = (address: string, fileName: string) =>
    live.stalled(address, { fileName, before: at(5000) });
  t.equal(stalled('10.0.0.1', 'a.rom'), undefined, 'heard of a moment ago');
  t.equal(stalled('10.0.0.1', 'c.rom'), undefined);
  t.equal(stalled('10.0.0.3', 'a.rom'), undefined);
  t.equal(stalled('10.0.0.1', 'b.rom'), admitted[1]?.entry.talk);
  t.equal(stalled('10.0.0.2', 'a.rom'), admitted[2]?.entry.talk);
  for (const { key, entry } of admitted) live.release(key, entry);
  t.equal(live.isAwake, false);
  t.end();
});

test('the limits count transfers in all and for each address', (t) => {
  const live = new TftpLive({ transfersMax: 3, transfersPerSourceMax: 2 }, () => {});
  const admit = (key: string) => {
    const entry = { kind: 'read', fileName: 'x' } as const;
    live.admit(key, entry);
    return () => live.release(key, entry);
  };
  const ends = [admit('fe80::1%eth0 1'), admit('fe80::1%eth0 2')];
  t.equal(live.isFull('fe80::1%eth0'), true);
  t.equal(live.isFull('10.0.0.1'), false);
  ends.push(admit('10.0.0.1 1'));
  t.equal(live.isFull('10.0.0.2'), true, 'three are all');
  for (const end of ends) end();
  for (const end of ends) end();
  t.equal(live.size, 0);
  t.equal(live.isFull('fe80::1%eth0'), false);
  t.end();
});
