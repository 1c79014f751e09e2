// How far a release has come, from heard of to preferred; and who took each step, when and why.

import type { EpochMs } from '@ringwave/protocol/units';

export const RELEASE_STATES = [
  'discovered',
  'fetched',
  'verified',
  'lab',
  'approved',
  'preferred',
  'quarantined',
  'withdrawn',
] as const;
export type ReleaseState = (typeof RELEASE_STATES)[number];

/** What a person or a program does to a release. */
export const LIFE_CAUSES = [
  'fetch',
  'verify',
  'lab',
  'approve',
  'prefer',
  'demote',
  'quarantine',
  'readmit',
  'withdraw',
] as const;
export type LifeCause = (typeof LIFE_CAUSES)[number];

/** A missing cell means "not from here". Withdrawn is final: another release takes its place. */
export const NEXT: Readonly<
  Record<ReleaseState, Readonly<Partial<Record<LifeCause, ReleaseState>>>>
> = {
  discovered: { fetch: 'fetched', quarantine: 'quarantined', withdraw: 'withdrawn' },
  fetched: { verify: 'verified', quarantine: 'quarantined', withdraw: 'withdrawn' },
  verified: {
    lab: 'lab',
    approve: 'approved',
    quarantine: 'quarantined',
    withdraw: 'withdrawn',
  },
  lab: { approve: 'approved', quarantine: 'quarantined', withdraw: 'withdrawn' },
  approved: {
    prefer: 'preferred',
    lab: 'lab',
    quarantine: 'quarantined',
    withdraw: 'withdrawn',
  },
  preferred: { demote: 'approved', quarantine: 'quarantined', withdraw: 'withdrawn' },
  // What was verified before stays verified: its bytes are known by their digest.
  quarantined: { readmit: 'verified', withdraw: 'withdrawn' },
  withdrawn: {},
};

export interface LifeStep {
  readonly to: ReleaseState;
  readonly at: EpochMs;
  readonly who: string;
  readonly why: string;
}

export interface ReleaseLife {
  readonly state: ReleaseState;
  /** The vendor's line of delivery that a policy can follow: `stable`, `beta`. */
  readonly channel: string;
  /** All steps so far, oldest first; at most `stepsKept`, the first one always among them. */
  readonly steps: readonly LifeStep[];
}

/** Steps kept of one release; people move one some ten times in all. */
export const stepsKept = 64;
export const usualChannel = 'stable';

export const beginLife = (step: LifeStep, channel: string = usualChannel): ReleaseLife => ({
  state: step.to,
  channel,
  steps: [step],
});

/** The life after one more step; undefined where the cause does not apply from here. */
export function live(
  life: ReleaseLife,
  cause: LifeCause,
  step: Omit<LifeStep, 'to'>,
): ReleaseLife | undefined {
  const to = NEXT[life.state][cause];
  if (to === undefined || (cause === 'readmit' && !wasVerified(life))) return undefined;
  const steps = [...life.steps, { ...step, to }];
  const [first, ...rest] = steps;
  const kept = steps.length > stepsKept && first ? [first, ...rest.slice(1 - stepsKept)] : steps;
  return { ...life, state: to, steps: kept };
}

const wasVerified = ({ steps }: ReleaseLife): boolean => steps.some(({ to }) => to === 'verified');

/** What could be done from here. */
export const causesFrom = (life: ReleaseLife): LifeCause[] =>
  LIFE_CAUSES.filter(
    (cause) => NEXT[life.state][cause] !== undefined && (cause !== 'readmit' || wasVerified(life)),
  );

/** Whether rollouts may bring it to phones: to any, or in the lab to those that someone picked by hand. */
export const mayRollOut = (
  life: ReleaseLife | undefined,
  { handPicked }: { readonly handPicked: boolean },
): boolean =>
  life?.state === 'approved' ||
  life?.state === 'preferred' ||
  (life?.state === 'lab' && handPicked);

/** Whether its images have been measured against their digests. */
export const isHere = ({ state }: ReleaseLife): boolean =>
  state !== 'discovered' && state !== 'fetched';
