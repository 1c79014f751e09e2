import { createHmac } from 'node:crypto';
import { decoysOf } from '@ringwave/agent/core/provisioning/decoys';
import type { PlanPhone } from '@ringwave/protocol/messages';
import { test } from 'tap';

const phone = (mac: string, vendor = 'Yealink'): PlanPhone =>
  ({ mac, vendor, model: 'T46S' }) as PlanPhone;
const keyed = (key: string) => (text: string) =>
  createHmac('sha256', key).update(text).digest('hex').slice(0, 32);

test('decoys lie near the phones, are none of them, and only the box knows which they are', (t) => {
  const phones = [phone('80:5e:c0:12:34:56'), phone('64:16:7f:00:00:02', 'Polycom')];
  const decoys = decoysOf(phones, keyed('one box'));
  t.ok(decoys.size >= 6 && decoys.size <= 8, `${decoys.size} decoys`);
  for (const [mac, twin] of decoys) {
    t.equal(mac.slice(0, 8), twin.mac.slice(0, 8));
    const [a, b] = [mac, twin.mac].map((text) =>
      Number.parseInt(text.slice(9).replaceAll(':', ''), 16),
    );
    const distance = Math.abs((a ?? 0) - (b ?? 0));
    t.ok(distance <= 64 || distance >= 0xffffff - 64, `${mac} near ${twin.mac}`);
    t.notOk(phones.some((one) => one.mac === mac));
  }
  t.same([...decoysOf([...phones].reverse(), keyed('one box')).keys()], [...decoys.keys()]);
  t.not([...decoysOf(phones, keyed('another')).keys()].join(), [...decoys.keys()].join());
  t.end();
});

test('a site without phones has no decoys', (t) => {
  t.equal(decoysOf([], keyed('one box')).size, 0);
  t.end();
});
