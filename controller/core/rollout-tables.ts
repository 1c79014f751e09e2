import type { EpochMs, Id, Mac } from '@ringwave/protocol/units';
import type { Incident } from './incidents.ts';
import type { LeftOut } from './left-out.ts';
import type { Line, Progress, Rollout } from './rollout-state.ts';

// What is kept of rollouts, and of phones in them.

export type RolloutTables = {
  rollouts: Map<string, Rollout>;
  progress: Map<string, Progress>;
  /** Selected phones that are not part of a rollout, in pieces; by `rollout/piece`. */
  leftOut: Map<string, readonly LeftOut[]>;
  /** The newest trouble of a whole site in a rollout; by `rollout/site`. */
  incidents: Map<string, Incident>;
  /** Phones of paced waves that wait to be released, in pieces; by `rollout/wave/piece`. */
  lines: Map<string, readonly Mac[]>;
  lineEnds: Map<string, Line>;
  /** When phones were released within the last minute, by site; rows of older versions have other keys. */
  lineShares: Map<string, { readonly went?: Readonly<Record<string, readonly EpochMs[]>> }>;
  /** When phones of bonds are looked at again because of time alone; one row, `next`. */
  bondLook: Map<string, EpochMs>;
  /** The rollouts that a phone is part of and that have not ended, oldest first. */
  assignments: Map<string, readonly Id[]>;
};

export const emptyRolloutTables = (): RolloutTables => ({
  rollouts: new Map(),
  progress: new Map(),
  leftOut: new Map(),
  incidents: new Map(),
  lines: new Map(),
  lineEnds: new Map(),
  lineShares: new Map(),
  bondLook: new Map(),
  assignments: new Map(),
});
