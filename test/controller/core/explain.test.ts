import { minutes } from '@ringwave/protocol/units';
import { test } from 'tap';
import { explainPhone } from '../../../controller/core/explain.ts';
import type { Gate } from '../../../controller/core/state.ts';
import { after, type Desk, idOf, macOf, rolloutOf, smallFleet } from './desk.ts';

const lisbon = idOf('lisbon');
const autumn = idOf('autumn');

function told(desk: Desk, number: number) {
  const phone = desk.tables.phones.get(macOf(number));
  const [first] = phone ? explainPhone(desk.tables, phone, desk.now) : [];
  if (!first) throw new Error('no rollout');
  const { reason, waitingFor, nextAttemptAt, fault, advice } = first;
  return { reason, waitingFor, nextAttemptAt, fault, advice };
}

/** The first phone is the canary; the openings are long. */
const began = (own: Partial<Gate> = {}): Desk =>
  smallFleet(3).do(
    {
      kind: 'rollout-create',
      input: rolloutOf({
        waves: [{ name: 'canary', macs: [macOf(1)], gate: own }, { name: 'rest' }],
        gate: { successMin: 0.9, failuresMax: 1, minSample: 1, soak: minutes(60) },
      }),
    },
    { kind: 'rollout-approve', rollout: autumn },
  );

test('a phone of a later wave is told until when the wave before soaks, and is tried no earlier', (t) => {
  const desk = began();
  t.match(told(desk, 2), {
    reason: 'Wave rest opens when canary has passed its gate',
    nextAttemptAt: after(60),
  });
  desk.wait(1).ended(lisbon, 1, 'done').wait(50);
  t.match(told(desk, 2), {
    reason:
      'Wave rest opens when canary has passed its gate, which soaks until 2026-03-02 02:01 UTC',
    nextAttemptAt: after(61),
  });
  t.equal(told(began({ soak: minutes(0) }), 2).nextAttemptAt, after(0), 'by its own gate');
  const asked = began({ soak: minutes(0), askPerson: true }).ended(lisbon, 1, 'done');
  t.match(told(asked, 2), {
    reason: 'Wave rest opens when a person lets canary pass',
    waitingFor: 'person',
    nextAttemptAt: null,
  });
  t.end();
});

test('a pause and a stop of all sites are the reason of all that wait, whoever is connected', (t) => {
  const desk = began().wait(30);
  t.match(told(desk, 1), { waitingFor: 'agent' });
  const stopped = { waitingFor: 'person', nextAttemptAt: null };
  desk.do({ kind: 'rollout-pause', rollout: autumn, reason: 'lunch' });
  for (const number of [1, 2])
    t.match(told(desk, number), { ...stopped, reason: 'Paused by person: lunch' });
  desk.do({ kind: 'rollout-resume', rollout: autumn });
  desk.do({ kind: 'halt', halted: true, reason: 'storm' });
  for (const number of [1, 2])
    t.match(told(desk, number), { ...stopped, reason: 'All sites are halted: storm' });
  t.end();
});

test('the fault of the last try and its advice are told while they are what is waited for', (t) => {
  const desk = began();
  desk.hears(lisbon, {
    kind: 'phone-moved',
    at: desk.now,
    mac: macOf(1),
    rollout: 'autumn',
    revision: 1,
    attempt: 1,
    phase: 'held',
    fault: 'phone-in-call',
    waiting: {
      reason: 'The phone is in a call',
      waitingFor: 'call',
      attempt: 1,
      attemptsMax: 3,
      nextAttemptAt: after(5),
    },
  });
  t.match(told(desk, 1), { reason: /^The phone is in a call/, fault: 'phone-in-call' });
  t.match(told(desk, 1).advice, /asked again when the call/);
  desk.do({ kind: 'rollout-pause', rollout: autumn, reason: 'lunch' });
  t.match(told(desk, 1), { reason: 'Paused by person: lunch', fault: undefined });
  t.equal(told(desk, 1).advice, undefined);
  t.end();
});
