import { days, type EpochMs, type Id } from '@ringwave/protocol/units';
import { callHistory } from '../controller/core/call-history.ts';
import { conflict } from '../controller/core/refusal.ts';
import { hasBegun } from '../controller/core/desired-state.ts';
import { rolloutDifferences } from '../controller/core/rollout-difference.ts';
import type { ControllerTables, Refusal, Rollout, RolloutInput } from '../controller/core/state.ts';
import { crewOf, type Player, threadsFor } from './crew.ts';
import { distributionOf, type Distribution, outcomeOf, type RunOutcome } from './outcome.ts';
import { type Assumptions, Rehearsal } from './rehearsal.ts';

// Rehearses a rollout before anything is touched: some runs by seed, each with the production steps.

/** What may be said about the world; what is not said is usual. */
export interface RehearsalWishes {
  /** Runs with seeds 1, 2, 3, … */
  readonly seeds?: number;
  readonly daysMax?: number;
  /** Part of updates that come back on the old version, 0 to 1. */
  readonly failedPart?: number;
  /** Part of phones in a call by the hour of the site's day, 24 parts from midnight. */
  readonly busyByHour?: readonly number[];
  readonly lanBytesPerSecond?: number;
  readonly wanBytesPerSecond?: number;
  /** Hours until a person says go on. */
  readonly personTakesHours?: number;
  /** The rollout begins no earlier; what else is under way goes on until then as it would. */
  readonly from?: EpochMs;
}

export interface RehearsalResult {
  readonly rollout: Id;
  /** The instant from which it was rehearsed, or from which it may begin. */
  readonly from: EpochMs;
  readonly finish: Distribution;
  readonly runs: readonly RunOutcome[];
}

/** Runs of one rehearsal: enough for a tenth, and 100,000 phones still end in minutes. */
export const seedsMax = 20;
const seedsUsually = 3;
const daysUsually = 60;
/** A desk phone takes its image at 8 Mbit/s: flash is slower than the network. */
const lanUsually = 1_000_000;
/** A branch line of 20 Mbit/s. */
const wanUsually = 2_500_000;
/** Two days without a request: phones ask their provisioning server at least daily. */
const offAfterMs = 2 * 86_400_000;
/** A year, each day of which is played; what begins later than that ends as it waits. */
const aheadMax = days(366);
const personTakesUsually = 8;
/** One desk in ten is on a call in office hours, one in two hundred at night. */
const busyUsually = Array.from({ length: 24 }, (_, hour) => (hour >= 8 && hour < 18 ? 0.1 : 0.005));
/** Fewer timed updates of a model say little about the next. */
const samplesLeast = 8;

/** How far it has come: the run that is on, of so many, and its virtual time. */
export interface RehearsalProgress {
  readonly run: number;
  readonly runs: number;
  readonly at: EpochMs;
}

export type Rehearsed = RehearsalResult | { readonly refusals: readonly Refusal[] };

/** Gives the refusals where the rollout would be refused as it stands. How many threads play it does not show in it. */
export function rehearse(
  tables: ControllerTables,
  input: RolloutInput,
  now: EpochMs,
  wishes: RehearsalWishes = {},
  onProgress: (progress: RehearsalProgress) => void = () => {},
  threads = threadsFor(tables.phones.size),
): Rehearsed {
  const crew = crewOf(threads);
  try {
    return rehearseWith(crew, { tables, input, now, wishes }, onProgress);
  } finally {
    for (const player of crew) player.close();
  }
}

interface Asked {
  readonly tables: ControllerTables;
  readonly input: RolloutInput;
  readonly now: EpochMs;
  readonly wishes: RehearsalWishes;
}

function rehearseWith(
  crew: readonly Player[],
  { tables, input, now, wishes }: Asked,
  onProgress: (progress: RehearsalProgress) => void,
): Rehearsed {
  const runs: RunOutcome[] = [];
  const from = Math.max(wishes.from ?? now, now) as EpochMs;
  if (from > now && hasBegun(tables, input.id)) return { refusals: [begunBefore(input.id)] };
  const begins = Math.max(input.startAt ?? from, from) as EpochMs;
  const ahead = Math.min(begins - now, aheadMax);
  const seeds = wishes.seeds ?? seedsUsually;
  for (let seed = 1; seed <= seeds; seed += 1) {
    const assume = assumptions(tables, seed, { wishes, ahead });
    const rehearsal = new Rehearsal(tables, { rollout: input.id, now, assume, crew });
    const refusals = beginIn(rehearsal, startingAt(input, from > now ? from : undefined));
    if (refusals.length > 0) return { refusals };
    const finishedAt = rehearsal.run((at) => onProgress({ run: seed, runs: seeds, at }));
    runs.push(outcomeOf(rehearsal, seed, finishedAt));
  }
  return { rollout: input.id, from: begins, finish: distributionOf(runs), runs };
}

const startingAt = (input: RolloutInput, from: EpochMs | undefined): RolloutInput =>
  from === undefined || (input.startAt ?? 0) >= from ? input : { ...input, startAt: from };

const begunBefore = (id: Id): Refusal =>
  conflict(`rollout ${id}`, 'goes on already and begins at no later time', 'Leave from out.');

/**
 * Stored anew, or in place of the content that was stored before its start; what goes on already is rehearsed as it stands.
 * The number of phones needs nobody's confirmation.
 */
function beginIn(rehearsal: Rehearsal, input: RolloutInput): readonly Refusal[] {
  const { tables } = rehearsal.controller;
  const stored = tables.rollouts.get(input.id);
  const refusals = stored ? asStored(rehearsal, stored, input) : put(rehearsal, 'create', input);
  if (refusals.length > 0) return refusals;
  const { state } = tables.rollouts.get(input.id) ?? {};
  if (state !== 'awaiting-approval') return [];
  return rehearsal.command({ kind: 'rollout-approve', rollout: input.id }, 'a second person');
}

function asStored(rehearsal: Rehearsal, stored: Rollout, input: RolloutInput): readonly Refusal[] {
  const thing = `rollout ${input.id}`;
  if (stored.endedAt !== undefined)
    return [conflict(thing, 'has ended', 'Give what is rehearsed an id of its own.')];
  const isSame = rolloutDifferences(stored, input).length === 0;
  return isSame ? [] : put(rehearsal, 'edit', input);
}

function put(
  rehearsal: Rehearsal,
  what: 'create' | 'edit',
  input: RolloutInput,
): readonly Refusal[] {
  const kind = `rollout-${what}` as const;
  const first = rehearsal.command({ kind, input }, 'rehearsal');
  const asked = first.flatMap(({ next }) => /--confirm (\d+)/.exec(next)?.[1] ?? [])[0];
  if (asked === undefined) return first;
  const confirmed = { ...input, confirmPhones: Number(asked) };
  return rehearsal.command({ kind, input: confirmed }, 'rehearsal');
}

/** `ahead` are the milliseconds until the rollout may begin, which the days looked ahead come after. */
function assumptions(
  tables: ControllerTables,
  seed: number,
  { wishes, ahead }: { readonly wishes: RehearsalWishes; readonly ahead: number },
): Assumptions {
  const busy = wishes.busyByHour ?? busyUsually;
  // What somebody says of calls goes before what was counted of them.
  const counted = wishes.busyByHour ? undefined : callHistory(tables);
  return {
    busyPart: (site, hour) => counted?.(site, hour) ?? busy[hour % 24] ?? 0,
    ofSites: {
      seed,
      failedPart: wishes.failedPart ?? 0,
      lanBytesPerSecond: wishes.lanBytesPerSecond ?? lanUsually,
      wanBytesPerSecond: wishes.wanBytesPerSecond ?? wanUsually,
      updatesTook: new Map(
        [...tables.durations].filter(([, timed]) => timed.length >= samplesLeast),
      ),
      offAfterMs,
    },
    personTakesMs: (wishes.personTakesHours ?? personTakesUsually) * 3_600_000,
    daysMax: (wishes.daysMax ?? daysUsually) + ahead / 86_400_000,
  };
}
