import { test } from 'tap';
import { comingOpenings } from '../../../controller/core/site-outlook.ts';

const nights = [{ days: ['sat', 'sun'] as const, start: '00:30', end: '04:00' }];
const at = (text: string) => Date.parse(text) as never;
const told = (openings: ReturnType<typeof comingOpenings>) =>
  openings.map(
    ({ start, end, note }) =>
      `${new Date(start).toISOString().slice(0, 16)} ${(end - start) / 60_000} min${note === null ? '' : `: ${note}`}`,
  );

test('the next ten openings are told, and those that a change of clocks bends beyond them', (t) => {
  const site = { zone: 'Europe/Lisbon', windows: nights, blackout: ['2026-12-05'] };
  const coming = told(comingOpenings(site, [], at('2026-11-28T12:00:00Z')));
  t.strictSame(coming.slice(0, 2), ['2026-11-29T00:30 210 min', '2026-12-06T00:30 210 min']);
  t.strictSame(coming.slice(10), [
    '2027-03-28T00:30 150 min: clocks go 60 minutes forward in it, so it is 2 h 30 min long',
  ]);
  t.end();
});

test('an opening that is on is the first; one that the clock change swallows says so', (t) => {
  const windows = [{ days: ['sun'] as const, start: '02:10', end: '02:50' }];
  const site = { zone: 'Europe/Berlin', windows, blackout: [] };
  const coming = told(comingOpenings(site, [], at('2027-03-21T01:30:00Z')));
  t.equal(coming[0], '2027-03-21T01:10 40 min');
  t.match(
    coming[1],
    /^2027-03-28T01:10 40 min: start 02:10 does not exist this night, moved to 03:10; end/,
  );
  t.end();
});

test('clocks that go back make an opening longer', (t) => {
  const windows = [{ days: ['sun'] as const, start: '00:00', end: '05:00' }];
  const site = { zone: 'Europe/Berlin', windows, blackout: [] };
  t.equal(
    told(comingOpenings(site, [], at('2026-10-24T12:00:00Z')))[0],
    '2026-10-24T22:00 360 min: clocks go 60 minutes back in it, so it is 6 h 0 min long',
  );
  t.end();
});

test('what planned rest takes is no opening ahead, and what it leaves of one says which rest', (t) => {
  const site = { zone: 'UTC', windows: nights, blackout: [] };
  const rest = (id: string, from: string, until: string) =>
    ({ id, reason: 'exams', who: 'ada', since: 0, from: at(from), until: at(until) }) as never;
  const freezes = [
    rest('whole', '2026-11-29T00:00Z', '2026-12-01T00:00Z'),
    rest('half', '2026-12-05T02:00Z', '2026-12-05T03:00Z'),
  ];
  const coming = told(comingOpenings(site, freezes, at('2026-11-28T12:00:00Z')));
  t.strictSame(coming.slice(0, 3), [
    '2026-12-05T00:30 90 min: partly frozen by half: exams',
    '2026-12-05T03:00 60 min: partly frozen by half: exams',
    '2026-12-06T00:30 210 min',
  ]);
  t.equal(coming.length, 10);
  t.end();
});

test('a site without windows has nothing ahead', (t) => {
  t.strictSame(
    comingOpenings({ zone: 'UTC', windows: [], blackout: [] }, [], at('2026-11-28')),
    [],
  );
  t.end();
});
