import { test } from 'tap';
import {
  type BlockMemory,
  learnFrom,
  optionsFor,
  policyFor,
} from '../../../../agent/core/tftp/block-memory.ts';
import { agreeOptions, phonePolicy } from '../../../../agent/core/tftp/options.ts';
import {
  beginTransfer,
  peerGone,
  takePacket,
  takeTimeout,
} from '../../../../agent/core/tftp/transfer.ts';
import type { SteadyMs } from '@ringwave/runtime/clock';

const at = (ms: number) => ms as SteadyMs;

/** A phone that accepts the options and never gets block 1. */
function firstBlockDied(blksize: string) {
  const terms = agreeOptions(new Map([['blksize', blksize]]), 90_000, phonePolicy);
  const { transfer } = beginTransfer(terms, at(0));
  takePacket(transfer, { kind: 'ack', block: 0 }, at(1));
  for (let now = 0; now < 5000; now += 10) takeTimeout(transfer, at(now));
  peerGone(transfer, at(5000));
  return transfer;
}

test('a phone whose first large block dies is offered 1024 the next time, and then no option at all', (t) => {
  const memory: BlockMemory = new Map();
  learnFrom(memory, 'a', firstBlockDied('1428'), at(0));
  t.equal(policyFor(memory, 'a', phonePolicy, at(0)).blockBytesMax, 1024);
  t.equal(policyFor(memory, 'b', phonePolicy, at(0)), phonePolicy, 'nobody else is');
  learnFrom(memory, 'a', firstBlockDied('1024'), at(0));
  t.equal(optionsFor(memory, 'a', new Map([['blksize', '1428']]), at(0)).size, 0);
  t.end();
});

test('a phone that got blocks, or never answered, teaches nothing about block sizes', (t) => {
  const memory: BlockMemory = new Map();
  const terms = agreeOptions(new Map([['blksize', '1428']]), 90_000, phonePolicy);
  const silent = beginTransfer(terms, at(0)).transfer;
  for (let now = 0; now < 20_000; now += 10) takeTimeout(silent, at(now));
  learnFrom(memory, 'a', silent, at(20_000));
  const gone = beginTransfer(terms, at(0)).transfer;
  takePacket(gone, { kind: 'ack', block: 0 }, at(1));
  takePacket(gone, { kind: 'ack', block: 1 }, at(2));
  for (let now = 0; now < 70_000; now += 10) takeTimeout(gone, at(now));
  learnFrom(memory, 'a', gone, at(70_000));
  t.equal(memory.size, 0);
  t.end();
});

/** A phone that took a file of so many bytes to its end, in blocks of so many. */
function whole(blockBytes: number, lengthBytes = 3000) {
  const asked = blockBytes === 512 ? new Map() : new Map([['blksize', `${blockBytes}`]]);
  const { transfer } = beginTransfer(agreeOptions(asked, lengthBytes, phonePolicy), at(0));
  for (let block = transfer.acked + 1; block <= transfer.lastBlock; block += 1) {
    takePacket(transfer, { kind: 'ack', block }, at(block));
  }
  return transfer;
}

const offered = (memory: BlockMemory, now: number) => [
  policyFor(memory, 'a', phonePolicy, at(now)).blockBytesMax,
  optionsFor(memory, 'a', new Map([['blksize', '1428']]), at(now)).size,
];

test('a phone that vanished twice is offered all again after an hour', (t) => {
  const memory: BlockMemory = new Map();
  learnFrom(memory, 'a', firstBlockDied('1428'), at(0));
  learnFrom(memory, 'a', firstBlockDied('1024'), at(1000));
  t.same(offered(memory, 3_601_000), [512, 0]);
  t.same(offered(memory, 3_601_001), [1468, 1]);
  t.end();
});

test('a file without options to its end gives careful blocks another try, and large blocks that arrive forget all', (t) => {
  const memory: BlockMemory = new Map();
  learnFrom(memory, 'a', firstBlockDied('1024'), at(0));
  learnFrom(memory, 'a', whole(512), at(1));
  t.same(offered(memory, 2), [1024, 1]);
  learnFrom(memory, 'a', whole(1024), at(3));
  t.same(offered(memory, 4), [1024, 1], 'nothing larger has arrived');
  learnFrom(memory, 'a', whole(1428, 100), at(5));
  t.same(offered(memory, 6), [1024, 1], 'a short file has no large block');
  learnFrom(memory, 'a', whole(1428), at(7));
  t.same(offered(memory, 8), [1468, 1]);
  t.end();
});
