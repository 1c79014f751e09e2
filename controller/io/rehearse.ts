import { Worker } from 'node:worker_threads';
import type { RehearsalProgress, RehearsalResult } from '@ringwave/rehearsal/rehearse';
import type { RehearsalSaid, RehearsalTask } from '@ringwave/rehearsal/rehearsal-worker';
import { youngMbMax } from '@ringwave/rehearsal/young-heap';
import type { Refusal } from '../core/state.ts';

// Starts a rehearsal in a thread of its own: the controller goes on while it runs.

export type Rehearsed = RehearsalResult | { readonly refusals: readonly Refusal[] };

/** Ten minutes: a million phones are rehearsed by a part of the fleet, not by waiting. */
const takesMsMax = 600_000;
/** A rehearsal holds a copy of the fleet's rows and the agents' own: 4 GiB is a million phones. */
const heapMbMax = 4096;

/** Rejects when it takes too long, needs too much memory, or is ended by `signal`. */
export function rehearseApart(
  task: RehearsalTask,
  signal: AbortSignal,
  onProgress: (progress: RehearsalProgress) => void,
): Promise<Rehearsed> {
  const file = new URL(import.meta.resolve('@ringwave/rehearsal/rehearsal-worker'));
  const worker = new Worker(file, {
    workerData: task,
    resourceLimits: { maxOldGenerationSizeMb: heapMbMax, maxYoungGenerationSizeMb: youngMbMax },
  });
  return new Promise((resolve, reject) => {
    const end = (reason: string) => {
      // What it had said before it was ended may still arrive, and would pass for a rehearsal under way.
      worker.removeAllListeners('message');
      void worker.terminate();
      reject(new Error(reason));
    };
    const timer = setTimeout(() => end('it took longer than ten minutes'), takesMsMax);
    signal.addEventListener('abort', () => end('it was ended'), { once: true });
    worker.on('message', (said: RehearsalSaid) => {
      if (said.kind === 'result') resolve(said.result);
      else onProgress(said.progress);
    });
    worker.once('error', (error) => reject(error));
    worker.once('exit', () => clearTimeout(timer));
  });
}
