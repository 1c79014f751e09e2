import type { SiteHeld } from '@ringwave/protocol/messages';
import type { EpochMs, Id } from '@ringwave/protocol/units';

// What sites tell of themselves beside their phones' progress.

/** Something at the site that keeps its phones from being started, as its agent told it. */
export interface SiteHold {
  readonly site: Id;
  readonly hold: SiteHeld['hold'];
  readonly since: EpochMs;
  readonly reason: string;
  /** When it ends by itself at the earliest; null where a person ends it. */
  readonly until: EpochMs | null;
}

export type SiteTables = {
  /** By `site/hold`. */
  siteHolds: Map<string, SiteHold>;
  /** Milliseconds that the last updates took, oldest first; by `vendor/model`. */
  durations: Map<string, readonly number[]>;
};

export const emptySiteTables = (): SiteTables => ({
  siteHolds: new Map(),
  durations: new Map(),
});

export const HOLDS = ['freeze', 'emergency-call'] as const satisfies readonly SiteHeld['hold'][];
