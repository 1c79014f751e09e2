import { CLASS_RULES, classOf, FAULTS, type FaultCode } from '@ringwave/protocol/faults';
import type { Plan } from '@ringwave/protocol/messages';
import { isFinal, PHONE_PHASES, type PhonePhase } from '@ringwave/protocol/phases';
import { type Id, type Mac, minutes } from '@ringwave/protocol/units';
import { test } from 'tap';
import {
  afterFailure,
  type Cause,
  callPause,
  downloadStallMax,
  moved,
  NEXT,
  offerTakesMax,
  restartTakesMax,
  retryPauseMax,
  retryPauseMin,
  settleTakesMax,
} from '../../../agent/core/phone-update.ts';
import type { AgentEvent, Work } from '../../../agent/core/state.ts';
import type { WorkTable } from '../../../agent/core/work-table.ts';
import { Random } from '../../sim/random.ts';
import {
  after,
  Box,
  imageDigest,
  macOf,
  one,
  planOf,
  planPhone,
  stoneDigest,
  workOf,
} from './box.ts';

const CAUSES: readonly Cause[] = [
  'image-held',
  'image-lost',
  'slot',
  'wake-busy',
  'wake-refused',
  'wake-login-refused',
  'wake-silent',
  'image-began',
  'image-taken',
  'target-seen',
  'settled',
  'registered',
  'unregistered',
  'old-seen',
  'newer-seen',
  'deadline',
];

/** What is left out means "not now". */
const EXPECTED: Record<PhonePhase, string> = {
  waiting: 'image-held=staged target-seen=done settled=done',
  scheduled: 'image-held=staged target-seen=done settled=done newer-seen=skipped',
  staged: 'image-lost=scheduled slot=offered target-seen=done settled=done newer-seen=skipped',
  held: 'image-lost=scheduled slot=offered target-seen=done settled=done registered=done unregistered=again newer-seen=skipped',
  offered:
    'wake-busy=held wake-refused=again wake-login-refused=again wake-silent=again image-began=downloading target-seen=verifying settled=done newer-seen=skipped deadline=again',
  downloading:
    'image-began=downloading image-taken=rebooting target-seen=verifying settled=done deadline=again',
  rebooting: 'target-seen=verifying settled=done old-seen=again deadline=again',
  verifying: 'settled=done registered=done unregistered=again deadline=done',
  failed: 'target-seen=done settled=done registered=done',
  'rolled-back': 'target-seen=done settled=done',
  unreachable: 'target-seen=done settled=done',
  skipped: 'target-seen=done settled=done',
  done: '',
};

test('every cell of the machine is as written here, and an empty one moves nothing', (t) => {
  for (const phase of PHONE_PHASES) {
    const cells = CAUSES.flatMap((cause) => {
      const next = NEXT[phase][cause];
      return next ? [`${cause}=${next}`] : [];
    });
    t.equal(cells.join(' '), EXPECTED[phase], phase);
    const work = workOf(1, { phase });
    const dead = CAUSES.filter((cause) => !NEXT[phase][cause] && moved(work, cause, one));
    t.same(dead, [], `${phase}: late and doubled causes mean nothing`);
  }
  t.end();
});

test('each phase in which a phone may be down has its own time limit', (t) => {
  const limits: readonly [Work, Cause, number][] = [
    [workOf(1), 'slot', offerTakesMax],
    [workOf(1, { phase: 'offered' }), 'image-began', downloadStallMax],
    [workOf(1, { phase: 'downloading' }), 'image-began', downloadStallMax],
    [workOf(1, { phase: 'downloading' }), 'image-taken', restartTakesMax],
    [workOf(1, { phase: 'rebooting' }), 'target-seen', settleTakesMax],
  ];
  for (const [work, cause, limit] of limits) {
    const next = moved(work, cause, after(3));
    t.equal(next?.deadlineAt, after(3) + limit, `${work.phase}, ${cause}`);
    t.equal(next?.why.nextAttemptAt, next?.deadlineAt, 'and says so');
  }
  t.end();
});

test('what ends a start names its fault, and the last one ends the work', (t) => {
  const ends: readonly [PhonePhase, Cause, FaultCode, PhonePhase][] = [
    ['offered', 'deadline', 'phone-never-asked', 'unreachable'],
    ['offered', 'wake-silent', 'phone-never-asked', 'unreachable'],
    ['offered', 'wake-refused', 'phone-refused-wake', 'failed'],
    ['offered', 'wake-login-refused', 'phone-login-refused', 'failed'],
    ['downloading', 'deadline', 'download-stalled', 'failed'],
    ['rebooting', 'deadline', 'phone-silent-after-restart', 'failed'],
    ['rebooting', 'old-seen', 'phone-came-back-old', 'rolled-back'],
  ];
  for (const [phase, cause, fault, last] of ends) {
    const isFree = CLASS_RULES[classOf(fault)].freeTriesMax > 0;
    const first = moved(workOf(1, { phase, deadlineAt: one }), cause, one);
    const failures = isFree ? 0 : 1;
    t.match(first, { phase: 'held', failures, fault }, `${phase}, ${cause}: once`);
    t.notOk(first?.deadlineAt, 'no time limit stays behind');
    const free = { [classOf(fault)]: CLASS_RULES[classOf(fault)].freeTriesMax };
    const third = moved(workOf(1, { phase, failures: 2, free }), cause, one);
    t.match(third, { phase: last, failures: 3, fault }, `${phase}, ${cause}: for the last time`);
    t.notOk(third?.retryAt, 'nothing is tried after the end');
  }
  const never = afterFailure(workOf(1), 'phone-refused-image', one);
  t.match(
    never,
    { phase: 'failed', failures: 1 },
    'a fault that no retry can mend ends it at once',
  );
  t.end();
});

test('pauses double from two to thirty minutes, spread by a quarter each way and the same each time', (t) => {
  const wholes = [2, 4, 8, 16, 30, 30].map((many) => minutes(many));
  for (const [place, whole] of wholes.entries()) {
    const work = workOf(1, { phase: 'offered', failures: place, attemptsMax: 10 });
    const wait = (moved(work, 'deadline', one)?.retryAt ?? 0) - one;
    t.ok(wait >= whole * 0.75 && wait <= whole * 1.25, `after failure ${place + 1}: ${wait} ms`);
    t.equal((moved(work, 'deadline', one)?.retryAt ?? 0) - one, wait);
  }
  t.same([retryPauseMin, retryPauseMax], [minutes(2), minutes(30)]);
  t.end();
});

test('a line that breaks costs no attempt until it has broken as often as its class allows', (t) => {
  let work = workOf(1, { phase: 'downloading', attemptsMax: 2 });
  const most = CLASS_RULES.transport.freeTriesMax;
  for (let nth = 1; nth <= most; nth += 1) {
    const next = moved(work, 'deadline', one);
    t.match(next, { phase: 'held', failures: 0, free: { transport: nth } });
    work = { ...(next ?? work), phase: 'downloading' };
  }
  const costs = moved(work, 'deadline', one);
  t.match(costs, { phase: 'held', failures: 1 });
  t.match(moved({ ...(costs ?? work), phase: 'downloading' }, 'deadline', one), {
    phase: 'failed',
  });
  t.end();
});

test('a phone that breaks its image off, is up as before and asks no more has refused it; one that begins again has not', (t) => {
  const about = { mac: macOf(1), release: 'target' as Id, fileName: 'T46S.rom' };
  const begun = () => {
    const box = new Box().take({ kind: 'plan-came', plan: planOf([planPhone(1)]) });
    return box
      .asks(macOf(1), '66.85.0.5')
      .hold(imageDigest)
      .take({ kind: 'image-began', ...about });
  };
  const left = (brokenOff?: 'by-error' | 'early') => ({
    kind: 'image-left' as const,
    ...about,
    whole: false,
    ...(brokenOff ? { brokenOff } : {}),
  });
  const ends = (box: Box) => box.wait(6).tables.work.get(macOf(1));
  const refused = { phase: 'failed', fault: 'phone-refused-image' };
  const stalled = { phase: 'held', fault: 'download-stalled' };
  t.match(ends(begun().take(left('by-error'))), refused, 'it said so');
  t.match(ends(begun().take(left('early')).asks(macOf(1), '66.85.0.5')), refused, 'read and left');
  t.match(ends(begun().take(left('early'))), stalled, 'it may have lost its line');
  t.match(ends(begun().take(left())), stalled, 'we ended it');
  const again = begun()
    .take(left('by-error'))
    .wait(1)
    .take({ kind: 'image-began', ...about });
  t.match(ends(again), stalled, 'it began again');
  t.end();
});

test('a call costs no attempt', (t) => {
  const busy = moved(workOf(1, { phase: 'offered', failures: 2 }), 'wake-busy', one);
  t.match(busy, { phase: 'held', failures: 2, fault: 'phone-in-call' });
  t.equal(busy?.retryAt, one + callPause);
  t.same(busy?.why, { reason: 'In a call', waitingFor: 'call', nextAttemptAt: one + callPause });
  t.end();
});

test('whatever comes in whatever order, an end stays an end until the phone proves otherwise', (t) => {
  const random = new Random(2026);
  for (let story = 0; story < 200; story += 1) {
    let work = workOf(1, { hops: ['stone' as Id, 'target' as Id] });
    for (let step = 0; step < 60; step += 1) {
      const cause = random.oneOf(CAUSES);
      const next = moved(work, cause, after(step));
      if (!next) continue;
      const isProof = ['target-seen', 'settled', 'registered'].includes(cause);
      if (isFinal(work.phase) && !(isProof && next.phase === 'done'))
        t.fail(`${work.phase} → ${next.phase}`);
      if (next.starts < work.starts || next.hop < work.hop) t.fail('counts never fall');
      if (next.failures > next.attemptsMax) t.fail('more failures than attempts');
      work = next;
    }
  }
  t.pass('200 stories of 60 causes');
  t.end();
});

test('a phone goes hop by hop and is done only by its own word after the last', (t) => {
  const phone = planPhone(1, {
    work: { rollout: 'autumn', hops: ['stone', 'target'], attemptsMax: 3, round: 1 },
  });
  const box = new Box(after(-10)).take({ kind: 'plan-came', plan: planOf([phone]) });
  box.asks(macOf(1), '66.85.0.5').hold(stoneDigest, imageDigest);
  t.equal(box.phase(macOf(1)), 'staged', 'before the opening');
  const update = (image: string, release: string, version: string) => {
    const about = { mac: macOf(1), release: release as Work['rollout'], fileName: image };
    box.take({ kind: 'image-began', ...about });
    t.equal(box.phase(macOf(1)), 'downloading');
    box.take({ kind: 'image-left', ...about, whole: false });
    t.equal(box.phase(macOf(1)), 'downloading', 'a broken transfer is none');
    box.take({ kind: 'image-left', ...about, whole: true });
    t.equal(box.phase(macOf(1)), 'rebooting', 'the last byte is no proof');
    box.wait(4).asks(macOf(1), version);
    t.equal(box.phase(macOf(1)), 'verifying');
    box.take({ kind: 'config-served', mac: macOf(1), generation: 0 });
  };
  box.take({ kind: 'woke' }, one);
  t.match(box.effects, [{ kind: 'wake-phone', mac: macOf(1), start: 1 }]);
  update('T46S-stone.rom', 'stone', '66.85.0.40');
  t.match(
    box.tables.work.get(macOf(1)),
    { hop: 1, phase: 'offered', starts: 2 },
    'the next hop begins',
  );
  update('T46S.rom', 'target', '66.86.0.15');
  t.equal(box.phase(macOf(1)), 'done');
  t.end();
});

test('a phone that was given up and then shows a version on its way has not arrived', (t) => {
  const hops = ['stone' as Id, 'target' as Id];
  const ends = ['failed', 'rolled-back', 'unreachable', 'skipped'] as const;
  for (const phase of ends) {
    for (const cause of ['target-seen', 'registered'] as const) {
      t.equal(moved(workOf(1, { phase, hops, hop: 0 }), cause, one), undefined, phase);
    }
    const atLast = moved(workOf(1, { phase, hops, hop: 1 }), 'target-seen', one);
    t.match(atLast, { phase: 'done' }, phase);
  }
  const work = { rollout: 'autumn', hops: ['stone', 'target'], attemptsMax: 3, round: 1 };
  const plan = planOf([planPhone(1, { work })]);
  const box = new Box().take({ kind: 'plan-came', plan });
  box.with((draft) => {
    const silent = { phase: 'failed', fault: 'phone-silent-after-restart', failures: 3 } as const;
    draft.work.put(macOf(1), workOf(1, { ...silent, hops }));
  });
  t.equal(box.asks(macOf(1), '66.85.0.40').phase(macOf(1)), 'failed', 'it stands on the stone');
  t.match(box.tables.work.get(macOf(1))?.why.reason, /^Came back after all/);
  t.equal(box.tables.missing.size, 0, 'and is down no longer');
  t.same([...(box.tables.work as WorkTable).lost], []);
  t.equal(box.asks(macOf(1), '66.86.0.15').phase(macOf(1)), 'done', 'and now on the target');
  box.asks(macOf(1), '66.85.0.40');
  const again = planOf([planPhone(1, { work: { ...work, round: 2 } })], { revision: 2 });
  t.match(
    box.take({ kind: 'plan-came', plan: again }).tables.work.get(macOf(1)),
    { hop: 1, round: 2 },
    'tried again, it goes on from the stone',
  );
  t.end();
});

test('a phone that registers late on its way is not done, and is told to be tried again', (t) => {
  const work = { rollout: 'autumn', hops: ['stone', 'target'], attemptsMax: 3, round: 1 };
  const plan = planOf([planPhone(1, { work })], { registrationProves: true });
  const box = new Box().take({ kind: 'plan-came', plan });
  box.asks(macOf(1), '66.85.0.5').hold(stoneDigest, imageDigest);
  const about = { mac: macOf(1), release: 'stone' as Id, fileName: 'T46S-stone.rom' };
  box.take({ kind: 'image-began', ...about }).take({ kind: 'image-left', ...about, whole: true });
  box.wait(4).asks(macOf(1), '66.85.0.40');
  box.take({ kind: 'config-served', mac: macOf(1), generation: 0 }).wait(5);
  const failed = {
    phase: 'failed',
    fault: 'phone-not-registered',
    why: { reason: /on its way.*Try it again once it is registered/ },
  };
  t.match(box.tables.work.get(macOf(1)), failed);
  const address = '10.0.0.7';
  box.take({ kind: 'registration-seen', mac: macOf(1), source: 'kamailio', address });
  t.match(box.tables.work.get(macOf(1)), {
    ...failed,
    why: { reason: 'Registers after all, with a version on its way. Try it again.' },
  });
  t.end();
});

test('a phone that is tried again before it registers stays where it is, and one that goes on by itself and registers is done', (t) => {
  const work = { rollout: 'autumn', hops: ['stone', 'target'], attemptsMax: 3, round: 1 };
  const planned = (own: object, revision: number) =>
    planOf([planPhone(1, { work: { ...work, ...own } })], { revision, registrationProves: true });
  const unregistered = { phase: 'failed', fault: 'phone-not-registered', failures: 1 } as const;
  const boxAt = (hop: number, version: string) => {
    const box = new Box().take({ kind: 'plan-came', plan: planned({}, 1) }).asks(macOf(1), version);
    const hops = work.hops as Id[];
    box.with((draft) => draft.work.put(macOf(1), workOf(1, { ...unregistered, hops, hop })));
    return box;
  };
  const address = '10.0.0.7';
  const registers = {
    kind: 'registration-seen',
    mac: macOf(1),
    source: 'kamailio',
    address,
  } as const;
  const again = boxAt(1, '66.86.0.15').take({ kind: 'plan-came', plan: planned({ round: 2 }, 2) });
  t.match(again.tables.work.get(macOf(1)), { phase: 'failed', fault: 'phone-not-registered' });
  t.equal(again.take(registers).phase(macOf(1)), 'done');
  const onward = boxAt(0, '66.85.0.40').take(registers).asks(macOf(1), '66.86.0.15');
  t.match(onward.tables.work.get(macOf(1)), { phase: 'failed', hop: 1 });
  t.equal(onward.take(registers).phase(macOf(1)), 'done');
  t.end();
});

test('a phone on a stepping stone begins its next hop only when it is tried again after it registered', (t) => {
  const hops = ['stone', 'target'] as Id[];
  const planned = (round: number) => {
    const work = { rollout: 'autumn', hops, attemptsMax: 3, round };
    return planOf([planPhone(1, { work })], { revision: round, registrationProves: true });
  };
  const retry = (round: number) => ({ kind: 'plan-came', plan: planned(round) }) as const;
  const box = new Box().take(retry(1)).asks(macOf(1), '66.85.0.40').hold(stoneDigest, imageDigest);
  const unregistered = { phase: 'failed', fault: 'phone-not-registered', failures: 1 } as const;
  box.with((draft) => draft.work.put(macOf(1), workOf(1, { ...unregistered, hops })));
  t.match(box.take(retry(2)).tables.work.get(macOf(1)), { ...unregistered, hop: 0, round: 2 });
  const why = { reason: /shows a version on its way. Try it again once it is registered/ };
  t.match(box.wait(1).tables.work.get(macOf(1)), { phase: 'failed', starts: 0, why });
  const address = '10.0.0.7';
  box.take({ kind: 'registration-seen', mac: macOf(1), source: 'kamailio', address });
  t.equal(box.phase(macOf(1)), 'failed', 'its partners have gone on without it');
  t.match(box.take(retry(3)).tables.work.get(macOf(1)), { phase: 'offered', hop: 1, failures: 0 });
  t.end();
});

test('a phone that registered on a stepping stone and went on by itself has to register again', (t) => {
  const hops = ['stone', 'target'] as Id[];
  const work = { rollout: 'autumn', hops, attemptsMax: 3, round: 1 };
  const plan = planOf([planPhone(1, { work })], { registrationProves: true });
  const box = new Box().take({ kind: 'plan-came', plan }).asks(macOf(1), '66.85.0.40');
  const unregistered = { phase: 'failed', fault: 'phone-not-registered', failures: 1 } as const;
  box.with((draft) => draft.work.put(macOf(1), workOf(1, { ...unregistered, hops })));
  const address = '10.0.0.7';
  box.take({ kind: 'registration-seen', mac: macOf(1), source: 'kamailio', address });
  box.asks(macOf(1), '66.86.0.15');
  const again = { ...work, round: 2 };
  const next = planOf([planPhone(1, { work: again })], { revision: 2, registrationProves: true });
  const told = box.take({ kind: 'plan-came', plan: next }).tables.work.get(macOf(1));
  t.match(told, { ...unregistered, hop: 1, round: 2 });
  t.end();
});

test('a phone that was given up on its way and is known to run the target is done by its next plan', (t) => {
  const hops = ['stone' as Id, 'target' as Id];
  const work = { rollout: 'autumn', hops: [...hops], attemptsMax: 3, round: 1 };
  const box = new Box().take({ kind: 'plan-came', plan: planOf([planPhone(1, { work })]) });
  box.with((draft) => draft.work.put(macOf(1), workOf(1, { phase: 'unreachable', hops })));
  const lastSeen = { version: '66.86.0.15', address: '10.0.0.7', at: box.now };
  const plan = planOf([planPhone(1, { work, lastSeen })], { revision: 2 });
  t.equal(box.take({ kind: 'plan-came', plan }).phase(macOf(1)), 'done');
  t.end();
});

test('a phone that restarts too late and old is known to be back, so that it is no longer counted as down', (t) => {
  const coverage = [{ id: 'floor', minUp: 1 }];
  const phones = [
    planPhone(1, { coverageGroup: 'floor' }),
    planPhone(2, { coverageGroup: 'floor' }),
  ];
  const box = new Box().take({ kind: 'plan-came', plan: planOf(phones, { coverage }) });
  box.with((draft) => {
    const silent = { phase: 'failed', fault: 'phone-silent-after-restart', failures: 3 } as const;
    draft.work.put(macOf(1), workOf(1, silent));
  });
  box.asks(macOf(2), '66.85.0.5').hold(imageDigest);
  t.match(box.tables.work.get(macOf(2)), { phase: 'held', why: { waitingFor: 'coverage' } });
  box.wait(5).asks(macOf(1), '66.85.0.5');
  t.match(box.tables.work.get(macOf(1)), { phase: 'rolled-back', fault: 'phone-came-back-old' });
  t.equal(box.phase(macOf(2)), 'offered', 'the floor has a phone again');
  t.equal(FAULTS['phone-came-back-old'].retry, 'next-opening');
  t.end();
});

test('where the registrar proves, done waits for a registration after the restart, and silence fails the phone', (t) => {
  const about = { mac: macOf(1), release: 'target' as Id, fileName: 'T46S.rom' };
  const seen = {
    kind: 'registration-seen',
    mac: macOf(1),
    source: 'kamailio',
    address: '10.0.0.7',
  };
  const restarted = (own: Partial<Plan>) => {
    const box = new Box().take({ kind: 'plan-came', plan: planOf([planPhone(1)], own) });
    box
      .asks(macOf(1), '66.85.0.5')
      .hold(imageDigest)
      .take(seen as AgentEvent);
    box.take({ kind: 'image-began', ...about }).take({ kind: 'image-left', ...about, whole: true });
    box.wait(4).asks(macOf(1), '66.86.0.15');
    return box.take({ kind: 'config-served', mac: macOf(1), generation: 0 });
  };
  t.equal(restarted({}).phase(macOf(1)), 'done', 'elsewhere its own word is enough');
  const proven = restarted({ registrationProves: true });
  t.match(proven.tables.work.get(macOf(1)), {
    phase: 'verifying',
    why: { reason: 'Shows the new version; is not registered again yet' },
  });
  proven.take({
    kind: 'plan-came',
    plan: planOf([planPhone(1)], { revision: 2, registrationProves: true }),
  });
  t.equal(proven.phase(macOf(1)), 'verifying', 'a new plan proves nothing');
  t.equal(
    proven
      .wait(1)
      .take(seen as AgentEvent)
      .phase(macOf(1)),
    'done',
  );
  const silent = restarted({ registrationProves: true }).wait(5);
  t.match(silent.tables.work.get(macOf(1)), { phase: 'failed', fault: 'phone-not-registered' });
  t.equal(silent.asks(macOf(1), '66.86.0.15').phase(macOf(1)), 'failed', 'its word is not enough');
  t.equal(silent.take(seen as AgentEvent).phase(macOf(1)), 'done', 'proof beats the clock');
  t.end();
});

test('a phone whose image trickles without an end keeps its slot for an hour and a half, and no longer', (t) => {
  const plan = planOf([planPhone(1), planPhone(2)], { phonesUpdatingMax: 1 });
  const box = new Box().take({ kind: 'plan-came', plan });
  for (const number of [1, 2]) box.asks(macOf(number), '66.85.0.5');
  box.hold(imageDigest);
  const [first, second] = [1, 2].map(macOf).sort((a) => (box.phase(a) === 'offered' ? -1 : 1)) as [
    Mac,
    Mac,
  ];
  const about = { mac: first, release: 'target' as Id, fileName: 'T46S.rom' };
  for (let took = 0; took < 92; took += 4) {
    t.equal(box.phase(second), 'staged');
    box.take({ kind: 'image-began', ...about }).wait(4);
  }
  t.match(box.tables.work.get(first), { phase: 'held', fault: 'download-stalled' });
  t.equal(box.phase(second), 'offered', 'its slot is another’s');
  t.end();
});
