import { updateTakesUsually } from '@ringwave/protocol/phases';
import { days, type EpochMs, laterBy, minutes } from '@ringwave/protocol/units';
import { Temporal } from 'temporal-polyfill';
import { WEEKDAYS, type WindowRule } from './state.ts';

// Recurring local-time rules to concrete UTC intervals. Both ends are wall-clock times resolved as Temporal's
// `compatible` does (RFC 5545 section 3.3.5 agrees): a time in a gap moves forward by the gap, a doubled time
// means its first pass. An opening that ends up empty is dropped with a note.

/** One concrete interval. `date` is the local date on which it begins. */
export interface Opening {
  readonly date: string;
  readonly start: EpochMs;
  readonly end: EpochMs;
  /** Said when the clock change moved an end, or swallowed the opening (then start equals end). */
  readonly note?: string;
}

/** A century of days: beyond it a request is a mistake. */
export const openingDaysMax = 36_525;

export function isZone(zone: string): boolean {
  // Offsets such as +03:00 know no summer time; only named zones can keep a local window.
  if (/^[+-]|^utc?[+-]/i.test(zone)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).format(0) !== '';
  } catch {
    return false;
  }
}

/** Openings whose local start date lies in `[from, to]`, in order of start; empty ones are left in only `withEmpty`. */
export function openingsBetween(
  rule: WindowRule,
  zone: string,
  range: { from: string; to: string; withEmpty?: boolean },
): readonly Opening[] {
  const openings: Opening[] = [];
  const last = Temporal.PlainDate.from(range.to);
  let date = Temporal.PlainDate.from(range.from);
  for (let day = 0; day < openingDaysMax && Temporal.PlainDate.compare(date, last) <= 0; day += 1) {
    const weekday = WEEKDAYS[date.dayOfWeek - 1];
    if (weekday && rule.days.includes(weekday)) {
      const opening = openingOn(date, rule, zone);
      if (opening.end > opening.start || range.withEmpty) openings.push(opening);
    }
    date = date.add({ days: 1 });
  }
  return openings;
}

/** What was resolved of a rule before: a site is planned again and again over the same days. */
const resolved = new WeakMap<WindowRule, Map<string, Opening>>();
/** Of one rule: the days of some plans. */
const resolvedMax = 64;

function openingOn(date: Temporal.PlainDate, rule: WindowRule, zone: string): Opening {
  const ofRule = resolved.get(rule) ?? new Map<string, Opening>();
  resolved.set(rule, ofRule);
  const key = `${date.toString()} ${zone}`;
  const known = ofRule.get(key);
  if (known) return known;
  if (ofRule.size >= resolvedMax) ofRule.clear();
  const opening = resolveOpening(date, rule, zone);
  ofRule.set(key, opening);
  return opening;
}

function resolveOpening(date: Temporal.PlainDate, rule: WindowRule, zone: string): Opening {
  const begins = date.toPlainDateTime(Temporal.PlainTime.from(rule.start));
  const start = resolve(begins, zone);
  // A zone that crossed the date line has days that never were; their openings would fall on the day after.
  if (!isThere(date, zone)) {
    const note = `the calendar of ${zone} has no ${date.toString()}`;
    return { date: date.toString(), start: start.at, end: start.at, note };
  }
  const end = resolve(endOf(begins, rule), zone);
  const notes = [
    start.moved && `start ${start.asked} does not exist this night, moved to ${start.wall}`,
    end.moved && `end ${end.asked} does not exist this night, moved to ${end.wall}`,
    end.at <= start.at && 'the clock change leaves nothing of this opening',
  ].filter((note) => typeof note === 'string');
  const note = notes.length > 0 ? { note: notes.join('; ') } : {};
  return {
    date: date.toString(),
    start: start.at,
    end: Math.max(end.at, start.at) as EpochMs,
    ...note,
  };
}

/** By the wall clock, also where the rule gives how long: at night some hours are longer than others. */
function endOf(begins: Temporal.PlainDateTime, rule: WindowRule): Temporal.PlainDateTime {
  if (rule.minutes !== undefined) return begins.add({ minutes: rule.minutes });
  const end = rule.end ?? rule.start;
  const day = end <= rule.start ? begins.toPlainDate().add({ days: 1 }) : begins.toPlainDate();
  return day.toPlainDateTime(Temporal.PlainTime.from(end));
}

const isThere = (date: Temporal.PlainDate, zone: string): boolean =>
  date.toZonedDateTime({ timeZone: zone }).toPlainDate().equals(date);

function resolve(asked: Temporal.PlainDateTime, zone: string) {
  const zoned = asked.toZonedDateTime(zone);
  const got = zoned.toPlainDateTime();
  return {
    at: zoned.epochMilliseconds as EpochMs,
    moved: !got.equals(asked),
    asked: asked.toPlainTime().toString().slice(0, 5),
    wall: wallOf(got, asked.toPlainDate()),
  };
}

/** The date is said only where it is another one. */
function wallOf(got: Temporal.PlainDateTime, date: Temporal.PlainDate): string {
  const time = got.toPlainTime().toString().slice(0, 5);
  const day = got.toPlainDate();
  return day.equals(date) ? time : `${day.toString()} ${time}`;
}

/** The openings of a site from a day before `now` until `until`, merged where rules overlap. */
export function siteOpenings(
  site: { zone: string; windows: readonly WindowRule[]; blackout: readonly string[] },
  now: EpochMs,
  until: EpochMs,
): readonly { start: EpochMs; end: EpochMs }[] {
  const dateAt = (at: EpochMs, shiftDays: number) =>
    Temporal.Instant.fromEpochMilliseconds(at)
      .toZonedDateTimeISO(site.zone)
      .toPlainDate()
      .add({ days: shiftDays })
      .toString();
  const range = { from: dateAt(now, -1), to: dateAt(until, 1) };
  return merged(openingsOn(site, range).filter((one) => one.end > now && one.start < until));
}

interface Days {
  readonly zone: string;
  readonly blackout: readonly string[];
  readonly from: string;
  readonly to: string;
  readonly openings: readonly Opening[];
}

/** What the same rules gave last: plans of one day ask for the same days again and again. */
const lastDays = new WeakMap<readonly WindowRule[], Days>();

function openingsOn(
  { zone, windows, blackout }: Parameters<typeof siteOpenings>[0],
  { from, to }: { readonly from: string; readonly to: string },
): readonly Opening[] {
  const known = lastDays.get(windows);
  const isKnown =
    known?.from === from && known.to === to && known.zone === zone && known.blackout === blackout;
  if (isKnown) return known.openings;
  const openings = windows
    .flatMap((rule) => openingsBetween(rule, zone, { from, to }))
    .filter((one) => !isBlackedOut(one.date, blackout))
    .sort((a, b) => a.start - b.start);
  lastDays.set(windows, { zone, blackout, from, to, openings });
  return openings;
}

function merged(openings: readonly Opening[]): { start: EpochMs; end: EpochMs }[] {
  const result: { start: EpochMs; end: EpochMs }[] = [];
  for (const { start, end } of openings) {
    const last = result.at(-1);
    if (last && start <= last.end) last.end = Math.max(last.end, end) as EpochMs;
    else result.push({ start, end });
  }
  return result;
}

/** A day: longer openings are rules for the days after. */
export const openingMinutesMax = 24 * 60;

const leastMinutes = updateTakesUsually / minutes(1);

const wallClock = /^([01]\d|2[0-3]):[0-5]\d$/;

export const minuteOf = (wall: string): number =>
  Number(wall.slice(0, 2)) * 60 + Number(wall.slice(3));

/** By the wall clock; an end before the start is the next day's. */
const minutesUntil = (start: string, end: string): number =>
  (minuteOf(end) - minuteOf(start) + 24 * 60) % (24 * 60);

/** How long its openings are by the wall clock; of a rule that `windowProblem` lets pass. */
export const minutesOf = ({ start, end, minutes: long }: WindowRule): number =>
  end === undefined ? (long ?? 0) : minutesUntil(start, end);

/** Why a rule can never open for an update that takes so many minutes, or undefined when it can. */
export function windowProblem(rule: WindowRule, takesMinutes = leastMinutes): string | undefined {
  const { start, end } = rule;
  if (rule.days.length === 0) return 'names no weekday, so it never opens';
  if (!wallClock.test(start) || (end !== undefined && !wallClock.test(end)))
    return 'start and end are wall-clock times HH:MM';
  if ((end === undefined) === (rule.minutes === undefined))
    return 'gives one of end and minutes, not both and not neither';
  if (start === end)
    return 'begins and ends at the same time, which may mean never or all day ("minutes": 1440)';
  const long = minutesOf(rule);
  if (long > openingMinutesMax)
    return `is ${long} minutes long, at most ${openingMinutesMax} (a day) may be`;
  if (long < takesMinutes)
    return `is ${long} minutes long, and no phone is started with less than ${takesMinutes} ahead`;
  return undefined;
}

/** Whether a text names a day that the calendar has, as `YYYY-MM-DD`. */
export function isDay(text: string): boolean {
  try {
    return Temporal.PlainDate.from(text, { overflow: 'reject' }).toString() === text;
  } catch {
    return false;
  }
}

const dayOfYear = /^(\d{2})-(\d{2})$/;

/** Days of blackout are a date, or a day of each year; two parted by `/` are all from the first to the last. */
const partsOf = (entry: string): [string, string] => {
  const [from = '', to = from] = entry.split('/');
  return [from, to];
};

/** Why an entry of blackout means no day, or undefined where it does. */
export function blackoutProblem(entry: string): string | undefined {
  const parts = partsOf(entry);
  const wrong = parts.find((part) => !isDay(dayOfYear.test(part) ? `2024-${part}` : part));
  if (wrong !== undefined) return `${wrong} is no day of the calendar`;
  const [from, to] = parts;
  if (from.length !== to.length) return 'mixes a day of each year with a date';
  return from > to && !dayOfYear.test(from) ? 'ends before it begins' : undefined;
}

/** A range of days of each year may go over its end. */
export function isBlackedOut(date: string, blackout: readonly string[]): boolean {
  return blackout.some((entry) => {
    const [from, to] = partsOf(entry);
    const day = dayOfYear.test(from) ? date.slice(5) : date;
    return from <= to ? day >= from && day <= to : day >= from || day <= to;
  });
}

/** Looked ahead for an opening; what does not open within a year is a mistake. */
const openingWithin = days(366);

/** Whether days of blackout leave a site no opening at all. */
export function neverOpens(site: Parameters<typeof siteOpenings>[0], now: EpochMs): boolean {
  if (site.windows.length === 0 || site.blackout.length === 0) return false;
  const soon = siteOpenings(site, now, laterBy(now, days(31)));
  return soon.length === 0 && siteOpenings(site, now, laterBy(now, openingWithin)).length === 0;
}
