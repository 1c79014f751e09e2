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
import type {
  Caution,
  ControllerDraft,
  Phone,
  Refusal,
  RolloutInput,
  Site,
  WaveSpec,
  WindowRule,
} from './state.ts';
import { narrowed } from './wave-windows.ts';
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

const nothingSlow: TooSlow = { refusals: [], cautions: [] };

/** What of a layout is looked at. */
interface LaidOut {
  readonly waves: readonly WaveSpec[];
  /** The phones of each wave. */
  readonly members: readonly (readonly Phone[])[];
  /** Those that they are at. */
  readonly sites: readonly Id[];
}

/** Refused where no phone of the rollout could ever start; else each site and model that could not is named. */
export function tooSlow(
  draft: ControllerDraft,
  { id, deadline }: RolloutInput,
  { waves, members, sites }: LaidOut,
  now: EpochMs,
): TooSlow {
  const takes = timer(draft);
  const longest = opener(draft, now);
  // Where the slowest model known has time everywhere, a million phones need not be looked at.
  const slowest = slowestOf(draft);
  const hasTime = (site: Id, spec: WaveSpec) =>
    longest(site) === 0 || slowest <= longest(site, spec);
  if (sites.every((site) => waves.every((spec) => hasTime(site, spec)))) return nothingSlow;
  const found = new Map<string, Slow>();
  let all = 0;
  for (const [index, spec] of waves.entries()) {
    for (const phone of members[index] ?? []) {
      all += 1;
      const open = longest(phone.site, spec);
      // A site without any window is told apart.
      if (longest(phone.site) === 0 || takes(phone) <= open) continue;
      const wave = spec.windows ? spec.name : undefined;
      const key = `${phone.site}\n${open === 0 ? '' : `${phone.vendor}\n${phone.model}`}\n${wave ?? ''}`;
      const before = found.get(key) ?? { phone, open, takes: takes(phone), wave, phones: 0 };
      found.set(key, { ...before, phones: before.phones + 1 });
    }
  }
  const slow = [...found.values()];
  const then = deadline
    ? 'phones that wait for the last fifth before the deadline'
    : 'phones that are never started';
  const cautions = slow.map((one) => cautionOf(id, one, then));
  const never = slow.reduce((sum, one) => sum + one.phones, 0);
  // Near its deadline a rollout starts phones in any idle minute, windows or not.
  if (all === 0 || never < all || deadline) return { refusals: [], cautions: cut(id, cautions) };
  const told = cautions.map(({ thing, reason, next }) => invalid(thing, reason, next));
  return { refusals: told.slice(0, cautionsMax), cautions: [] };
}

interface Slow {
  /** One of them. */
  readonly phone: Phone;
  readonly open: DurationMs;
  readonly takes: DurationMs;
  /** The wave whose own windows leave so little. */
  readonly wave: string | undefined;
  readonly phones: number;
}

function cautionOf(id: Id, { phone, open, takes, wave, phones }: Slow, then: string): Caution {
  const { site, vendor, model } = phone;
  const where = wave === undefined ? '' : ` in the windows of wave ${wave}`;
  const long = `no opening longer than ${open / minutes(1)} minutes${where}, and a ${vendor} ${model} takes up to ${takes / minutes(1)}`;
  const reason = `has ${open === 0 ? `no opening${where}` : long}; ${then}: ${phones}`;
  const next =
    wave === undefined
      ? `Give the site a longer window: ringwave site put ${site}`
      : 'Let the windows of the wave and of the site meet for longer.';
  return { thing: `rollout ${id}: site ${site}`, reason, next };
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
    const takes = takesAtWorst(draft.durations.get(key));
    known.set(key, takes);
    return takes;
  };
}

function takesAtWorst(samples: readonly number[] | undefined): DurationMs {
  const worst = worstMinutes(samples);
  return worst === undefined ? updateTakesUsually : minutes(worst);
}

/** How long an update takes at worst, whatever the model. */
function slowestOf(draft: ControllerDraft): DurationMs {
  const takes = [...draft.durations.values()].map(takesAtWorst);
  return takes.reduce((most, one) => (one > most ? one : most), updateTakesUsually);
}

/** The longest opening of a site; 0 where it never opens. Sites with one calendar are looked at once. */
function opener(draft: ControllerDraft, now: EpochMs) {
  const known = new Map<string, DurationMs>();
  const ofSite = new Map<string, DurationMs>();
  return (id: Id, { name, windows }: Partial<WaveSpec> = {}): DurationMs => {
    const at = windows ? `${id}\n${name}` : id;
    const before = ofSite.get(at);
    if (before !== undefined) return before;
    const site = draft.sites.get(id);
    const key = JSON.stringify([site?.zone, site?.windows, site?.blackout, windows]);
    const found = known.get(key) ?? (site ? longestOpening(site, windows, now) : minutes(0));
    known.set(key, found);
    ofSite.set(at, found);
    return found;
  };
}

function longestOpening(
  site: Pick<Site, 'zone' | 'windows' | 'blackout'>,
  narrower: readonly WindowRule[] | undefined,
  now: EpochMs,
): DurationMs {
  const [rule, second] = site.windows;
  // Rules that meet make a longer opening than each, and are laid out; one alone is as long as it says.
  if (!second && !narrower && site.blackout.length === 0)
    return minutes(rule ? minutesOf(rule) : 0);
  const until = laterBy(now, lookedAhead);
  const openings = siteOpenings(site, now, until);
  const left = narrower ? narrowed(site, openings, narrower, { now, until }) : openings;
  const lengths = left.map(({ start, end }) => (end - start) as DurationMs);
  return lengths.reduce((most, one) => (one > most ? one : most), minutes(0));
}
