import type { PhonePhase, RolloutState, WaitingFor, WaveState } from './phases.ts';

// What REST answers and the live stream carries: the same shapes for console, command line and programs.
// Instants are milliseconds since 1970; null is *unknown*.

export interface PhoneView {
  readonly mac: string;
  readonly site: string;
  readonly vendor: string;
  readonly model: string;
  readonly hardware?: string;
  readonly extension?: string;
  readonly emergency: boolean;
  readonly coverageGroup?: string;
  /** The switch it hangs on, as people label it. */
  readonly switch?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** What it ends on one version with: phones of its site, and of any site. */
  readonly pair?: string;
  readonly bond?: string;
  /** The version the phone itself showed last, and when. */
  readonly running: {
    readonly version: string;
    readonly at: number;
    readonly source: string;
  } | null;
  readonly seenAt: number | null;
  readonly address: string | null;
  /** What the phone says it is, where that differs from the inventory. */
  readonly claimsModel?: string;
  readonly credential: CredentialStateView | null;
  /** It shows another version than the one that a rollout brought it to. */
  readonly drift?: { readonly from: string; readonly to: string; readonly at: number };
  /** Where it stands in the newest rollout that names it. */
  readonly work: PhoneWorkView | null;
}

/** Never the secret. */
export interface CredentialStateView {
  readonly generation: number;
  readonly state: 'staged' | 'published' | 'proven';
  readonly provenAt: number | null;
}

export interface PhoneWorkView {
  readonly rollout: string;
  readonly wave: string;
  readonly phase: PhonePhase;
  readonly target: string;
  readonly since: number;
  readonly reason: string;
  /** Absent once the phone's part has ended. */
  readonly waitingFor?: WaitingFor;
  readonly nextAttemptAt?: number | null;
  readonly attempt?: number;
  readonly attemptsMax?: number;
  readonly fault?: string;
  readonly advice?: string;
  /** From the rollout down to the phone: what holds at each level. */
  readonly because?: readonly string[];
  readonly goesOnWhen?: string;
}

export interface WaveView {
  readonly name: string;
  readonly state: WaveState;
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  readonly skipped: number;
  readonly openedAt: number | null;
  readonly soakUntil: number | null;
  readonly why: string | null;
  /** Ended without the version for a reason that says nothing about the release. */
  readonly aside: number;
  /** Of those that are done: they ran the version before, and count for no gate. */
  readonly already?: number;
  /** Held with its gate met, until this has answered. */
  readonly asks: 'person' | 'url' | null;
  /** Of a paced wave: phones that were let go, and those that wait for it. */
  /** Where it narrows the windows of its sites, in words. */
  readonly windows?: readonly string[];
  readonly paced: {
    readonly released: number;
    readonly waiting: number;
    /** Phones a minute, as what is done by now has raised it. */
    readonly perMinute: number;
    /** When the next are let go; null while nothing is, or nobody waits. */
    readonly nextAt: number | null;
  } | null;
  /** The rollout’s gate with what this wave says of its own. */
  readonly gate: GateView;
  /** Phones that are stored while the rollout goes on join this wave. */
  readonly dynamic: boolean;
  /** While an outside check is asked: questions that brought no clear answer, and when the next one is put. */
  readonly check: { readonly unanswered: number; readonly nextAt: number | null } | null;
}

/** When the next wave opens. */
export interface GateView {
  readonly successMin: number;
  readonly failuresMax: number;
  readonly minSample: number;
  readonly soakMs: number;
  readonly doneMin?: number;
  readonly failedPartMax?: number;
  readonly soakIn?: 'business-hours';
  readonly askPerson?: boolean;
  readonly askUrl?: string;
}

export interface RolloutView {
  readonly id: string;
  readonly name: string;
  readonly state: RolloutState;
  readonly releases: readonly {
    readonly id: string;
    readonly vendor: string;
    readonly version: string;
  }[];
  readonly sites: readonly string[];
  readonly gate: GateView;
  readonly waves: readonly WaveView[];
  readonly kind: 'update' | 'rollback';
  readonly priority: number;
  /** Rollouts that have to end first. */
  readonly after: readonly string[];
  readonly startAt: number | null;
  /** How fast its phones are let go; null: all of a wave at once. */
  readonly pace: {
    readonly perMinute: number;
    readonly factor?: number;
    readonly everyDone?: number;
    readonly perMinuteMax?: number;
    readonly perSitePerMinute?: number;
  } | null;
  readonly deadline: {
    readonly dueAt: number;
    readonly because: string;
    /** What it permits now; null before the start. */
    readonly urgency: string | null;
  } | null;
  readonly createdBy: string;
  readonly editedBy: string | null;
  /** All who changed it since it was proposed, the last one last. */
  readonly editors: readonly string[];
  readonly denied: { readonly who: string; readonly remark: string } | null;
  /** The reason that was given for an approval without a second person. */
  readonly brokeGlass: string | null;
  readonly approvedBy: string | null;
  readonly approvalRemark: string | null;
  readonly contentHash: string;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly paused: { readonly by: string; readonly who: string; readonly reason: string } | null;
  /** Selected phones that it does not reach, by reason, the most frequent first; null where there are none. */
  readonly leftOut: {
    readonly total: number;
    /** So many of them can be read by name, page by page. */
    readonly kept: number;
    readonly reasons: readonly { readonly why: string; readonly phones: number }[];
  } | null;
  /** What did not keep it from being taken, and should be known. */
  readonly cautions?: readonly {
    readonly thing: string;
    readonly reason: string;
    readonly next: string;
  }[];
}

/** A page of the phones that a rollout selected and does not reach. */
export interface LeftOutPage {
  readonly phones: readonly { readonly mac: string; readonly site: string; readonly why: string }[];
  readonly total: number;
  /** Where the next page begins; null after the last one. */
  readonly next: number | null;
}

/** What GET /api/v1/me answers: in whose name this log-in acts. */
export interface MeView {
  readonly who: string;
  /** The log-in is one person’s: it acts in no other name. */
  readonly isOwn: boolean;
}

export interface SiteView {
  readonly id: string;
  readonly name: string;
  readonly zone: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly phones: number;
  readonly agent: {
    readonly state: 'not-enrolled' | 'connected' | 'away';
    readonly lastHeardAt: number | null;
    readonly version: string | null;
    /** False: agent and controller are too far apart in version; null: not known. */
    readonly fits: boolean | null;
    /** The newest plan, and the one that the agent has confirmed. */
    readonly planRevision: number;
    readonly heldRevision: number;
  };
  /** The opening that is on, or the next one; null where the site has none. */
  readonly opening: { readonly start: number; readonly end: number } | null;
  /** What keeps the site’s phones from being started, told by its agent or from here; absent where nothing does. */
  readonly holds?: readonly {
    readonly hold: 'freeze' | 'emergency-call' | 'headquarters-freeze';
    readonly reason: string;
    readonly since: number;
    readonly until: number | null;
  }[];
  /** Planned ahead, by their beginning, those under way included; absent where there are none. */
  readonly freezes?: readonly {
    readonly id: string;
    readonly reason: string;
    readonly who: string;
    readonly from: number;
    readonly until: number;
  }[];
  readonly notices: readonly {
    readonly at: number;
    readonly fault: string;
    readonly detail: string;
    readonly advice: string;
  }[];
}

/** What GET /api/v1/sites/:site answers beside the site's rules. */
export interface SiteDetailView extends SiteView {
  /** The next ones by its rules, and those that the next change of clocks bends; a note says how. */
  readonly comingOpenings: readonly {
    readonly start: number;
    /** Equal to the start where the change of clocks leaves nothing of it. */
    readonly end: number;
    readonly note: string | null;
  }[];
  /** Troubles of the whole site, the newest first; each counts once in its wave. */
  readonly incidents: readonly {
    readonly rollout: string;
    readonly since: number;
    readonly lastAt: number;
    readonly count: number;
    /** The first hundred. */
    readonly phones: readonly string[];
  }[];
}

export type LiveMessage = LiveSnapshot | LiveDelta;

/** All there is, at number `seq` of this epoch. A client that missed something gets it again. */
export interface LiveSnapshot {
  readonly kind: 'snapshot';
  /** Changes with every start of the controller: numbers of another epoch mean nothing. */
  readonly epoch: string;
  readonly seq: number;
  readonly at: number;
  readonly demo: boolean;
  /** While all sites are stopped: why. */
  readonly halt: { readonly reason: string } | null;
  readonly rollouts: readonly RolloutView[];
  readonly sites: readonly SiteView[];
  readonly phones: readonly PhoneView[];
  /** How many phones there are when not all are listed. */
  readonly phonesTotal: number;
}

/**
 * Whole objects that changed. Numbers rise by one without a gap. One that carries nothing says that the
 * stream is alive, and what time it is.
 */
export interface LiveDelta {
  readonly kind: 'delta';
  readonly epoch: string;
  readonly seq: number;
  readonly at: number;
  readonly halt?: { readonly reason: string } | null;
  readonly rollouts?: readonly RolloutView[];
  readonly sites?: readonly SiteView[];
  readonly phones?: readonly PhoneView[];
  /** Keys of what no longer exists: site ids, MACs, rollout ids. */
  readonly gone?: {
    readonly sites: readonly string[];
    readonly phones: readonly string[];
    readonly rollouts: readonly string[];
  };
}

/** What GET /api/v1/phones/:mac answers: the phone, every rollout that names it, and its verdicts. */
export interface PhoneDetailView extends PhoneView {
  /** Newest first. */
  readonly rollouts: readonly (PhoneWorkView & { readonly running: string | null })[];
  readonly verdicts: readonly VerdictView[];
  /** Parts of each hour of the week, Monday first, that it spends in calls; null where nobody looked. */
  readonly calls: { readonly at: number; readonly parts: readonly (number | null)[] } | null;
}

export interface VerdictView {
  readonly rule: string;
  readonly verdict: 'pass' | 'fail' | 'unknown';
  readonly evidence: string;
  /** When the evidence was shown, and how old it is in milliseconds; null where there is none. */
  readonly at: number | null;
  readonly ageMs: number | null;
}

/** Every error of the REST interface: the thing, the reason, the next step. */
export interface Problem {
  readonly error:
    | 'not-found'
    | 'conflict'
    | 'invalid'
    | 'forbidden'
    | 'unauthenticated'
    | 'too-large'
    | 'internal';
  readonly problems: readonly {
    readonly thing: string;
    readonly reason: string;
    readonly next: string;
  }[];
}

/** A freeze that headquarters has planned. */
export interface FreezeView {
  readonly id: string;
  readonly reason: string;
  /** As it was written: a day or a local time of each site, or one instant for all. */
  readonly from: string;
  readonly until: string;
  readonly sites?: readonly string[];
  readonly where?: string;
  readonly who: string;
  readonly since: number;
  /** How many sites it means now. */
  readonly sitesMeant: number;
  /** The first beginning and the last end at any of them; null where it means none, or is over. */
  readonly span: { readonly from: number; readonly until: number } | null;
}

/** One opening of a site; one that nothing is left of begins and ends at once, and its note says why. */
export interface OpeningView {
  readonly date: string;
  readonly start: number;
  readonly end: number;
  readonly note?: string;
}

export interface PolicyView {
  readonly id: string;
  readonly where: string;
  readonly channel?: string;
  readonly release?: string;
  /** Days by severity. */
  readonly deadlines: Readonly<Record<string, number>>;
  readonly preset?: string | number;
  readonly autoApprove?: { readonly by: string; readonly phonesMax: number };
  readonly changedBy: string | null;
  /** Since when its rollouts begin without being asked each time; null: each waits for a person. */
  readonly approvedAhead: number | null;
  /** How many phones it means now. */
  readonly phones: number;
  /** Rollouts that it proposed, the newest first; at most 20. */
  readonly rollouts: readonly { readonly id: string; readonly state: RolloutState }[];
}

/** One policy, with how its phones stand to it. */
export interface PolicyDetailView extends PolicyView {
  readonly verdicts: { readonly pass: number; readonly fail: number; readonly unknown: number };
}

/** What became of documents of desired state, or what would become of them. */
export interface DesiredAnswer {
  /** False: nothing was stored. */
  readonly ok: boolean;
  readonly differences: readonly {
    readonly kind: string;
    readonly id: string;
    readonly change: 'add' | 'change' | 'same';
    readonly values: readonly {
      readonly path: string;
      readonly from?: unknown;
      readonly to?: unknown;
    }[];
  }[];
  readonly problems: Problem['problems'];
}
