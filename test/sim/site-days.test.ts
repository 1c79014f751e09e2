import { test } from 'tap';
import { siteDaysOf } from './site-days.ts';

test('1,000 site-days of all faults break no invariant: even seeds', async (t) => {
  const { siteDays, violations } = siteDaysOf({ firstSeed: 2, siteDaysMin: 1000 });
  t.same(violations, []);
  t.ok(siteDays >= 1000);
});
