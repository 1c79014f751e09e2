import type { Plan, PlanPhone } from '@ringwave/protocol/messages';
import { holdsSlot } from '@ringwave/protocol/phases';
import { type EpochMs, type Id, minutes, seconds } from '@ringwave/protocol/units';
import { test } from 'tap';
import { wanNow } from '../../../agent/core/rates.ts';
import { after, Box, imageDigest, macOf, one, planOf, planPhone, stoneDigest } from './box.ts';

// Each limit by itself, through whole steps: what waits says why, and until when.

function boxOf(phones: readonly PlanPhone[], own: Partial<Plan> = {}, at: EpochMs = one): Box {
  const box = new Box(after(-10)).take({ kind: 'plan-came', plan: planOf(phones, own) });
  for (const { mac } of phones) box.asks(mac as never, '66.85.0.5');
  return box.hold(imageDigest).take({ kind: 'woke' }, at);
}

const down = (box: Box) => [...box.tables.work.values()].filter((work) => holdsSlot(work.phase));
const reasons = (box: Box) => new Set([...box.tables.work.values()].map((work) => work.why.reason));
const several = (count: number, own: (nth: number) => Partial<PlanPhone> = () => ({})) =>
  Array.from({ length: count }, (_, nth) => planPhone(nth + 1, own(nth)));

test('on one switch no more phones update at once than it allows', (t) => {
  const phones = several(6, (nth) => ({ switch: nth < 4 ? 'sw-1' : 'sw-2' }));
  const box = boxOf(phones, { phonesPerSwitchMax: 1 });
  t.equal(down(box).length, 2);
  t.ok(reasons(box).has('Switch sw-1 has 1 phones updating'));
  t.end();
});

test('members of a pair are never down at once, also where one was lost', (t) => {
  const phones = several(2, () => ({ pair: 'door' }));
  const box = boxOf(phones, { openings: [{ start: one, end: after(400) }] });
  const [first] = down(box);
  t.equal(down(box).length, 1);
  t.ok(reasons(box).has('The other phone of pair door is down'));
  const mac = first?.mac ?? macOf(1);
  const about = { mac, release: 'target' as Id, fileName: 'T46S.rom' };
  box.take({ kind: 'image-began', ...about }).take({ kind: 'image-left', ...about, whole: true });
  for (let minute = 0; minute < 200; minute += 1) {
    box.wait(1);
    if (down(box).some((work) => work.mac !== mac)) t.fail('the other one was started');
  }
  t.ok(box.tables.missing.has(mac));
  box.asks(mac, '66.86.0.15');
  t.equal(down(box)[0]?.mac === mac, false, 'once it shows itself, the other one goes');
  t.equal(down(box).length, 1);
  t.end();
});

test('a lost phone is tried again though its floor or its pair has nobody to spare: it takes nobody away', (t) => {
  const openings = [{ start: one, end: after(400) }];
  const floor = { coverage: [{ id: 'floor', minUp: 1 }], openings };
  for (const [own, plan] of [
    [{ coverageGroup: 'floor' }, floor],
    [{ pair: 'door' }, { openings }],
  ] as const) {
    const box = boxOf(
      several(2, () => own),
      plan,
    );
    const mac = down(box)[0]?.mac ?? macOf(1);
    const about = { mac, release: 'target' as Id, fileName: 'T46S.rom' };
    box.take({ kind: 'image-began', ...about }).take({ kind: 'image-left', ...about, whole: true });
    for (let minute = 0; minute < 300; minute += 1) {
      box.wait(1);
      if (down(box).some((work) => work.mac !== mac)) t.fail('the other one was started');
    }
    t.match(box.tables.work.get(mac), { phase: 'unreachable', starts: 3, failures: 3 });
    t.ok(box.tables.missing.has(mac), 'and the other one still waits for it');
  }
  t.end();
});

test('where one of a pair ended without the version, the other one is not started, also without a line', (t) => {
  const once = { rollout: 'autumn', hops: ['target'], attemptsMax: 1, round: 1 };
  const phones = several(3, (nth) => ({ work: once, ...(nth < 2 ? { pair: 'door' } : {}) }));
  const box = boxOf(phones, { openings: [{ start: one, end: after(400) }] });
  const first = down(box).find((work) => work.mac !== macOf(3))?.mac ?? macOf(1);
  const second = first === macOf(1) ? macOf(2) : macOf(1);
  box.asks(macOf(3), '66.86.0.15');
  for (let minute = 0; minute < 60; minute += 1) box.wait(1);
  t.ok(['failed', 'unreachable'].includes(box.phase(first) ?? ''));
  t.equal(box.phase(second), 'held');
  t.match(box.tables.work.get(second)?.why, {
    reason: 'The other phone of pair door ended without the version',
    waitingFor: 'person',
  });
  t.end();
});

test('a phone that was lost counts for its floor though its rollout has ended, until it shows itself', (t) => {
  const phones = several(2, () => ({ coverageGroup: 'floor' }));
  const coverage = [{ id: 'floor', minUp: 1 }];
  const openings = [{ start: one, end: after(400) }];
  const once = { rollout: 'autumn', hops: ['target'], attemptsMax: 1, round: 1 };
  const [lost, other] = phones as [PlanPhone, PlanPhone];
  const { work: _work, ...idle } = other;
  const box = boxOf([{ ...lost, work: once }, idle], { coverage, openings });
  const mac = macOf(1);
  const about = { mac, release: 'target' as Id, fileName: 'T46S.rom' };
  box.take({ kind: 'image-began', ...about }).take({ kind: 'image-left', ...about, whole: true });
  box.take({ kind: 'woke' }, after(20));
  t.equal(box.phase(mac), 'failed');
  const { work: _gone, ...known } = lost;
  const next = planOf([known, other], { coverage, openings, revision: 2 });
  box.take({ kind: 'plan-came', plan: next });
  t.equal(box.phase(macOf(2)), 'held', 'the floor has nobody else');
  t.equal(box.asks(mac, '66.85.0.5').phase(macOf(2)), 'offered');
  t.end();
});

test('a group that can never let a phone go says so, waits for a person, and keeps no emergency phone waiting', (t) => {
  const phones = [
    planPhone(1, { coverageGroup: 'front' }),
    planPhone(2),
    planPhone(3, { emergency: true }),
  ];
  const own = {
    coverage: [{ id: 'front', minUp: 1 }],
    openings: [{ start: one, end: after(400) }],
  };
  const box = boxOf(phones, own);
  t.equal(box.phase(macOf(1)), 'held');
  t.same(box.tables.work.get(macOf(1))?.why, {
    reason:
      'Its coverage group can never let it go: front has 1 phone and needs 1 up; goes on when the site’s coverage is changed',
    waitingFor: 'person',
    nextAttemptAt: null,
  });
  t.same(
    [macOf(2), macOf(3)].map((mac) => box.phase(mac)),
    ['offered', 'staged'],
  );
  box.asks(macOf(2), '66.86.0.15').take({ kind: 'woke' }, after(20));
  t.equal(box.phase(macOf(3)), 'offered', 'the last that the site itself brings on has ended');
  box.asks(macOf(3), '66.86.0.15').take({ kind: 'woke' }, after(40));
  const coverage = [{ id: 'front', minUp: 0 }];
  box.take({ kind: 'plan-came', plan: planOf(phones, { ...own, coverage, revision: 2 }) });
  t.equal(box.phase(macOf(1)), 'offered');
  t.end();
});

test('a phone that leaves the plan while it is down keeps its slot until it is up', (t) => {
  const phones = several(2);
  const box = boxOf(phones, { phonesUpdatingMax: 1 });
  const [first] = down(box);
  const rest = phones.filter((phone) => phone.mac !== first?.mac);
  box.take({ kind: 'plan-came', plan: planOf(rest, { phonesUpdatingMax: 1, revision: 2 }) });
  t.same(
    down(box).map((work) => work.mac),
    [first?.mac],
  );
  box.take({ kind: 'woke' }, after(11));
  t.equal(down(box)[0]?.mac, rest[0]?.mac, 'its time is up');
  t.end();
});

test('no more phones are started in a minute than may register again in one', (t) => {
  const box = boxOf(several(6), { restartsPerMinuteMax: 2, phonesUpdatingMax: 6 });
  t.equal(down(box).length, 2);
  t.ok(reasons(box).has('The site starts only so many phones at a time: 2 a minute'));
  t.equal(box.wakeAt, one + seconds(60), 'it looks again when the minute is over');
  box.take({ kind: 'woke' }, (one + seconds(59)) as EpochMs);
  t.equal(down(box).length, 2);
  box.take({ kind: 'woke' }, (one + seconds(60)) as EpochMs);
  t.equal(down(box).length, 4);
  t.end();
});

test('a box that comes back lets a minute pass where starts are counted, and repeats none', (t) => {
  const box = boxOf(several(6), { restartsPerMinuteMax: 2, phonesUpdatingMax: 6 });
  const later = (count: number) => (one + seconds(count)) as EpochMs;
  box.take({ kind: 'started' }, later(65));
  t.equal(box.effects.filter((effect) => effect.kind === 'wake-phone').length, 0);
  box.take({ kind: 'link-up', conn: 'c2' });
  const ack = { kind: 'ack' as const, epoch: 1, seq: 0, window: 8, minGapMs: 0, spreadSeconds: 0 };
  box.take({ kind: 'acked', ack: { ...ack, controllerMs: later(66), conn: 'c2' } }, later(66));
  t.equal(down(box).length, 2, 'it may have been restored from a backup');
  box.take({ kind: 'woke' }, later(125));
  t.equal(down(box).length, 4);
  t.end();
});

test('an ordinary phone of a paused rollout holds no emergency phone up', (t) => {
  const spring = { rollout: 'spring', hops: ['target'], attemptsMax: 3, round: 1 };
  const phones = [planPhone(1, { work: spring }), planPhone(2, { emergency: true })];
  const waits = boxOf(phones, { phonesUpdatingMax: 1 });
  t.equal(waits.phase(macOf(2)), 'staged');
  const paused = boxOf(phones, { pausedRollouts: [{ rollout: 'spring', reason: 'gate' }] });
  t.equal(paused.phase(macOf(2)), 'offered');
  t.end();
});

test('an ordinary phone that only a person can help holds no emergency phone up', (t) => {
  const two = () => planOf([planPhone(1), planPhone(2, { emergency: true })]);
  const box = new Box().take({ kind: 'plan-came', plan: two() }).hold(imageDigest);
  box.asks(macOf(2), '66.85.0.5');
  t.match(box.tables.work.get(macOf(1))?.why, { reason: 'Never seen on this site' });
  t.equal(box.phase(macOf(2)), 'offered', 'the other one was never seen');
  box.asks(macOf(1), '66.85.0.5');
  t.equal(box.phase(macOf(1)), 'staged', 'it comes now, and waits for the emergency phone');

  const stone = { rollout: 'autumn', hops: ['stone'], attemptsMax: 3, round: 1 };
  const plan = planOf([planPhone(1, { work: stone }), planPhone(2, { emergency: true })]);
  const broken = new Box().take({ kind: 'plan-came', plan }).hold(imageDigest);
  for (const number of [1, 2]) broken.asks(macOf(number), '66.85.0.5');
  t.equal(broken.phase(macOf(2)), 'staged', 'the image of the ordinary one is on its way');
  const fault = 'image-digest-differs';
  broken.take({ kind: 'image-failed', digest: stoneDigest, fault });
  t.match(broken.tables.work.get(macOf(1))?.why, { waitingFor: 'person' });
  t.equal(broken.phase(macOf(2)), 'offered');
  t.end();
});

test('a phone is started as long as the worst time of its model fits into the opening', (t) => {
  const takes = [{ vendor: 'Yealink', model: 'T46S', worstMinutes: 40 }];
  t.equal(boxOf([planPhone(1)], { takes }, after(80)).phase(macOf(1)), 'offered');
  const late = boxOf([planPhone(1)], { takes }, after(81));
  t.match(late.tables.work.get(macOf(1))?.why, { reason: 'Too late in this opening to finish' });
  const quick = [{ vendor: 'Yealink', model: 'T46S', worstMinutes: 5 }];
  t.equal(boxOf([planPhone(1)], { takes: quick }, after(115)).phase(macOf(1)), 'offered');
  t.end();
});

test('urgent work is started in any minute in which the phone is known to be idle, and slow work only then', (t) => {
  const work = { rollout: 'autumn', hops: ['target'], attemptsMax: 3, round: 1 };
  const at = (urgency: 'idle-only' | 'window' | 'any-idle-minute', when: EpochMs) => {
    const plan = planOf([planPhone(1, { work: { ...work, urgency } })]);
    const box = new Box(when).take({ kind: 'plan-came', plan });
    box.asks(macOf(1), '66.85.0.5').hold(imageDigest);
    const wake = box.effects.find((effect) => effect.kind === 'wake-phone');
    return wake?.kind === 'wake-phone' && (wake.mustBeIdle ?? 'as the phone says');
  };
  t.equal(at('any-idle-minute', after(-5)), true, 'before the opening');
  t.equal(at('idle-only', after(-5)), false);
  t.equal(at('idle-only', one), true);
  t.equal(at('window', one), 'as the phone says');
  const box = boxOf([planPhone(1, { work: { ...work, urgency: 'idle-only' } })]);
  box.take({ kind: 'wake-answered', mac: macOf(1), start: 1, answer: 'unproven' });
  t.match(box.tables.work.get(macOf(1)), {
    phase: 'held',
    fault: 'phone-idle-unknown',
    failures: 0,
  });
  t.end();
});

test('urgent work is not started on a day of blackout, nor so late that it would reach into one', (t) => {
  const autumn = { rollout: 'autumn', hops: ['target'], attemptsMax: 3, round: 1 };
  const phone = planPhone(1, { work: { ...autumn, urgency: 'any-idle-minute' } });
  const blackout = [{ from: after(600), until: after(900) }];
  const at = (when: EpochMs, own: Partial<Plan> = { blackout }) => {
    const box = new Box(when).take({ kind: 'plan-came', plan: planOf([phone], own) });
    return box.asks(macOf(1), '66.85.0.5').hold(imageDigest);
  };
  const why = (box: Box) => box.tables.work.get(macOf(1))?.why;
  t.equal(at(after(300)).phase(macOf(1)), 'offered');
  const waits = { waitingFor: 'opening' as const, nextAttemptAt: after(900) };
  const late = 'Too late to finish before a day of blackout';
  t.same(why(at(after(590))), { reason: late, ...waits });
  const box = at(after(700));
  t.same(why(box), { reason: 'A day of blackout', ...waits });
  for (let steps = 0; steps < 20 && (box.wakeAt ?? after(999)) < after(900); steps += 1)
    box.take({ kind: 'woke' }, box.wakeAt);
  t.equal(box.wakeAt, after(900));
  t.equal(box.take({ kind: 'woke' }, after(900)).phase(macOf(1)), 'offered');
  const crossed = { blackout: [{ from: after(60), until: after(600) }] };
  t.equal(at(after(70), crossed).phase(macOf(1)), 'offered', 'in an opening that began before it');
  t.same(why(at(after(110), crossed)), {
    reason: 'A day of blackout',
    waitingFor: 'opening',
    nextAttemptAt: after(600),
  });
  const long = { blackout: [{ from: after(200), until: after(8 * 24 * 60) }] };
  t.match(why(at(after(300), long)), { waitingFor: 'plan', reason: /outlast the plan/ });
  t.end();
});

test('an update reports how long it took, from its start to its proof', (t) => {
  const box = boxOf([planPhone(1)]);
  const about = { mac: macOf(1), release: 'target' as Id, fileName: 'T46S.rom' };
  box.take({ kind: 'image-began', ...about }, after(2));
  box.take({ kind: 'image-left', ...about, whole: true });
  box.take({ kind: 'woke' }, after(7)).asks(macOf(1), '66.86.0.15');
  box.take({ kind: 'config-served', mac: macOf(1), generation: 0 }, after(8));
  t.match(box.outbox().at(-1), { phase: 'done', tookMs: minutes(8) });
  t.end();
});

test('on the way back the older version is the target, and what is older still is left alone', (t) => {
  const work = { rollout: 'back', hops: ['stone'], attemptsMax: 3, round: 1, goesBack: true };
  const box = new Box(after(-10)).take({
    kind: 'plan-came',
    plan: planOf([planPhone(1, { work })]),
  });
  box.asks(macOf(1), '66.86.0.15').hold('b'.repeat(64) as never);
  box.take({ kind: 'woke' }, one);
  t.equal(box.phase(macOf(1)), 'offered', 'newer is not there yet');
  const about = { mac: macOf(1), release: 'stone' as Id, fileName: 'T46S-stone.rom' };
  box.take({ kind: 'image-began', ...about }).take({ kind: 'image-left', ...about, whole: true });
  box.take({ kind: 'woke' }, after(5)).asks(macOf(1), '66.85.0.40');
  box.take({ kind: 'config-served', mac: macOf(1), generation: 0 });
  t.equal(box.phase(macOf(1)), 'done');
  const beyond = new Box(after(-10)).take({
    kind: 'plan-came',
    plan: planOf([planPhone(1, { work })]),
  });
  beyond.asks(macOf(1), '66.84.0.1');
  t.match(beyond.tables.work.get(macOf(1)), { phase: 'skipped', fault: 'no-upgrade-path' });
  t.end();
});

test('the line carries what the hours allow: the lower rate where rules overlap, and nothing at zero', (t) => {
  const wanBudget = [
    { start: after(0), end: after(60), bytesPerSecond: 0 },
    { start: after(60), end: after(120), bytesPerSecond: 500 },
    { start: after(90), end: after(100), bytesPerSecond: 100 },
  ];
  const plan = planOf([planPhone(1)], { wanBytesPerSecond: 900, wanBudget });
  t.same(wanNow(plan, after(-5)), { rate: 900, until: after(0) });
  t.same(wanNow(plan, after(0)), { rate: 'none', until: after(60) });
  t.same(wanNow(plan, after(95)), { rate: 100, until: after(100) });
  t.same(wanNow(plan, after(120)), { rate: 900, until: undefined });
  const box = new Box(one).take({ kind: 'plan-came', plan });
  t.match(box.effects, [{ kind: 'set-rate', of: 'wan', rate: 'none' }]);
  t.notOk(box.effects.some((effect) => effect.kind === 'fetch-image'));
  t.match(box.tables.work.get(macOf(1))?.why, { waitingFor: 'budget', nextAttemptAt: after(60) });
  box.take({ kind: 'woke' }, after(60));
  t.match(box.effects[0], { kind: 'set-rate', rate: 500 });
  t.ok(box.effects.some((effect) => effect.kind === 'fetch-image'));
  t.end();
});

test('the rate of all phones together is told when a plan sets, changes or lifts it, and again after a start', (t) => {
  const told = (box: Box) => box.effects.flatMap((one) => (one.kind === 'set-rate' ? one : []));
  const planWith = (revision: number, own: { lanBytesPerSecond?: number }) =>
    planOf([planPhone(1)], { revision, ...own });
  const box = new Box(one).take({ kind: 'plan-came', plan: planWith(1, {}) });
  t.same(told(box), [], 'without one the flag of the box stays');
  box.take({ kind: 'plan-came', plan: planWith(2, { lanBytesPerSecond: 500_000 }) });
  t.same(told(box), [{ kind: 'set-rate', of: 'lan', rate: 500_000 }]);
  t.same(told(box.wait(1)), []);
  box.tables.rates.clear();
  t.same(told(box.take({ kind: 'started' })), [{ kind: 'set-rate', of: 'lan', rate: 500_000 }]);
  box.take({ kind: 'plan-came', plan: planWith(3, { lanBytesPerSecond: 900_000 }) });
  t.same(told(box), [{ kind: 'set-rate', of: 'lan', rate: 900_000 }]);
  box.take({ kind: 'plan-came', plan: planWith(4, {}) });
  t.same(told(box), [{ kind: 'set-rate', of: 'lan', rate: 'free' }]);
  t.end();
});

test('a box that was down over the end of an opening wakes nobody after it', (t) => {
  const box = boxOf(several(1), { openings: [{ start: one, end: after(16) }] });
  t.equal(down(box).length, 1);
  const wakes = () => box.effects.filter((effect) => effect.kind === 'wake-phone').length;
  box.take({ kind: 'started' }, after(1));
  t.equal(wakes(), 1, 'within the opening it does what it had begun');
  box.take({ kind: 'started' }, after(16));
  t.equal(wakes(), 0);
  t.end();
});
