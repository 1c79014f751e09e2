import {
  isBlocked,
  raise,
  strangerAsked,
  strangersMax,
} from '@ringwave/agent/core/provisioning/strangers';
import { emptyTables } from '@ringwave/agent/core/state';
import type { FaultCode } from '@ringwave/protocol/faults';
import { changesOf, draftOf, fold } from '@ringwave/protocol/tables';
import { type EpochMs, type Mac, minutes } from '@ringwave/protocol/units';
import { test } from 'tap';

const noon = Date.UTC(2026, 10, 22, 12) as EpochMs;
const after = (count: number): EpochMs => (noon + minutes(count)) as EpochMs;
const macOf = (n: number): Mac => `80:5e:c0:00:00:${n.toString(16).padStart(2, '0')}` as Mac;

/** A site to which addresses turn with the MACs of phones it does not know. */
function site() {
  const tables = emptyTables();
  return {
    tables,
    asked: (
      address: string,
      n: number,
      at: EpochMs = noon,
      protocol: 'http' | 'tftp' = 'http',
    ): void => {
      const draft = draftOf(tables);
      strangerAsked(draft, { kind: 'stranger-asked', address, mac: macOf(n), protocol }, at);
      fold(tables, changesOf(draft));
    },
    alarms: () => [...tables.outbox.values()].map((item) => ('fault' in item ? item.fault : '')),
  };
}

test('T36: who asks for a fourth unknown MAC within ten minutes gets nothing for an hour', (t) => {
  const { tables, asked, alarms } = site();
  for (const n of [1, 2, 3, 3, 2, 1]) asked('10.0.0.9', n);
  t.notOk(
    isBlocked(tables, { address: '10.0.0.9', protocol: 'http' }, noon),
    'the same three again are no sweep',
  );
  t.same(alarms(), []);
  asked('10.0.0.9', 4);
  t.ok(isBlocked(tables, { address: '10.0.0.9', protocol: 'http' }, noon));
  t.same(alarms(), ['macs-enumerated']);
  t.ok(isBlocked(tables, { address: '10.0.0.9', protocol: 'http' }, after(59)));
  t.notOk(isBlocked(tables, { address: '10.0.0.9', protocol: 'http' }, after(61)));
  t.notOk(
    isBlocked(tables, { address: '10.0.0.10', protocol: 'http' }, noon),
    'others are not meant',
  );
  t.end();
});

test('over TFTP, where anyone writes any address, a sweep shuts the address out of TFTP alone', (t) => {
  const { tables, asked, alarms } = site();
  for (const n of [1, 2, 3, 4]) asked('10.0.0.9', n, noon, 'tftp');
  t.ok(isBlocked(tables, { address: '10.0.0.9', protocol: 'tftp' }, noon));
  t.notOk(isBlocked(tables, { address: '10.0.0.9', protocol: 'http' }, noon));
  t.same(alarms(), ['macs-enumerated']);
  for (const n of [5, 6, 7]) asked('10.0.0.9', n);
  t.notOk(
    isBlocked(tables, { address: '10.0.0.9', protocol: 'http' }, noon),
    'nor do they count with what it asks for itself',
  );
  asked('10.0.0.9', 8);
  for (let n = 0; n < strangersMax + 5; n += 1)
    asked(`10.1.${n >> 8}.${n & 255}`, 1, after(1), 'tftp');
  t.ok(
    isBlocked(tables, { address: '10.0.0.9', protocol: 'http' }, after(1)),
    'many others do not let it go',
  );
  t.end();
});

test('four unknown phones over an hour are no sweep', (t) => {
  const { tables, asked } = site();
  for (const [place, n] of [1, 2, 3, 4].entries()) asked('10.0.0.9', n, after(place * 11));
  t.notOk(isBlocked(tables, { address: '10.0.0.9', protocol: 'http' }, after(34)));
  t.end();
});

test('that passwords wait for an occasion is told once a phone and day, of eight phones, and silences nothing else', (t) => {
  const tables = emptyTables();
  const told = (fault: FaultCode, phones: number, at: EpochMs): number => {
    const before = tables.outbox.size;
    const draft = draftOf(tables);
    for (let n = 0; n < phones; n += 1) {
      raise(draft, { fault, address: `10.0.1.${n}`, detail: 'of a phone' }, at);
    }
    fold(tables, changesOf(draft));
    return tables.outbox.size - before;
  };
  t.equal(told('base-secret-waits', 5, noon), 5);
  t.equal(told('base-secret-waits', 5, after(23 * 60)), 0);
  t.equal(told('base-secret-waits', 20, after(23 * 60)), 3);
  t.equal(told('decoy-asked', 20, after(23 * 60)), 20);
  t.equal(told('base-secret-waits', 5, after(24 * 60)), 5);
  t.end();
});

test('an attacker with many addresses and alarms fills neither memory nor reports', (t) => {
  const { tables, asked } = site();
  for (let n = 0; n < strangersMax + 50; n += 1) asked(`10.1.${n >> 8}.${n & 255}`, 1);
  t.ok(tables.strangers.size <= strangersMax);
  const draft = draftOf(tables);
  for (let n = 0; n < 2000; n += 1) {
    const address = `10.2.${n >> 8}.${n & 255}`;
    raise(draft, { fault: 'macs-enumerated', address, detail: 'many' }, noon);
    raise(draft, { fault: 'macs-enumerated', address, detail: 'again' }, noon);
  }
  fold(tables, changesOf(draft));
  t.ok(tables.outbox.size <= 256, `${tables.outbox.size} reports`);
  t.end();
});
