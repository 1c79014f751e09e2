import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { youngMbMax } from '@ringwave/rehearsal/young-heap';
import { wild } from './faults.ts';
import { attempt } from './run.ts';

// npm run sim:long -- --site-days 100000 --workers 2: what runs at night. Each worker takes every nth seed.

interface Task {
  readonly firstSeed: number;
  readonly step: number;
  readonly siteDays: number;
  readonly phones: number;
}

interface Told {
  readonly seed: number;
  readonly siteDays: number;
  readonly tookMs: number;
  readonly violation: string | undefined;
}

function hunt({ firstSeed, step, siteDays, phones }: Task): void {
  let done = 0;
  for (let seed = firstSeed; done < siteDays; seed += step) {
    const began = performance.now();
    const found = attempt(seed, { sites: 3, phonesPerSite: phones, days: 2, faults: wild });
    done += found.siteDays;
    const { violation } = found;
    const told: Told = {
      seed,
      siteDays: found.siteDays,
      tookMs: performance.now() - began,
      violation,
    };
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origin.
    parentPort?.postMessage(told);
  }
}

async function lead(): Promise<void> {
  const { values } = parseArgs({
    options: {
      'site-days': { type: 'string', default: '100000' },
      workers: { type: 'string', default: '2' },
      phones: { type: 'string', default: '60' },
      'first-seed': { type: 'string', default: '1' },
      /** Stops after this, with what it has. */
      minutes: { type: 'string', default: '600' },
    },
  });
  const workers = Number(values.workers);
  const task = {
    step: workers,
    siteDays: Math.ceil(Number(values['site-days']) / workers),
    phones: Number(values.phones),
  };
  const tally = { siteDays: 0, busyMs: 0, failing: [] as string[] };
  const began = performance.now();
  await Promise.all(
    Array.from({ length: workers }, (_, place) => {
      const workerData: Task = { ...task, firstSeed: Number(values['first-seed']) + place };
      const resourceLimits = { maxYoungGenerationSizeMb: youngMbMax };
      const worker = new Worker(new URL(import.meta.url), { workerData, resourceLimits });
      worker.on('message', ({ seed, siteDays, tookMs, violation }: Told) => {
        tally.siteDays += siteDays;
        tally.busyMs += tookMs;
        if (violation !== undefined) {
          tally.failing.push(`seed ${seed}: ${violation}`);
          console.log(tally.failing.at(-1));
        }
        if (performance.now() - began > Number(values.minutes) * 60_000) void worker.terminate();
      });
      return new Promise<void>((resolve, reject) => {
        worker.on('error', reject);
        worker.on('exit', () => resolve());
      });
    }),
  );
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  const perCore = (tally.siteDays / (tally.busyMs / 60_000)).toFixed(0);
  console.log(
    `${tally.siteDays} site-days of ${task.phones} phones in ${seconds} s, ${perCore} a minute and core, ${tally.failing.length} failing seeds`,
  );
  process.exitCode = tally.failing.length === 0 ? 0 : 1;
}

if (isMainThread) await lead();
else hunt(workerData as Task);
