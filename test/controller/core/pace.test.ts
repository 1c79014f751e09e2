import { hours, minutes } from '@ringwave/protocol/units';
import { test } from 'tap';
import * as fc from 'fast-check';
import { afterBusinessHours } from '../../../controller/core/business-hours.ts';
import { nextRungAt, urgencyAt } from '../../../controller/core/deadline.ts';
import { allowed, nextLook, paceProblems, rateAfter } from '../../../controller/core/pace.ts';
import { asksMax } from '../../../controller/core/rollout.ts';
import type { RolloutInput } from '../../../controller/core/state.ts';
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
} from './desk.ts';

const lisbon = idOf('lisbon');
const autumn = idOf('autumn');
const began = (desk: Desk, own: Partial<RolloutInput> = {}): Desk =>
  desk.do(
    { kind: 'rollout-create', input: rolloutOf(own) },
    { kind: 'rollout-approve', rollout: autumn },
  );
const wave = (desk: Desk, index = 0) => desk.tables.rollouts.get('autumn')?.waves[index];
const gate = { successMin: 0.5, failuresMax: 9, minSample: 1, soak: minutes(0) };
const start = after(0);

test('a rate is multiplied with what is done and never exceeds its cap', (t) => {
  const pace = { perMinute: 50, factor: 2, everyDone: 1000, perMinuteMax: 400 };
  t.same(
    [0, 999, 1000, 2000, 3000, 9000].map((done) => rateAfter(pace, done)),
    [50, 50, 100, 200, 400, 400],
  );
  t.equal(rateAfter({ perMinute: 3 }, 1_000_000), 3, 'without everyDone it stays');
  t.same(
    paceProblems({ perMinute: 50, perMinuteMax: 10, factor: 2 }).map(({ part }) => part),
    ['perMinuteMax', 'factor'],
  );
  t.end();
});

test('a rate that grows without a cap stays one that can be reckoned with', (t) => {
  const pace = { perMinute: 1, factor: 10, everyDone: 1 };
  const paced = { released: 0, credit: 0.5, at: start, waiting: 3 };
  t.same(
    [0, 2, 5, 6, 320, 1e9].map((done) => rateAfter(pace, done)),
    [1, 100, 100_000, 100_000, 100_000, 100_000],
  );
  t.same(allowed(pace, paced, 320, start), { count: 0, credit: 0.5 });
  t.same(allowed(pace, paced, 320, after(1)), { count: 100_000, credit: 0.5 });
  t.end();
});

test('whatever the looks and pauses, no more phones go than the rate has allowed', (t) => {
  const looks = fc.array(fc.integer({ min: 1, max: 600_000 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(looks, fc.integer({ min: 1, max: 500 }), (waits, perMinute) => {
      let at = start;
      let paced = { released: 0, credit: 1, at, waiting: 1_000_000 };
      for (const wait of waits) {
        at = (at + wait) as typeof start;
        const { count, credit } = allowed({ perMinute }, paced, 0, at);
        paced = { ...paced, released: paced.released + count, credit, at };
        t.ok(count <= perMinute + 1, 'no burst after a pause');
      }
      return paced.released <= 1 + (perMinute * (at - start)) / 60_000 + 1e-6;
    }),
  );
  t.equal(
    nextLook({ perMinute: 1 }, { released: 0, credit: 0, at: start, waiting: 1 }, 0),
    after(1),
  );
  t.end();
});

test('a pace below one a minute lets each phone go when its time has come', (t) => {
  const began = (perMinute: number) => {
    const went: number[] = [];
    let paced = { released: 0, credit: 1, at: start, waiting: 4 };
    for (let at = start; went.length < 4; at = nextLook({ perMinute }, paced, 0)) {
      const { count, credit } = allowed({ perMinute }, paced, 0, at);
      for (let nth = 0; nth < count; nth += 1) went.push((at - start) / minutes(1));
      paced = { ...paced, credit, at };
    }
    return went;
  };
  t.same(began(0.1), [0, 10, 20, 30]);
  t.same(began(1 / 60), [0, 60, 120, 180]);
  t.same(
    allowed({ perMinute: 0.1 }, { released: 1, credit: 0, at: start, waiting: 9 }, 0, after(600)),
    { count: 1, credit: 0 },
    'a pause saves up one, and no burst',
  );
  t.end();
});

test('a paced wave lets its phones go one by one, spares a busy site, and says so to those that wait', (t) => {
  const desk = smallFleet(3).do({ kind: 'site-put', site: siteOf('berlin') });
  const others = [11, 12, 13].map((number) => phoneOf(number, { site: idOf('berlin') }));
  desk.do({ kind: 'phones-put', phones: others }).joined(idOf('berlin'));
  for (const number of [11, 12, 13]) desk.seen(idOf('berlin'), number, '66.85.0.5');
  began(desk, { gate, pace: { perMinute: 60, perSitePerMinute: 1 } });
  const gone = (site: string) =>
    [...desk.tables.progress.values()].filter(
      (one) => one.site === site && one.phase === 'scheduled',
    ).length;
  desk.take({ kind: 'woke' }, (desk.now + 15_000) as typeof start);
  t.ok(gone('lisbon') <= 1 && gone('berlin') <= 1, 'one a site and minute');
  desk.wait(1).wait(1).wait(1);
  t.same([gone('lisbon'), gone('berlin')], [3, 3]);
  t.match(wave(desk)?.paced, { released: 6, waiting: 0 });
  t.equal(desk.tables.lines.size, 0, 'nothing of the line is left');
  t.end();
});

test('a site has its share of any minute, also across the full minute of the clock', (t) => {
  const desk = smallFleet(6);
  const halfPast = (desk.now + 45_000) as typeof start;
  desk.take({ kind: 'woke' }, halfPast);
  began(desk, { gate, pace: { perMinute: 60, perSitePerMinute: 2 } });
  const went: number[] = [];
  for (let at: number = halfPast; went.length < 6; at += 15_000) {
    desk.take({ kind: 'woke' }, at as typeof start);
    const gone = [...desk.tables.progress.values()].filter((one) => one.phase === 'scheduled');
    while (went.length < gone.length) went.push((at - halfPast) / 1000);
  }
  t.same(
    went.slice(2),
    went.slice(0, -2).map((at) => at + 60),
  );
  t.end();
});

test('phones of one place in the order stand in the line by their MACs, however they came', (t) => {
  const pair = idOf('desk');
  const paired = [14, 12, 13].map((number) => phoneOf(number, { pair }));
  const desk = smallFleet(1).do({ kind: 'phones-put', phones: paired });
  for (const number of [12, 13, 14]) desk.seen(lisbon, number, '66.85.0.5');
  began(desk, { gate, pace: { perMinute: 0.001 } });
  const line = [...desk.tables.lines.values()].flat().filter((mac) => mac !== macOf(1));
  t.same(line, [12, 13, 14].map(macOf).slice(-line.length));
  t.ok(line.length >= 2);
  t.end();
});

test('a phone that leaves the inventory leaves the line, and the rest goes on', (t) => {
  const desk = began(smallFleet(4), { gate, pace: { perMinute: 1 } });
  const waiting = [1, 2, 3, 4].filter(
    (number) => desk.tables.progress.get(`autumn/${macOf(number)}`)?.phase === 'waiting',
  );
  desk.do({ kind: 'phone-remove', mac: macOf(waiting[0] ?? 0) });
  for (let minute = 0; minute < 4; minute += 1) desk.wait(1);
  t.match(wave(desk)?.paced, { released: 3, waiting: 0 });
  t.end();
});

test('a phone that leaves the inventory and is put back stands in the line twice, and is counted once', (t) => {
  const desk = began(smallFleet(4), { gate, pace: { perMinute: 10 } });
  const waits = [1, 2, 3, 4].filter(
    (number) => desk.tables.progress.get(`autumn/${macOf(number)}`)?.phase === 'waiting',
  );
  const number = waits[0] ?? 0;
  desk.do(
    { kind: 'phone-remove', mac: macOf(number) },
    { kind: 'phones-put', phones: [phoneOf(number)] },
  );
  desk.seen(lisbon, number, '66.86.0.15');
  for (let minute = 0; minute < 4; minute += 1) desk.wait(1);
  t.match(desk.tables.progress.get(`autumn/${macOf(number)}`), { phase: 'done' });
  t.match(wave(desk)?.counts, { total: 4, done: 1, already: 1 });
  t.match(wave(desk)?.paced, { released: 4, waiting: 0 });
  t.end();
});

test('a phone of the line that its site still holds, by work of a controller that was put back, is let go in its turn', (t) => {
  const desk = began(smallFleet(3), { gate, pace: { perMinute: 1 } });
  const waits = [1, 2, 3].find(
    (number) => desk.tables.progress.get(`autumn/${macOf(number)}`)?.hops.length === 0,
  );
  const about = { mac: macOf(waits ?? 0), rollout: 'autumn', revision: 9, attempt: 1 };
  desk.hears(lisbon, { kind: 'phone-moved', at: desk.now, phase: 'held', ...about });
  for (let minute = 0; minute < 4; minute += 1) desk.wait(1);
  t.match(wave(desk)?.paced, { released: 3, waiting: 0 });
  t.match(desk.tables.progress.get(`autumn/${macOf(waits ?? 0)}`), {
    phase: 'held',
    hops: [releaseOf().id],
  });
  t.end();
});

test('a deadline grows more insistent: idle only, then windows, then any idle minute, then a person', (t) => {
  const deadline = { dueAt: after(1000), because: 'CVE-2026-0001' };
  t.same(
    [0, 399, 400, 799, 800, 999, 1000, 2000].map((at) => urgencyAt(deadline, start, after(at))),
    [
      'idle-only',
      'idle-only',
      'window',
      'window',
      'any-idle-minute',
      'any-idle-minute',
      'ask-person',
      'ask-person',
    ],
  );
  t.equal(nextRungAt(deadline, start, after(400)), after(800));
  t.equal(nextRungAt(deadline, start, after(1000)), undefined);
  const desk = began(smallFleet(1), { deadline: { ...deadline, dueAt: after(100) } });
  const urgency = () => desk.tables.plans.get('lisbon')?.plan.phones[0]?.work?.urgency;
  t.equal(urgency(), 'idle-only');
  desk.wait(40);
  t.equal(urgency(), 'window', 'the plan follows by itself');
  desk.wait(60);
  t.equal(desk.tables.rollouts.get('autumn')?.urgency, 'ask-person');
  t.match(
    smallFleet(1).refusals({
      kind: 'rollout-create',
      input: rolloutOf({ deadline: { ...deadline, dueAt: after(-1) } }),
    }),
    [{ reason: 'has passed before the rollout could begin' }],
  );
  t.end();
});

test('hours of work are those of the site, without weekends and closed days', (t) => {
  const site = { zone: 'Europe/Lisbon', blackout: ['2026-03-03'] };
  const at = (text: string) => Date.parse(text) as typeof start;
  const ends = (from: string, long: number) =>
    new Date(afterBusinessHours(site, at(from), hours(long))).toISOString();
  t.equal(ends('2026-03-02T01:00Z', 4), '2026-03-02T13:00:00.000Z', 'a night counts for nothing');
  t.equal(ends('2026-03-02T16:00Z', 2), '2026-03-04T10:00:00.000Z', 'nor does a closed Tuesday');
  t.equal(ends('2026-03-06T16:30Z', 1), '2026-03-09T09:30:00.000Z', 'nor a weekend');
  t.equal(
    afterBusinessHours({ ...site, zone: 'Asia/Kathmandu' }, at('2026-03-02T01:00Z'), hours(1)),
    at('2026-03-02T04:15Z'),
    'nine in Kathmandu is 03:15 UTC',
  );
  t.equal(ends('2026-03-02T01:00Z', 500), '2026-05-28T12:00:00.000Z', 'sixty-two days and a half');
  const school = { ...site, blackout: ['07-01/09-15'] };
  t.equal(
    afterBusinessHours(school, at('2026-06-30T17:00Z'), hours(1)),
    at('2026-09-16T09:00Z'),
    'however long the holidays are',
  );
  t.end();
});

test('a wave that soaks in hours of work passes when they have passed, and not by night', (t) => {
  const own = { ...gate, soak: hours(2), soakIn: 'business-hours' as const };
  const desk = began(smallFleet(4), {
    waves: [{ name: 'first', count: 1 }, { name: 'rest' }],
    gate: own,
  });
  const [first] = [...desk.tables.progress.values()].filter((one) => one.wave === 0);
  desk.ended(lisbon, Number.parseInt(first?.mac.slice(-2) ?? '0', 16), 'done');
  t.equal(wave(desk)?.state, 'soaking');
  t.equal(wave(desk)?.soakUntil, Date.parse('2026-03-02T11:00Z'), 'two hours after nine in Lisbon');
  desk.wait(5 * 60);
  t.equal(wave(desk)?.state, 'soaking');
  desk.take({ kind: 'woke' }, Date.parse('2026-03-02T11:00Z') as typeof start);
  t.equal(wave(desk)?.state, 'passed');
  t.end();
});

test('a gate asks outside when all else is met: yes passes, no halts, and no answer asks a person', (t) => {
  const asking = { ...gate, askUrl: 'http://monitor.example/check' };
  const met = () => {
    const desk = began(smallFleet(4), {
      waves: [{ name: 'first', count: 1 }, { name: 'rest' }],
      gate: asking,
    });
    const [first] = [...desk.tables.progress.values()].filter((one) => one.wave === 0);
    return desk.ended(lisbon, Number.parseInt(first?.mac.slice(-2) ?? '0', 16), 'done');
  };
  const answered = (desk: Desk, verdict: 'pass' | 'fail' | 'inconclusive') =>
    desk.take({
      kind: 'check-answered',
      rollout: autumn,
      wave: 0,
      question: wave(desk)?.question ?? 0,
      verdict,
      detail: 'says so',
    });
  const asked = met();
  t.ok(asked.effects.some((one) => one.kind === 'ask-check' && one.url === asking.askUrl));
  t.same([wave(asked)?.state, wave(asked)?.asks], ['held', 'url']);
  t.equal(wave(answered(met(), 'pass'))?.state, 'passed');
  const no = answered(met(), 'fail');
  t.same([wave(no)?.state, no.tables.rollouts.get('autumn')?.state], ['halted', 'paused']);
  const silent = met();
  for (let time = 0; time < asksMax; time += 1) {
    t.equal(wave(silent)?.asks, 'url');
    answered(silent, 'inconclusive').wait(5);
  }
  t.equal(wave(silent)?.asks, 'person', 'what cannot be told is held');
  t.equal(wave(silent, 1)?.state, 'closed');
  silent.do({ kind: 'rollout-pass', rollout: autumn });
  t.equal(wave(silent, 1)?.state, 'open');
  t.equal(
    wave(answered(silent, 'fail'))?.state,
    'passed',
    'an answer that comes late changes nothing',
  );
  t.end();
});

test('an answer of the outside check to an earlier question changes nothing', (t) => {
  const own = { ...gate, successMin: 0.8, failuresMax: 3, minSample: 2, soak: minutes(0) };
  const desk = began(smallFleet(8), {
    waves: [{ name: 'first', count: 6 }, { name: 'rest' }],
    gate: { ...own, askUrl: 'http://monitor.example/check' },
  });
  const inFirst = [...desk.tables.progress.values()]
    .filter((one) => one.wave === 0)
    .map(({ mac }) => Number.parseInt(mac.slice(-2), 16));
  const ended = (place: number, phase: 'done' | 'failed') =>
    desk.ended(lisbon, inFirst[place] ?? 0, phase);
  const questions = () => desk.effects.flatMap((one) => (one.kind === 'ask-check' ? one : []));
  ended(0, 'done');
  ended(1, 'done');
  t.match(questions(), [{ question: 1, counts: { done: 2, failed: 0 } }]);
  ended(2, 'failed');
  t.match(wave(desk), { state: 'open' });
  ended(3, 'done');
  ended(4, 'done');
  t.match(questions(), [{ question: 2, counts: { done: 4, failed: 1 } }]);
  const answer = { rollout: autumn, wave: 0, verdict: 'pass' as const, detail: 'all is well' };
  desk.take({ kind: 'check-answered', ...answer, question: 1 });
  t.match(wave(desk), { state: 'held', asks: 'url' });
  t.match(wave(desk.take({ kind: 'check-answered', ...answer, question: 2 })), { state: 'passed' });
  t.end();
});

test('a gate that asks a person holds its wave until somebody says so', (t) => {
  const desk = began(smallFleet(4), {
    waves: [{ name: 'first', count: 1, gate: { askPerson: true } }, { name: 'rest' }],
    gate,
  });
  const [first] = [...desk.tables.progress.values()].filter((one) => one.wave === 0);
  desk.ended(lisbon, Number.parseInt(first?.mac.slice(-2) ?? '0', 16), 'done').wait(600);
  t.same([wave(desk)?.state, wave(desk, 1)?.state], ['held', 'closed']);
  t.equal(desk.tables.rollouts.get('autumn')?.state, 'running', 'phones of the open wave go on');
  desk.do({ kind: 'rollout-pass', rollout: autumn });
  t.same([wave(desk)?.state, wave(desk, 1)?.state], ['passed', 'open']);
  t.match(desk.refusals({ kind: 'rollout-pass', rollout: autumn }), [{ code: 'conflict' }]);
  t.end();
});

test('three phones of one site that fail alike before their image are one incident; silent ones count each', (t) => {
  const failing = (fault: 'phone-never-asked' | 'phone-silent-after-restart') => {
    const desk = began(smallFleet(6), { gate: { ...gate, minSample: 6, failuresMax: 1 } });
    for (const number of [1, 2, 3, 4]) {
      const about = {
        at: desk.now,
        mac: macOf(number),
        rollout: 'autumn',
        revision: 1,
        attempt: 1,
      };
      desk.hears(lisbon, { kind: 'phone-moved', phase: 'failed', fault, ...about });
    }
    return wave(desk)?.counts;
  };
  t.match(failing('phone-never-asked'), { failed: 1, aside: 3 });
  t.match(failing('phone-silent-after-restart'), { failed: 4 });
  t.end();
});

test('rollouts wait for those before them, and none in a circle', (t) => {
  const desk = smallFleet(2);
  desk.do({ kind: 'rollout-create', input: rolloutOf({ id: idOf('first') }) });
  desk.do({ kind: 'rollout-create', input: rolloutOf({ after: [idOf('first')] }) });
  t.match(
    desk.refusals({
      kind: 'rollout-edit',
      input: rolloutOf({ id: idOf('first'), after: [autumn] }),
    }),
    [{ reason: 'waits in a circle: first after autumn after first' }],
  );
  desk.do({ kind: 'rollout-approve', rollout: autumn });
  t.equal(desk.tables.rollouts.get('autumn')?.state, 'scheduled');
  desk.do({ kind: 'rollout-approve', rollout: idOf('first') });
  for (const number of [1, 2]) desk.ended(lisbon, number, 'done', 'first');
  t.equal(desk.tables.rollouts.get('first')?.state, 'done');
  t.equal(desk.tables.rollouts.get('autumn')?.state, 'running');
  t.end();
});

test('a phone that shows another version than it was brought to has drifted, until it is back', (t) => {
  const desk = began(smallFleet(1));
  desk.seen(lisbon, 1, '66.86.0.15').ended(lisbon, 1, 'done').wait(60);
  const drift = () => desk.tables.phones.get(macOf(1))?.drift;
  t.equal(drift(), undefined);
  desk.seen(lisbon, 1, '66.85.0.5');
  t.match(drift(), { from: '66.86.0.15', to: '66.85.0.5' });
  desk.wait(60).seen(lisbon, 1, '66.86.0.15');
  t.equal(drift(), undefined);
  t.end();
});
