import { test } from 'tap';
import { after, Box, imageDigest, macOf, planOf, planPhone } from './box.ts';

// Phones of a wave that narrows the windows of its site, beside others that keep them.

const work = { rollout: 'autumn', hops: ['target'], attemptsMax: 3, round: 1 };
const narrow = planPhone(1, { work: { ...work, within: 'autumn/0' } });

/** The site is open from 0 to 120, the wave of phone 1 from 30 to 80. */
const ready = (own = {}) => {
  const within = [{ id: 'autumn/0', openings: [{ start: after(30), end: after(80) }] }];
  const plan = planOf([narrow, planPhone(2)], { within, ...own });
  const box = new Box(after(-10)).take({ kind: 'plan-came', plan });
  return box.asks(macOf(1), '66.85.0.5').asks(macOf(2), '66.85.0.5').hold(imageDigest);
};
const phases = (box: Box) => [box.phase(macOf(1)), box.phase(macOf(2))];

test('a phone whose wave is narrower than its site starts only there, and the box wakes for it', (t) => {
  const box = ready().take({ kind: 'woke' }, after(0));
  t.same(phases(box), ['staged', 'offered']);
  t.match(box.tables.work.get(macOf(1))?.why, {
    reason: 'Outside the reboot window',
    waitingFor: 'opening',
    nextAttemptAt: after(30),
  });
  for (let steps = 0; steps < 20 && (box.wakeAt ?? after(999)) < after(30); steps += 1)
    box.take({ kind: 'woke' }, box.wakeAt);
  t.equal(box.wakeAt, after(30));
  t.equal(box.take({ kind: 'woke' }, after(30)).phase(macOf(1)), 'offered');
  t.end();
});

test('too late in the narrower opening is too late, however long the site stays open', (t) => {
  const box = ready().take({ kind: 'woke' }, after(66));
  t.equal(box.phase(macOf(2)), 'offered');
  t.match(box.tables.work.get(macOf(1))?.why, { reason: /No opening before the plan ends/ });
  const due = ready({
    phones: [planPhone(1, { work: { ...work, within: 'autumn/0', urgency: 'any-idle-minute' } })],
  });
  t.equal(
    due.take({ kind: 'woke' }, after(-5)).phase(macOf(1)),
    'offered',
    'a deadline knows none',
  );
  t.end();
});

test('openings that a phone names and the plan lacks are none', (t) => {
  const box = ready({ within: [] }).take({ kind: 'woke' }, after(40));
  t.same(phases(box), ['staged', 'offered']);
  t.end();
});

test('a site that has settled is looked at again when a narrower opening begins or ends', (t) => {
  const within = [
    {
      id: 'autumn/0',
      openings: [
        { start: after(30), end: after(60) },
        { start: after(90), end: after(115) },
      ],
    },
  ];
  const box = ready({ within, pausedRollouts: [{ rollout: 'autumn', reason: 'wait' }] });
  const why = () => box.tables.work.get(macOf(1))?.why.nextAttemptAt;
  for (const minute of [0, 1, 2]) box.take({ kind: 'woke' }, after(minute));
  t.equal(why(), after(30));
  box.take({ kind: 'woke' }, after(31)).take({ kind: 'woke' }, after(32));
  t.equal(why(), null, 'now only the pause keeps it');
  box.take({ kind: 'woke' }, after(46));
  t.equal(why(), after(90), 'too late in the first one');
  t.end();
});
