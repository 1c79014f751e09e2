import type { Halt, Plan, PlanPhone } from '@ringwave/protocol/messages';
import { holdsSlot, isFinal, updateTakesUsually } from '@ringwave/protocol/phases';
import type { EpochMs } from '@ringwave/protocol/units';
import { test } from 'tap';
import { planIndex } from '../../../agent/core/plan-index.ts';
import {
  type Candidate,
  floorOf,
  outsideOpening,
  phoneBlock,
  siteBlock,
} from '../../../agent/core/queue.ts';
import type { Why, Work } from '../../../agent/core/state.ts';
import { isLost } from '../../../agent/core/work-table.ts';
import { Random } from '../../sim/random.ts';
import { after, Box, imageDigest, macOf, one, planOf, planPhone, workOf } from './box.ts';

const halt: Halt = { kind: 'halt', counter: 1, halted: true, reason: 'fire' };
const candidate = (
  number: number,
  work: Partial<Work> = {},
  phone: Partial<PlanPhone> = {},
): Candidate => ({ work: workOf(number, work), phone: planPhone(number, phone) });

const floor = (
  candidates: readonly Candidate[],
  own: Partial<Plan> = {},
  starts: EpochMs[] = [],
) => {
  const plan = planOf(
    candidates.map((it) => it.phone),
    own,
  );
  const down = candidates.filter((it) => holdsSlot(it.work.phase));
  const isWaiting = (it: Candidate) => !holdsSlot(it.work.phase) && !isFinal(it.work.phase);
  return floorOf({
    plan,
    down: down.map(({ work, phone }) => ({ work, place: phone })),
    lost: candidates.filter((it) => isLost(it.work)).map((it) => it.phone),
    waiting: () => candidates.filter(isWaiting),
    starts,
  });
};

test('nothing is started outside an opening, too late in one, halted, or on a wrong clock', (t) => {
  const said = (
    at: EpochMs,
    from: { halt?: Halt; clockWrong?: boolean; plan?: Partial<Plan> } = {},
  ): Why | undefined => {
    const plan = planOf([], from.plan);
    const site = { plan, halt: from.halt, clockWrong: from.clockWrong ?? false };
    return siteBlock(site, at) ?? outsideOpening(plan, { phone: planPhone(1) }, at);
  };
  t.equal(said(one), undefined, 'at the first instant of an opening');
  t.same(said(after(-1)), {
    reason: 'Outside the reboot window',
    waitingFor: 'opening',
    nextAttemptAt: one,
  });
  const latest = (after(120) - updateTakesUsually) as EpochMs;
  t.equal(said(latest), undefined, 'the latest safe start is 15 minutes before the end');
  t.same(said((latest + 1) as EpochMs), {
    reason: 'Too late in this opening to finish',
    waitingFor: 'opening',
    nextAttemptAt: after(24 * 60),
  });
  t.match(said(after(120)), { reason: 'Outside the reboot window' }, 'the end belongs to nobody');
  t.match(said(one, { halt }), { waitingFor: 'person', reason: 'All sites are stopped: fire' });
  t.equal(
    said(one, { halt: { ...halt, halted: false } }),
    undefined,
    'a lifted halt stops nothing',
  );
  t.match(said(one, { clockWrong: true }), { waitingFor: 'clock' });
  t.match(said(one, { plan: { startUntil: one } }), { waitingFor: 'plan' }, 'the lease is over');
  t.match(said(after(-1), { plan: { openings: [] } }), { waitingFor: 'plan', nextAttemptAt: null });
  t.end();
});

test('what keeps one phone waiting is named, with what it waits for and until when', (t) => {
  const down = (number: number, phone: Partial<PlanPhone> = {}) =>
    candidate(number, { phase: 'downloading', deadlineAt: after(9) }, phone);
  const on = (group: string) => ({ coverageGroup: group });
  const emergency = { emergency: true };
  const cases: readonly [string, Candidate, Candidate[], Partial<Plan>, object | undefined][] = [
    ['a free site', candidate(1), [], {}, undefined],
    [
      'its rollout is paused',
      candidate(1),
      [],
      { pausedRollouts: [{ rollout: 'autumn', reason: 'by gate' }] },
      { waitingFor: 'person', reason: 'Rollout paused: by gate' },
    ],
    [
      'another rollout is paused',
      candidate(1),
      [],
      { pausedRollouts: [{ rollout: 'x', reason: '' }] },
      undefined,
    ],
    [
      'its retry is not due',
      candidate(1, { retryAt: after(1) }),
      [],
      {},
      { nextAttemptAt: after(1) },
    ],
    ['its retry is due', candidate(1, { retryAt: one }), [], {}, undefined],
    [
      'the site has its share down',
      candidate(1),
      [down(2), down(3)],
      { phonesUpdatingMax: 2 },
      { waitingFor: 'slot', reason: 'The site updates 2 phones at once', nextAttemptAt: after(9) },
    ],
    [
      'its floor would fall below its number',
      candidate(1, {}, on('floor')),
      [down(2, on('floor')), candidate(3, {}, on('floor'))],
      { coverage: [{ id: 'floor', minUp: 2 }] },
      { waitingFor: 'coverage' },
    ],
    [
      'its floor needs every phone that it has',
      candidate(1, {}, on('floor')),
      [down(2, on('floor')), down(3), down(4)],
      { coverage: [{ id: 'floor', minUp: 2 }], phonesUpdatingMax: 3 },
      { waitingFor: 'person', nextAttemptAt: null },
    ],
    [
      'its floor keeps its number',
      candidate(1, {}, on('floor')),
      [candidate(2, {}, on('floor')), candidate(3, {}, on('floor'))],
      { coverage: [{ id: 'floor', minUp: 2 }] },
      undefined,
    ],
    [
      'another floor is thin',
      candidate(1, {}, on('floor')),
      [down(2, on('hall')), candidate(3, {}, on('floor'))],
      {
        coverage: [
          { id: 'floor', minUp: 1 },
          { id: 'hall', minUp: 1 },
        ],
      },
      undefined,
    ],
    [
      'a phone of its floor never came back',
      candidate(1, {}, on('floor')),
      [candidate(2, { phase: 'failed', fault: 'phone-silent-after-restart' }, on('floor'))],
      { coverage: [{ id: 'floor', minUp: 1 }] },
      { waitingFor: 'coverage' },
    ],
    [
      'an emergency phone while an ordinary one waits',
      candidate(1, {}, emergency),
      [candidate(2, { phase: 'held' })],
      {},
      { waitingFor: 'slot', reason: 'Emergency phone: last, and one at a time' },
    ],
    [
      'an emergency phone when all ordinary ones have ended',
      candidate(1, {}, emergency),
      [candidate(2, { phase: 'done' }), candidate(3, { phase: 'failed' })],
      {},
      undefined,
    ],
    [
      'an emergency phone while another is down',
      candidate(1, {}, emergency),
      [down(2, emergency)],
      {},
      { waitingFor: 'slot', nextAttemptAt: after(9) },
    ],
    [
      'an ordinary phone while an emergency phone is down',
      candidate(1),
      [down(2, emergency)],
      {},
      { waitingFor: 'slot', reason: 'An emergency phone is being updated, alone' },
    ],
  ];
  for (const [name, asked, others, plan, expected] of cases) {
    const block = phoneBlock(floor([asked, ...others], plan), asked, one);
    if (expected) t.match(block, expected, name);
    else t.equal(block, undefined, name);
  }
  t.end();
});

test('the order depends on rollout and phone alone, and emergency phones come last', (t) => {
  const all = [1, 2, 3, 4, 5, 6, 7, 8].map((it) => planPhone(it, { emergency: it < 3 }));
  const order = (phones: readonly PlanPhone[]) =>
    planIndex(planOf(phones)).inOrder.map(({ mac }) => mac);
  t.same(order(all), order([...all].reverse()));
  t.same(order(all).slice(-2).sort(), [macOf(1), macOf(2)]);
  const spring = { rollout: 'spring', hops: ['target'], attemptsMax: 3, round: 1 };
  t.notSame(
    order(all.map((it) => ({ ...it, work: spring }))),
    order(all),
    'another begins elsewhere',
  );
  t.end();
});

test('however phones behave, no opening, share or floor is ever overrun, and all phones get their turn', (t) => {
  for (let seed = 1; seed <= 12; seed += 1) {
    const random = new Random(seed);
    const phones = Array.from({ length: 10 }, (_, nth) =>
      planPhone(nth + 1, { coverageGroup: nth % 2 ? 'floor' : 'hall', emergency: nth === 9 }),
    );
    const coverage = [
      { id: 'floor', minUp: 3 },
      { id: 'hall', minUp: 4 },
    ];
    const plan = planOf(phones, { coverage, phonesUpdatingMax: 2 });
    const box = new Box().take({ kind: 'plan-came', plan }).hold(imageDigest);
    for (const { mac } of phones) box.asks(mac as Work['mac'], '66.85.0.5');
    for (let minute = 0; minute < 120; minute += 1) {
      box.wait(1);
      for (const work of box.tables.work.values()) if (random.chance(0.6)) answer(box, work);
      const down = [...box.tables.work.values()].filter((work) => holdsSlot(work.phase));
      const on = (group: string) =>
        down.filter((work) => phones.find((it) => it.mac === work.mac)?.coverageGroup === group)
          .length;
      if (down.length > 2 || on('floor') > 2 || on('hall') > 1)
        t.fail(`seed ${seed}: ${down.length} down`);
      const isEmergencyDown = down.some((work) => work.mac === macOf(10));
      if (isEmergencyDown && down.length > 1) t.fail(`seed ${seed}: not alone`);
    }
    const open = [...box.tables.work.values()].filter((work) => work.phase !== 'done');
    t.same(
      open.map((work) => [work.mac, work.phase]),
      [],
      `seed ${seed}: all done`,
    );
  }
  t.end();
});

/** The next thing a healthy phone does. */
function answer(box: Box, work: Work): void {
  const about = { mac: work.mac, release: 'target' as Work['rollout'], fileName: 'T46S.rom' };
  if (work.phase === 'offered') box.take({ kind: 'image-began', ...about });
  else if (work.phase === 'downloading') box.take({ kind: 'image-left', ...about, whole: true });
  else if (work.phase === 'rebooting') box.asks(work.mac, '66.86.0.15');
  else if (work.phase === 'verifying')
    box.take({ kind: 'config-served', mac: work.mac, generation: 0 });
}
