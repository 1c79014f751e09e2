import { createHash } from 'node:crypto';
import { isMainThread, Worker } from 'node:worker_threads';
import { youngMbMax } from '@ringwave/rehearsal/young-heap';
import { wild } from '../sim/faults.ts';
import { attempt } from '../sim/run.ts';

// How many days of sites with 60 phones one core simulates in a minute, beside the plainest pass over as many events:
// a row is written, read back and hashed for each. The ratio says the same on any machine.

const size = { sites: 3, phonesPerSite: 60, days: 2, faults: wild };
/** So many warm the compiler up and do not count: a night's run has that behind it after a minute. */
const warming = 12;
const seeds = Array.from({ length: warming + 30 }, (_, place) => place + 1);

function plainPass(events: number): number {
  const began = performance.now();
  const rows = new Map<string, string>();
  const hash = createHash('sha256');
  for (let event = 0; event < events; event += 1) {
    const key = `phone-${event % 180}`;
    rows.set(
      key,
      JSON.stringify({ key, event, phase: 'staged', why: 'Outside the reboot window' }),
    );
    hash.update(JSON.stringify(JSON.parse(rows.get(key) ?? '{}')));
  }
  hash.digest('hex');
  return performance.now() - began;
}

function measure(): void {
  let [siteDays, steps, tookMs] = [0, 0, 0];
  for (const [place, seed] of seeds.entries()) {
    const began = process.cpuUsage();
    const run = attempt(seed, size);
    const { user, system } = process.cpuUsage(began);
    if (run.violation !== undefined) throw new Error(`seed ${seed}: ${run.violation}`);
    if (place < warming) continue;
    siteDays += run.siteDays;
    steps += run.steps;
    tookMs += (user + system) / 1000;
  }
  plainPass(steps);
  const plainMs = plainPass(steps);
  console.log(
    JSON.stringify({
      siteDays,
      steps,
      siteDaysPerMinuteAndCore: Math.round(siteDays / (tookMs / 60_000)),
      stepsPerSecond: Math.round(steps / (tookMs / 1000)),
      plainStepsPerSecond: Math.round(steps / (plainMs / 1000)),
      timesThePlainPass: Math.round((tookMs / plainMs) * 10) / 10,
    }),
  );
}

// As the night's run has it: in a thread with room for what a step makes.
if (isMainThread) {
  const resourceLimits = { maxYoungGenerationSizeMb: youngMbMax };
  new Worker(new URL(import.meta.url), { resourceLimits }).once('error', (error) => {
    throw error;
  });
} else measure();
