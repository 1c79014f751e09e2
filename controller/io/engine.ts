import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Change } from '@ringwave/protocol/tables';
import type { EpochMs } from '@ringwave/protocol/units';
import type { Clock } from '@ringwave/runtime/clock';
import { loadInto, SqliteTables } from '@ringwave/runtime/io/sqlite-tables';
import { StepLoop } from '@ringwave/runtime/step-loop';
import { stepController } from '../core/controller.ts';
import {
  type Command,
  type CommandResult,
  type ControllerEffect,
  type ControllerEvent,
  type ControllerTables,
  emptyTables,
  volatileTables,
} from '../core/state.ts';
import { FleetQuery } from './fleet-query.ts';
import { fleetProjection } from './fleet-tables.ts';

/** One committed step, as the live view and the log see it. */
export interface Committed {
  readonly changes: readonly Change<ControllerTables>[];
  readonly at: EpochMs;
}

type Outward = Exclude<ControllerEffect, { kind: 'answer' }>;

export interface EngineParts {
  readonly database: string;
  readonly clock: Clock;
  /** Sends what the step owes to agents. */
  act(effect: Outward): void;
  /** A bug or a broken disk: nothing is known for certain any more. */
  failed(error: unknown): void;
}

/** The controller's step loop with its store: events go in, committed changes and answers come out. */
export class Engine {
  /** What is known, after the last commit. For reading only. */
  readonly tables: ControllerTables = emptyTables();
  readonly clock: Clock;
  /** Which phones a selection means, by its indexes. */
  readonly phones: FleetQuery;
  readonly #store: SqliteTables;
  readonly #loop: StepLoop<ControllerTables, ControllerEvent, ControllerEffect>;
  readonly #answers = new Map<string, CommandResult>();
  readonly #listeners = new Set<(committed: Committed) => void>();

  constructor(parts: EngineParts) {
    const durable = Object.keys(this.tables).filter(
      (name) => !volatileTables.some((one) => one === name),
    );
    this.clock = parts.clock;
    this.#store = new SqliteTables(parts.database, durable, fleetProjection());
    this.phones = new FleetQuery('sqlite', (query) => this.#store.askInTurns(query));
    loadInto(this.tables, this.#store);
    this.#loop = new StepLoop<ControllerTables, ControllerEvent, ControllerEffect>({
      tables: this.tables,
      store: this.#store,
      clock: parts.clock,
      step: (event, now) => stepController({ tables: this.tables }, event, now),
      act: (effect) => {
        if (effect.kind === 'answer') this.#answers.set(effect.id, effect.result);
        else parts.act(effect);
      },
      committed: (changes, _event, at) => {
        if (changes.length === 0) return;
        for (const listener of this.#listeners) listener({ changes, at });
      },
      failed: (error) => parts.failed(error),
      woke: { kind: 'woke' },
    });
  }

  start(): void {
    this.#loop.submit({ kind: 'started', run: randomUUID() });
  }

  submit(event: ControllerEvent): void {
    this.#loop.submit(event);
  }

  /** Decided and committed when it returns. `who` is named in the audit. */
  command(who: string, command: Command): CommandResult {
    const id = randomUUID();
    this.#loop.submit({ kind: 'command', id, who, command });
    const result = this.#answers.get(id);
    this.#answers.delete(id);
    if (result) return result;
    return {
      ok: false,
      refusals: [
        {
          code: 'conflict',
          thing: 'controller',
          reason: 'is stopping',
          next: 'Try again when it is back.',
        },
      ],
    };
  }

  /** What a command would be answered now; nothing comes of it. */
  wouldTake(who: string, command: Command): CommandResult {
    const event = { kind: 'command', id: 'would', who, command } as const;
    const { effects } = stepController({ tables: this.tables }, event, this.clock.now());
    const answer = effects.find((effect) => effect.kind === 'answer');
    assert(answer?.kind === 'answer', 'a command is answered');
    return answer.result;
  }

  /** Hears of every committed step, in order; gives the end of it. */
  onCommitted(listener: (committed: Committed) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#loop.stop();
    this.#store.close();
  }
}
