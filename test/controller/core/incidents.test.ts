import { laterBy, minutes } from '@ringwave/protocol/units';
import { test } from 'tap';
import { explainPhone } from '../../../controller/core/explain.ts';
import { incidentsOf } from '../../../controller/core/site-outlook.ts';
import { type Desk, idOf, macOf, rolloutOf, smallFleet } from './desk.ts';

const lisbon = idOf('lisbon');
const autumn = idOf('autumn');
const gate = { successMin: 0.5, failuresMax: 1, minSample: 2, soak: minutes(0) };
const rollout = (desk: Desk) => desk.tables.rollouts.get('autumn');
const wave = (desk: Desk) => rollout(desk)?.waves[0];

type Fault = 'phone-never-asked' | 'phone-silent-after-restart';

/** These phones fail, one after another. */
function fail(desk: Desk, numbers: readonly number[], fault: Fault = 'phone-never-asked'): Desk {
  for (const number of numbers) {
    const about = { at: desk.now, mac: macOf(number), rollout: 'autumn', revision: 1, attempt: 1 };
    desk.hears(lisbon, { kind: 'phone-moved', phase: 'failed', fault, ...about });
  }
  return desk;
}

/** Two of six phones have failed and halted the wave. */
function halted(): Desk {
  const waves = [{ name: 'canary', count: 6 }, { name: 'rest' }];
  const desk = smallFleet(8).do({ kind: 'rollout-create', input: rolloutOf({ gate, waves }) });
  desk.do({ kind: 'rollout-approve', rollout: autumn });
  return fail(desk, canaries(desk).slice(0, 2));
}

/** The phones of the first wave, by their numbers. */
const canaries = (desk: Desk): number[] => membersOf(desk, 0);

const membersOf = (desk: Desk, index: number): number[] =>
  [...desk.tables.progress.values()]
    .filter((one) => one.wave === index)
    .map(({ mac }) => Number.parseInt(mac.slice(-2), 16));

const why = '2 phones failed, at most 1 may';
const eased = `${why}; since then 3 failures at lisbon have become one incident, which counts once`;

test('a halt says that its failures have since become one incident, and waits for a person all the same', (t) => {
  const desk = halted();
  t.match(wave(desk), { state: 'halted', why });
  const [, , third = 0, fourth = 0] = canaries(desk);
  fail(desk, [third]);
  t.match(wave(desk), { state: 'open', counts: { failed: 1, aside: 2 } });
  t.equal(wave(desk)?.why, '1 of 2 results needed for a judgement');
  t.match(rollout(desk), { state: 'paused', paused: { by: 'gate', who: 'canary', reason: eased } });
  const phone = desk.tables.phones.get(macOf(fourth));
  t.match(phone && explainPhone(desk.tables, phone, desk.now)[0]?.because, [
    `Rollout autumn is paused, paused by gate: ${eased}`,
    /^Wave canary is open/,
  ]);
  t.match(desk.tables.plans.get(lisbon)?.plan.pausedRollouts, [{ reason: eased }]);
  t.match([...desk.tables.audit.values()].at(-1), {
    what: 'halt no longer holds',
    object: 'autumn/canary',
  });
  desk.wait(60);
  t.equal(rollout(desk)?.state, 'paused');
  t.end();
});

test('whoever resumes after that lets nothing pass: the wave goes on to its gate', (t) => {
  const desk = fail(halted(), []);
  const all = canaries(desk);
  fail(desk, all.slice(2, 3)).do({ kind: 'rollout-resume', rollout: autumn });
  t.match([rollout(desk)?.state, wave(desk)?.state], ['running', 'open']);
  t.match(rollout(desk)?.waves[1], { state: 'closed' });
  for (const number of all.slice(3)) desk.ended(lisbon, number, 'done');
  t.match(rollout(desk)?.waves, [{ state: 'passed', why: 'Gate met' }, { state: 'open' }]);
  t.end();
});

test('what fails beside the incident halts the wave again; more of the same does not', (t) => {
  const desk = halted();
  const [, , third = 0, fourth = 0, fifth = 0] = canaries(desk);
  fail(desk, [third, fourth]);
  t.match(wave(desk), { state: 'open', counts: { failed: 1, aside: 3 } });
  fail(desk, [fifth], 'phone-silent-after-restart');
  t.match(wave(desk), { state: 'halted', why });
  t.match(rollout(desk), { state: 'paused', paused: { reason: why } });
  desk.do({ kind: 'rollout-resume', rollout: autumn });
  t.match(wave(desk), { state: 'passed', why: 'Released by ada' });
  t.end();
});

test('the words of a halt follow the failures that still come', (t) => {
  const desk = halted();
  fail(desk, canaries(desk).slice(2, 3), 'phone-silent-after-restart');
  t.match(wave(desk), { state: 'halted', why: '3 phones failed, at most 1 may' });
  t.match(rollout(desk)?.paused, { reason: why }, 'it was paused for the first two');
  t.end();
});

test('a late proof that takes a failure back is told as well', (t) => {
  const desk = halted();
  const [first = 0] = canaries(desk);
  desk.ended(lisbon, first, 'done');
  t.match(wave(desk), { state: 'open', counts: { failed: 1, done: 1 } });
  t.match(rollout(desk), {
    state: 'paused',
    paused: { reason: `${why}; since then phones have proven their version after all` },
  });
  t.end();
});

test('a failure that its site takes back to go on is told as that, and as no proof', (t) => {
  const desk = halted();
  const [first = 0] = canaries(desk);
  const about = { at: desk.now, mac: macOf(first), rollout: 'autumn', revision: 1, attempt: 2 };
  desk.hears(lisbon, { kind: 'phone-moved', phase: 'downloading', ...about });
  const words = 'a site has told that it goes on with phones that had failed';
  t.match(rollout(desk)?.paused, { reason: `${why}; since then ${words}` });
  t.end();
});

test('a wave that passed and was halted by late failures has passed again once they are one incident', (t) => {
  const desk = smallFleet(8);
  const waves = [{ name: 'canary', count: 6 }, { name: 'rest' }];
  desk.do({ kind: 'rollout-create', input: rolloutOf({ gate, waves }) });
  desk.do({ kind: 'rollout-approve', rollout: autumn });
  const all = canaries(desk);
  for (const number of all.slice(0, 2)) desk.ended(lisbon, number, 'done');
  t.match(rollout(desk)?.waves, [{ state: 'passed' }, { state: 'open' }]);
  fail(desk, all.slice(2, 4));
  t.match([rollout(desk)?.state, wave(desk)?.state], ['paused', 'halted']);
  fail(desk, all.slice(4, 5));
  t.match([rollout(desk)?.state, wave(desk)?.state], ['paused', 'passed']);
  desk.do({ kind: 'rollout-resume', rollout: autumn });
  t.match([rollout(desk)?.state, wave(desk)?.why], ['running', 'Gate met']);
  fail(desk, all.slice(5), 'phone-silent-after-restart');
  t.equal(rollout(desk)?.state, 'paused', 'and is watched as before');
  t.end();
});

test('where all phones of a halted wave have ended, the wave is held for what counts now', (t) => {
  const desk = smallFleet(4);
  const waves = [{ name: 'canary', count: 3 }, { name: 'rest' }];
  desk.do({ kind: 'rollout-create', input: rolloutOf({ gate, waves }) });
  desk.do({ kind: 'rollout-approve', rollout: autumn });
  fail(desk, canaries(desk));
  t.match(wave(desk), {
    state: 'held',
    why: '0 of 1 completed phones are done (0 %), needs 50 %',
  });
  t.match(rollout(desk)?.paused, { reason: eased });
  desk.do({ kind: 'rollout-resume', rollout: autumn });
  t.match(wave(desk), { state: 'passed', why: 'Released by ada' });
  t.end();
});

test('a no of the outside check stands whatever the results become', (t) => {
  const askUrl = 'https://checks.example/gate';
  const desk = smallFleet(4);
  const waves = [{ name: 'canary', count: 3 }, { name: 'rest' }];
  desk.do({ kind: 'rollout-create', input: rolloutOf({ gate: { ...gate, askUrl }, waves }) });
  desk.do({ kind: 'rollout-approve', rollout: autumn });
  const all = canaries(desk);
  for (const number of all.slice(0, 2)) desk.ended(lisbon, number, 'done');
  const detail = 'too many calls dropped';
  desk.take({
    kind: 'check-answered',
    rollout: autumn,
    wave: 0,
    question: 1,
    verdict: 'fail',
    detail,
  });
  t.match(wave(desk), { state: 'halted', why: `Its outside check said no: ${detail}` });
  desk.ended(lisbon, all[2] ?? 0, 'done').wait(60);
  t.match(wave(desk), { state: 'halted', why: `Its outside check said no: ${detail}` });
  t.end();
});

test('a trouble that hits two waves counts once in each of them', (t) => {
  const lenient = { ...gate, minSample: 1 };
  const waves = [{ name: 'first', count: 4 }, { name: 'second', count: 4 }, { name: 'rest' }];
  const desk = smallFleet(10);
  desk.do({ kind: 'rollout-create', input: rolloutOf({ gate: lenient, waves }) });
  desk.do({ kind: 'rollout-approve', rollout: autumn });
  const [first = 0, late = 0] = membersOf(desk, 0);
  desk.ended(lisbon, first, 'done');
  fail(desk, [late]);
  fail(desk, membersOf(desk, 1).slice(0, 3));
  t.match(rollout(desk)?.waves, [{ counts: { failed: 1 } }, { counts: { failed: 1, aside: 2 } }]);
  t.same(
    incidentsOf(desk.tables, lisbon).map(({ count }) => count),
    [3],
  );
  t.end();
});

/** Three phones are done and five fail as one incident, so that seven of eight count in no other way. */
function troubled(): { desk: Desk; failed: readonly number[] } {
  const strict = { ...gate, failuresMax: 0, minSample: 8 };
  const waves = [{ name: 'canary', count: 8 }, { name: 'rest' }];
  const desk = smallFleet(10);
  desk.do({ kind: 'rollout-create', input: rolloutOf({ gate: strict, waves }) });
  desk.do({ kind: 'rollout-approve', rollout: autumn });
  const all = canaries(desk);
  for (const number of all.slice(0, 3)) desk.ended(lisbon, number, 'done');
  return { desk: fail(desk, all.slice(3)), failed: all.slice(3) };
}

test('an incident counts once, whoever of its phones proves itself late, until all have', (t) => {
  const { desk, failed } = troubled();
  t.match(wave(desk)?.counts, { done: 3, failed: 1, aside: 4 });
  desk.ended(lisbon, failed[0] ?? 0, 'done');
  t.match(wave(desk)?.counts, { done: 4, failed: 1, aside: 3 }, 'the first phone of it');
  t.equal(wave(desk)?.state, 'halted');
  const heir = [...desk.tables.progress.values()].find(({ leads }) => leads);
  desk.ended(lisbon, Number.parseInt(heir?.mac.slice(-2) ?? '', 16), 'done');
  t.match(wave(desk)?.counts, { done: 5, failed: 1, aside: 2 }, 'the one that it was handed to');
  for (const number of failed) desk.ended(lisbon, number, 'done');
  t.match(wave(desk)?.counts, { done: 8, failed: 0, aside: 0 });
  t.notOk(desk.tables.incidents.has('autumn/lisbon/0'), 'nobody is left of it');
  t.end();
});

test('an incident goes on counting when its first phone is removed from the inventory', (t) => {
  const { desk, failed } = troubled();
  desk.do({ kind: 'phone-remove', mac: macOf(failed[0] ?? 0) });
  t.match(wave(desk), { state: 'halted', counts: { failed: 1, aside: 3, skipped: 1 } });
  t.end();
});

test('a phone that has proven itself before the third failed is no part of an incident', (t) => {
  const desk = halted();
  const [a = 0, , c = 0, d = 0] = canaries(desk);
  desk.ended(lisbon, a, 'done');
  fail(desk, [c]);
  t.match(wave(desk)?.counts, { done: 1, failed: 2 }, 'two of them are still chance');
  fail(desk, [d]);
  t.match(wave(desk)?.counts, { done: 1, failed: 1, aside: 2 });
  t.end();
});

/** Told together once the line is back: they failed so many minutes from now. */
function failLate(desk: Desk, minutesAgo: readonly number[]): Desk {
  const all = canaries(desk);
  const items = minutesAgo.map((ago, place) => ({
    kind: 'phone-moved' as const,
    phase: 'failed' as const,
    fault: 'phone-never-asked' as const,
    at: laterBy(desk.now, minutes(-ago)),
    mac: macOf(all[place] ?? 0),
    rollout: 'autumn',
    revision: 1,
    attempt: 1,
  }));
  return desk.hears(lisbon, ...items);
}

const began = (): Desk =>
  smallFleet(8).do(
    {
      kind: 'rollout-create',
      input: rolloutOf({ gate, waves: [{ name: 'canary', count: 6 }, { name: 'rest' }] }),
    },
    { kind: 'rollout-approve', rollout: autumn },
  );

test('failures hours apart that are told in one report are no incident', (t) => {
  const desk = failLate(began().wait(3000), [2400, 1800, 1200, 600]);
  t.match(wave(desk), { state: 'halted', counts: { failed: 4 } });
  t.end();
});

test('failures of one half hour are an incident however late they are told, and in whatever order', (t) => {
  const desk = failLate(began().wait(3000), [2400, 2380, 2420]);
  t.match(wave(desk)?.counts, { failed: 1, aside: 2 });
  t.match(incidentsOf(desk.tables, lisbon), [
    { since: laterBy(desk.now, minutes(-2420)), lastAt: laterBy(desk.now, minutes(-2380)) },
  ]);
  t.end();
});

/** What one phone's site tells of it next. */
const tells = (desk: Desk, number: number, phase: 'rebooting' | 'failed', fault?: Fault) => {
  const about = { at: desk.now, mac: macOf(number), rollout: 'autumn', revision: 1, attempt: 2 };
  return desk.hears(lisbon, {
    kind: 'phone-moved',
    phase,
    ...about,
    ...(fault ? { fault } : {}),
  });
};

test('a phone of an incident that goes on and fails by itself counts by itself', (t) => {
  const desk = halted();
  const [first = 0, second = 0, third = 0] = canaries(desk);
  fail(desk, [third]);
  t.match(wave(desk)?.counts, { failed: 1, aside: 2 });
  tells(desk, second, 'rebooting');
  t.match(wave(desk)?.counts, { failed: 1, aside: 1 });
  tells(desk, second, 'failed', 'phone-silent-after-restart');
  t.match(wave(desk)?.counts, { failed: 2, aside: 1 });
  tells(desk, first, 'rebooting');
  t.match(wave(desk)?.counts, { failed: 2, aside: 0 }, 'another one counts for the incident');
  t.end();
});

test('a phone of an incident that goes on and fails of the same is part of it again', (t) => {
  const desk = halted();
  const [, second = 0, third = 0] = canaries(desk);
  fail(desk, [third]);
  tells(desk, second, 'rebooting');
  fail(desk, [second]);
  t.match(wave(desk)?.counts, { failed: 1, aside: 2 });
  t.end();
});

test('a phone that is under way again is none of the three that make an incident', (t) => {
  const desk = halted();
  const [first = 0, , third = 0] = canaries(desk);
  tells(desk, first, 'rebooting');
  fail(desk, [third]);
  t.match(wave(desk)?.counts, { failed: 2 });
  t.notOk(wave(desk)?.counts.aside);
  t.end();
});
