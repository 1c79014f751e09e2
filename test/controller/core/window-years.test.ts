import { test } from 'tap';
import { openingsBetween } from '../../../controller/core/window.ts';
import { WEEKDAYS, type WindowRule } from '../../../controller/core/state.ts';

// Twenty-one years of openings in six zones, against a calculation that knows nothing of Temporal: the offsets of
// a zone as Intl shows them, found minute by minute, and the wall clock by adding them.

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const FROM = '2020-01-01';
const TO = '2040-12-31';

/** An offset that holds from an instant on, milliseconds east of UTC. */
interface Shift {
  readonly at: number;
  readonly offset: number;
}

function offsetsOf(zone: string): readonly Shift[] {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  });
  const offsetAt = (at: number): number => {
    const part = Object.fromEntries(
      format.formatToParts(at).map(({ type, value }) => [type, value]),
    );
    const [year, month, date] = [Number(part['year']), Number(part['month']), Number(part['day'])];
    return Date.UTC(year, month - 1, date, Number(part['hour']), Number(part['minute'])) - at;
  };
  const shifts: Shift[] = [];
  const first = Date.parse(`${FROM}T00:00Z`) - 3 * day;
  let before = offsetAt(first);
  shifts.push({ at: first, offset: before });
  // No zone changes its offset twice within six hours; where it changed, each minute is asked.
  for (let at = first; at < Date.parse(`${TO}T00:00Z`) + 4 * day; at += 6 * hour) {
    if (offsetAt(at + 6 * hour) === before) continue;
    for (let near = at; near <= at + 6 * hour; near += minute) {
      const offset = offsetAt(near);
      if (offset !== before) shifts.push({ at: near, offset });
      before = offset;
    }
  }
  return shifts;
}

/** The first instant whose wall clock shows it; in a gap, the wall time counted on with the offset before it. */
function instantOf(wall: number, shifts: readonly Shift[]): number {
  let inGap: number | undefined;
  for (const [place, { at, offset }] of shifts.entries()) {
    const until = shifts[place + 1]?.at ?? Number.POSITIVE_INFINITY;
    const instant = wall - offset;
    if (instant >= at && instant < until) return instant;
    // After the end of this offset and before the wall clock that the next one begins with.
    if (instant >= until && wall - (shifts[place + 1]?.offset ?? 0) < until) inGap = instant;
    if (inGap !== undefined && at > inGap + day) break;
  }
  if (inGap === undefined) throw new Error('no such wall clock');
  return inGap;
}

const wallAt = (date: string, time: string): number => Date.parse(`${date}T${time}Z`);
const nextDay = (date: string): string =>
  new Date(Date.parse(`${date}T00:00Z`) + day).toISOString().slice(0, 10);

function expected(rule: Required<Omit<WindowRule, 'minutes'>>, shifts: readonly Shift[]): string[] {
  const openings: string[] = [];
  for (let date = FROM; date <= TO; date = nextDay(date)) {
    const weekday = WEEKDAYS[(new Date(`${date}T00:00Z`).getUTCDay() + 6) % 7];
    if (!weekday || !rule.days.includes(weekday)) continue;
    const endDate = rule.end <= rule.start ? nextDay(date) : date;
    const start = instantOf(wallAt(date, rule.start), near(shifts, date));
    const end = instantOf(wallAt(endDate, rule.end), near(shifts, endDate));
    if (end > start) openings.push(`${date} ${start} ${end}`);
  }
  return openings;
}

/** The offsets that matter around a date, so that each day looks at few. */
function near(shifts: readonly Shift[], date: string): readonly Shift[] {
  const at = Date.parse(`${date}T00:00Z`);
  const from = shifts.findLastIndex((one) => one.at <= at - 2 * day);
  return shifts
    .slice(Math.max(from, 0))
    .filter((one, place) => place === 0 || one.at < at + 4 * day);
}

const ZONES = [
  'America/New_York',
  'Australia/Lord_Howe',
  'Africa/Casablanca',
  'Pacific/Apia',
  'Europe/Lisbon',
  'Asia/Kathmandu',
];
const RULES: readonly Required<Omit<WindowRule, 'minutes'>>[] = [
  { days: WEEKDAYS, start: '01:30', end: '02:15' },
  { days: WEEKDAYS, start: '22:00', end: '03:00' },
  { days: ['sun'], start: '02:00', end: '02:30' },
  { days: ['sat', 'sun'], start: '00:00', end: '00:00' },
];

for (const zone of ZONES) {
  test(`openings of ${zone} from 2020 to 2040 are those of a count by minutes`, (t) => {
    const shifts = offsetsOf(zone);
    for (const rule of RULES) {
      const ours = openingsBetween(rule, zone, { from: FROM, to: TO });
      const theirs = expected(rule, shifts);
      const told = ours.map(({ date, start, end }) => `${date} ${start} ${end}`);
      const differ = told.filter((line, place) => line !== theirs[place]);
      t.same(differ.slice(0, 3), [], `${told.length} openings ${rule.start} to ${rule.end}`);
      t.equal(told.length, theirs.length);
    }
    t.comment(`${shifts.length - 1} changes of offset`);
    t.end();
  });
}

test('where clocks jump over the last hour of a day, what begins in it begins at midnight', (t) => {
  const rule = { days: WEEKDAYS, start: '23:00', end: '05:00' };
  for (const [zone, date, start] of [
    ['America/Nuuk', '2026-03-28', '2026-03-29T01:00:00.000Z'],
    ['America/Scoresbysund', '2026-03-28', '2026-03-29T01:00:00.000Z'],
  ] as const) {
    const [opening] = openingsBetween(rule, zone, { from: date, to: date });
    t.equal(opening && new Date(opening.start).toISOString(), start, zone);
    t.match(opening?.note, 'start 23:00 does not exist this night, moved to 2026-03-29 00:00');
  }
  t.end();
});

test('a length and an end that mean the same give the same openings in every night of twenty years', (t) => {
  for (const zone of ZONES) {
    const range = { from: '2020-01-01', to: '2040-12-31' };
    const byLength = openingsBetween({ days: WEEKDAYS, start: '00:30', minutes: 180 }, zone, range);
    const byEnd = openingsBetween({ days: WEEKDAYS, start: '00:30', end: '03:30' }, zone, range);
    const ends = (openings: typeof byEnd) => openings.map(({ start, end }) => `${start} ${end}`);
    t.same(ends(byLength), ends(byEnd), zone);
  }
  t.end();
});
