import { FAULTS } from '@ringwave/protocol/faults';
import { minutes } from '@ringwave/protocol/units';
import { test } from 'tap';
import { firmwareFor } from '../../../agent/core/provisioning/read-request.ts';
import { callsMax } from '../../../agent/core/phone-events.ts';
import { after, Box, imageDigest, macOf, one, planOf, planPhone } from './box.ts';

const mac = macOf(1);
const started = () =>
  new Box()
    .take({ kind: 'plan-came', plan: planOf([planPhone(1)]) })
    .hold(imageDigest)
    .asks(mac, '66.85.0.40');
const work = (box: Box) => box.tables.work.get(mac)!;
const busy = (box: Box, source?: string) =>
  box.take({
    kind: 'wake-answered',
    mac,
    start: work(box).starts,
    answer: 'busy',
    ...(source ? { source } : {}),
  });

test('a phone in a call is held, with who says so, and asked again later each time', (t) => {
  const box = busy(started(), 'asterisk 10.0.0.2:5038');
  t.match(work(box), {
    phase: 'held',
    fault: 'phone-in-call',
    failures: 0,
    retryAt: after(3),
    why: { reason: 'In a call, says asterisk 10.0.0.2:5038', waitingFor: 'call' },
  });
  busy(box.wait(3));
  t.equal(work(box).retryAt, after(3 + 6));
  t.end();
});

test('a phone that is temporarily unavailable is asked again like one in a call, and said to be in none', (t) => {
  const box = started();
  box.take({ kind: 'wake-answered', mac, start: work(box).starts, answer: 'away' });
  t.match(work(box), { phase: 'held', fault: 'phone-unavailable', failures: 0, retryAt: after(3) });
  t.same(work(box).why, {
    reason: FAULTS['phone-unavailable'].advice,
    waitingFor: 'retry',
    nextAttemptAt: after(3),
  });
  for (let times = 1; times < callsMax; times += 1) {
    box.take({ kind: 'woke' }, work(box).retryAt);
    box.take({ kind: 'wake-answered', mac, start: work(box).starts, answer: 'away' });
  }
  t.match(work(box), { phase: 'held', failures: 0, retryAt: after(24 * 60) });
  t.end();
});

test('a phone that is always in a call is left until the next opening, and fails at nothing', (t) => {
  const box = started();
  for (let call = 1; call < callsMax; call += 1) {
    busy(box);
    t.equal(work(box).calls, call);
    box.take({ kind: 'woke' }, work(box).retryAt);
  }
  busy(box);
  t.match(work(box), { phase: 'held', failures: 0, retryAt: after(24 * 60) });
  t.match(work(box).why.reason, /left until the next opening/);
  t.equal(work(box).calls, undefined, 'counted anew then');
  box.take({ kind: 'woke' }, after(24 * 60));
  t.equal(box.phase(mac), 'offered');
  t.end();
});

test('a phone that answers is no longer counted as in calls', (t) => {
  const box = busy(started()).wait(3);
  box.take({ kind: 'wake-answered', mac, start: work(box).starts, answer: 'accepted' });
  t.match(work(box), { phase: 'offered', woken: true });
  t.equal(work(box).calls, undefined);
  t.end();
});

/** A phone that nothing woke, left to come by itself. */
const left = (pollTakesMax: ReturnType<typeof minutes>, box = started()) => {
  const { starts: start } = work(box);
  return box.take({ kind: 'wake-answered', mac, start, answer: 'silent', pollTakesMax });
};

test('a phone that nothing wakes may come by itself, for as long as the site says and its update would end in the opening', (t) => {
  const box = left(minutes(60));
  t.match(work(box), { phase: 'offered', deadlineAt: after(60) });
  t.equal(work(left(minutes(240))).deadlineAt, after(105), 'the opening ends first');
  box.take({ kind: 'woke' }, after(60));
  t.match(work(box), { phase: 'held', failures: 1, fault: 'phone-never-asked' });
  t.end();
});

test('one whose wave has narrower windows, or that needs none, may come in its own time', (t) => {
  const of = (own: object, plan: object) => {
    const wanted = { rollout: 'autumn', hops: ['target'], attemptsMax: 3, round: 1, ...own };
    const taken = planOf([planPhone(1, { work: wanted })], plan);
    const box = new Box().take({ kind: 'plan-came', plan: taken });
    return left(minutes(240), box.hold(imageDigest).asks(mac, '66.85.0.40'));
  };
  const within = [{ id: 'canary', openings: [{ start: one, end: after(45) }] }];
  t.equal(work(of({ within: 'canary' }, { within })).deadlineAt, after(30));
  const urgent = { urgency: 'any-idle-minute' };
  t.equal(work(of(urgent, {})).deadlineAt, after(240));
  const blackout = [{ from: after(90), until: after(1000) }];
  t.equal(work(of(urgent, { blackout })).deadlineAt, after(75));
  t.equal(
    work(
      of(
        { within: 'canary' },
        { within: [{ ...within[0], openings: [{ start: one, end: after(16) }] }] },
      ),
    ).deadlineAt,
    after(10),
    'as long as any offer',
  );
  t.end();
});

test('what stops a site or a rollout takes the slot back from a phone that was told nothing', (t) => {
  const plan = planOf([planPhone(1)], { revision: 2 });
  const paused = { ...plan, pausedRollouts: [{ rollout: 'autumn', reason: 'look first' }] };
  for (const event of [
    { kind: 'emergency-call', source: 'asterisk', state: 'began' },
    { kind: 'freeze-read', reason: 'a visitor' },
    { kind: 'halt-came', halt: { kind: 'halt', counter: 1, halted: true, reason: 'stop' } },
    { kind: 'plan-came', plan: paused },
  ] as const) {
    const box = left(minutes(60)).take(event);
    t.match(work(box), { phase: 'held', failures: 0, starts: 1 }, event.kind);
    t.notOk(firmwareFor(box.tables, planPhone(1)), 'and its file names nothing new');
    const told = started();
    const { starts: start } = work(told);
    told.take({ kind: 'wake-answered', mac, start, answer: 'accepted' }).take(event);
    t.equal(told.phase(mac), 'offered', 'one that was told to restart does so');
  }
  const again = left(minutes(60)).take({ kind: 'freeze-read', reason: 'a visitor' });
  again.take({ kind: 'freeze-read', reason: null });
  t.match(work(again), { phase: 'offered', starts: 2, failures: 0 });
  t.equal(work(again).polls, undefined);
  const gone = left(minutes(60)).take({ kind: 'plan-came', plan: planOf([], { revision: 2 }) });
  t.not(gone.phase(mac), 'offered', 'nor does one keep it that left the plan');
  t.end();
});

test('a registration is kept beside what the phone showed, and of strangers nothing', (t) => {
  const box = started();
  const seen = { kind: 'registration-seen', source: 'options', address: '10.0.0.7' } as const;
  box.take({ ...seen, mac });
  t.same(box.tables.sightings.get(mac)?.registered, {
    source: 'options',
    address: '10.0.0.7',
    at: one,
  });
  box.asks(mac, '66.85.0.41');
  t.match(box.tables.sightings.get(mac), { version: '66.85.0.41', registered: { at: one } });
  box.take({ ...seen, mac: macOf(9) });
  t.equal(box.tables.sightings.has(macOf(9)), false);
  t.end();
});
