import type { FaultCode } from '@ringwave/protocol/faults';
import type { PhonePhase, RolloutState, Waiting, WaveState } from '@ringwave/protocol/phases';
import type { DurationMs, EpochMs, Id, Mac } from '@ringwave/protocol/units';
import type { LeftOutSummary } from './left-out.ts';
import type { WindowRule } from './state.ts';

// What a rollout is: what was asked for, what became of it, and where each of its phones stands.

/** The meeting of its parts; an absent part limits nothing. */
export interface Selection {
  readonly sites?: readonly Id[];
  readonly vendors?: readonly string[];
  readonly models?: readonly string[];
  readonly macs?: readonly Mac[];
  /** In the selection language (docs/selection.md). */
  readonly where?: string;
}

/** What phones of one stratum have in common. */
export const STRATA = ['vendor', 'model', 'hardware', 'site'] as const;
/** One of these, or a label of the site (`site.region`) or the phone (`label.room`). */
export type Stratum = (typeof STRATA)[number] | `site.${string}` | `label.${string}`;
export const stratumPattern = `^(${STRATA.join('|')}|(site|label)\\.[a-z][a-z0-9-]{0,31})$`;

/** Takes from the phones that earlier waves left: all that match, or so many of them in hashed order. */
export interface WaveSpec {
  readonly name: string;
  readonly sites?: readonly Id[];
  readonly models?: readonly string[];
  readonly macs?: readonly Mac[];
  /** In the selection language. */
  readonly where?: string;
  readonly count?: number;
  /** Of the phones that earlier waves left and that match, over 0 to 100. */
  readonly percent?: number;
  /** `count` phones (one, where it is absent) of each combination that occurs. */
  readonly per?: readonly Stratum[];
  /** Left out where no phone is left for it: ready-made waves suit small fleets, too. */
  readonly ifAny?: boolean;
  /** Phones that come into the fleet while the rollout runs join this wave. At most one wave has it. */
  readonly dynamic?: boolean;
  /** Its phones are started only where these are open, too: local rules of each site. */
  readonly windows?: readonly WindowRule[];
  /** Where this wave's gate differs from the rollout's. */
  readonly gate?: Partial<Gate>;
}

/** When the next wave opens: judged over completed results only, failure before success. */
export interface Gate {
  /** Part of the completed results that must be done, 0 to 1. */
  readonly successMin: number;
  /** So many must be done, whatever the part; a smaller wave must be done whole. */
  readonly doneMin?: number;
  /** More failures than this halt the wave at once. */
  readonly failuresMax: number;
  /** A larger part of the completed results than this halts the wave, 0 to 1; not below the minimum sample. */
  readonly failedPartMax?: number;
  /** Fewer completed results than this pass nothing and are too few for a part of them (a smaller wave counts whole). */
  readonly minSample: number;
  readonly soak: DurationMs;
  /** The soak counts only hours of work at the sites: a phone that boots at two in the night proves little. */
  readonly soakIn?: 'business-hours';
  /** A wave that has met its gate is held until a person lets the next one open. */
  readonly askPerson?: boolean;
  /** Asked when everything else is met; anything but a clear yes holds the wave. */
  readonly askUrl?: string;
}

/** How fast the phones of an open wave are released. Absent: all at once. */
export interface Pace {
  /** Phones a minute at first. */
  readonly perMinute: number;
  /** The rate is multiplied by this for each `everyDone` phones that are done. */
  readonly factor?: number;
  readonly everyDone?: number;
  /** The rate never exceeds this. */
  readonly perMinuteMax?: number;
  /** Released at one site within one minute. */
  readonly perSitePerMinute?: number;
}

export interface WaveCounts {
  readonly total: number;
  readonly done: number;
  /** Failed, rolled back or unreachable. */
  readonly failed: number;
  /** Refused by a pre-check or taken out: neither success nor failure. */
  readonly skipped: number;
  /** Ended without the version for a reason that says nothing about the release; neither, too. */
  readonly aside?: number;
  /** Of those that are done: they ran the version before they were let go, which proves nothing of the way to it. */
  readonly already?: number;
}

/** How far the release of a paced wave has come. */
export interface Paced {
  readonly released: number;
  /** Parts of phones that may be released already, below one after each look. */
  readonly credit: number;
  readonly at: EpochMs;
  /** Phones in the wave's line that were not released yet. */
  readonly waiting: number;
}

/** Which pieces of a paced wave's line are left. */
export interface Line {
  readonly first: number;
  /** One beyond the last piece. */
  readonly end: number;
}

export interface Wave {
  readonly spec: WaveSpec;
  readonly state: WaveState;
  readonly counts: WaveCounts;
  readonly openedAt?: EpochMs;
  readonly soakUntil?: EpochMs;
  readonly why?: string;
  /** A person said that no late phones join any more. */
  readonly isClosed?: true;
  /** Halted for failures, and not by an outside check: what counts may change while it stands. */
  readonly byResults?: true;
  readonly paced?: Paced;
  /** Held although its gate is met, until this has answered. */
  readonly asks?: 'person' | 'url';
  /** The number of the last question to the URL: an answer to an earlier one says nothing of the results since. */
  readonly question?: number;
  /** Questions to the URL that brought no yes and no no. */
  readonly unanswered?: number;
  readonly askAgainAt?: EpochMs;
  readonly released?: Released;
}

/** A person let the wave go on, knowing of these results: only what comes beyond them is judged again. */
export interface Released extends Pick<WaveCounts, 'done' | 'failed'> {
  /** In whose name it has passed, in words. */
  readonly why: string;
}

/** By when every phone shall have it, and since when that is so. */
export interface Deadline {
  readonly dueAt: EpochMs;
  /** The advisory or the person that set it. */
  readonly because: string;
}

/** Taken all the same, but somebody should know of it: the thing, the reason, the next step. */
export interface Caution {
  readonly thing: string;
  readonly reason: string;
  readonly next: string;
}

export interface Rollout {
  readonly id: Id;
  readonly name: string;
  /** A rollback leads back to older releases, where the model can go back. */
  readonly kind?: 'rollback';
  readonly releases: readonly Id[];
  readonly selection: Selection;
  readonly gate: Gate;
  readonly pace?: Pace;
  /** Of several rollouts for one phone the higher goes first, then the older. 0 to 1000. */
  readonly priority?: number;
  /** Begins only when these have ended. */
  readonly after?: readonly Id[];
  readonly deadline?: Deadline;
  readonly attemptsMax: number;
  readonly rotateCredentials: boolean;
  readonly state: RolloutState;
  readonly waves: readonly Wave[];
  readonly sites: readonly Id[];
  readonly createdBy: string;
  readonly createdAt: EpochMs;
  /** Who changed it last: that person, too, cannot approve it. */
  readonly editedBy?: string;
  /** All who changed it, in order, and before them whoever wrote the policy that proposed it: none of them can. */
  readonly editors?: readonly string[];
  readonly startAt?: EpochMs;
  readonly startedAt?: EpochMs;
  readonly endedAt?: EpochMs;
  readonly approvedBy?: string;
  readonly approvalRemark?: string;
  /** The reason given for an approval without a second person. */
  readonly brokeGlass?: string;
  /** Aborted at once, phones in flight included. */
  readonly forced?: true;
  readonly denied?: { readonly who: string; readonly remark: string };
  /** SHA-256 over the content that was approved. */
  readonly contentHash: string;
  readonly paused?: {
    readonly by: 'person' | 'gate' | 'freeze' | 'agent' | 'release';
    readonly who: string;
    readonly reason: string;
  };
  /** Raised when ended phones are tried afresh. */
  readonly round: number;
  /** Selected phones that it does not reach; absent where there are none. */
  readonly leftOut?: LeftOutSummary;
  /** As they were found when it was stored. */
  readonly cautions?: readonly Caution[];
  /** Where its deadline stands, so that plans follow it. */
  readonly urgency?: Urgency;
}

/** What a deadline permits, from gentle to none. */
export type Urgency = 'idle-only' | 'window' | 'any-idle-minute' | 'ask-person';

/** What a site has said of a phone's work. */
export interface Told {
  readonly phase: PhonePhase;
  readonly fault?: FaultCode;
  readonly waiting?: Waiting;
}

/** One phone in one rollout. */
export interface Progress {
  readonly rollout: Id;
  readonly mac: Mac;
  readonly site: Id;
  readonly wave: number;
  readonly phase: PhonePhase;
  readonly attempt: number;
  readonly at: EpochMs;
  readonly hops: readonly Id[];
  /** The version that its hops lead on from. */
  readonly from?: string;
  readonly target: string;
  readonly fault?: FaultCode;
  readonly detail?: string;
  /** Its phone was taken out of the inventory, having come to another site so often. */
  readonly removed?: { readonly moves: number };
  /** It ran the version before it was let go: done, and no result. */
  readonly already?: true;
  readonly waiting?: Waiting;
  /** It was taken out, and is under way all the same: its site had begun before it heard of that. */
  readonly wasOut?: true;
  /** What its site last said of work that was taken back: it may never hear of that. */
  readonly told?: Told;
  /** The trouble of its whole site that it is part of, by the phone that was its first; it counts once. */
  readonly incident?: string;
  /** It counts for that trouble, whose first phone has proven its version since, or is gone. */
  readonly leads?: true;
  /** Said after this phone's part had been closed by force: kept, not applied. */
  readonly late?: { readonly phase: PhonePhase; readonly at: EpochMs };
}

export interface RolloutInput {
  readonly id: Id;
  readonly name: string;
  readonly kind?: 'rollback';
  readonly releases: readonly Id[];
  readonly selection: Selection;
  readonly waves: readonly WaveSpec[];
  readonly gate: Gate;
  readonly pace?: Pace;
  readonly priority?: number;
  readonly after?: readonly Id[];
  readonly deadline?: Deadline;
  readonly attemptsMax: number;
  readonly rotateCredentials: boolean;
  readonly startAt?: EpochMs;
  /** How many phones whoever asks believes to reach; needed where these are very many. */
  readonly confirmPhones?: number;
}

/** Of a rollout that does not say: half of the scale. */
export const priorityUsually = 500;
export const priorityOf = ({ priority }: Pick<Rollout, 'priority'>): number =>
  priority ?? priorityUsually;

/** What stands outside says of a wave that has met its gate. */
export type CheckVerdict = 'pass' | 'fail' | 'inconclusive';
