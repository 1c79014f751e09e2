import { freezesMax, type Plan } from '@ringwave/protocol/messages';
import { days, type EpochMs, type Id, laterBy } from '@ringwave/protocol/units';
import { Temporal } from 'temporal-polyfill';
import { audit } from './audit.ts';
import { conflict, invalid, notFound, refused, siteIds, taken } from './refusal.ts';
import { valueDifferences } from './rollout-difference.ts';
import { matcher } from './selection/match.ts';
import { parseSelection } from './selection/parse.ts';
import { whereRefusals } from './selection/selected.ts';
import { nameOf, testsIn, type Where } from './selection/where.ts';
import type { CommandResult, ControllerDraft, Phone, Refusal, Site } from './state.ts';
import type { Moved } from './wave-release.ts';

// Headquarters plans rest ahead: from one moment to another no phone is started, at all sites or at some. What is
// written as a local time is that of each site.

export interface PlannedFreezeInput {
  readonly id: Id;
  readonly reason: string;
  /** `2026-12-24`, `2026-12-24T18:00` by each site's clock, or `2026-12-24T18:00Z` everywhere at once. */
  readonly from: string;
  /** As `from`; a day is frozen to its end. */
  readonly until: string;
  /** With `where` both have to fit; with neither all sites are meant. */
  readonly sites?: readonly Id[];
  /** A selection of sites. */
  readonly where?: string;
}

export interface PlannedFreeze extends PlannedFreezeInput {
  readonly who: string;
  readonly since: EpochMs;
}

/** One of them as it stands at one site. */
export interface FreezeSpan {
  readonly id: Id;
  readonly reason: string;
  readonly who: string;
  readonly since: EpochMs;
  readonly from: EpochMs;
  readonly until: EpochMs;
}

export type PlannedFreezeCommand =
  | { readonly kind: 'freeze-put'; readonly freeze: PlannedFreezeInput }
  | { readonly kind: 'freeze-remove'; readonly freeze: Id };

/** A few a month, and those of two years. */
export const plannedFreezesMax = 200;
/** Longer is no rest but a decision about the site. */
const lastsMax = days(400);

const written =
  /^\d{4}-\d{2}-\d{2}(T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,3})?)?Z|T([01]\d|2[0-3]):[0-5]\d)?$/;
const isDayAlone = (text: string): boolean => text.length === 10;

/** Undefined where the text is none of the three forms. */
export function momentOf(text: string, zone: string, edge: 'from' | 'until'): EpochMs | undefined {
  if (!written.test(text)) return undefined;
  try {
    if (text.endsWith('Z')) return Temporal.Instant.from(text).epochMilliseconds as EpochMs;
    if (!isDayAlone(text)) {
      const wall = Temporal.PlainDateTime.from(text, { overflow: 'reject' });
      return wall.toZonedDateTime(zone).epochMilliseconds as EpochMs;
    }
    const day = Temporal.PlainDate.from(text, { overflow: 'reject' });
    const first = edge === 'until' ? day.add({ days: 1 }) : day;
    return first.toZonedDateTime(zone).epochMilliseconds as EpochMs;
  } catch {
    // A day that the calendar does not have.
    return undefined;
  }
}

export function takePlannedFreeze(
  draft: ControllerDraft,
  command: PlannedFreezeCommand,
  who: string,
  now: EpochMs,
  moved: Moved,
): CommandResult {
  if (command.kind === 'freeze-put') return putFreeze(draft, command.freeze, who, now, moved);
  const found = draft.plannedFreezes.get(command.freeze);
  if (!found) {
    const known = [...draft.plannedFreezes.entries()].map(([key]) => key);
    return refused(notFound('freeze', command.freeze, known));
  }
  draft.plannedFreezes.remove(found.id);
  touchSites(draft, found, moved);
  audit(draft, { at: now, who, what: 'freeze removed', object: found.id });
  return taken;
}

function putFreeze(
  draft: ControllerDraft,
  freeze: PlannedFreezeInput,
  who: string,
  now: EpochMs,
  moved: Moved,
): CommandResult {
  const before = draft.plannedFreezes.get(freeze.id);
  const problems = freezeProblems(draft, freeze, now);
  if (!before && draft.plannedFreezes.size() >= plannedFreezesMax) {
    const next = 'Remove those that are over: ringwave freeze list';
    problems.push(conflict('freezes', `are ${plannedFreezesMax} already`, next));
  }
  if (problems.length > 0) return refused(...problems);
  if (before) {
    const { who: _who, since: _since, ...said } = before;
    if (valueDifferences(said, freeze).length === 0) return taken;
    touchSites(draft, before, moved);
  }
  const stored = { ...freeze, who, since: now };
  draft.plannedFreezes.put(freeze.id, stored);
  touchSites(draft, stored, moved);
  const detail = `${freeze.from} to ${freeze.until}: ${freeze.reason}`;
  audit(draft, { at: now, who, what: 'freeze planned', object: freeze.id, detail });
  return taken;
}

function touchSites(draft: ControllerDraft, freeze: PlannedFreeze, moved: Moved): void {
  for (const site of draft.sites.values()) if (meansSite(freeze, site)) moved.sites.add(site.id);
}

function freezeProblems(
  draft: ControllerDraft,
  { id, from, until, sites = [], where }: PlannedFreezeInput,
  now: EpochMs,
): Refusal[] {
  const thing = `freeze ${id}`;
  const unknown = sites.filter((site) => !draft.sites.has(site));
  const problems = unknown.map((site) => notFound('site', site, siteIds(draft)));
  problems.push(...freezeWhereProblems(thing, where, draft.sites));
  const ends = { from: momentOf(from, 'UTC', 'from'), until: momentOf(until, 'UTC', 'until') };
  for (const [part, at] of Object.entries(ends)) {
    if (at !== undefined) continue;
    const reason = `${part === 'from' ? from : until} is no day and no time`;
    const next = 'Write 2026-12-24, 2026-12-24T18:00 by each site’s clock, or 2026-12-24T18:00Z.';
    problems.push(invalid(`${thing}: ${part}`, reason, next));
  }
  if (ends.from === undefined || ends.until === undefined) return problems;
  if (ends.until <= ends.from)
    problems.push(invalid(`${thing}: until`, 'is not after from', 'Swap them.'));
  else if (ends.until > laterBy(ends.from, lastsMax)) {
    const next = 'Take windows away from the site instead.';
    problems.push(invalid(`${thing}: until`, 'is more than 400 days after from', next));
  }
  // A day of local time ends at the last of its sites up to half a day later.
  if (laterBy(ends.until, days(0.5)) <= now)
    problems.push(invalid(`${thing}: until`, 'has passed', 'Give a later day.'));
  return problems;
}

const OF_SITES: readonly string[] = ['site', 'site.name', 'site.zone'];

/** Without `sites` a name is not one that nobody has. */
export function freezeWhereProblems(
  thing: string,
  where: string | undefined,
  sites?: { values(): Iterable<Site> },
): Refusal[] {
  if (where === undefined) return [];
  const read = parseSelection(where);
  const ofPhones = read.ok
    ? testsIn(read.selection).filter(
        ({ field }) => field.of === 'phone-label' || !nameOf(field).startsWith('site'),
      )
    : [];
  const fleet = { phones: new Map(), rollouts: new Map(), sites: sites ?? new Map() };
  const isOfSites = sites && read.ok && ofPhones.length === 0;
  const problems = whereRefusals(`${thing}: where`, where, isOfSites ? fleet : undefined);
  for (const { field, column } of ofPhones) {
    const reason = `${nameOf(field)} asks of phones, and a freeze holds whole sites`;
    const next = `Expected: ${OF_SITES.join(', ')}, site.NAME`;
    problems.push(invalid(`${thing}: where, column ${column}`, reason, next));
  }
  return problems;
}

const read = new WeakMap<PlannedFreezeInput, Where | undefined>();

export function meansSite(freeze: PlannedFreezeInput, site: Site): boolean {
  if (freeze.sites && !freeze.sites.includes(site.id)) return false;
  if (freeze.where === undefined) return true;
  if (!read.has(freeze)) {
    const parsed = parseSelection(freeze.where);
    read.set(freeze, parsed.ok ? parsed.selection : undefined);
  }
  const where = read.get(freeze);
  if (!where) return false;
  const fleet = {
    sites: { get: () => site },
    progress: { get: () => undefined },
    rollouts: { entries: () => [] },
  };
  // Only tests of sites were let in: of a phone they read where it stands.
  return matcher(where, fleet, 0 as EpochMs)({ site: site.id } as Phone);
}

export interface PlannedTables {
  readonly plannedFreezes: { values(): Iterable<PlannedFreeze> };
  readonly sites: { get(id: string): Site | undefined };
}

/** Those of a site that are not over, by their beginning. */
export function freezeSpans(tables: PlannedTables, siteId: Id, now: EpochMs): FreezeSpan[] {
  const spans: FreezeSpan[] = [];
  for (const freeze of tables.plannedFreezes.values()) {
    const site = tables.sites.get(siteId);
    if (!site || !meansSite(freeze, site)) continue;
    const { id, reason, who, since } = freeze;
    const from = momentOf(freeze.from, site.zone, 'from');
    const until = momentOf(freeze.until, site.zone, 'until');
    if (from === undefined || until === undefined || until <= now || until <= from) continue;
    spans.push({ id, reason, who, since, from, until });
  }
  return spans.sort((a, b) => a.from - b.from || (a.id < b.id ? -1 : 1));
}

/** As a plan carries those that begin before it ends, and the openings that they leave. */
export function planFreezes(
  tables: PlannedTables,
  site: Id,
  openings: Plan['openings'],
  { now, until }: { now: EpochMs; until: EpochMs },
): Pick<Plan, 'openings' | 'freezes'> {
  const spans = freezeSpans(tables, site, now).filter(({ from }) => from < until);
  if (spans.length === 0) return { openings };
  const freezes = spans.slice(0, freezesMax).map(({ from, until: to, reason }) => ({
    from,
    until: to,
    reason,
  }));
  return { openings: [...withoutSpans(openings, spans)], freezes };
}

interface Interval {
  readonly start: number;
  readonly end: number;
}

/** What is left of openings; a freeze within one leaves two. */
export function withoutSpans<T extends Interval>(
  openings: readonly T[],
  spans: readonly Pick<FreezeSpan, 'from' | 'until'>[],
): T[] {
  return spans.reduce<T[]>(
    (left, { from, until }) =>
      left.flatMap((one) => {
        if (until <= one.start || from >= one.end) return [one];
        const parts = [
          { ...one, end: from },
          { ...one, start: until },
        ];
        return parts.filter(({ start, end }) => end > start);
      }),
    [...openings],
  );
}

/** What a plan's content is compared by: the same freezes of the site are the same content, whatever time it is. */
export const freezesMeant = (tables: PlannedTables, site: Site): readonly unknown[] =>
  [...tables.plannedFreezes.values()].flatMap((one) =>
    meansSite(one, site) ? [[one.id, one.from, one.until, one.reason]] : [],
  );
