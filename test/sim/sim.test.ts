import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { Violation } from './invariants.ts';
import { simulate } from './run.ts';
import { type Faults, noFaults, type Plant } from './faults.ts';

const rough: Faults = {
  loss: 0.05,
  duplication: 0.05,
  crash: 0.002,
  delayMs: 20_000,
  partition: 0.02,
  oddPhones: 0.2,
  restore: 0.3,
};
const small = { sites: 3, phonesPerSite: 12, days: 2 };

test('without faults every phone of every site is done', async (t) => {
  const result = simulate(1, { ...small, faults: noFaults });
  t.equal(result.done, 36);
  t.equal(result.state, 'done');
});

test('the same seed gives the same trace, another seed another', async (t) => {
  const first = simulate(3, { ...small, faults: rough }).trace;
  t.equal(simulate(3, { ...small, faults: rough }).trace, first);
  t.not(simulate(4, { ...small, faults: rough }).trace, first);
});

test('seeds that once failed hold', async (t) => {
  const lines = readFileSync(join(import.meta.dirname, 'seeds.txt'), 'utf8').split('\n');
  for (const line of lines.filter((one) => /^\d/.test(one))) {
    const [seed, ...lesson] = line.split(/\s+/);
    t.doesNotThrow(() => simulate(Number(seed), { ...small, faults: rough }), lesson.join(' '));
  }
});

test('300 site-days of loss, doubling, delay, power cuts and cut lines break no invariant', async (t) => {
  let siteDays = 0;
  const began = performance.now();
  for (let seed = 1; siteDays < 300; seed += 1) {
    siteDays += simulate(seed, { ...small, faults: rough }).siteDays;
  }
  const seconds = (performance.now() - began) / 1000;
  t.comment(`${siteDays} site-days of 12 phones in ${seconds.toFixed(1)} s`);
  t.ok(siteDays >= 300);
});

/** Planted bugs: each must be found, or the checks above prove nothing. */
const PLANTS: Record<string, Plant> = {
  'an agent that thinks every hour is an opening': {
    agentEvent: (event) =>
      event.kind === 'plan-came'
        ? {
            ...event,
            plan: { ...event.plan, openings: [{ start: 0, end: event.plan.startUntil }] },
          }
        : event,
  },
  'an agent without a slot limit': {
    agentEvent: (event) =>
      event.kind === 'plan-came'
        ? { ...event, plan: { ...event.plan, phonesUpdatingMax: 100, coverage: [] } }
        : event,
  },
  'an agent that takes the answer to NOTIFY for an update': {
    agentStep: (step) => ({
      ...step,
      changes: step.changes.map((change) => {
        const work = change.value as { phase?: string; woken?: boolean } | undefined;
        return change.table === 'work' && work?.woken
          ? { ...change, value: { ...work, phase: 'done' } }
          : change;
      }),
    }),
  },
  'a controller that acknowledges what it did not keep': {
    controllerStep: (step) => ({
      ...step,
      changes: step.changes.filter(
        (change) => change.table !== 'progress' || step.effects.length < 1,
      ),
    }),
  },
  'an agent that forgets its outbox at an acknowledgement of anything': {
    agentEvent: (event) =>
      event.kind === 'acked' ? { ...event, ack: { ...event.ack, seq: event.ack.seq + 3 } } : event,
  },
};

for (const [name, plant] of Object.entries(PLANTS)) {
  test(`the checks find ${name} within ten seeds`, async (t) => {
    const found = Array.from({ length: 10 }, (_, place) => place + 1).some((seed) =>
      isFound(seed, plant),
    );
    t.ok(found);
  });
}

function isFound(seed: number, plant: Plant): boolean {
  try {
    simulate(seed, { ...small, faults: rough, plant });
    return false;
  } catch (error) {
    if (error instanceof Violation) return true;
    throw error;
  }
}
