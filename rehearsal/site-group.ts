import type { Ack, Halt, Plan } from '@ringwave/protocol/messages';
import type { EpochMs, Id, Mac } from '@ringwave/protocol/units';
import {
  RehearsedSite,
  type Said,
  type SiteAssumptions,
  type SiteBrief,
  type SiteTally,
} from './rehearsed-site.ts';
import { hoursOfZones } from './zone-hours.ts';

// Sites that live in one thread. All that goes in and comes out is plain, so that the thread may be another one.

/** What the controller tells a site; it arrives at `at`. */
export interface Letter {
  readonly site: Id;
  readonly at: EpochMs;
  readonly word:
    | { readonly kind: 'ack'; readonly ack: Ack }
    | { readonly kind: 'plan'; readonly plan: Plan }
    | { readonly kind: 'halt'; readonly halt: Halt };
}

/** What came of some time: words in order within each site, and when something happens next. */
export interface Lived {
  readonly said: readonly Said[];
  readonly nextAt: number;
}

/** What is told of a site at the end. */
export interface SiteReport {
  readonly tally: SiteTally;
  /** Phones that count as off. */
  readonly off: ReadonlySet<Mac>;
}

export class SiteGroup {
  readonly #sites = new Map<Id, RehearsedSite>();

  open(briefs: readonly SiteBrief[], assume: SiteAssumptions, now: EpochMs): void {
    const hourIn = hoursOfZones();
    this.#sites.clear();
    for (const brief of briefs)
      this.#sites.set(brief.site, new RehearsedSite(brief, assume, hourIn, now));
  }

  live(letters: readonly Letter[], until: EpochMs): Lived {
    for (const { site, at, word } of letters) this.#sites.get(site)?.told(at, word);
    const said: Said[] = [];
    let nextAt = Number.POSITIVE_INFINITY;
    for (const site of this.#sites.values()) {
      said.push(...site.runUntil(until));
      nextAt = Math.min(nextAt, site.nextAt);
    }
    return { said, nextAt };
  }

  reports(): readonly SiteReport[] {
    return Array.from(this.#sites.values(), ({ tally, off }) => ({ tally, off }));
  }
}
