import { parseArgs } from 'node:util';
import { rough, wild } from './faults.ts';
import { attempt } from './run.ts';

// npm run sim -- --seed 7 [--trace]: one seed once more, the same on every machine.

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    trace: { type: 'boolean', default: false },
    phones: { type: 'string', default: '12' },
    sites: { type: 'string', default: '3' },
    days: { type: 'string', default: '2' },
    /** The faults of the seeds that failed before there were others. */
    rough: { type: 'boolean', default: false },
  },
});
const whole = (name: string, text: string | undefined): number => {
  const value = Number(text);
  if (text === undefined || !Number.isInteger(value) || value < 0)
    throw new RangeError(`--${name} must be a whole number, such as --${name} 7`);
  return value;
};
const seed = whole('seed', values.seed);
const size = {
  sites: whole('sites', values.sites),
  phonesPerSite: whole('phones', values.phones),
  days: whole('days', values.days),
};
const lines = values.trace ? { lines: (line: string) => console.log(line) } : {};
const result = attempt(seed, { ...size, faults: values.rough ? rough : wild, ...lines });
const { trace, siteDays, done, failed, violation = 'none' } = result;
console.log(
  `seed ${seed}, trace ${trace.slice(0, 16)}, ${siteDays} site-days, ${done} done, ${failed} failed, violation: ${violation}`,
);
process.exitCode = result.violation === undefined ? 0 : 1;
