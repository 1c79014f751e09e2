import type { Change } from '@ringwave/protocol/tables';
import { type AgentTables, volatileTables } from './state.ts';

/**
 * What phones show again by themselves, and reports of it that have not left: a crash or a power cut may take the last second of it.
 * Everything else is a promise as soon as it is decided: a start has its number for ever, a secret opens a door, a file
 * with a secret counts against its lease. `outbox` and `delivery` are in both: a number leaves only by a `send`, which is
 * an effect, and a work that moved writes `work` too.
 */
const shownAgain: ReadonlySet<keyof AgentTables> = new Set([
  'sightings',
  'discovered',
  'outbox',
  'delivery',
  ...volatileTables,
] as const);

export const mayWait = (changes: readonly Change<AgentTables>[]): boolean =>
  changes.every(({ table }) => shownAgain.has(table));
