import { days, hours, laterBy, minutes } from '@ringwave/protocol/units';
import { test } from 'tap';
import { type RehearsalResult, rehearse } from '../../rehearsal/rehearse.ts';
import { distributionOf } from '../../rehearsal/outcome.ts';
import type { ControllerTables, RolloutInput } from '../../controller/core/state.ts';
import { bigFleet, releases } from '../bench/big-fleet.ts';
import {
  after,
  type Desk,
  idOf,
  phoneOf,
  rolloutOf,
  siteOf,
  smallFleet,
} from '../controller/core/desk.ts';

const noon = Date.UTC(2026, 10, 2, 12) as never;
const big: RolloutInput = rolloutOf({
  id: idOf('big'),
  releases: releases.map(({ id }) => id),
  waves: [{ name: 'canary', per: ['model'] }, { name: 'rest' }],
  gate: { successMin: 0.9, failuresMax: 5, minSample: 3, soak: hours(1) },
});

const ran = (said: ReturnType<typeof rehearse>): RehearsalResult => {
  if ('refusals' in said) throw new Error(JSON.stringify(said.refusals));
  return said;
};
const firstRun = (said: ReturnType<typeof rehearse>) => {
  const [run] = ran(said).runs;
  if (!run) throw new Error('no run');
  return run;
};
const rehearsed = (desk: Desk, own: Partial<RolloutInput> = {}, wishes = {}) =>
  firstRun(rehearse(desk.tables, rolloutOf(own), desk.now, { seeds: 1, ...wishes }));

test('the same input gives the same bytes, and another seed another night', (t) => {
  const tables = bigFleet({ sites: 3, phonesPerSite: 20 }, noon);
  const once = JSON.stringify(rehearse(tables, big, noon, { seeds: 2 }));
  t.equal(JSON.stringify(rehearse(tables, big, noon, { seeds: 2 })), once);
  const [one, two] = (JSON.parse(once) as RehearsalResult).runs;
  t.not(one?.finishedAt, two?.finishedAt);
  t.end();
});

test('threads that share the sites give the same bytes as one', (t) => {
  const tables = bigFleet({ sites: 7, phonesPerSite: 15 }, noon);
  const [one, three] = [1, 3].map((threads) =>
    JSON.stringify(rehearse(tables, big, noon, { seeds: 2, failedPart: 0.2 }, undefined, threads)),
  );
  t.match(one, /"finishedAt":\d+/);
  t.equal(three, one);
  t.end();
});

test('a rehearsal tells how far it is, day by virtual day of each run', (t) => {
  const told: string[] = [];
  const desk = smallFleet(2);
  rehearse(desk.tables, rolloutOf(), desk.now, { seeds: 2 }, ({ run, runs, at }) =>
    told.push(`${run} of ${runs}, day ${(at - desk.now) / 86_400_000}`),
  );
  t.strictSame(told.slice(0, 1), ['1 of 2, day 0']);
  const second = told.indexOf('2 of 2, day 0');
  t.ok(second > 0);
  t.strictSame(
    told.slice(0, second),
    Array.from({ length: second }, (_, day) => `1 of 2, day ${day}`),
  );
  t.end();
});

test('a rollout is rehearsed as if it began later, on the calendar of then', (t) => {
  const holidays = { id: idOf('holidays'), from: '2026-03-09', until: '2026-03-15', reason: 'x' };
  const desk = smallFleet(2).do({ kind: 'freeze-put', freeze: holidays });
  const from = laterBy(desk.now, days(8));
  const said = ran(rehearse(desk.tables, rolloutOf(), desk.now, { seeds: 1, from, daysMax: 10 }));
  t.equal(said.from, from);
  const run = said.runs[0];
  t.match(
    run,
    { state: 'done', done: 2, neverPhones: [] },
    'phones seen today are not off by then',
  );
  t.ok((run?.sites[0]?.firstStartAt ?? 0) > Date.UTC(2026, 2, 15), 'after the freeze of that week');
  const usual = rehearsed(desk);
  t.ok((usual.finishedAt ?? 0) < from, 'it would be done by then');
  const early = ran(rehearse(desk.tables, rolloutOf(), desk.now, { seeds: 1, from: after(-1) }));
  t.equal(early.from, desk.now, 'a clock that is behind begins now');
  t.end();
});

test('the days looked ahead come after the start that a rollout says itself', (t) => {
  const desk = smallFleet(2);
  const startAt = laterBy(desk.now, days(30));
  const wishes = { seeds: 1, daysMax: 3 };
  const said = ran(rehearse(desk.tables, rolloutOf({ startAt }), desk.now, wishes));
  t.same(said, ran(rehearse(desk.tables, rolloutOf(), desk.now, { ...wishes, from: startAt })));
  t.match(said, { from: startAt, runs: [{ state: 'done', done: 2 }] });
  const far = laterBy(desk.now, days(10_000));
  const never = ran(rehearse(desk.tables, rolloutOf({ startAt: far }), desk.now, wishes));
  t.match(never.runs, [{ state: 'scheduled', done: 0 }], 'no further than a year');
  t.end();
});

test('what goes on already is not rehearsed from later', (t) => {
  const desk = smallFleet(2).do({ kind: 'rollout-create', input: rolloutOf() });
  const from = laterBy(desk.now, days(8));
  t.match(rehearse(desk.tables, rolloutOf(), desk.now, { seeds: 1, from }), {
    runs: [{ done: 2 }],
  });
  desk.do({ kind: 'rollout-approve', rollout: idOf('autumn') });
  t.match(rehearse(desk.tables, rolloutOf(), desk.now, { from }), {
    refusals: [{ reason: 'goes on already and begins at no later time', next: 'Leave from out.' }],
  });
  t.end();
});

test('a rehearsal touches nothing of what it was given', (t) => {
  const tables = bigFleet({ sites: 2, phonesPerSite: 10 }, noon);
  const shown = (known: ControllerTables) =>
    JSON.stringify(Object.entries(known).map(([name, rows]) => [name, [...rows]]));
  const before = shown(tables);
  rehearse(tables, big, noon, { seeds: 1 });
  t.equal(shown(tables), before);
  t.end();
});

test('every phone is done, each image crosses the line once a site, and the LAN carries it to each phone', (t) => {
  const tables = bigFleet({ sites: 3, phonesPerSite: 20 }, noon);
  const run = firstRun(rehearse(tables, big, noon, { seeds: 1 }));
  t.match(run, { state: 'done', done: 60, failed: 0, open: 0, neverSites: [], neverPhones: [] });
  t.equal(run.wanBytes, 3 * 4 * 30_000_000);
  t.equal(run.lanBytes, 60 * 30_000_000);
  t.ok(run.phoneMinutesLost > 60, 'each phone is down for minutes');
  t.ok(
    run.sites.every(({ firstStartAt, lastDoneAt }) => (firstStartAt ?? 0) < (lastDoneAt ?? 0)),
    'each site has its time',
  );
  t.end();
});

test('a site without an agent never finishes, and its phones say why', (t) => {
  const desk = smallFleet(2);
  desk.do({ kind: 'site-put', site: siteOf('berlin') });
  desk.do({ kind: 'phones-put', phones: [phoneOf(9, { site: idOf('berlin') })] });
  const run = rehearsed(desk, {}, { daysMax: 3 });
  t.equal(run.finishedAt, null);
  t.same(run.neverSites, [{ site: 'berlin', why: 'No agent is enrolled there' }]);
  t.match(run.neverPhones, [{ why: 'No agent is enrolled at its site', count: 1 }]);
  t.end();
});

test('a phone that was not seen for days counts as off and is told apart', (t) => {
  const desk = smallFleet(3);
  desk.wait(5 * 24 * 60);
  for (const number of [1, 2]) desk.seen(idOf('lisbon'), number, '66.85.0.5');
  const run = rehearsed(desk);
  t.match(run, { done: 2, failed: 1 });
  t.match(run.neverPhones, [{ why: 'It was not seen for long and counts as off', count: 1 }]);
  t.end();
});

test('what the controller would refuse is refused before anything runs', (t) => {
  const said = rehearse(smallFleet(2).tables, rolloutOf({ selection: { models: ['T99'] } }), noon);
  t.match(said, { refusals: [{ reason: 'selects no phone' }] });
  t.end();
});

test('of an id that is stored, what is asked for is rehearsed and not what is stored', (t) => {
  const desk = smallFleet(4);
  const [one] = desk.tables.phones.keys();
  desk.do({ kind: 'rollout-create', input: rolloutOf() });
  const narrowed = rehearsed(desk, { selection: { macs: [one as never] } });
  t.match(narrowed, { done: 1 });
  t.match(rehearsed(desk), { done: 4 });
  const said = rehearse(desk.tables, rolloutOf({ releases: [idOf('nope')] }), desk.now);
  t.match(said, { refusals: [{}] }, 'what would be refused as an edit is refused');
  t.end();
});

test('one that goes on is rehearsed as it stands, otherwise refused; one that has ended always', (t) => {
  const desk = smallFleet(4);
  desk.do({ kind: 'rollout-create', input: rolloutOf() });
  desk.do({ kind: 'rollout-approve', rollout: rolloutOf().id });
  t.match(rehearsed(desk), { done: 4 });
  const other = rehearse(desk.tables, rolloutOf({ attemptsMax: 7 }), desk.now);
  t.match(other, { refusals: [{ reason: /has begun/ }] });
  desk.do({ kind: 'rollout-abort', rollout: rolloutOf().id, reason: 'a test' });
  t.match(rehearse(desk.tables, rolloutOf(), desk.now), { refusals: [{ reason: 'has ended' }] });
  t.end();
});

test('failures stop the wave, a person goes on later, and both are in the answer', (t) => {
  const gate = { successMin: 0.9, failuresMax: 0, minSample: 1, soak: minutes(10) };
  const run = rehearsed(smallFleet(6), { gate, attemptsMax: 1 }, { failedPart: 0.7 });
  t.ok(run.failed > 0);
  t.match(run.stops[0]?.reason, /phones failed, at most 0 may/);
  t.end();
});

test('phones in calls are left alone, so that a busy fleet takes longer', (t) => {
  const at = (part: number) =>
    rehearsed(smallFleet(20), {}, { busyByHour: Array.from({ length: 24 }, () => part) });
  const [idle, busy] = [at(0), at(0.6)];
  t.equal(busy.done, 20);
  t.ok((busy.finishedAt ?? 0) > (idle.finishedAt ?? 0));
  t.ok((busy.sites[0]?.starts ?? 0) > (idle.sites[0]?.starts ?? 0), 'they are asked again');
  t.end();
});

test('runs that do not end count as the latest', (t) => {
  const run = (at: number | null) => ({ finishedAt: at as never });
  t.same(distributionOf([run(5), run(null), run(3)]), { p10: 3, p50: 5, p90: null, last: null });
  t.end();
});

const autumnInLisbonAndBerlin = (gate: object = {}, waves = rolloutOf().waves) => {
  const berlin = idOf('berlin');
  const numbers = [11, 12, 13];
  const desk = smallFleet(3).do(
    { kind: 'site-put', site: siteOf('berlin', { zone: 'Europe/Berlin' }) },
    { kind: 'phones-put', phones: numbers.map((number) => phoneOf(number, { site: berlin })) },
  );
  desk.joined(berlin);
  for (const number of numbers) desk.seen(berlin, number, '66.85.0.5');
  const input = rolloutOf({ gate: { ...rolloutOf().gate, ...gate }, waves });
  return desk.do({ kind: 'rollout-create', input });
};
const winter = {
  id: idOf('winter'),
  selection: { sites: [idOf('lisbon')] },
  after: [idOf('autumn')],
};

test('what a rollout comes after is played on all of its sites, and counted for itself', (t) => {
  const desk = autumnInLisbonAndBerlin();
  desk.do({ kind: 'rollout-approve', rollout: idOf('autumn') });
  const run = rehearsed(desk, winter);
  t.match(run, { state: 'done', done: 3, stops: [], neverPhones: [] });
  t.match(run.sites, [
    { site: 'lisbon', phones: 3, starts: 0, firstStartAt: null, phoneMinutesLost: 0 },
  ]);
  t.match(run, { wanBytes: 0, lanBytes: 0 }, 'all of it was the work of autumn');
  t.end();
});

test('a person goes on with what a rollout comes after, too, and what that waits for', (t) => {
  const waves = [{ name: 'first', count: 1 }, { name: 'rest' }];
  const desk = autumnInLisbonAndBerlin({ askPerson: true }, waves);
  const spring = rolloutOf({ ...winter, id: idOf('spring') });
  desk.do({ kind: 'rollout-create', input: spring });
  const run = rehearsed(desk, { ...winter, after: [spring.id] });
  t.match(run, { state: 'done', done: 3 });
  t.match(run.stops, [
    { reason: 'Before it, spring: It waits for approval' },
    { reason: 'Before it, autumn: It waits for approval' },
    { reason: 'Before it, autumn: A wave asks a person before the next one opens' },
  ]);
  t.end();
});

test('threads give the same bytes of a rollout that comes after another one', (t) => {
  const desk = autumnInLisbonAndBerlin({ askPerson: true });
  const [one, three] = [1, 3].map((threads) =>
    JSON.stringify(
      rehearse(desk.tables, rolloutOf(winter), desk.now, { seeds: 2 }, undefined, threads),
    ),
  );
  t.match(one, /"state":"done"/);
  t.equal(three, one);
  t.end();
});
