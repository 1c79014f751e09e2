import { parentPort, workerData } from 'node:worker_threads';
import type { EpochMs } from '@ringwave/protocol/units';
import type { ControllerTables, Refusal, RolloutInput } from '../controller/core/state.ts';
import {
  rehearse,
  type RehearsalProgress,
  type RehearsalResult,
  type RehearsalWishes,
} from './rehearse.ts';

// A rehearsal keeps a processor busy for seconds to minutes, so it has a thread of its own.

/** What the thread is given. */
export interface RehearsalTask {
  readonly tables: ControllerTables;
  readonly input: RolloutInput;
  readonly now: EpochMs;
  readonly wishes: RehearsalWishes;
}

/** What it says: how far it is, any number of times, and at last what came of it. */
export type RehearsalSaid =
  | { readonly kind: 'progress'; readonly progress: RehearsalProgress }
  | {
      readonly kind: 'result';
      readonly result: RehearsalResult | { readonly refusals: readonly Refusal[] };
    };

function say(said: RehearsalSaid): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origin.
  parentPort?.postMessage(said);
}

const { tables, input, now, wishes } = workerData as RehearsalTask;
const result = rehearse(tables, input, now, wishes, (progress) =>
  say({ kind: 'progress', progress }),
);
say({ kind: 'result', result });
