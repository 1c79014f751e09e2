import { test } from 'tap';
import { ByteBudget } from '../../../agent/io/byte-budget.ts';

/** Sends ten pieces one after another; gives how long that took. */
async function tenPieces(budget: ByteBudget, bytes: number): Promise<number> {
  const began = performance.now();
  for (let piece = 0; piece < 10; piece += 1) await budget.turn('10.0.0.7', bytes);
  return performance.now() - began;
}

test('a rate that changes while a phone waits is the rate from then on, and leaves nobody waiting', {
  timeout: 10_000,
}, async (t) => {
  const budget = new ByteBudget(1000);
  await budget.turn('10.0.0.7', 1000);
  const waits = tenPieces(budget, 10_000);
  budget.setRate(500_000);
  const took = await waits;
  t.ok(took > 100 && took < 900, `100 kB at 500 kB/s took ${Math.round(took)} ms`);
  budget.setRate(undefined);
  t.ok((await tenPieces(budget, 10_000_000)) < 100, 'no rate, no wait');
});

test('a budget that nobody waits for keeps no process alive', async (t) => {
  const budget = new ByteBudget(1000);
  await budget.turn('10.0.0.7', 1000);
  const timers = () => process.getActiveResourcesInfo().filter((one) => one === 'Timeout').length;
  const before = timers();
  const waits = budget.turn('10.0.0.7', 1000);
  t.equal(timers(), before + 1);
  budget.setRate(undefined);
  await waits;
  t.equal(timers(), before);
});
