import type { SteadyMs } from '@ringwave/runtime/clock';
import { test } from 'tap';
import { fromNetascii, toNetascii } from '../../../../agent/core/tftp/netascii.ts';
import { agreeUpload, phonePolicy } from '../../../../agent/core/tftp/options.ts';
import {
  beginReception,
  kept,
  notKept,
  type Reception,
  takeRepeatedWrite,
  takeWriteTimeout,
  takeWritten,
  writerGone,
} from '../../../../agent/core/tftp/reception.ts';

const at = (ms: number) => ms as SteadyMs;
const data = (block: number, length = 512) =>
  ({ kind: 'data', block, data: Buffer.alloc(length, block) }) as const;
const ack = (block: number) => ({ kind: 'ack', block }) as const;
const nothing = { kind: 'nothing' } as const;

function begin(asked: Record<string, string> = {}, bytesMax = 100_000) {
  const terms = agreeUpload(new Map(Object.entries(asked)), phonePolicy);
  return beginReception(terms, { bytesMax, now: at(0) });
}

const bytesOf = ({ pieces }: Reception) => Buffer.concat(pieces).length;

test('without options ACK 0 goes first, with options the OACK does, and repeats what was announced', (t) => {
  t.same(begin().reply, ack(0));
  const { reception, reply } = begin({ tsize: '700', blksize: '1024', foo: '1' });
  t.same(reply, { kind: 'options' });
  t.same(
    [...reception.terms.agreed],
    [
      ['tsize', '700'],
      ['blksize', '1024'],
    ],
  );
  t.end();
});

test('each block is acknowledged, the last only when it is kept', (t) => {
  const { reception } = begin();
  t.same(takeWritten(reception, data(1), at(1)), ack(1));
  t.same(takeWritten(reception, data(2, 10), at(2)), { kind: 'keep' });
  t.same(takeWritten(reception, data(2, 10), at(3)), nothing, 'not before it is on the disk');
  t.equal(bytesOf(reception), 522);
  t.same(kept(reception, at(4)), ack(2));
  t.end();
});

test('an empty upload is one empty block', (t) => {
  const { reception } = begin();
  t.same(takeWritten(reception, data(1, 0), at(1)), { kind: 'keep' });
  t.equal(bytesOf(reception), 0);
  t.end();
});

test('a doubled block is acknowledged again and kept once', (t) => {
  const { reception } = begin();
  takeWritten(reception, data(1), at(1));
  t.same(takeWritten(reception, data(1), at(2)), ack(1), 'its ACK was lost');
  t.equal(bytesOf(reception), 512);
  t.same(takeWritten(reception, data(3), at(3)), nothing, 'a block of the future');
  t.same(takeWritten(reception, data(2, 600), at(3)), nothing, 'a block longer than agreed');
  t.end();
});

test('a lost last ACK is sent again for ten seconds', (t) => {
  const { reception } = begin();
  takeWritten(reception, data(1, 9), at(1));
  kept(reception, at(2));
  t.same(takeWritten(reception, data(1, 9), at(5000)), ack(1));
  t.same(takeWriteTimeout(reception, at(10_001)), nothing);
  t.equal(reception.ended, undefined);
  takeWriteTimeout(reception, at(10_002));
  t.match(reception.ended, { outcome: { kind: 'done' }, bytes: 9, blocks: 1 });
  t.end();
});

test('a window is acknowledged at its end, and a gap in it once, at the last block in order', (t) => {
  const { reception } = begin({ windowsize: '4' });
  t.same(takeWritten(reception, data(1), at(1)), nothing);
  t.same(takeWritten(reception, data(3), at(1)), ack(1), 'block 2 is missing');
  t.same(takeWritten(reception, data(4), at(1)), nothing, 'told once');
  for (const block of [2, 3, 4]) t.same(takeWritten(reception, data(block), at(2)), nothing);
  t.same(takeWritten(reception, data(5), at(2)), ack(5));
  t.end();
});

test('a silent writer is asked again after its time, and is gone after a minute', (t) => {
  const { reception } = begin();
  takeWritten(reception, data(1), at(1));
  const sends = [];
  for (let now = 1; now < 200_000; now += 10) {
    if (takeWriteTimeout(reception, at(now)).kind === 'ack') sends.push(now - 1);
  }
  t.same(sends.slice(0, 4), [120, 360, 840, 1800]);
  t.same(reception.ended?.outcome, { kind: 'timed-out' });
  t.equal(reception.pieces.length, 0, 'and nothing of it is held');
  t.end();
});

test('an address that never writes gets three answers', (t) => {
  const { reception } = begin();
  t.same(takeRepeatedWrite(reception), ack(0));
  let answers = 0;
  for (let now = 0; now < 99_000; now += 10) {
    if (takeWriteTimeout(reception, at(now)).kind === 'ack') answers += 1;
  }
  t.equal(answers, 1);
  t.same(reception.ended?.outcome, { kind: 'never-answered' });
  t.end();
});

test('what grows over the limit, or finds no room, ends with the error for a full disk', (t) => {
  const growing = begin({}, 1000).reception;
  takeWritten(growing, data(1), at(1));
  t.match(takeWritten(growing, data(2), at(2)), { kind: 'error', code: 3 });
  t.match(growing.ended?.outcome, { kind: 'aborted', by: 'us' });
  const whole = begin().reception;
  takeWritten(whole, data(1, 5), at(1));
  t.match(notKept(whole, 'no room', at(2)), { kind: 'error', code: 3, text: 'no room' });
  t.end();
});

test('a writer that breaks off is told apart from one that only left early', (t) => {
  const broken = begin().reception;
  takeWritten(broken, data(1), at(1));
  takeWritten(broken, { kind: 'error', code: 0, text: 'reboot' }, at(2));
  t.match(broken.ended?.outcome, { kind: 'aborted', by: 'phone', why: 'error 0: reboot' });
  const early = begin().reception;
  takeWritten(early, data(1, 5), at(1));
  kept(early, at(2));
  writerGone(early, at(3));
  t.match(early.ended?.outcome, { kind: 'done' });
  t.end();
});

test('block numbers of an upload roll over', (t) => {
  const { reception } = begin({ blksize: '8' }, 1_000_000);
  for (let block = 1; block <= 65_540; block += 1) {
    const reply = takeWritten(reception, data(block & 0xffff, 8), at(block));
    if (reply.kind !== 'ack' || reply.block !== block) t.fail(`block ${block}`);
  }
  t.equal(reception.bytes, 8 * 65_540);
  t.end();
});

test('text comes back from the wire as it was', (t) => {
  const plain = Buffer.from('a\nb\r\n\r\r\0c\n');
  t.same(fromNetascii(toNetascii(plain)), plain);
  t.same(fromNetascii(Buffer.from('a\rb\r')), Buffer.from('a\rb\r'), 'a lone CR stays');
  t.end();
});
