import { minutes } from '@ringwave/protocol/units';
import { test } from 'tap';
import { noteDuration, samplesMax, worstMinutes } from '../../../controller/core/durations.ts';

const timed = (...list: number[]) => list.map((one) => minutes(one));

test('the worst time is what all but one of twenty took, and two minutes more, between 5 and 90', (t) => {
  t.equal(worstMinutes(undefined), undefined, 'nothing was timed');
  const twenty = [...Array.from({ length: 19 }, () => 6), 40];
  t.equal(worstMinutes(timed(...twenty)), 8);
  t.equal(worstMinutes(timed(...Array.from({ length: 20 }, () => 1))), 5);
  t.equal(worstMinutes(timed(...Array.from({ length: 20 }, () => 200))), 90);
  t.equal(worstMinutes(timed(6, 7)), 15, 'two phones prove nothing quicker than usual');
  t.equal(worstMinutes(timed(6, 30)), 32, 'but that it may be slower');
  t.end();
});

test('the last updates of a model are kept, and no more', (t) => {
  const durations = new Map<string, readonly number[]>();
  const table = {
    get: (key: string) => durations.get(key),
    put: (key: string, value: readonly number[]) => void durations.set(key, value),
  };
  for (let nth = 0; nth < 100; nth += 1)
    noteDuration(table, { vendor: 'Yealink', model: 'T46S' }, nth);
  t.equal(durations.get('Yealink/T46S')?.length, samplesMax);
  t.equal(durations.get('Yealink/T46S')?.at(-1), 99);
  noteDuration(table, { vendor: 'Yealink', model: 'T46S' }, minutes(300));
  t.equal(durations.get('Yealink/T46S')?.at(-1), 99, 'a clock that was set is no update');
  t.end();
});
