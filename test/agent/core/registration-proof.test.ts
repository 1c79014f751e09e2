import type { Plan } from '@ringwave/protocol/messages';
import type { Id } from '@ringwave/protocol/units';
import { test } from 'tap';
import type { Work } from '../../../agent/core/state.ts';
import { after, Box, imageDigest, macOf, planOf, planPhone, stoneDigest, workOf } from './box.ts';

const hops = ['stone', 'target'] as Id[];

/** A phone that was started for its stepping stone, or for the target, and did not come back in time. */
function lost(own: Partial<Work>, of: Partial<Plan> = { registrationProves: true }): Box {
  const work = { rollout: 'autumn', hops, attemptsMax: 3, round: 1 };
  const box = new Box().take({ kind: 'plan-came', plan: planOf([planPhone(1, { work })], of) });
  box.asks(macOf(1), '66.85.0.5').hold(stoneDigest, imageDigest);
  const silent = { fault: 'phone-silent-after-restart', failures: 1, starts: 1 } as const;
  const retryAt = after(30);
  box.with((draft) => {
    draft.work.put(macOf(1), workOf(1, { ...silent, phase: 'held', retryAt, hops, ...own }));
  });
  return box;
}

const registers = {
  kind: 'registration-seen',
  mac: macOf(1),
  source: 'kamailio',
  address: '10.0.0.7',
} as const;

test('a phone that comes back too late on its stepping stone begins its next hop once it registers', (t) => {
  const box = lost({}).asks(macOf(1), '66.85.0.40');
  const reason = 'Shows the new version; is not registered again yet';
  t.match(box.wait(1).tables.work.get(macOf(1)), {
    phase: 'held',
    hop: 0,
    starts: 1,
    why: { reason, waitingFor: 'phone' },
  });
  t.equal(box.take(registers).phase(macOf(1)), 'offered');
  t.match(box.tables.work.get(macOf(1)), { hop: 1, starts: 2 });
  t.end();
});

test('one that does not register in the time of those that come back soon has failed by that', (t) => {
  const box = lost({}).asks(macOf(1), '66.85.0.40').wait(5);
  t.match(box.tables.work.get(macOf(1)), { phase: 'failed', fault: 'phone-not-registered' });
  t.end();
});

test('one that registered since it was given up needs to do so no more, and elsewhere its own word does', (t) => {
  t.match(lost({}).take(registers).asks(macOf(1), '66.85.0.40').tables.work.get(macOf(1)), {
    phase: 'offered',
    hop: 1,
  });
  t.match(lost({}, {}).asks(macOf(1), '66.85.0.40').tables.work.get(macOf(1)), { hop: 1 });
  t.end();
});

test('a phone that was given up and then shows the target is done once it registers', (t) => {
  const box = lost({ phase: 'unreachable', fault: 'phone-never-asked', hop: 1 });
  box.asks(macOf(1), '66.86.0.15');
  t.match(box.tables.work.get(macOf(1)), { phase: 'failed', fault: 'phone-not-registered' });
  t.equal(box.take(registers).phase(macOf(1)), 'done');
  t.end();
});

test('a phone that waits for its registration and shows a version further on waits on for that', (t) => {
  const box = lost({}).asks(macOf(1), '66.85.0.40').asks(macOf(1), '66.86.0.15');
  t.match(box.tables.work.get(macOf(1)), { phase: 'held', hop: 1 });
  t.equal(box.take(registers).phase(macOf(1)), 'done');
  t.end();
});

test('that something answers at its address is no registration, before or after it is told', (t) => {
  const answers = { ...registers, source: 'options' };
  const box = lost({}).take(answers).asks(macOf(1), '66.85.0.40').take(answers);
  t.match(box.tables.work.get(macOf(1)), { phase: 'held', hop: 0, starts: 1 });
  const back = workOf(1, { phase: 'verifying', starts: 1, hops, hop: 1, deadlineAt: after(5) });
  box.with((draft) => draft.work.put(macOf(1), back));
  t.equal(box.take(answers).phase(macOf(1)), 'verifying');
  const own = { mac: macOf(1), generation: 0 };
  t.equal(box.take({ kind: 'config-served', ...own }).phase(macOf(1)), 'verifying');
  t.equal(box.wait(5).phase(macOf(1)), 'failed', 'without its registration');
  t.end();
});
