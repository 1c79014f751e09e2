import { parentPort, workerData } from 'node:worker_threads';
import type { EpochMs } from '@ringwave/protocol/units';
import type { ControllerTables, RolloutInput } from '../controller/core/state.ts';
import { rehearse, type RehearsalWishes } from './rehearse.ts';

// A rehearsal keeps a processor busy for seconds to minutes, so it has a thread of its own.

/** What the thread is given. */
export interface RehearsalTask {
  readonly tables: ControllerTables;
  readonly input: RolloutInput;
  readonly now: EpochMs;
  readonly wishes: RehearsalWishes;
}

const { tables, input, now, wishes } = workerData as RehearsalTask;
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origin.
parentPort?.postMessage(rehearse(tables, input, now, wishes));
