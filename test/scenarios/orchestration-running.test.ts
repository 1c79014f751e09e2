import { holdsSlot } from '@ringwave/protocol/phases';
import { freshDelivery } from '@ringwave/protocol/delivery';
import { type Id, laterBy, minutes, ms, seconds } from '@ringwave/protocol/units';
import { test } from 'tap';
import { reconnectWait } from '../../agent/core/reconnect.ts';
import { afterFailure } from '../../agent/core/phone-update.ts';
import { outboxItemsMax, report } from '../../agent/core/reporting.ts';
import type { RolloutInput } from '../../controller/core/state.ts';
import { openingsBetween, siteOpenings } from '../../controller/core/window.ts';
import { noFaults } from '../sim/faults.ts';
import { simulate } from '../sim/run.ts';
import { Random } from '../sim/random.ts';
import * as agent from '../agent/core/box.ts';
import {
  type Desk,
  idOf,
  macOf,
  phoneOf,
  releaseOf,
  rolloutOf,
  siteOf,
  smallFleet,
} from '../controller/core/desk.ts';
import { comesBack, farApart, siteAt } from './far-apart.ts';

// Scenarios 17 to 30 of those that other systems are known by, each by its number: reports, retries, windows,
// stepping stones, slots, crashes. Where ours differs on purpose, the sentence says so.

const lisbon = idOf('lisbon');
const autumn = idOf('autumn');
const began = (desk: Desk, own: Partial<RolloutInput> = {}): Desk =>
  desk.do(
    { kind: 'rollout-create', input: rolloutOf(own) },
    { kind: 'rollout-approve', rollout: autumn },
  );
const phase = (desk: Desk, number: number) =>
  desk.tables.progress.get(`autumn/${macOf(number)}`)?.phase;
const gate = { successMin: 0.5, failuresMax: 1, minSample: 1, soak: minutes(0) };
const moved = (desk: Desk, number: number, to: 'done' | 'failed' | 'downloading') => ({
  kind: 'phone-moved' as const,
  at: desk.now,
  mac: macOf(number),
  rollout: 'autumn',
  revision: 1,
  attempt: 1,
  phase: to,
});

/** One phone on site with its image, in an opening of two hours. */
const ready = (phones = 1, own: Parameters<typeof agent.planOf>[1] = {}): agent.Box => {
  const numbers = Array.from({ length: phones }, (_, nth) => nth + 1);
  const plan = agent.planOf(
    numbers.map((number) => agent.planPhone(number)),
    own,
  );
  const box = new agent.Box().take({ kind: 'plan-came', plan });
  for (const number of numbers) box.asks(agent.macOf(number), '66.85.0.5');
  return box;
};
const down = (box: agent.Box) =>
  [...box.tables.work.values()].filter((one) => holdsSlot(one.phase));

test('17: doubled, shuffled and late reports end in the same state; a full outbox never loses an end', (t) => {
  const [a, b] = [began(smallFleet(2)), began(smallFleet(2))];
  a.hears(lisbon, moved(a, 1, 'downloading'), moved(a, 1, 'done'));
  b.hears(lisbon, moved(b, 1, 'downloading'), moved(b, 1, 'done'));
  const again = {
    kind: 'report' as const,
    epoch: b.tables.agents.get('lisbon')?.cursor.epoch ?? 0,
  };
  const items = [{ ...moved(b, 1, 'downloading'), seq: 3 }];
  b.take({ kind: 'report', site: lisbon, report: { ...again, firstSeq: 3, lastSeq: 3, items } });
  b.take({ kind: 'report', site: lisbon, report: { ...again, firstSeq: 3, lastSeq: 3, items } });
  t.equal(phase(b, 1), 'done', 'done is not taken back');
  b.hears(lisbon, moved(b, 1, 'done'), moved(b, 1, 'done'));
  t.same(
    b.tables.rollouts.get('autumn')?.waves[0]?.counts,
    a.tables.rollouts.get('autumn')?.waves[0]?.counts,
  );
  const box = ready();
  const chatter = { mac: agent.macOf(1), rollout: 'autumn' as Id, revision: 1, attempt: 1 };
  box.tables.delivery.set('delivery', { ...freshDelivery, nextSeq: outboxItemsMax + 2 });
  const tell = (phase: 'downloading' | 'done') =>
    box.with((draft) => report(draft, { kind: 'phone-moved', at: box.now, phase, ...chatter }));
  const before = box.outbox().length;
  for (let nth = 0; nth < 100; nth += 1) tell('downloading');
  t.equal(box.outbox().length, before, 'of what is under way nothing more is kept');
  tell('done');
  t.match(box.outbox().at(-1), { kind: 'phone-moved', phase: 'done' });
  t.end();
});

test('18: an image on site is staged and no success (ours): only a version shown after the restart is', (t) => {
  const box = ready().hold(agent.imageDigest);
  t.not(box.phase(agent.macOf(1)), 'done');
  const about = { mac: agent.macOf(1), release: 'target' as Id, fileName: 'T46S.rom' };
  box.take({ kind: 'image-began', ...about }).take({ kind: 'image-left', ...about, whole: true });
  t.equal(box.phase(agent.macOf(1)), 'rebooting', 'nor is the last byte');
  box.wait(2).asks(agent.macOf(1), '66.86.0.15');
  box.take({ kind: 'config-served', mac: agent.macOf(1), generation: 0 });
  t.equal(box.phase(agent.macOf(1)), 'done');
  box.take({ kind: 'config-served', mac: agent.macOf(1), generation: 0 });
  const ends = box.outbox().filter((item) => item.kind === 'phone-moved' && item.phase === 'done');
  t.equal(ends.length, 1, 'and is told once');
  t.end();
});

test('19: only what a retry can mend is retried, at most so often, after pauses that grow; what was shed for room is free; to be taken out and put back resets nothing', (t) => {
  const integrity = afterFailure(agent.workOf(1), 'phone-refused-image', agent.one);
  t.match(integrity, { phase: 'failed', failures: 1 });
  let work = agent.workOf(1, { attemptsMax: 2 });
  const waits: number[] = [];
  for (let nth = 0; nth < 2; nth += 1) {
    work = afterFailure(work, 'phone-came-back-old', agent.one);
    if (work.retryAt) waits.push(work.retryAt - agent.one);
  }
  t.match(work, { phase: 'rolled-back', failures: 2 });
  t.ok(waits.every((wait) => wait >= minutes(1.5)));
  const growing = [1, 2, 3, 4].map((failures) => {
    const next = afterFailure(
      agent.workOf(1, { attemptsMax: 9, failures }),
      'phone-came-back-old',
      agent.one,
    );
    return (next.retryAt ?? 0) - agent.one;
  });
  t.same(
    growing,
    growing.toSorted((a, b) => a - b),
  );
  const shed = afterFailure(agent.workOf(1, { attemptsMax: 1 }), 'storage-full', agent.one);
  t.match(shed, { phase: 'held', failures: 0 }, 'no attempt is used up');
  const box = ready().hold(agent.imageDigest);
  box.take({ kind: 'wake-answered', mac: agent.macOf(1), start: 1, answer: 'refused' });
  const tried = box.tables.work.get(agent.macOf(1));
  t.match(tried, { failures: 1, why: { waitingFor: 'retry' } });
  const { work: _work, ...outside } = agent.planPhone(1);
  for (const revision of [2, 4, 6]) {
    box.take({ kind: 'plan-came', plan: agent.planOf([outside], { revision }) });
    t.notOk(box.tables.work.has(agent.macOf(1)), 'taken out');
    const plan = agent.planOf([agent.planPhone(1)], { revision: revision + 1 });
    box.take({ kind: 'plan-came', plan });
    t.match(box.tables.work.get(agent.macOf(1)), { failures: 1, retryAt: tried?.retryAt });
  }
  t.end();
});

test('20: each step has its own time and a newer one replaces it, all of a download bounded by one; a phone whose agent is away never times out as failed', (t) => {
  const box = ready().hold(agent.imageDigest);
  const first = box.tables.work.get(agent.macOf(1))?.deadlineAt ?? 0;
  box.wait(3).take({
    kind: 'image-began',
    mac: agent.macOf(1),
    release: 'target' as Id,
    fileName: 'T46S.rom',
  });
  t.not(box.tables.work.get(agent.macOf(1))?.deadlineAt, first);
  const about = { mac: agent.macOf(1), release: 'target' as Id, fileName: 'T46S.rom' };
  for (let took = 0; took < 90; took += 3) box.take({ kind: 'image-began', ...about }).wait(3);
  t.equal(box.tables.work.get(agent.macOf(1))?.fault, 'download-stalled');
  const desk = began(smallFleet(1));
  desk.hears(lisbon, moved(desk, 1, 'downloading'));
  desk.take({ kind: 'last-will', site: lisbon, will: { kind: 'lwt', conn: 'c1' } });
  for (let day = 0; day < 30; day += 1) desk.wait(24 * 60);
  t.equal(phase(desk, 1), 'downloading', 'what nobody heard of is not known to have failed');
  t.end();
});

test('21: a part of failures halts nothing below the minimum sample; above it waiting phones stop and those in flight end', (t) => {
  const strict = { ...gate, failuresMax: 5, failedPartMax: 0.1, minSample: 3 };
  const desk = began(smallFleet(5), { gate: strict });
  desk.hears(lisbon, moved(desk, 5, 'downloading'));
  desk.ended(lisbon, 1, 'failed').ended(lisbon, 2, 'failed');
  t.equal(desk.tables.rollouts.get('autumn')?.state, 'running');
  desk.ended(lisbon, 3, 'failed');
  t.equal(desk.tables.rollouts.get('autumn')?.state, 'paused');
  t.match(desk.tables.plans.get('lisbon')?.plan.pausedRollouts, [{ rollout: 'autumn' }]);
  desk.ended(lisbon, 5, 'done');
  t.equal(phase(desk, 5), 'done');
  t.end();
});

test('22: windows keep the wall clock through gap, overlap, midnight and New Year; late work is not begun, and a window that never opens is refused', (t) => {
  const every = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
  const on = (date: string, start: string, end: string, zone = 'America/New_York') =>
    openingsBetween({ days: every, start, end }, zone, {
      from: date,
      to: date,
      withEmpty: true,
    }).map((one) => [one.start, one.end].map((at) => new Date(at).toISOString().slice(0, 16)));
  t.same(on('2026-03-08', '02:30', '05:00'), [['2026-03-08T07:30', '2026-03-08T09:00']], 'gap');
  t.same(on('2026-11-01', '01:30', '03:00'), [['2026-11-01T05:30', '2026-11-01T08:00']], 'overlap');
  t.same(
    on('2026-12-31', '23:00', '02:00'),
    [['2027-01-01T04:00', '2027-01-01T07:00']],
    'New Year',
  );
  const box = ready().hold();
  box.take({ kind: 'woke' }, agent.after(110)).hold(agent.imageDigest);
  t.equal(down(box).length, 0, 'ten minutes are too few');
  t.match(box.tables.work.get(agent.macOf(1))?.why, {
    waitingFor: 'opening',
    nextAttemptAt: agent.after(24 * 60),
  });
  const never = smallFleet(1).refusals({
    kind: 'site-put',
    site: siteOf('berlin', { windows: [{ days: ['mon'], start: '02:00', end: '02:05' }] }),
  });
  t.match(never, [{ reason: /is 5 minutes long/ }]);
  const closed = siteOf('berlin', {
    windows: [{ days: ['mon'], start: '02:00', end: '05:00' }],
    blackout: ['01-01/12-31'],
  });
  t.match(smallFleet(1).refusals({ kind: 'site-put', site: closed }), [
    { reason: 'leave the site no opening within a year' },
  ]);
  t.end();
});

test('23: a window that opens while the limit is reached lets phones wait, and cancels none', (t) => {
  const box = ready(4, { phonesUpdatingMax: 2 }).hold(agent.imageDigest);
  t.equal(down(box).length, 2);
  const waiting = [...box.tables.work.values()].filter((one) => !holdsSlot(one.phase));
  t.same(
    waiting.map((one) => one.why.waitingFor),
    ['slot', 'slot'],
  );
  for (const work of down(box))
    box.take({ kind: 'wake-answered', mac: work.mac, start: work.starts, answer: 'busy' });
  t.equal(down(box).length, 2, 'the next ones have their turn');
  t.end();
});

test('24: the first phones go alone where the first wave says so, and one that is never heard of again stops the rest', (t) => {
  const waves = [{ name: 'alone', count: 1 }, { name: 'rest' }];
  const desk = began(smallFleet(5), { waves, gate: { ...gate, failuresMax: 0 } });
  const [first] = [...desk.tables.progress.values()].filter((one) => one.wave === 0);
  const others = () =>
    [...desk.tables.progress.values()].filter((one) => one.wave === 1 && one.phase !== 'waiting');
  t.equal(others().length, 0);
  if (first) {
    const about = { at: desk.now, mac: first.mac, rollout: 'autumn', revision: 1, attempt: 3 };
    desk.hears(lisbon, {
      kind: 'phone-moved',
      phase: 'failed',
      fault: 'phone-silent-after-restart',
      ...about,
    });
  }
  t.equal(desk.tables.rollouts.get('autumn')?.state, 'paused');
  t.equal(others().length, 0);
  t.end();
});

test('25: from 1.0 to 3.0 over floors, both stones are made in order, resumed in the middle, and with a stone that is called back it is refused where nobody has another way', (t) => {
  const versions = ['66.85.0.20', '66.85.0.40', '66.86.0.30'];
  const releases = versions.map((version, nth) =>
    releaseOf({
      version,
      ...(nth === 0 ? {} : { requires: { fromAtLeast: versions[nth - 1] } }),
    }),
  );
  // The release of the small fleet would be a stone of its own.
  const withdrawn = () =>
    smallFleet(1).do({
      kind: 'release-move',
      release: releaseOf().id,
      cause: 'withdraw',
      why: 'not in this story',
    });
  const desk = withdrawn();
  for (const release of releases) {
    desk.do({ kind: 'release-put', release });
    desk.ask({ kind: 'release-move', release: release.id, cause: 'approve', why: 'tried' });
  }
  const target = releases.at(-1)?.id;
  if (!target) throw new Error('no release');
  began(desk, { releases: [target] });
  const hops = () => desk.tables.progress.get(`autumn/${macOf(1)}`)?.hops;
  t.same(
    hops(),
    releases.map(({ id }) => id),
  );
  const plan = agent.planOf([
    agent.planPhone(1, {
      work: { rollout: 'autumn', hops: ['stone', 'target'], attemptsMax: 3, round: 1 },
    }),
  ]);
  const box = new agent.Box().take({ kind: 'plan-came', plan }).asks(agent.macOf(1), '66.85.0.40');
  t.match(box.tables.work.get(agent.macOf(1)), { hop: 1 }, 'what lies behind is not made again');
  const closed = withdrawn();
  for (const release of releases) {
    closed.do({ kind: 'release-put', release });
    closed.ask({ kind: 'release-move', release: release.id, cause: 'approve', why: 'tried' });
  }
  const calledBack = releases[1]?.id ?? target;
  closed.do({ kind: 'release-move', release: calledBack, cause: 'withdraw', why: 'bricks phones' });
  const asked = { kind: 'rollout-create', input: rolloutOf({ releases: [target] }) } as const;
  t.match(closed.refusals(asked), [
    { thing: 'rollout autumn: selection', reason: /selects 1 phones, and none has a way/ },
  ]);
  closed.do({ kind: 'phones-put', phones: [phoneOf(2)] }).seen(lisbon, 2, versions[1] ?? '');
  began(closed, { releases: [target] });
  t.match(closed.tables.rollouts.get('autumn')?.cautions, [
    { thing: 'rollout autumn: 1 phones', reason: /would be skipped/ },
  ]);
  t.match(closed.tables.progress.get(`autumn/${macOf(1)}`), {
    phase: 'skipped',
    fault: 'no-upgrade-path',
  });
  t.equal(phase(closed, 2), 'scheduled', 'one that has it behind itself goes on');
  t.end();
});

test('26: a slot is freed when its phone is taken out or gives up, once, and a restart finds the slots as they were', (t) => {
  const box = ready(3, { phonesUpdatingMax: 1 }).hold(agent.imageDigest);
  const [holder] = down(box);
  if (!holder) throw new Error('nobody holds the slot');
  box.take({ kind: 'wake-answered', mac: holder.mac, start: holder.starts, answer: 'refused' });
  t.equal(down(box).length, 1);
  t.not(down(box)[0]?.mac, holder.mac, 'the next one has it');
  box.take({ kind: 'wake-answered', mac: holder.mac, start: holder.starts, answer: 'refused' });
  t.equal(down(box).length, 1, 'freed twice is freed once');
  const [second] = down(box);
  const others = agent.planOf(
    [1, 2, 3].map((number) => agent.planPhone(number)).filter(({ mac }) => mac !== second?.mac),
    { revision: 2, phonesUpdatingMax: 1 },
  );
  box.take({ kind: 'plan-came', plan: others });
  t.same(
    down(box).map(({ mac }) => mac),
    [second?.mac],
    'one that is down and no longer wanted keeps its slot until it is back',
  );
  box.wait(11);
  t.not(down(box)[0]?.mac, second?.mac, 'or has had its time');
  t.ok(down(box).length <= 1);
  const again = new agent.Box(box.now, box.tables).take({ kind: 'started' });
  t.same(
    down(again).map((one) => one.mac),
    down(box).map((one) => one.mac),
  );
  t.end();
});

test('27: killed between deciding and sending, cut off, restored from a backup: no attempt runs twice and no group falls below its floor', (t) => {
  const faults = {
    ...noFaults,
    loss: 0.05,
    duplication: 0.05,
    crash: 0.01,
    delayMs: 20_000,
    partition: 0.05,
    oddPhones: 0.1,
    restore: 0.5,
  };
  for (const seed of [101, 102, 103]) {
    t.doesNotThrow(
      () => simulate(seed, { faults, sites: 2, phonesPerSite: 10, days: 2 }),
      `seed ${seed}`,
    );
  }
  t.end();
});

/** Of so many instants the most that fall into one second. */
function most(instants: readonly number[]): number {
  const bySecond = Map.groupBy(instants, (at) => Math.floor(at / 1000));
  return Math.max(...Array.from(bySecond.values(), (those) => those.length));
}

const welcome = {
  kind: 'ack',
  epoch: 4,
  seq: 0,
  window: 8,
  minGapMs: 0,
  spreadSeconds: 30,
  controllerMs: agent.one,
} as const;

test('28: a thousand agents that lose their controller together come back within the budget, and later tries are spread', (t) => {
  const random = new Random(28);
  const spread = (failures: number) =>
    Array.from({ length: 1000 }, () =>
      reconnectWait({ failures, spread: seconds(30), random: random.fraction() }),
    );
  t.ok(most(spread(0)) < 200, '200 handshakes a second are what it bears');
  t.ok(most(spread(6)) < 50);
  t.end();
});

test('28: a thousand agents back within 5 s get no more work than the pace permits, and beat apart from then on', (t) => {
  const desk = farApart(1000);
  began(desk, { gate, pace: { perMinute: 60 }, confirmPhones: 1000 });
  const released = () => desk.tables.rollouts.get('autumn')?.waves[0]?.paced?.released ?? 0;
  const before = released();
  for (let nth = 1; nth <= 1000; nth += 1) {
    desk.now = laterBy(desk.now, ms(5));
    comesBack(desk, siteAt(nth)).seen(siteAt(nth), nth, '66.85.0.5').wait(0);
  }
  t.equal(released() - before, 5, 'one a second, whoever comes');

  const beats = Array.from({ length: 1000 }, (_, nth) => {
    const box = new agent.Box();
    box.take({ kind: 'link-up', conn: `box-${nth}` }, laterBy(agent.one, ms(5 * nth)));
    box.take({ kind: 'acked', ack: { ...welcome, conn: `box-${nth}` } });
    return (box.wakeAt ?? 0) - agent.one;
  });
  t.ok(most(beats) < 50, `${most(beats)} in a second, of 200 that came in each`);
  t.end();
});

test('29: of two controllers the one that knows less is refused by the number of its plan', (t) => {
  const box = ready();
  const newer = agent.planOf([agent.planPhone(1)], { revision: 7 });
  box.take({ kind: 'plan-came', plan: newer });
  const stale = agent.planOf([agent.planPhone(1), agent.planPhone(2)], { revision: 5 });
  box.take({ kind: 'plan-came', plan: stale });
  t.equal(box.tables.plan.get('plan')?.plan.revision, 7);
  t.notOk(box.tables.work.has(agent.macOf(2)));
  t.ok(
    box
      .outbox()
      .some((item) => item.kind === 'agent-fault' && item.fault === 'plan-generation-old'),
  );
  t.end();
});

test('30: a phone that comes back on its old version after success was claimed is recorded as rolled back, and counted', (t) => {
  const desk = began(smallFleet(3), { gate: { ...gate, failuresMax: 0, minSample: 3 } });
  desk.ended(lisbon, 1, 'done').seen(lisbon, 1, '66.86.0.15');
  t.match(desk.tables.rollouts.get('autumn')?.waves[0]?.counts, { done: 1, failed: 0 });
  desk.wait(30).seen(lisbon, 1, '66.85.0.5');
  t.equal(phase(desk, 1), 'rolled-back');
  t.match(desk.tables.rollouts.get('autumn')?.waves[0]?.counts, { done: 0, failed: 1 });
  t.equal(desk.tables.rollouts.get('autumn')?.state, 'paused');
  t.end();
});

test('a phone that is back on its old version after it was under way is recorded as rolled back, and counted', (t) => {
  const plan = { attemptsMax: 1, rollout: 'autumn', hops: ['target'], round: 1 };
  const box = new agent.Box().take({
    kind: 'plan-came',
    plan: agent.planOf([agent.planPhone(1, { work: plan })]),
  });
  box.asks(agent.macOf(1), '66.85.0.5').hold(agent.imageDigest);
  const about = { mac: agent.macOf(1), release: 'target' as Id, fileName: 'T46S.rom' };
  box.take({ kind: 'image-began', ...about }).take({ kind: 'image-left', ...about, whole: true });
  box.wait(3).asks(agent.macOf(1), '66.85.0.5');
  t.match(box.tables.work.get(agent.macOf(1)), {
    phase: 'rolled-back',
    fault: 'phone-came-back-old',
  });
  const desk = began(smallFleet(3), { gate: { ...gate, failuresMax: 0 } });
  const at = { at: desk.now, mac: macOf(1), rollout: 'autumn', revision: 1, attempt: 1 };
  desk.hears(lisbon, {
    kind: 'phone-moved',
    phase: 'rolled-back',
    fault: 'phone-came-back-old',
    ...at,
  });
  t.match(desk.tables.rollouts.get('autumn')?.waves[0]?.counts, { failed: 1 });
  t.equal(desk.tables.rollouts.get('autumn')?.state, 'paused');
  t.end();
});

test('a phone that is stored while a site rests is planned for its next opening', (t) => {
  const { zone, windows, blackout } = siteOf('lisbon');
  const openings = siteOpenings(
    { zone, windows, blackout },
    agent.one,
    laterBy(agent.one, minutes(3 * 24 * 60)),
  );
  t.ok(openings.length >= 3);
  const desk = smallFleet(1).do({ kind: 'phones-put', phones: [phoneOf(2)] });
  t.equal(desk.tables.plans.get('lisbon')?.plan.phones.length, 2);
  t.end();
});
