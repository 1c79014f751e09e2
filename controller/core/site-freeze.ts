import { instantText } from './instant-text.ts';
import type { Plan } from '@ringwave/protocol/messages';
import type { EpochMs, Id } from '@ringwave/protocol/units';
import { audit } from './audit.ts';
import { freezeSpans, type PlannedTables } from './planned-freeze.ts';
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
    if (!givenFreeze(draft, site, now)) {
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

/** What somebody has asked of this site alone, from that moment on. */
function givenFreeze(tables: FreezeTables, site: Id, now: EpochMs): SiteFreeze | undefined {
  const found = tables.freezes.get(site);
  return found?.until !== undefined && now >= found.until ? undefined : found;
}

/** The freeze of a site that holds at this instant: asked for, or planned; of several the one that ends last. */
export function freezeOf(
  tables: FreezeTables & PlannedTables,
  site: Id,
  now: EpochMs,
): SiteFreeze | undefined {
  const given = givenFreeze(tables, site, now);
  if (given && given.until === undefined) return given;
  const planned = freezeSpans(tables, site, now).filter(({ from }) => from <= now);
  return [...(given ? [given] : []), ...planned].reduce<SiteFreeze | undefined>(
    (last, one) => (last && (last.until ?? 0) >= (one.until ?? 0) ? last : one),
    undefined,
  );
}

/** As the site's plan carries it. */
export function planFreeze(tables: FreezeTables, site: Id, now: EpochMs): Partial<Plan> {
  const found = givenFreeze(tables, site, now);
  if (!found) return {};
  const { reason, until } = found;
  return { freeze: { reason, ...(until === undefined ? {} : { until }) } };
}

export const frozenWords = ({
  who,
  from,
  until,
  reason,
}: SiteFreeze & { from?: EpochMs }): string =>
  [
    `frozen from headquarters by ${who}`,
    ...(from === undefined ? [] : [`from ${instantText(from)}`]),
    ...(until === undefined ? [] : [`until ${instantText(until)}`]),
  ].join(' ') + `: ${reason}`;
