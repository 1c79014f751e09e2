import type { Plan } from '@ringwave/protocol/messages';
import type { EpochMs, Id } from '@ringwave/protocol/units';
import { audit } from './audit.ts';
import { conflict, invalid, notFound, refused, siteIds, taken } from './refusal.ts';
import type { SiteFreeze } from './site-tables.ts';
import type { Command, CommandResult, ControllerDraft } from './state.ts';
import type { Moved } from './wave-release.ts';

// Headquarters asks one site for rest: nothing is started there until it is over. What is in flight finishes.

export function freezeSite(
  draft: ControllerDraft,
  { site, freeze }: Extract<Command, { kind: 'site-freeze' }>,
  who: string,
  now: EpochMs,
  moved: Moved,
): CommandResult {
  if (!draft.sites.has(site)) return refused(notFound('site', site, siteIds(draft)));
  moved.sites.add(site);
  if (!freeze) {
    if (!freezeOf(draft, site, now)) {
      const next = 'A freeze at the site itself is lifted there: ringwave-agent freeze --lift';
      return refused(conflict(`site ${site}`, 'is not frozen from here', next));
    }
    draft.freezes.remove(site);
    audit(draft, { at: now, who, what: 'site freeze lifted', object: site });
    return taken;
  }
  if (freeze.until !== undefined && freeze.until <= now) {
    const reason = `ends ${new Date(freeze.until).toISOString()}, which has passed`;
    return refused(invalid(`site ${site}: until`, reason, 'Give a later instant, or none.'));
  }
  draft.freezes.put(site, { ...freeze, who, since: now });
  const end = freeze.until === undefined ? '' : `, until ${new Date(freeze.until).toISOString()}`;
  audit(draft, { at: now, who, what: 'site frozen', object: site, detail: freeze.reason + end });
  return taken;
}

interface FreezeTables {
  readonly freezes: { get(site: string): SiteFreeze | undefined };
}

/** The freeze of a site that holds at this instant. */
export function freezeOf(tables: FreezeTables, site: Id, now: EpochMs): SiteFreeze | undefined {
  const found = tables.freezes.get(site);
  return found?.until !== undefined && now >= found.until ? undefined : found;
}

/** As the site's plan carries it. */
export function planFreeze(tables: FreezeTables, site: Id, now: EpochMs): Partial<Plan> {
  const found = freezeOf(tables, site, now);
  if (!found) return {};
  const { reason, until } = found;
  return { freeze: { reason, ...(until === undefined ? {} : { until }) } };
}
