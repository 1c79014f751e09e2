import { test } from 'tap';
import {
  isZone,
  openingDaysMax,
  openingsBetween,
  siteOpenings,
  windowProblem,
} from '../../../controller/core/window.ts';
import { WEEKDAYS, type WindowRule } from '../../../controller/core/state.ts';
import type { EpochMs } from '@ringwave/protocol/units';

const daily = (start: string, end: string): WindowRule => ({ days: WEEKDAYS, start, end });
const utc = (text: string): EpochMs => Date.parse(text) as EpochMs;
const on = (rule: WindowRule, zone: string, from: string, to = from) =>
  openingsBetween(rule, zone, { from, to, withEmpty: true }).map((it) => [
    new Date(it.start).toISOString().slice(5, 16),
    new Date(it.end).toISOString().slice(5, 16),
    ...(it.note ? [it.note] : []),
  ]);

test('on nights when clocks change, openings begin and end at the wall’s time', (t) => {
  const cases: readonly [string, string, string, string, string, string[]][] = [
    // name, zone, start, end, local date, [start, end, note]
    [
      'an ordinary night',
      'America/New_York',
      '01:00',
      '05:00',
      '2026-03-07',
      ['03-07T06:00', '03-07T10:00'],
    ],
    [
      'spring: an hour shorter',
      'America/New_York',
      '01:00',
      '05:00',
      '2026-03-08',
      ['03-08T06:00', '03-08T09:00'],
    ],
    [
      'spring: a start in the gap moves on by the gap',
      'America/New_York',
      '02:30',
      '05:00',
      '2026-03-08',
      ['03-08T07:30', '03-08T09:00', 'start 02:30 does not exist this night, moved to 03:30'],
    ],
    [
      'spring: an end in the gap moves on by the gap',
      'America/New_York',
      '01:00',
      '02:15',
      '2026-03-08',
      ['03-08T06:00', '03-08T07:15', 'end 02:15 does not exist this night, moved to 03:15'],
    ],
    [
      'spring: swallowed whole',
      'America/New_York',
      '02:30',
      '03:15',
      '2026-03-08',
      [
        '03-08T07:30',
        '03-08T07:30',
        'start 02:30 does not exist this night, moved to 03:30; the clock change leaves nothing of this opening',
      ],
    ],
    [
      'autumn: an hour longer',
      'America/New_York',
      '00:30',
      '03:00',
      '2026-11-01',
      ['11-01T04:30', '11-01T08:00'],
    ],
    [
      'autumn: a doubled time means its first pass',
      'America/New_York',
      '01:30',
      '03:00',
      '2026-11-01',
      ['11-01T05:30', '11-01T08:00'],
    ],
    [
      'autumn: an end that comes twice means its first',
      'America/New_York',
      '00:30',
      '01:30',
      '2026-11-01',
      ['11-01T04:30', '11-01T05:30'],
    ],
    [
      'Lord Howe: half an hour forward',
      'Australia/Lord_Howe',
      '01:00',
      '04:00',
      '2026-10-04',
      ['10-03T14:30', '10-03T17:00'],
    ],
    [
      'Lord Howe: a start in its half-hour gap',
      'Australia/Lord_Howe',
      '02:10',
      '04:00',
      '2026-10-04',
      ['10-03T15:40', '10-03T17:00', 'start 02:10 does not exist this night, moved to 02:40'],
    ],
    [
      'Lord Howe: half an hour back',
      'Australia/Lord_Howe',
      '01:00',
      '04:00',
      '2026-04-05',
      ['04-04T14:00', '04-04T17:30'],
    ],
    [
      'over midnight into the change',
      'America/New_York',
      '22:00',
      '04:00',
      '2026-03-07',
      ['03-08T03:00', '03-08T08:00'],
    ],
    [
      'over midnight out of it',
      'America/New_York',
      '23:00',
      '02:30',
      '2026-10-31',
      ['11-01T03:00', '11-01T07:30'],
    ],
    [
      'a zone of 45 minutes',
      'Asia/Kathmandu',
      '01:00',
      '03:00',
      '2026-03-02',
      ['03-01T19:15', '03-01T21:15'],
    ],
    [
      'a day that never was (Samoa crossed the date line)',
      'Pacific/Apia',
      '01:00',
      '03:00',
      '2011-12-29',
      ['12-29T11:00', '12-29T13:00'],
    ],
  ];
  for (const [name, zone, start, end, date, expected] of cases) {
    t.same(
      on(daily(start, end), zone, date),
      [expected],
      `${name}: ${zone} ${date} ${start}-${end}`,
    );
  }
  t.end();
});

test('an opening that a clock change swallows is dropped', (t) => {
  const swallowed = daily('02:30', '03:15');
  const range = { from: '2026-03-07', to: '2026-03-09' };
  const dates = openingsBetween(swallowed, 'America/New_York', range).map((it) => it.date);
  t.same(dates, ['2026-03-07', '2026-03-09']);
  t.end();
});

test('a rule opens on its weekdays only, by the site’s own calendar', (t) => {
  const rule: WindowRule = { days: ['sat', 'sun'], start: '23:00', end: '01:00' };
  t.same(on(rule, 'Asia/Tokyo', '2026-03-02', '2026-03-09'), [
    ['03-07T14:00', '03-07T16:00'],
    ['03-08T14:00', '03-08T16:00'],
  ]);
  t.equal(
    on(daily('01:00', '02:00'), 'UTC', '2000-01-01', '2100-01-01').length,
    openingDaysMax,
    'ten years at most',
  );
  t.end();
});

test('a site’s openings are merged, without its blackout days, and begin before now where one is on', (t) => {
  const site = {
    zone: 'Europe/Lisbon',
    windows: [daily('01:00', '03:00'), daily('02:30', '04:00'), daily('04:00', '05:00')],
    blackout: ['2026-03-03'],
  };
  const spans = siteOpenings(site, utc('2026-03-02T02:00Z'), utc('2026-03-05T00:00Z')).map((it) => [
    new Date(it.start).toISOString().slice(5, 16),
    new Date(it.end).toISOString().slice(5, 16),
  ]);
  t.same(spans, [
    ['03-02T01:00', '03-02T05:00'],
    ['03-04T01:00', '03-04T05:00'],
  ]);
  t.same(
    siteOpenings({ ...site, windows: [] }, utc('2026-03-02T02:00Z'), utc('2026-03-05T00:00Z')),
    [],
  );
  t.end();
});

test('an offset is no zone, and a rule that can never open says why', (t) => {
  t.same(['Europe/Lisbon', 'UTC', 'America/Argentina/Buenos_Aires'].map(isZone), [
    true,
    true,
    true,
  ]);
  t.same(['Europe/Lisbn', '+03:00', 'UTC+3', '', 'GMT+25'].map(isZone), [
    false,
    false,
    false,
    false,
    false,
  ]);
  const said = (rule: Partial<WindowRule>) =>
    windowProblem({ ...daily('01:00', '03:00'), ...rule });
  t.equal(said({}), undefined);
  t.match(said({ days: [] }), /never opens/);
  t.match(said({ end: '01:00' }), /may mean never or all day/);
  t.match(said({ start: '24:00' }), /HH:MM/);
  t.match(said({ start: '1:00' }), /HH:MM/);
  t.equal(said({ start: '23:00', end: '01:00' }), undefined, 'into the next day');
  t.match(said({ start: '02:00', end: '02:10' }), 'is 10 minutes long, and no phone is started');
  t.match(said({ start: '23:55', end: '00:05' }), 'is 10 minutes long, and no phone is started');
  t.equal(said({ start: '23:50', end: '00:05' }), undefined, 'an update just fits');
  t.end();
});

const minuteOf = (wall: string): number => Number(wall.slice(0, 2)) * 60 + Number(wall.slice(3));
const dayAfter = (date: string): string =>
  new Date(Date.parse(`${date}T00:00Z`) + 86_400_000).toISOString().slice(0, 10);

/**
 * The first instant at which the wall shows this minute. One that it never shows lies as long after the last
 * minute before the gap as it would have without the gap.
 */
function shownAt(firstShown: ReadonlyMap<string, number>, date: string, minute: number): number {
  for (let back = 0; back < 120; back += 1) {
    const at = firstShown.get(`${date} ${minute - back}`);
    if (at !== undefined) return at + back * 60_000;
  }
  throw new RangeError(`${date} has no minute near ${minute}`);
}

/** What the wall shows at each minute of a year, by Intl alone. */
function* wallByMinute(zone: string, fromMs: number, toMs: number) {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  });
  // Offsets change on the quarter hour at the finest, so one look a quarter is enough.
  for (let at = fromMs; at < toMs; at += 900_000) {
    const parts = Object.fromEntries(
      format.formatToParts(at).map(({ type, value }) => [type, value]),
    );
    const date = `${parts['year']}-${parts['month']}-${parts['day']}`;
    const first = Number(parts['hour']) * 60 + Number(parts['minute']);
    for (let minute = 0; minute < 15; minute += 1)
      yield { at: at + minute * 60_000, date, minute: first + minute };
  }
}

test('over a year of New York and Lord Howe, minute by minute, openings hold exactly what the wall says', (t) => {
  const rules: readonly [string, string][] = [
    ['01:00', '03:00'],
    ['00:30', '01:45'],
    ['02:00', '02:20'],
    ['22:30', '02:15'],
  ];
  for (const zone of ['America/New_York', 'Australia/Lord_Howe']) {
    const walls = [...wallByMinute(zone, utc('2026-01-01T00:00Z'), utc('2027-01-02T00:00Z'))];
    const firstShown = new Map<string, number>();
    for (const { at, date, minute } of walls) {
      const key = `${date} ${minute}`;
      if (!firstShown.has(key)) firstShown.set(key, at);
    }
    for (const [start, end] of rules) {
      const range = { from: '2026-01-02', to: '2026-12-30', withEmpty: true };
      const openings = openingsBetween(daily(start, end), zone, range);
      const wrong = openings.filter((it) => {
        const endDate = end <= start ? dayAfter(it.date) : it.date;
        const expectedStart = shownAt(firstShown, it.date, minuteOf(start));
        const expectedEnd = shownAt(firstShown, endDate, minuteOf(end));
        return it.start !== expectedStart || it.end !== Math.max(expectedStart, expectedEnd);
      });
      t.same(wrong, [], `${zone} ${start}-${end}`);
      t.equal(openings.length, 363);
    }
  }
  t.end();
});
