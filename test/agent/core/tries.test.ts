import { test } from 'tap';
import { Box, imageDigest, macOf, planOf, planPhone, stoneDigest } from './box.ts';

const phone = macOf(1);
const autumn = { rollout: 'autumn', hops: ['target'], attemptsMax: 3, round: 1 };
/** The other rollouts start nobody, so that what they had of a phone can be taken away. */
const pausedRollouts = ['fix', 'winter'].map((rollout) => ({ rollout, reason: 'lunch' }));
const plan = (revision: number, work = autumn) => ({
  kind: 'plan-came' as const,
  plan: planOf([planPhone(1, { work })], { revision, pausedRollouts }),
});
const { work: _work, ...idle } = planPhone(1);
const tried = (box: Box) => box.tables.work.get(phone);

/** Autumn's first try has failed. */
function failedOnce(): Box {
  const box = new Box().take(plan(1)).asks(phone, '66.85.0.5').hold(imageDigest, stoneDigest);
  const { starts = 0 } = tried(box) ?? {};
  return box.take({ kind: 'wake-answered', mac: phone, start: starts, answer: 'refused' });
}

test('work that is taken away and given back goes on with the attempts that it has left', (t) => {
  const box = failedOnce();
  t.match(tried(box), { phase: 'held', failures: 1 });
  box.take({
    kind: 'plan-came',
    plan: planOf([idle], { revision: 2 }),
  });
  t.notOk(tried(box));
  box.take(plan(3));
  t.match(tried(box), { rollout: 'autumn', failures: 1, why: { waitingFor: 'retry' } });
  t.ok((tried(box)?.retryAt ?? 0) > box.now, 'and after its pause');
  t.end();
});

test('so it does after another rollout, or several, had the phone', (t) => {
  const box = failedOnce();
  box.take(plan(2, { ...autumn, rollout: 'fix' }));
  t.match(tried(box), { rollout: 'fix', failures: 0 });
  box.take(plan(3, { ...autumn, rollout: 'winter' })).take(plan(4));
  t.match(tried(box), { rollout: 'autumn', failures: 1 });
  box.take(plan(5, { ...autumn, round: 2 }));
  t.match(tried(box), { failures: 0 }, 'who has it tried afresh begins anew');
  t.end();
});

test('another road to the same version is no fresh beginning', (t) => {
  const box = failedOnce().take(plan(2, { ...autumn, hops: ['stone', 'target'] }));
  t.match(tried(box), { hops: ['stone', 'target'], failures: 1 });
  t.end();
});

test('a phone that had used its attempts up has one left when its work comes back, and no more', (t) => {
  const one = { ...autumn, attemptsMax: 1 };
  const box = new Box().take(plan(1, one)).asks(phone, '66.85.0.5').hold(imageDigest);
  box.take({ kind: 'wake-answered', mac: phone, start: 1, answer: 'refused' });
  t.match(tried(box), { phase: 'failed', failures: 1 });
  box.take(plan(2, { ...one, rollout: 'fix' })).take(plan(3, one));
  t.match(tried(box), { failures: 0 });
  t.not(tried(box)?.phase, 'failed');
  t.end();
});

test('tries that cost no attempt are remembered, too, and none of a phone that left the site', (t) => {
  const box = new Box().take(plan(1)).asks(phone, '66.85.0.5').hold(imageDigest);
  box.take({ kind: 'wake-answered', mac: phone, start: 1, answer: 'busy' });
  const free = { transport: 1 } as const;
  const work = tried(box);
  if (work) box.tables.work.set(phone, { ...work, free });
  box.take(plan(2, { ...autumn, rollout: 'fix' })).take(plan(3));
  t.same(tried(box)?.free, free);
  box.take(plan(4, { ...autumn, rollout: 'fix' }));
  t.equal(box.tables.tries.size, 1);
  box.take({ kind: 'plan-came', plan: planOf([], { revision: 5 }) }, box.now);
  t.equal(box.tables.tries.size, 0);
  t.end();
});
