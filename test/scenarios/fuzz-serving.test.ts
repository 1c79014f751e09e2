import { test } from 'tap';
import { fuzzServing } from './fuzz-run.ts';

test('seconds of nonsense over TFTP and HTTP end nothing, and phones are served meanwhile', async (t) => {
  const root = t.testdir({ 'a.cfg': 'a file of some length', 'fw.rom': 'x'.repeat(200_000) });
  const seed = Math.floor(Math.random() * 1e6);
  t.comment(`seed ${seed}`);
  const end = await fuzzServing({ root, seed, seconds: 4 });
  t.ok(end.isAlive);
  t.ok(end.datagrams > 200 && end.requests > 20, `${end.datagrams} and ${end.requests}`);
  t.ok(end.servedMeanwhile > 0, `${end.servedMeanwhile} files`);
});
