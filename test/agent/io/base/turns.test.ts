import { ms, seconds } from '@ringwave/protocol/units';
import { test } from 'tap';
import { Turns } from '../../../../agent/io/base/turns.ts';

test('turns are given on in the order in which they were waited for', async (t) => {
  const turns = new Turns({ atOnceMax: 1, waitingMax: 2, waitsFor: seconds(60) });
  t.equal(await turns.take(), true);
  const order: string[] = [];
  const second = turns.take().then((isTurn) => order.push(`second ${isTurn}`));
  const third = turns.take().then((isTurn) => order.push(`third ${isTurn}`));
  t.equal(await turns.take(), false, 'two wait: nobody else does');
  turns.end();
  await second;
  turns.end();
  await third;
  t.same(order, ['second true', 'third true']);
  turns.end();
  t.equal(await turns.take(), true, 'nobody goes: the next does at once');
});

test('who waited as long as it may goes without, and its turn goes to the next', async (t) => {
  const turns = new Turns({ atOnceMax: 1, waitingMax: 2, waitsFor: ms(20) });
  await turns.take();
  t.equal(await turns.take(), false);
  turns.end();
  t.equal(await turns.take(), true);
});
