import { test } from 'tap';
import { WEEKDAYS, type WindowRule } from '../../../controller/core/state.ts';
import {
  blackoutProblem,
  isBlackedOut,
  openingsBetween,
  windowProblem,
} from '../../../controller/core/window.ts';
import { Desk, siteOf } from './desk.ts';

const long = (start: string, minutes: number): WindowRule => ({ days: WEEKDAYS, start, minutes });
const hoursOn = (rule: WindowRule, date: string): number[] =>
  openingsBetween(rule, 'Europe/Lisbon', { from: date, to: date }).map(
    ({ start, end }) => (end - start) / 3_600_000,
  );

test('a window by its length ends by the wall clock, as one that says its end does, also on nights when clocks change', (t) => {
  t.same(hoursOn(long('00:30', 180), '2026-03-29'), [2], 'an hour is missing this night');
  t.same(hoursOn(long('00:30', 180), '2026-10-25'), [4], 'an hour is there twice');
  t.same(hoursOn(long('23:00', 180), '2026-12-31'), [3], 'over midnight and the year');
  t.same(
    hoursOn({ days: WEEKDAYS, start: '00:30', end: '03:30' }, '2026-03-29'),
    [2],
    'one by its end follows the wall',
  );
  t.end();
});

test('a window says its end or its length, and one that an update does not fit into is refused', (t) => {
  t.equal(windowProblem(long('01:00', 180)), undefined);
  t.match(windowProblem(long('01:00', 5)), /^is 5 minutes long/);
  t.match(windowProblem(long('01:00', 2000)), /^is 2000 minutes long, at most 1440/);
  t.match(windowProblem({ ...long('01:00', 60), end: '02:00' }), /^gives one of end and minutes/);
  t.match(windowProblem({ days: WEEKDAYS, start: '01:00' }), /^gives one of end and minutes/);
  t.end();
});

test('blackout days are dates, days of each year, and ranges of both', (t) => {
  const cases: readonly [string, string, boolean][] = [
    ['2026-12-24', '2026-12-24', true],
    ['2026-12-24/2027-01-03', '2026-12-31', true],
    ['2026-12-24/2027-01-03', '2027-01-04', false],
    ['12-25', '2031-12-25', true],
    ['12-24/01-01', '2030-01-01', true],
    ['12-24/01-01', '2030-12-24', true],
    ['12-24/01-01', '2030-06-01', false],
    ['02-29', '2028-02-29', true],
  ];
  for (const [entry, date, isOne] of cases)
    t.equal(isBlackedOut(date, [entry]), isOne, `${entry} and ${date}`);
  t.equal(blackoutProblem('02-29'), undefined);
  t.equal(blackoutProblem('02-30'), '02-30 is no day of the calendar');
  t.equal(blackoutProblem('2027-01-03/2026-12-24'), 'ends before it begins');
  t.equal(blackoutProblem('12-24/2027-01-03'), 'mixes a day of each year with a date');
  t.end();
});

test('a site whose blackout leaves it no opening within a year is refused', (t) => {
  const desk = new Desk();
  const put = (blackout: string[]) =>
    desk.refusals({ kind: 'site-put', site: siteOf('lisbon', { blackout }) });
  t.match(put(['01-01/12-31']), [{ reason: 'leave the site no opening within a year' }]);
  t.same(put(['2026-03-01/2026-12-31']), [], 'late is not never');
  t.end();
});
