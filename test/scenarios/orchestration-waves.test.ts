import { minutes } from '@ringwave/protocol/units';
import { test } from 'tap';
import { equalWaves, WAVE_PRESETS } from '../../controller/core/waves.ts';
import { explain } from '../../controller/core/explain.ts';
import type { RolloutInput, WaveSpec } from '../../controller/core/state.ts';
import {
  after,
  type Desk,
  idOf,
  macOf,
  phoneOf,
  releaseOf,
  rolloutOf,
  siteOf,
  smallFleet,
} from '../controller/core/desk.ts';

// Scenarios 1 to 16 of those that other systems are known by, each by its number: waves, gates, priority, approval.
// Where ours differs on purpose, the sentence says so.

const lisbon = idOf('lisbon');
const autumn = idOf('autumn');
const rollout = (desk: Desk, id = 'autumn') => desk.tables.rollouts.get(id);
const states = (desk: Desk) => rollout(desk)?.waves.map((wave) => wave.state);
const began = (desk: Desk, own: Partial<RolloutInput> = {}): Desk =>
  desk.do(
    { kind: 'rollout-create', input: rolloutOf(own) },
    { kind: 'rollout-approve', rollout: own.id ?? autumn },
  );
const phase = (desk: Desk, number: number, id = 'autumn') =>
  desk.tables.progress.get(`${id}/${macOf(number)}`)?.phase;
const inWave = (desk: Desk, wave: number, id = 'autumn') =>
  [...desk.tables.progress.values()]
    .filter((one) => one.rollout === id && one.wave === wave)
    .map((one) => Number.parseInt(one.mac.slice(-2), 16));
const withWork = (desk: Desk) =>
  desk.tables.plans
    .get('lisbon')
    ?.plan.phones.filter((one) => one.work)
    .map((one) => one.mac) ?? [];
const two: readonly WaveSpec[] = [{ name: 'first', count: 2 }, { name: 'rest' }];
const gate = { successMin: 0.5, failuresMax: 1, minSample: 1, soak: minutes(0) };

test('1: ten of twenty-five phones match, five equal waves take two each, and the others never get work', (t) => {
  const desk = smallFleet(10);
  const others = Array.from({ length: 15 }, (_, nth) => phoneOf(nth + 11, { model: 'T48S' }));
  desk.do({ kind: 'phones-put', phones: others });
  began(desk, { waves: equalWaves(5), selection: { models: ['T46S'] } });
  t.same(
    rollout(desk)?.waves.map((wave) => wave.counts.total),
    [2, 2, 2, 2, 2],
  );
  t.ok(others.every(({ mac }) => !desk.tables.progress.has(`autumn/${mac}`)));
  t.ok(others.every(({ mac }) => !withWork(desk).includes(mac)));
  t.end();
});

test('2: at the start the first wave runs, later ones wait, and every phone has its place before any is let go', (t) => {
  const desk = smallFleet(6).do({ kind: 'rollout-create', input: rolloutOf({ waves: two }) });
  t.equal([...desk.tables.progress.values()].length, 6, 'all have their place before approval');
  t.same(withWork(desk), []);
  desk.do({ kind: 'rollout-approve', rollout: autumn });
  t.same(states(desk), ['open', 'closed']);
  t.equal(withWork(desk).length, 2);
  t.ok(inWave(desk, 1).every((number) => phase(desk, number) === 'waiting'));
  t.end();
});

test('3: one of two done meets a gate of one half and opens the next wave; below it nothing opens', (t) => {
  const desk = began(smallFleet(6), { waves: two, gate: { ...gate, minSample: 2 } });
  const [one = 0, other = 0] = inWave(desk, 0);
  desk.ended(lisbon, one, 'done');
  t.same(states(desk), ['open', 'closed'], 'one result is no sample');
  desk.ended(lisbon, other, 'failed');
  t.same(states(desk), ['passed', 'open']);
  const low = began(smallFleet(6), {
    waves: two,
    gate: { ...gate, minSample: 2, successMin: 0.6 },
  });
  low.ended(lisbon, inWave(low, 0)[0] ?? 0, 'done').ended(lisbon, inWave(low, 0)[1] ?? 0, 'failed');
  t.same(states(low), ['held', 'closed']);
  t.end();
});

test('4: exactly as many failures as permitted stop nothing; one more halts, and what is in flight ends', (t) => {
  const waves = [{ name: 'first', count: 4 }, { name: 'rest' }];
  const strict = { ...gate, failuresMax: 1, minSample: 4, successMin: 0.5 };
  const desk = began(smallFleet(8), { waves, gate: { ...strict, minSample: 1, successMin: 0.9 } });
  const [a = 0, b = 0, c = 0] = inWave(desk, 0);
  desk.ended(lisbon, a, 'failed');
  t.equal(rollout(desk)?.state, 'running', 'one of one permitted');
  desk.ended(lisbon, b, 'failed');
  t.same([rollout(desk)?.state, ...(states(desk) ?? [])], ['paused', 'halted', 'closed']);
  t.match(rollout(desk)?.paused, { by: 'gate', reason: '2 phones failed, at most 1 may' });
  desk.ended(lisbon, c, 'done');
  t.equal(phase(desk, c), 'done', 'a phone in flight is still recorded');
  t.ok(inWave(desk, 1).every((number) => phase(desk, number) === 'waiting'));
  t.end();
});

test('5: who resumes after a halt opens the next wave, and the same failures do not stop it again', (t) => {
  const desk = began(smallFleet(6), { waves: two, gate: { ...gate, failuresMax: 0 } });
  const [one = 0] = inWave(desk, 0);
  desk.ended(lisbon, one, 'failed');
  t.equal(rollout(desk)?.state, 'paused');
  desk.do({ kind: 'rollout-resume', rollout: autumn }).wait(60);
  t.same([rollout(desk)?.state, ...(states(desk) ?? [])], ['running', 'passed', 'open']);
  t.end();
});

test('6: phones that leave the inventory leave the counts, and the wave is judged over those that are left; with none left it is held (ours)', (t) => {
  const desk = began(smallFleet(6), {
    waves: [{ name: 'first', count: 3 }, { name: 'rest' }],
    gate,
  });
  const [one = 0, ...others] = inWave(desk, 0);
  for (const number of others) desk.do({ kind: 'phone-remove', mac: macOf(number) });
  t.match(rollout(desk)?.waves[0]?.counts, { total: 3, skipped: 2 });
  desk.ended(lisbon, one, 'done');
  t.same(states(desk), ['passed', 'open'], 'one of one that was able');
  const all = began(smallFleet(6), { waves: two, gate: { ...gate, failuresMax: 0 } });
  const [first = 0, second = 0] = inWave(all, 0);
  all.ended(lisbon, first, 'failed').do({ kind: 'phone-remove', mac: macOf(first) });
  t.match(rollout(all)?.paused, {
    reason:
      '1 phones failed, at most 0 may; since then phones that had failed have left the inventory',
  });
  all.do({ kind: 'phone-remove', mac: macOf(second) });
  all.do({ kind: 'rollout-resume', rollout: autumn });
  t.same(
    [rollout(all)?.state, ...(states(all) ?? [])],
    ['paused', 'held', 'closed'],
    'ours: of none',
  );
  all.do({ kind: 'rollout-resume', rollout: autumn });
  t.same(states(all), ['passed', 'open'], 'a person lets it go on');
  t.end();
});

test('7: skipped phones are neither success nor failure, and a wave that ends below its gate is held (ours)', (t) => {
  const desk = began(smallFleet(6), {
    waves: two,
    gate: { ...gate, successMin: 0.9, failuresMax: 5 },
  });
  const [one = 0, other = 0] = inWave(desk, 0);
  desk.do({ kind: 'phone-remove', mac: macOf(one) });
  t.equal(rollout(desk)?.state, 'running', 'a phone that was taken out stops nothing');
  desk.ended(lisbon, other, 'failed');
  t.same([rollout(desk)?.state, ...(states(desk) ?? [])], ['paused', 'held', 'closed']);
  t.end();
});

test('8: a gate of no success still asks for results, and one of no failures permits none: nothing runs away', (t) => {
  const desk = began(smallFleet(6), {
    waves: two,
    gate: { ...gate, successMin: 0, failuresMax: 0 },
  });
  desk.wait(10).wait(10).wait(10);
  t.same(states(desk), ['open', 'closed'], 'time alone opens nothing');
  const refusals = smallFleet(2).refusals({
    kind: 'rollout-create',
    input: rolloutOf({ gate: { ...gate, failuresMax: 3, failedPartMax: 0 } }),
  });
  t.match(refusals, [{ reason: 'permits 3 failures, but failedPartMax 0 permits none' }]);
  t.end();
});

test('9: a pause starts nobody and takes results; resuming is done once, and pausing what is paused is refused', (t) => {
  const desk = began(smallFleet(6), { waves: two, gate });
  const [one = 0] = inWave(desk, 0);
  const pause = { kind: 'rollout-pause', rollout: autumn, reason: 'lunch' } as const;
  desk.do(pause);
  t.match(desk.tables.plans.get('lisbon')?.plan.pausedRollouts, [{ rollout: 'autumn' }]);
  t.match(desk.refusals(pause), [{ reason: 'is paused. Only a running rollout can be paused' }]);
  desk.ended(lisbon, one, 'done');
  t.equal(phase(desk, one), 'done');
  t.same(states(desk), ['open', 'closed'], 'no wave opens meanwhile');
  desk.do({ kind: 'rollout-resume', rollout: autumn });
  t.same(states(desk), ['passed', 'open']);
  t.match(desk.refusals({ kind: 'rollout-resume', rollout: autumn }), [{ code: 'conflict' }]);
  t.end();
});

test('10: phones that come late join only a wave that is open to them, and are let go at its pace', (t) => {
  const waves = [
    { name: 'first', count: 2 },
    { name: 'rest', dynamic: true },
  ];
  const pace = { perMinute: 1 };
  const desk = began(smallFleet(4), { waves, gate, pace });
  desk.wait(1).wait(1);
  for (const number of inWave(desk, 0)) desk.ended(lisbon, number, 'done');
  t.same(states(desk), ['passed', 'open']);
  desk.wait(1).wait(1);
  const before = rollout(desk)?.waves[1]?.paced?.released ?? 0;
  desk.do({ kind: 'phones-put', phones: [phoneOf(21), phoneOf(22), phoneOf(23)] });
  t.equal(rollout(desk)?.waves[1]?.counts.total, 5);
  const letGo = () => (rollout(desk)?.waves[1]?.paced?.released ?? 0) - before;
  t.ok(letGo() <= 1, 'not at once');
  desk.wait(1);
  t.ok(letGo() >= 1 && letGo() <= 2);
  desk.wait(1).wait(1);
  t.equal(letGo(), 3);
  const fixed = began(smallFleet(4), { waves: two, gate });
  fixed.do({ kind: 'phones-put', phones: [phoneOf(21)] });
  t.notOk(fixed.tables.progress.has(`autumn/${macOf(21)}`), 'other waves take nobody in');
  t.end();
});

test('11: a wave for late phones never takes back one that has finished, nor one that a newer rollout claims', (t) => {
  const waves = [{ name: 'all', dynamic: true }];
  const desk = began(smallFleet(2), { waves, gate });
  desk.ended(lisbon, 1, 'done');
  desk.do({ kind: 'phones-put', phones: [phoneOf(1)] });
  t.equal(phase(desk, 1), 'done', 'stored again, it stays done');
  desk.do({ kind: 'phones-put', phones: [phoneOf(9, { model: 'T48S' })] });
  const newer = releaseOf({ models: ['T46S', 'T48S'], version: '66.86.0.20' });
  desk.do(
    { kind: 'release-put', release: newer },
    { kind: 'release-move', release: newer.id, cause: 'approve', why: 'tried' },
  );
  desk.wait(1);
  const selection = { macs: [macOf(9)] };
  began(desk, { id: idOf('winter'), releases: [newer.id], selection });
  desk.do({ kind: 'phones-put', phones: [phoneOf(9)] });
  t.notOk(desk.tables.progress.has(`autumn/${macOf(9)}`));
  t.end();
});

test('12: a phone that runs the target already is done untouched, and its running job is not cancelled', (t) => {
  const desk = smallFleet(3).seen(lisbon, 1, '66.86.0.15');
  began(desk);
  t.equal(phase(desk, 1), 'done');
  t.match(desk.tables.progress.get(`autumn/${macOf(1)}`), {
    detail: 'Already runs 66.86.0.15',
    hops: [],
  });
  t.equal(phase(desk, 2), 'scheduled', 'the others go on');
  const moved = { kind: 'phone-moved', revision: 1, attempt: 1, rollout: 'autumn' } as const;
  desk.hears(lisbon, { ...moved, at: desk.now, mac: macOf(2), phase: 'downloading' }).wait(1);
  began(desk, { id: idOf('again'), priority: 900 });
  t.equal(phase(desk, 1, 'again'), 'done');
  const work = () =>
    desk.tables.plans.get('lisbon')?.plan.phones.find((one) => one.mac === macOf(2))?.work;
  t.equal(work()?.rollout, 'autumn', 'nor by another rollout to the same version');
  desk.seen(lisbon, 2, '66.86.0.15').ended(lisbon, 2, 'done');
  t.equal(phase(desk, 2), 'done');
  t.end();
});

test('13: of two rollouts the higher priority goes first, then the older; the other waits by name, and a stepping stone is not undone', (t) => {
  const desk = smallFleet(2);
  began(desk, { priority: 500 }).wait(1);
  began(desk, { id: idOf('urgent'), priority: 800 });
  const work = (number: number) =>
    desk.tables.plans.get('lisbon')?.plan.phones.find((one) => one.mac === macOf(number))?.work;
  t.equal(work(1)?.rollout, 'urgent');
  const [loser, progress] = [rollout(desk), desk.tables.progress.get(`autumn/${macOf(1)}`)];
  if (!loser || !progress) throw new Error('nothing to explain');
  t.match(explain(desk.tables, loser, progress, desk.now), {
    reason: 'Rollout urgent (priority 800) goes first on this phone',
    waitingFor: 'wave',
  });
  desk.hears(lisbon, {
    kind: 'phone-moved',
    at: desk.now,
    mac: macOf(2),
    rollout: 'urgent',
    revision: 1,
    phase: 'downloading',
    attempt: 1,
  });
  began(desk, { id: idOf('later'), priority: 900 });
  t.equal(work(2)?.rollout, 'urgent', 'a phone on its way is not turned round');
  t.equal(work(1)?.rollout, 'later');
  const onStone = smallFleet(1);
  const target = releaseOf({ version: '66.86.0.30', requires: { fromAtLeast: '66.86.0.15' } });
  onStone.do(
    { kind: 'release-put', release: target },
    { kind: 'release-move', release: target.id, cause: 'approve', why: 'tried' },
  );
  began(onStone, { releases: [target.id] });
  onStone.seen(lisbon, 1, '66.86.0.15').wait(1);
  began(onStone, { id: idOf('later'), releases: [target.id], priority: 900 });
  t.equal(
    onStone.tables.plans.get('lisbon')?.plan.phones[0]?.work?.rollout,
    'autumn',
    'nor is one that stands on its stepping stone',
  );
  const same = smallFleet(1);
  began(same).wait(1);
  began(same, { id: idOf('younger') });
  t.equal(same.tables.plans.get('lisbon')?.plan.phones[0]?.work?.rollout, 'autumn');
  t.end();
});

test('14: nothing starts without approval; a denial is final; who and why are kept; a change needs approval anew', (t) => {
  const desk = smallFleet(2).do({ kind: 'rollout-create', input: rolloutOf() });
  t.same(withWork(desk), []);
  t.match(desk.ask({ kind: 'rollout-approve', rollout: autumn }, 'ada'), { ok: false });
  t.match(
    desk.ask({ kind: 'rollout-approve', rollout: autumn, remark: 'read on Monday' }, 'grace'),
    { ok: true },
  );
  t.match(rollout(desk), { approvedBy: 'grace', approvalRemark: 'read on Monday' });
  const late = smallFleet(2).do(
    { kind: 'rollout-create', input: rolloutOf({ startAt: after(600) }) },
    { kind: 'rollout-approve', rollout: autumn },
  );
  t.equal(rollout(late)?.state, 'scheduled');
  t.match(late.ask({ kind: 'rollout-edit', input: rolloutOf({ startAt: after(500) }) }, 'linus'), {
    ok: true,
  });
  t.equal(rollout(late)?.state, 'awaiting-approval');
  t.match(
    late.ask({ kind: 'rollout-approve', rollout: autumn }, 'linus'),
    { ok: false },
    'who changed it neither',
  );
  t.match(
    late.ask({ kind: 'rollout-deny', rollout: autumn, remark: 'too late in the year' }, 'grace'),
    { ok: true },
  );
  t.match(rollout(late), {
    state: 'aborted',
    denied: { who: 'grace', remark: 'too late in the year' },
  });
  t.match(late.ask({ kind: 'rollout-approve', rollout: autumn }, 'grace'), { ok: false });
  t.end();
});

test('15: removed before its start it leaves nothing; later it keeps its history; force closes at once, and what is late is kept beside', (t) => {
  const desk = smallFleet(2).do({ kind: 'rollout-create', input: rolloutOf() });
  desk.do({ kind: 'rollout-remove', rollout: autumn });
  t.same(
    [desk.tables.rollouts.size, desk.tables.progress.size, desk.tables.assignments.size],
    [0, 0, 0],
  );
  const soft = began(smallFleet(2));
  t.match(soft.refusals({ kind: 'rollout-remove', rollout: autumn }), [{ code: 'conflict' }]);
  const inFlight = { kind: 'phone-moved', revision: 1, attempt: 1, rollout: 'autumn' } as const;
  const taking = (desk: Desk) =>
    desk.hears(lisbon, { ...inFlight, at: desk.now, mac: macOf(1), phase: 'downloading' });
  taking(soft).do({ kind: 'rollout-abort', rollout: autumn, reason: 'wrong release' });
  t.same([phase(soft, 1), phase(soft, 2)], ['downloading', 'skipped']);
  soft.ended(lisbon, 1, 'done');
  t.equal(phase(soft, 1), 'done', 'softly: what is in flight ends as it ends');
  const hard = taking(began(smallFleet(2)));
  hard.do({ kind: 'rollout-abort', rollout: autumn, reason: 'wrong release', force: true });
  t.same([phase(hard, 1), phase(hard, 2)], ['skipped', 'skipped']);
  hard.ended(lisbon, 1, 'done');
  t.match(hard.tables.progress.get(`autumn/${macOf(1)}`), {
    phase: 'skipped',
    late: { phase: 'done' },
  });
  t.end();
});

test('16: a phone that goes on although its rollout was aborted comes to a real result', (t) => {
  const desk = began(smallFleet(1));
  const moved = {
    kind: 'phone-moved',
    revision: 1,
    attempt: 1,
    rollout: 'autumn',
    mac: macOf(1),
  } as const;
  desk.hears(lisbon, { ...moved, at: desk.now, phase: 'rebooting' });
  desk.do({ kind: 'rollout-abort', rollout: autumn, reason: 'stop' });
  t.equal(phase(desk, 1), 'rebooting');
  desk.ended(lisbon, 1, 'failed');
  t.equal(phase(desk, 1), 'failed', 'its failure is recorded as well');
  t.end();
});

test('a site that has no window is refused before anything is stored', (t) => {
  const desk = smallFleet(1).do({ kind: 'site-put', site: siteOf('lisbon', { windows: [] }) });
  t.match(desk.refusals({ kind: 'rollout-create', input: rolloutOf() }), [
    { thing: 'rollout autumn: site lisbon' },
  ]);
  t.equal(desk.tables.rollouts.size, 0);
  t.end();
});

test('ready-made waves suit a fleet so small that the later ones take nobody', (t) => {
  const waves = WAVE_PRESETS['canary-tenth-rest'];
  const named = (phones: number) =>
    rollout(began(smallFleet(phones), { waves }))?.waves.map(
      ({ spec, counts }) => `${spec.name} ${counts.total}`,
    );
  t.same(named(1), ['canary 1']);
  t.same(named(2), ['canary 1', 'tenth 1']);
  t.same(named(12), ['canary 1', 'tenth 2', 'rest 9']);
  t.end();
});
