import { updateTakesUsually } from '@ringwave/protocol/phases';
import {
  type DurationMs,
  days,
  type EpochMs,
  type Id,
  laterBy,
  minutes,
} from '@ringwave/protocol/units';
import { worstMinutes } from './durations.ts';
import { invalid } from './refusal.ts';
import type { Caution, ControllerDraft, Phone, Refusal, RolloutInput, Site } from './state.ts';
import { minutesOf, siteOpenings } from './window.ts';

// Models whose update takes longer than any opening of their site: no phone of them is ever started there.

/** Openings recur weekly; a month sees those that meet only now and then. */
const lookedAhead = days(31);
/** More than a page says no more. */
export const cautionsMax = 50;

export interface TooSlow {
  readonly refusals: readonly Refusal[];
  readonly cautions: readonly Caution[];
}

/** Refused where no phone of the rollout could ever start; else each site and model that could not is named. */
export function tooSlow(
  draft: ControllerDraft,
  { id, deadline }: RolloutInput,
  phones: readonly Phone[],
  now: EpochMs,
): TooSlow {
  const takes = timer(draft);
  const longest = opener(draft, now);
  const found = new Map<string, { site: Id; phone: Phone; phones: number }>();
  for (const phone of phones) {
    const open = longest(phone.site);
    // A site without any window is told apart.
    if (open === 0 || takes(phone) <= open) continue;
    const key = `${phone.site}\n${phone.vendor}\n${phone.model}`;
    const before = found.get(key) ?? { site: phone.site, phone, phones: 0 };
    found.set(key, { ...before, phones: before.phones + 1 });
  }
  const slow = [...found.values()];
  const cautions = slow.map(({ site, phone, phones: count }): Caution => {
    const worst = takes(phone) / minutes(1);
    const open = longest(site) / minutes(1);
    const then = deadline ? 'wait for the last fifth before the deadline' : 'are never started';
    const reason = `has no opening longer than ${open} minutes, and a ${phone.vendor} ${phone.model} takes up to ${worst}: ${count} phones ${then}`;
    const next = `Give the site a longer window: ringwave site put ${site}`;
    return { thing: `rollout ${id}: site ${site}`, reason, next };
  });
  const never = slow.reduce((sum, one) => sum + one.phones, 0);
  // Near its deadline a rollout starts phones in any idle minute, windows or not.
  const isHopeless = phones.length > 0 && never === phones.length && deadline === undefined;
  if (!isHopeless) return { refusals: [], cautions: cut(id, cautions) };
  const told = cautions.map(({ thing, reason, next }) => invalid(thing, reason, next));
  return { refusals: told.slice(0, cautionsMax), cautions: [] };
}

function cut(id: Id, cautions: readonly Caution[]): readonly Caution[] {
  if (cautions.length <= cautionsMax) return cautions;
  const reason = `has ${cautions.length - cautionsMax} more such sites and models`;
  const next = 'Look at the windows of its sites.';
  return [...cautions.slice(0, cautionsMax), { thing: `rollout ${id}`, reason, next }];
}

/** How long an update of a phone takes at worst, asked once a model. */
function timer(draft: ControllerDraft): (phone: Phone) => DurationMs {
  const known = new Map<string, DurationMs>();
  return ({ vendor, model }) => {
    const key = `${vendor}/${model}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    const worst = worstMinutes(draft.durations.get(key));
    const takes = worst === undefined ? updateTakesUsually : minutes(worst);
    known.set(key, takes);
    return takes;
  };
}

/** The longest opening of a site; 0 where it never opens. Sites with one calendar are looked at once. */
function opener(draft: ControllerDraft, now: EpochMs): (site: Id) => DurationMs {
  const known = new Map<string, DurationMs>();
  const ofSite = new Map<Id, DurationMs>();
  return (id) => {
    const before = ofSite.get(id);
    if (before !== undefined) return before;
    const site = draft.sites.get(id);
    const key = JSON.stringify([site?.zone, site?.windows, site?.blackout]);
    const found = known.get(key) ?? (site ? longestOpening(site, now) : minutes(0));
    known.set(key, found);
    ofSite.set(id, found);
    return found;
  };
}

export function longestOpening(
  site: Pick<Site, 'zone' | 'windows' | 'blackout'>,
  now: EpochMs,
): DurationMs {
  // Rules that meet make a longer opening than each, which is looked for only where it could matter.
  const ofRules = Math.max(0, ...site.windows.map(minutesOf));
  if (site.windows.length < 2 && site.blackout.length === 0) return minutes(ofRules);
  const openings = siteOpenings(site, now, laterBy(now, lookedAhead));
  return openings.reduce<DurationMs>(
    (most, { start, end }) => (end - start > most ? ((end - start) as DurationMs) : most),
    minutes(0),
  );
}
