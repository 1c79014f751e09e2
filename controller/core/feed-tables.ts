import type { AdvisoryClaim } from '@ringwave/firmware-catalog/advisory-claim';
import type { Announcement } from '@ringwave/firmware-catalog/announcement';
import type { FeedFault } from '@ringwave/firmware-catalog/feeds/feed';
import type { Problem } from '@ringwave/firmware-catalog/problems';
import type { Release } from '@ringwave/firmware-catalog/release';
import type { FaultRule } from '@ringwave/protocol/faults';
import type { EpochMs } from '@ringwave/protocol/units';

// What feeds brought and how they stand. What a feed brought is committed together with its validators: a crash
// between the two would leave a document that answers "unchanged" and was never taken.

/** What an HTTP server said about a document, to ask again whether it changed. */
interface Validators {
  readonly etag?: string;
  readonly lastModified?: string;
}

/** Where a follower stands, without what it read: that is in the tables. */
export interface FollowerState {
  readonly pages: Readonly<
    Record<
      string,
      {
        readonly validators: Validators;
        readonly more: readonly string[];
        readonly links: readonly string[];
      }
    >
  >;
  readonly linked: Readonly<Record<string, Validators>>;
  readonly failures: number;
  readonly notBefore?: EpochMs;
  readonly lastGoodAt?: EpochMs;
  readonly isInside?: boolean;
}

/** Named by the feed; a feed of another address or kind under the same name begins afresh. */
export interface FeedKept {
  readonly name: string;
  readonly kind: string;
  readonly url: string;
  readonly state: FollowerState;
  /** What was looked for at the last reading, where a feed is read for some CVEs only. */
  readonly interest?: string;
}

/** What the tables say where they are full; what they hold stays. */
export const STORE_FAULTS = {
  'announcements-full': {
    retry: 'when-fixed',
    advice: 'Follow fewer or narrower lists of firmware; what is here stays.',
  },
  'advisories-full': {
    retry: 'when-fixed',
    advice: 'Follow fewer or narrower lists of advisories; what is here stays.',
  },
} as const satisfies Record<string, FaultRule>;
export type StoreFault = keyof typeof STORE_FAULTS;

/** One run of one feed. Runs in which a feed was left alone after a failure are not logged. */
export interface FeedRunRow {
  readonly feed: string;
  readonly seq: number;
  readonly at: EpochMs;
  readonly kind: string;
  readonly outcome: 'read' | 'unchanged' | 'failed';
  /** Counted against what the controller had. */
  readonly added: number;
  readonly changed: number;
  readonly refused: number;
  /** Entries about nothing known here, left out. */
  readonly aside: number;
  readonly durationMs: number;
  readonly bytes: number;
  readonly fault?: FeedFault | StoreFault;
  readonly detail?: string;
  readonly advice?: string;
  /** The first of them. */
  readonly problems: readonly Problem[];
}

/** Runs kept of one feed: a day of a feed that is asked every quarter of an hour. */
export const feedRunsMax = 100;
/** Problems kept of one run: what a person reads; the log has them all. */
export const runProblemsMax = 20;

export interface AnnouncementRow {
  readonly id: string;
  readonly announcement: Announcement;
  /** The feed, or whoever sent it. */
  readonly from: string;
  readonly firstAt: EpochMs;
}

/** A release that a feed lists and whose images are not here yet. */
export interface Listed {
  readonly feed: string;
  readonly url: string;
}

/** A claim with the one who makes it: `nvd`, `kev`, `epss`, `csaf <publisher> <document>`, `own <advisory>`. */
export interface KeyedClaim {
  readonly by: string;
  readonly claim: AdvisoryClaim;
}

/** All that is claimed about one vulnerability, side by side. */
export interface Claims {
  readonly id: string;
  readonly held: readonly KeyedClaim[];
  /** When it first became an advisory here: its time runs from then. */
  readonly knownAt?: EpochMs;
}

export interface ClaimBatch {
  readonly claims: readonly KeyedClaim[];
  /** Documents that were read whole: what they claimed before and claim no longer is taken back. */
  readonly documents: readonly string[];
}

export interface Brought {
  readonly releases?: readonly Release[];
  readonly announcements?: readonly Announcement[];
  readonly claims?: ClaimBatch;
}

export type FeedCommand =
  | {
      readonly kind: 'feed-run';
      readonly kept: FeedKept;
      readonly run: Omit<FeedRunRow, 'seq' | 'added' | 'changed'>;
      readonly brought: Brought;
    }
  | { readonly kind: 'announcements-put'; readonly announcements: readonly Announcement[] };

export type FeedTables = {
  /** By name. */
  feeds: Map<string, FeedKept>;
  /** By `name/place`: the oldest run gives its place to the newest. */
  feedRuns: Map<string, FeedRunRow>;
  announcements: Map<string, AnnouncementRow>;
  /** By release. */
  listed: Map<string, Listed>;
  /** By CVE, or the issuer's own number. */
  claims: Map<string, Claims>;
};

export const emptyFeedTables = (): FeedTables => ({
  feeds: new Map(),
  feedRuns: new Map(),
  announcements: new Map(),
  listed: new Map(),
  claims: new Map(),
});
