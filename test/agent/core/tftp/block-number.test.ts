import { test } from 'tap';
import { stepTo, wireNumber } from '../../../../agent/core/tftp/block-number.ts';
import { agreeOptions, phonePolicy } from '../../../../agent/core/tftp/options.ts';
import { beginTransfer, takePacket, takeTimeout } from '../../../../agent/core/tftp/transfer.ts';
import type { SteadyMs } from '@ringwave/runtime/clock';

const at = (ms: number) => ms as SteadyMs;

test('what follows 65,535 is 0, or 1 where a phone counts so', (t) => {
  const blocks = [0, 1, 65_535, 65_536, 131_070, 131_071];
  t.same(
    blocks.map((block) => wireNumber(block, 0)),
    [0, 1, 65_535, 0, 65_534, 65_535],
  );
  t.same(
    blocks.map((block) => wireNumber(block, 1)),
    [0, 1, 65_535, 1, 65_535, 1],
  );
  t.end();
});

test('the step to a wire number is small for what follows and larger than any window for what is past', (t) => {
  for (const rollover of [0, 1] as const) {
    for (const block of [-1, 0, 1, 65_534, 65_535, 65_536, 131_069, 131_070, 200_000]) {
      for (const step of [0, 1, 2, 64]) {
        t.equal(stepTo(wireNumber(block + step, rollover) & 0xffff, block, rollover), step);
      }
      if (block > 65) t.ok(stepTo(wireNumber(block - 1, rollover), block, rollover) > 60_000);
    }
  }
  t.equal(stepTo(0, 70_000, 1), Infinity, 'no block is called 0 when counting goes on with 1');
  t.end();
});

test('a round trip that jumps from 1 to 200 ms costs each phone a few packets, not a storm', (t) => {
  const { transfer } = beginTransfer(agreeOptions(new Map(), 512 * 999, phonePolicy), at(0));
  let now = 0;
  for (let block = 1; block <= 100; block += 1)
    takePacket(transfer, { kind: 'ack', block }, at((now += 1)));
  for (let block = 101; block <= 200; block += 1) {
    const answeredAt = now + 210;
    for (; now < answeredAt; now += 10) takeTimeout(transfer, at(now));
    takePacket(transfer, { kind: 'ack', block }, at(now));
    takePacket(transfer, { kind: 'ack', block }, at(now));
  }
  t.equal(transfer.acked, 200);
  t.ok(transfer.retransmits <= 3, `${transfer.retransmits} retransmits for 100 blocks`);
  t.end();
});
