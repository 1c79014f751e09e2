import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { noFaults, rough, wild } from './faults.ts';
import { attempt, simulate } from './run.ts';
import { siteDaysOf } from './site-days.ts';

const small = { sites: 3, phonesPerSite: 12, days: 2 };

test('without faults every phone of every site is done', async (t) => {
  const result = simulate(1, { ...small, faults: noFaults });
  t.equal(result.done, 36);
  t.equal(result.state, 'done');
});

test('the same seed gives the same trace, another seed another', async (t) => {
  const first = simulate(3, { ...small, faults: rough }).trace;
  t.equal(simulate(3, { ...small, faults: rough }).trace, first);
  t.not(simulate(4, { ...small, faults: rough }).trace, first);
});

test('seeds that once failed hold', async (t) => {
  const lines = readFileSync(join(import.meta.dirname, 'seeds.txt'), 'utf8').split('\n');
  for (const line of lines) {
    const found = /^(wild )?(\d+)(?: of (\d+) phones)?\s+(.*)$/.exec(line);
    if (!found) continue;
    const [, isWild, seed, phones = small.phonesPerSite, taught = ''] = found;
    const size = { ...small, phonesPerSite: Number(phones), faults: isWild ? wild : rough };
    t.equal(attempt(Number(seed), size).violation, undefined, taught);
  }
});

test('1,000 site-days of all faults break no invariant: odd seeds', async (t) => {
  const { siteDays, violations } = siteDaysOf({ firstSeed: 1, siteDaysMin: 1000 });
  t.same(violations, []);
  t.ok(siteDays >= 1000);
});
