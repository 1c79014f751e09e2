import { wild } from './faults.ts';
import { attempt } from './run.ts';

/** Every second seed until there are so many days of sites with 12 phones each; two files of tests share two cores. */
export function siteDaysOf({ firstSeed, siteDaysMin }: { firstSeed: number; siteDaysMin: number }) {
  let siteDays = 0;
  const violations: string[] = [];
  for (let seed = firstSeed; siteDays < siteDaysMin; seed += 2) {
    const found = attempt(seed, { sites: 3, phonesPerSite: 12, days: 2, faults: wild });
    siteDays += found.siteDays;
    if (found.violation !== undefined) violations.push(`seed ${seed}: ${found.violation}`);
  }
  return { siteDays, violations };
}
