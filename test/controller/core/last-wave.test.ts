import { draftOf } from '@ringwave/protocol/tables';
import { minutes } from '@ringwave/protocol/units';
import { test } from 'tap';
import { nextTimeOf } from '../../../controller/core/rollout.ts';
import { explainPhone } from '../../../controller/core/explain.ts';
import type { RolloutInput } from '../../../controller/core/state.ts';
import { after, type Desk, idOf, macOf, rolloutOf, smallFleet } from './desk.ts';

const lisbon = idOf('lisbon');
const autumn = idOf('autumn');
const gate = { successMin: 0.9, failuresMax: 1, minSample: 2, soak: minutes(0) };
const states = (desk: Desk) =>
  ['autumn', 'winter'].map((id) => desk.tables.rollouts.get(id)?.state);
const lastWave = (desk: Desk) => desk.tables.rollouts.get('autumn')?.waves.at(-1);

/** Autumn over all phones, and winter, which begins after it. */
const began = (phones: number, own: Partial<RolloutInput> = {}): Desk =>
  smallFleet(phones).do(
    { kind: 'rollout-create', input: rolloutOf({ gate, ...own }) },
    { kind: 'rollout-create', input: rolloutOf({ id: idOf('winter'), gate, after: [autumn] }) },
    { kind: 'rollout-approve', rollout: autumn },
    { kind: 'rollout-approve', rollout: idOf('winter') },
  );

function end(desk: Desk, phase: 'done' | 'failed', ...numbers: readonly number[]): Desk {
  for (const number of numbers) desk.ended(lisbon, number, phase);
  return desk;
}

test('what comes after a rollout begins when it has ended with its gates met', (t) => {
  const desk = end(began(3), 'done', 1, 2, 3);
  t.same(states(desk), ['done', 'running']);
  t.end();
});

test('a rollout whose only wave ends without meeting its gate is no beginning for the next, and it is said why', (t) => {
  const desk = began(3, { gate: { ...gate, failuresMax: 5 } });
  end(desk, 'failed', 1, 2, 3);
  t.same(states(desk), ['done-with-failures', 'scheduled']);
  t.equal(lastWave(desk)?.state, 'held');
  const phone = desk.tables.phones.get(macOf(1));
  t.match(phone && explainPhone(desk.tables, phone, desk.now)[1], {
    rollout: 'winter',
    waitingFor: 'person',
    reason:
      'Rollout autumn has ended without meeting its gate, and this one begins only after it has',
  });
  desk.wait(600);
  t.same(states(desk), ['done-with-failures', 'scheduled'], 'time alone changes nothing');
  t.end();
});

test('failures in a last wave that had passed already count when the rollout ends', (t) => {
  const askPerson = { ...gate, askPerson: true };
  const desk = end(began(5, { gate: askPerson }), 'done', 1, 2);
  desk.do({ kind: 'rollout-pass', rollout: autumn });
  end(desk, 'done', 3);
  end(desk, 'failed', 4);
  t.same(states(desk), ['running', 'scheduled']);
  end(desk, 'failed', 5);
  t.same(states(desk), ['done-with-failures', 'scheduled']);
  t.match(lastWave(desk), { state: 'held', why: '2 phones failed, at most 1 may' });
  t.end();
});

test('a last wave that a person released counts as passed for what comes after', (t) => {
  const desk = end(began(3), 'failed', 1, 2);
  t.equal(lastWave(desk)?.state, 'halted');
  desk.do({ kind: 'rollout-resume', rollout: autumn });
  end(desk, 'failed', 3);
  t.same(states(desk), ['done-with-failures', 'running']);
  t.end();
});

test('a last wave that asks a person keeps its rollout until there is an answer', (t) => {
  const waves = [{ name: 'all', gate: { askPerson: true, soak: minutes(600) } }];
  const desk = end(began(2, { waves }), 'done', 1, 2);
  t.match(lastWave(desk), { state: 'soaking' });
  desk.wait(599);
  t.same(states(desk), ['running', 'scheduled']);
  desk.wait(1);
  t.match(lastWave(desk), {
    state: 'held',
    why: 'Gate met; a person lets the rollout end: ringwave rollout pass autumn',
  });
  desk.do({ kind: 'rollout-pass', rollout: autumn });
  t.same(states(desk), ['done', 'running']);
  t.end();
});

test('a last wave that is checked outside ends its rollout with the yes, and halts it with the no', (t) => {
  const askUrl = 'https://checks.example/gate';
  for (const [verdict, expected] of [
    ['pass', ['done', 'running']],
    ['fail', ['paused', 'scheduled']],
  ] as const) {
    const desk = end(began(2, { gate: { ...gate, askUrl } }), 'done', 1, 2);
    t.same(states(desk), ['running', 'scheduled']);
    const about = { rollout: autumn, wave: 0, question: 1, detail: 'seen' };
    desk.take({ kind: 'check-answered', verdict, ...about });
    t.same(states(desk), expected, verdict);
  }
  t.end();
});

test('the soak between waves keeps no rollout from ending', (t) => {
  const desk = end(began(2, { gate: { ...gate, soak: minutes(60) } }), 'done', 1, 2);
  t.same(states(desk), ['done', 'running']);
  t.end();
});

test('what comes after a rollout and is late by its own start wakes nobody until that one has ended', (t) => {
  const winter = idOf('winter');
  const desk = smallFleet(2).do(
    { kind: 'rollout-create', input: rolloutOf({ gate }) },
    {
      kind: 'rollout-create',
      input: rolloutOf({ id: winter, gate, after: [autumn], startAt: after(10) }),
    },
    { kind: 'rollout-approve', rollout: autumn },
    { kind: 'rollout-approve', rollout: winter },
  );
  const next = () => {
    const rollout = desk.tables.rollouts.get('winter');
    return rollout && nextTimeOf(draftOf(desk.tables), rollout, desk.now);
  };
  t.equal(next(), after(10));
  desk.wait(11);
  t.equal(next(), undefined, 'its time has come, and it waits for another thing');
  end(desk, 'done', 1, 2);
  desk.wait(0);
  t.same(states(desk), ['done', 'running']);
  t.end();
});
