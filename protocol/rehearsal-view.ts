// What a rehearsal says, for the console, the command line and programs. Instants are milliseconds since 1970;
// null is *not within the days that were looked ahead*, or *never*.

export interface RehearsalView {
  readonly rollout: string;
  /** The instant from which it was rehearsed. */
  readonly from: number;
  readonly finish: {
    readonly p10: number | null;
    readonly p50: number | null;
    readonly p90: number | null;
    readonly last: number | null;
  };
  readonly runs: readonly RehearsalRunView[];
}

export interface RehearsalRunView {
  readonly seed: number;
  readonly finishedAt: number | null;
  readonly state: string;
  readonly done: number;
  readonly failed: number;
  readonly skipped: number;
  readonly open: number;
  readonly wanBytes: number;
  readonly lanBytes: number;
  readonly phoneMinutesLost: number;
  readonly quorumWaits: number;
  readonly stops: readonly { readonly at: number; readonly reason: string }[];
  readonly sites: readonly RehearsalSiteView[];
  readonly neverSites: readonly { readonly site: string; readonly why: string }[];
  /** By reason, with how many and the first of them. */
  readonly neverPhones: readonly {
    readonly why: string;
    readonly count: number;
    readonly first: readonly { readonly mac: string; readonly site: string }[];
  }[];
}

export interface RehearsalSiteView {
  readonly site: string;
  readonly phones: number;
  readonly starts: number;
  readonly firstStartAt: number | null;
  readonly lastDoneAt: number | null;
  readonly wanBytes: number;
  readonly lanBytes: number;
  readonly phoneMinutesLost: number;
  readonly quorumWaits: number;
}

/** How far the rehearsal has come that is under way. */
export interface RehearsalProgressView {
  readonly rollout: string;
  readonly who: string;
  /** The run that is on, of so many; both are 0 until the first has begun. */
  readonly run: number;
  readonly runs: number;
  /** From here, and how far that run has come, in virtual time. */
  readonly from: number;
  readonly at: number;
}
