import { holdsSlot, isFinal, PHONE_PHASES } from '@ringwave/protocol/phases';
import type { ReportItem } from '@ringwave/protocol/messages';
import type { EpochMs, Id } from '@ringwave/protocol/units';
import { test } from 'tap';
import { emptyTables, type Work } from '../../../agent/core/state.ts';
import { isLost, WorkTable } from '../../../agent/core/work-table.ts';
import { Random } from '../../sim/random.ts';
import { Box, imageDigest, macOf, planOf, planPhone, stoneDigest, workOf } from './box.ts';

const FAULTS_ON_THE_WAY = [
  'phone-silent-after-restart',
  'download-stalled',
  'phone-never-asked',
  'phone-not-registered',
  'phone-came-back-old',
] as const;

test('what is kept of all works equals what is found by looking at each', (t) => {
  const random = new Random(1);
  const table = new WorkTable();
  for (let turn = 0; turn < 2000; turn += 1) {
    const number = random.whole(1, 12);
    if (random.chance(0.1)) table.delete(macOf(number));
    else table.set(macOf(number), anyWork(random, number));
    if (random.chance(0.01)) table.clear();
    const works = [...table.values()];
    const macs = (is: (work: Work) => boolean) => works.filter(is).map(({ mac }) => mac);
    const found = {
      down: macs((work) => holdsSlot(work.phase)),
      lost: macs(isLost),
      timed: macs((work) => work.deadlineAt !== undefined),
    };
    for (const [name, list] of Object.entries(found)) {
      const kept = [...table[name as keyof typeof found]].sort();
      if (String(kept) !== String(list.sort())) t.fail(`${name} at turn ${turn}`);
    }
    const ahead = works.flatMap((work) => (isFinal(work.phase) ? [] : work.hops.slice(work.hop)));
    if (String([...table.ahead.keys()].sort()) !== String([...new Set(ahead)].sort()))
      t.fail(`releases ahead at turn ${turn}`);
  }
  return t.end();
});

function anyWork(random: Random, number: number): Work {
  const hops = random.chance(0.5) ? ['target' as Id] : ['stone' as Id, 'target' as Id];
  return workOf(number, {
    phase: random.oneOf(PHONE_PHASES),
    hops,
    hop: random.whole(0, hops.length - 1),
    ...(random.chance(0.5) ? { deadlineAt: 5 as EpochMs } : {}),
    ...(random.chance(0.5) ? { fault: random.oneOf(FAULTS_ON_THE_WAY) } : {}),
    ...(random.chance(0.3) ? { woken: random.chance(0.5) } : {}),
    ...(random.chance(0.2) ? { backSince: 5 as EpochMs } : {}),
  });
}

/** What is told of each phone, in its order; which of two phones is told of first means nothing. */
const toldOf = (outbox: ReadonlyMap<string, ReportItem>): string[] =>
  [...outbox.values()]
    .map(({ seq: _seq, ...item }) => item)
    .sort((a, b) => ('mac' in a ? a.mac : '').localeCompare('mac' in b ? b.mac : ''))
    .map((item) => JSON.stringify(item));

test('a box that looks only at what has changed decides as one that looks at every phone each time', (t) => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const random = new Random(seed);
    // Tables that count no changes are looked at as a whole in every step.
    const plain = { ...emptyTables(), work: new Map(), images: new Map(), credentials: new Map() };
    const boxes = [new Box(), new Box(undefined, plain)] as const;
    const phones = Array.from({ length: 12 }, (_, nth) =>
      planPhone(nth + 1, {
        coverageGroup: nth % 2 ? 'floor' : 'hall',
        emergency: nth > 9,
        switch: `sw-${nth % 3}`,
        ...(nth < 4 ? { pair: nth < 2 ? 'door' : 'desk' } : {}),
        credentialGeneration: nth % 3,
        work: {
          rollout: nth % 2 ? 'autumn' : 'spring',
          hops: nth % 4 ? ['target'] : ['stone', 'target'],
          attemptsMax: 2,
          round: 1,
        },
      }),
    );
    const coverage = [{ id: 'floor', minUp: 4 }];
    let revision = 0;
    const newPlan = () => {
      const pausedRollouts = random.chance(0.3) ? [{ rollout: 'spring', reason: 'gate' }] : [];
      const some = phones.filter(() => random.chance(0.9));
      const atOnce = { phonesUpdatingMax: random.whole(1, 4), phonesPerSwitchMax: 2 };
      const restarts = random.chance(0.3) ? { restartsPerMinuteMax: 2 } : {};
      const limits = { coverage, ...atOnce, ...restarts, pausedRollouts };
      revision += 1;
      return planOf(some, { ...limits, revision });
    };
    const both = (act: (box: Box) => void) => boxes.forEach(act);
    const first = newPlan();
    both((box) => box.take({ kind: 'plan-came', plan: first }));
    for (let turn = 0; turn < 150; turn += 1) {
      const mac = macOf(random.whole(1, 12));
      const about = { mac, release: random.oneOf(['target', 'stone']) as Id, fileName: 'T46S.rom' };
      const version = random.oneOf(['66.85.0.5', '66.85.0.40', '66.86.0.15']);
      const next = newPlan();
      const lost = random.oneOf([imageDigest, stoneDigest]);
      const acts: ((box: Box) => void)[] = [
        (box) => box.asks(mac, version),
        (box) => box.take({ kind: 'image-began', ...about }),
        (box) => box.take({ kind: 'image-left', ...about, whole: true }),
        (box) => box.take({ kind: 'config-served', mac, generation: 0 }),
        (box) => box.hold(imageDigest, stoneDigest),
        (box) => box.wait(turn % 7),
      ];
      if (random.chance(0.05)) acts.push((box) => box.take({ kind: 'plan-came', plan: next }));
      if (random.chance(0.05)) acts.push((box) => box.take({ kind: 'image-lost', digest: lost }));
      both(random.oneOf(acts));
      const [kept, looked] = boxes.map(({ tables, effects }) =>
        JSON.stringify([[...tables.work], toldOf(tables.outbox), effects]),
      );
      if (kept !== looked) return t.equal(kept, looked, `seed ${seed}, turn ${turn}`);
      // It may look once too often, never too late.
      const [early, due] = boxes.map(({ wakeAt }) => wakeAt ?? Infinity);
      if ((early ?? 0) > (due ?? 0)) return t.fail(`seed ${seed}, turn ${turn} wakes too late`);
    }
  }
  return t.end();
});
