import type { PhoneDiscovered, SiteHeld } from '@ringwave/protocol/messages';
import type { Draft } from '@ringwave/protocol/tables';
import type { EpochMs, Id, Mac } from '@ringwave/protocol/units';
import type { PlannedFreeze } from './planned-freeze.ts';

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

/** No start at a site, said here and not there. */
export interface SiteFreeze {
  readonly reason: string;
  readonly who: string;
  readonly since: EpochMs;
  /** It ends by itself; absent where a person ends it. */
  readonly until?: EpochMs;
}

export type SiteTables = {
  /** By site. */
  freezes: Map<string, SiteFreeze>;
  /** By their own ids: of all sites or some, from one moment to another. */
  plannedFreezes: Map<string, PlannedFreeze>;
  /** By `site/hold`. */
  siteHolds: Map<string, SiteHold>;
  /** Milliseconds that the last updates took, oldest first; by `vendor/model`. */
  durations: Map<string, readonly number[]>;
  /** In which hours of the week a phone is in calls, by its MAC. */
  callHours: Map<string, PhoneCallHours>;
  /** Phones in no inventory that a site's agent saw, by `site/mac`. */
  discovered: Map<string, DiscoveredPhone>;
  /** Their MACs, by site, the one not heard of for longest first. */
  discoveredOrder: Map<string, readonly Mac[]>;
};

/** As its agent counted them last; `protocol/call-hours.ts` reads the text. */
export interface PhoneCallHours {
  readonly at: EpochMs;
  readonly hours: string;
}

/** What such a phone claims of itself, and where it was seen from. */
export type DiscoveredPhone = Omit<PhoneDiscovered, 'kind' | 'seq'> & { readonly site: Id };

/** Of one site: as many as a branch may take over from somebody else; beyond it the one not heard of for longest goes. */
export const discoveredMax = 500;

/** Nothing follows from it: nothing is handed to a phone because it is listed. */
export function noteDiscovered(
  draft: Draft<SiteTables>,
  site: Id,
  { kind: _kind, seq: _seq, ...found }: PhoneDiscovered,
): void {
  const mac = found.mac as Mac;
  draft.discovered.put(`${site}/${mac}`, { ...found, site });
  const others = (draft.discoveredOrder.get(site) ?? []).filter((one) => one !== mac);
  const surplus = others.splice(0, Math.max(0, others.length + 1 - discoveredMax));
  for (const old of surplus) draft.discovered.remove(`${site}/${old}`);
  draft.discoveredOrder.put(site, [...others, mac]);
}

/** Last seen first; a phone that came into an inventory meanwhile is no longer among them. */
export function discoveredAt(
  tables: Pick<SiteTables, 'discovered' | 'discoveredOrder'>,
  site: string,
  isKnown: (mac: string) => boolean,
): DiscoveredPhone[] {
  return (tables.discoveredOrder.get(site) ?? [])
    .filter((mac) => !isKnown(mac))
    .flatMap((mac) => tables.discovered.get(`${site}/${mac}`) ?? [])
    .sort((a, b) => b.at - a.at);
}

export const emptySiteTables = (): SiteTables => ({
  freezes: new Map(),
  plannedFreezes: new Map(),
  siteHolds: new Map(),
  durations: new Map(),
  callHours: new Map(),
  discovered: new Map(),
  discoveredOrder: new Map(),
});

export const HOLDS = ['freeze', 'emergency-call'] as const satisfies readonly SiteHeld['hold'][];

/** All is told again, what is on first: of what is not, somebody else may have heard the end. */
export function forgetHolds(
  draft: Draft<SiteTables>,
  site: Id,
  told: readonly { readonly kind: string; readonly hold?: string }[],
): void {
  for (const hold of HOLDS) {
    const isTold = told.some((item) => item.kind === 'site-held' && item.hold === hold);
    if (!isTold) draft.siteHolds.remove(`${site}/${hold}`);
  }
}

/** A site that is gone leaves nothing that it told. */
export function forgetSite(draft: Draft<SiteTables>, site: Id): void {
  draft.freezes.remove(site);
  for (const hold of HOLDS) draft.siteHolds.remove(`${site}/${hold}`);
  for (const mac of draft.discoveredOrder.get(site) ?? [])
    draft.discovered.remove(`${site}/${mac}`);
  draft.discoveredOrder.remove(site);
}
