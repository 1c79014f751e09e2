import type { Plan, PlanPhone } from '@ringwave/protocol/messages';
import { holdsSlot } from '@ringwave/protocol/phases';
import { type Id, type Mac, minutes } from '@ringwave/protocol/units';
import { test } from 'tap';
import { waitsForLost } from '../../../agent/core/queue.ts';
import { retell } from '../../../agent/core/plan-intake.ts';
import type { WakeAnswer } from '../../../agent/core/state.ts';
import { after, Box, imageDigest, macOf, one, planOf, planPhone } from './box.ts';

// Who counts as down without being updated, and until when.

function boxOf(phones: readonly PlanPhone[], own: Partial<Plan> = {}): Box {
  const box = new Box(after(-10)).take({ kind: 'plan-came', plan: planOf(phones, own) });
  for (const { mac } of phones) box.asks(mac as never, '66.85.0.5');
  return box.hold(imageDigest).take({ kind: 'woke' }, one);
}

const down = (box: Box) => [...box.tables.work.values()].filter((work) => holdsSlot(work.phase));
const several = (count: number, own: (nth: number) => Partial<PlanPhone> = () => ({})) =>
  Array.from({ length: count }, (_, nth) => planPhone(nth + 1, own(nth)));

/** Two phones of a group that keeps one up, and the one of them that was started. */
function twoOfGroup(own: Partial<Plan> = {}, attemptsMax = 1): { box: Box; mac: Mac; other: Mac } {
  const once = { rollout: 'autumn', hops: ['target'], attemptsMax, round: 1 };
  const coverage = [{ id: 'floor', minUp: 1 }];
  const openings = [{ start: one, end: after(400) }];
  const phones = several(2, () => ({ coverageGroup: 'floor', work: once }));
  const box = boxOf(phones, { coverage, openings, ...own });
  const mac = down(box)[0]?.mac ?? macOf(1);
  return { box, mac, other: mac === macOf(1) ? macOf(2) : macOf(1) };
}

const target = { release: 'target' as Id, fileName: 'T46S.rom' };
const wakeAnswer = (
  box: Box,
  mac: Mac,
  answer: WakeAnswer,
  own: { unsent?: true; isThere?: true } = {},
): Box => box.take({ kind: 'wake-answered', mac, start: 1, answer, ...own });

test('a phone that vanished on its way counts as down until it shows itself, wherever on its way that was', (t) => {
  const vanishings: Record<string, (box: Box, mac: Mac) => Box> = {
    'told to restart': (box, mac) => wakeAnswer(box, mac, 'accepted').wait(11),
    'asked, and no answer': (box, mac) => wakeAnswer(box, mac, 'silent'),
    'in its download': (box, mac) => box.take({ kind: 'image-began', mac, ...target }).wait(6),
  };
  for (const [when, vanish] of Object.entries(vanishings)) {
    const { box, mac, other } = twoOfGroup();
    vanish(box, mac);
    t.same(down(box), [], when);
    t.equal(box.wait(1).phase(other), 'held', when);
    t.match(box.tables.work.get(other)?.why, {
      reason: `Coverage group floor must keep its phones up, and lost ${mac}: goes on when it shows itself, or the site’s coverage is changed`,
      waitingFor: 'coverage',
      nextAttemptAt: null,
    });
    t.equal(box.asks(mac, '66.85.0.5').phase(other), 'offered', `${when}, and back`);
  }
  t.end();
});

test('a phone that was told nothing, or showed itself since it was woken, is not taken for lost', (t) => {
  const ends: Record<string, (box: Box, mac: Mac) => Box> = {
    'nothing could be sent': (box, mac) => wakeAnswer(box, mac, 'silent', { unsent: true }),
    'left to come by itself': (box, mac) =>
      box
        .take({ kind: 'wake-answered', mac, start: 1, answer: 'silent', pollTakesMax: minutes(20) })
        .wait(21),
    'refused, so that it is there': (box, mac) => wakeAnswer(box, mac, 'refused'),
    'it only took its file': (box, mac) =>
      wakeAnswer(box, mac, 'accepted').wait(1).asks(mac, '66.85.0.5').wait(11),
    'it showed itself in its download': (box, mac) =>
      box
        .take({ kind: 'image-began', mac, ...target })
        .wait(1)
        .asks(mac, '66.85.0.5')
        .wait(6),
  };
  for (const [how, end] of Object.entries(ends)) {
    const { box, mac, other } = twoOfGroup();
    end(box, mac);
    t.not(box.phase(mac), 'offered', how);
    t.equal(box.wait(1).phase(other), 'offered', how);
  }
  t.end();
});

test('one that goes on with its image after it showed itself and then vanishes is lost all the same', (t) => {
  const { box, mac, other } = twoOfGroup();
  const begins = { kind: 'image-began', mac, ...target } as const;
  box.take(begins).wait(1).asks(mac, '66.85.0.5').wait(1).take(begins).wait(6);
  t.same(down(box), []);
  t.equal(box.phase(other), 'held');
  t.end();
});

test('a lost phone that answers at its address, or registers, is up again for its group', (t) => {
  for (const source of ['options', 'kamailio 10.0.0.4:8080']) {
    const { box, mac, other } = twoOfGroup();
    wakeAnswer(box, mac, 'accepted').wait(11);
    t.equal(box.phase(other), 'held');
    box.take({ kind: 'registration-seen', mac, source, address: '10.0.0.7' });
    t.equal(box.phase(other), 'offered', source);
  }
  t.end();
});

test('a phone that the registrar misses on its new version counts as down until it registers', (t) => {
  const { box, mac, other } = twoOfGroup({ registrationProves: true });
  const begins = { kind: 'image-began', mac, ...target } as const;
  box.take(begins).take({ ...begins, kind: 'image-left', whole: true });
  box.wait(5).asks(mac, '66.86.0.15').wait(6);
  t.match(box.tables.work.get(mac), { phase: 'failed', fault: 'phone-not-registered' });
  box.asks(mac, '66.86.0.15').wait(1);
  t.equal(box.phase(other), 'held', 'its word is no way to dial');
  const source = 'kamailio 10.0.0.4:8080';
  box.take({ kind: 'registration-seen', mac, source, address: '10.0.0.7' });
  t.equal(box.phase(other), 'offered');
  t.end();
});

test('whichever group lost however many, its phones say so in no more than a report holds', (t) => {
  const id = 'f'.repeat(64);
  const macAt = (nth: number) =>
    `80:5e:c0:00:${nth.toString(16).padStart(4, '0').replace(/..$/, ':$&')}` as Mac;
  const plan = planOf(
    several(2000, (nth) => ({
      coverageGroup: id,
      mac: macAt(nth),
    })),
    { coverage: [{ id, minUp: 1999 }] },
  );
  const [first, ...others] = plan.phones;
  const lostOf = new Map([[id, others.map(({ mac }) => mac as Mac)]]);
  const why = first && waitsForLost(plan, lostOf, first);
  t.match(why?.reason, / and 1997 more: goes on when they show themselves/);
  t.ok((why?.reason.length ?? 999) <= 240);
  t.end();
});

test('phones that wait for a lost one of their group keep no emergency phone waiting', (t) => {
  const once = { rollout: 'autumn', hops: ['target'], attemptsMax: 1, round: 1 };
  const group = several(2, () => ({ coverageGroup: 'floor', work: once }));
  const box = boxOf([...group, planPhone(3, { emergency: true, work: once })], {
    coverage: [{ id: 'floor', minUp: 1 }],
    openings: [{ start: one, end: after(400) }],
  });
  const mac = down(box)[0]?.mac ?? macOf(1);
  t.equal(box.phase(macOf(3)), 'staged');
  t.equal(wakeAnswer(box, mac, 'silent').phase(macOf(3)), 'offered');
  t.end();
});

/** The same plan but for this, as the next one. */
function planned(box: Box, own: (plan: Plan) => Partial<Plan>): Box {
  const plan = box.tables.plan.get('plan')?.plan ?? planOf([]);
  const next = { ...plan, ...own(plan), revision: plan.revision + 1, parent: plan.revision };
  return box.take({ kind: 'plan-came', plan: next });
}

const only = (mac: Mac) => (plan: Plan) => ({ phones: plan.phones.filter((it) => it.mac === mac) });

test('a lost phone that leaves the plan and is put back counts as down until it shows itself', (t) => {
  const { box, mac, other } = twoOfGroup();
  const { phones } = box.tables.plan.get('plan')?.plan ?? planOf([]);
  wakeAnswer(box, mac, 'silent');
  planned(box, only(other)).wait(1);
  planned(box, () => ({ phones })).wait(1);
  t.equal(box.phase(other), 'held');
  planned(box, only(other)).asks(mac, '66.85.0.5');
  planned(box, () => ({ phones })).wait(1);
  t.equal(box.phase(other), 'offered', 'nor does it count once it has, planned or not');
  t.end();
});

test('a lost phone that answers its next wake, and goes nowhere, is up again', (t) => {
  for (const answer of ['refused', 'busy', 'away', 'login-refused'] as const) {
    const { box, mac, other } = twoOfGroup({}, 3);
    wakeAnswer(box, mac, 'silent').wait(4);
    t.match(box.tables.work.get(mac), { phase: 'offered', starts: 2 });
    t.equal(box.phase(other), 'held', answer);
    box.take({ kind: 'wake-answered', mac, start: 2, answer });
    t.equal(box.tables.missing.has(mac), true, 'a PBX that answers for it shows nothing');
  }
  for (const answer of ['refused', 'busy', 'away', 'login-refused'] as const) {
    const { box, mac, other } = twoOfGroup({}, 3);
    wakeAnswer(box, mac, 'silent').wait(4);
    box.take({ kind: 'wake-answered', mac, start: 2, answer, isThere: true });
    t.equal(box.phase(other), 'offered', answer);
  }
  t.end();
});

test('a phone that took its file before its answer to the wake was there is not taken for lost', (t) => {
  const { box, mac, other } = twoOfGroup();
  box.asks(mac, '66.85.0.5');
  wakeAnswer(box, mac, 'accepted', { isThere: true }).wait(11);
  t.match(box.tables.work.get(mac), { fault: 'phone-never-asked' });
  t.equal(box.phase(other), 'offered');
  t.end();
});

test('a phone that asks for its configuration after its restart, and shows no version, is not lost', (t) => {
  const { box, mac, other } = twoOfGroup();
  const begins = { kind: 'image-began', mac, ...target } as const;
  box.take(begins).take({ ...begins, kind: 'image-left', whole: true });
  const about = { vendor: null, model: null, version: null, address: '10.0.0.7', generation: 0 };
  const asks = { kind: 'phone-asked', mac, protocol: 'tftp', means: 'phone-config' } as const;
  box
    .wait(2)
    .take({ ...asks, ...about })
    .wait(16);
  t.match(box.tables.work.get(mac), { fault: 'phone-silent-after-restart' });
  t.equal(box.phase(other), 'offered');
  t.end();
});

test('where the registrar no longer proves, a phone that it missed is up once it shows itself or registers', (t) => {
  const source = 'kamailio 10.0.0.4:8080';
  const shows: Record<string, (box: Box, mac: Mac) => Box> = {
    asks: (box, mac) => box.asks(mac, '66.86.0.15'),
    registers: (box, mac) =>
      box.take({ kind: 'registration-seen', mac, source, address: '10.0.0.7' }),
  };
  for (const [how, show] of Object.entries(shows)) {
    const { box, mac, other } = twoOfGroup({ registrationProves: true });
    const begins = { kind: 'image-began', mac, ...target } as const;
    box.take(begins).take({ ...begins, kind: 'image-left', whole: true });
    box.wait(5).asks(mac, '66.86.0.15').wait(6);
    planned(box, ({ registrationProves: _proves, ...plan }) => ({
      ...plan,
      registrationProves: false,
    }));
    t.equal(box.wait(1).phase(other), 'held', how);
    t.equal(show(box, mac).phase(other), 'offered', how);
  }
  t.end();
});

test('of a lost phone that registers or answers nobody says what it runs', (t) => {
  const { box, mac } = twoOfGroup();
  const begins = { kind: 'image-began', mac, ...target } as const;
  box
    .take(begins)
    .take({ ...begins, kind: 'image-left', whole: true })
    .wait(16);
  box.take({ kind: 'registration-seen', mac, source: 'options', address: '10.0.0.7' });
  t.match(box.tables.work.get(mac)?.why.reason, /^Is there again, and has not shown what it runs/);
  t.end();
});

test('who waits for a lost phone of its pair says which, and keeps no emergency phone waiting', (t) => {
  const once = { rollout: 'autumn', hops: ['target'], attemptsMax: 1, round: 1 };
  const pair = several(2, () => ({ pair: 'door', work: once }));
  const emergency = planPhone(3, { emergency: true, work: once });
  const box = boxOf([...pair, emergency], { openings: [{ start: one, end: after(400) }] });
  const mac = down(box)[0]?.mac ?? macOf(1);
  const other = mac === macOf(1) ? macOf(2) : macOf(1);
  wakeAnswer(box, mac, 'silent');
  // The rollout in which it was lost is over.
  const isOver = ({ work: _over, ...phone }: PlanPhone) => phone;
  planned(box, ({ phones }) => ({
    phones: phones.map((it) => (it.mac === mac ? isOver(it) : it)),
  }));
  t.equal(box.wait(1).phase(macOf(3)), 'offered');
  box.take({ kind: 'wake-answered', mac: macOf(3), start: 1, answer: 'refused' }).wait(1);
  t.match(box.tables.work.get(other)?.why, {
    reason: `The other phone of pair door was lost: goes on when ${mac} shows itself`,
    waitingFor: 'coverage',
    nextAttemptAt: null,
  });
  t.end();
});

test('what is told again of a phone that was lost says when that was, and that it is back is told at once', (t) => {
  const { box, mac } = twoOfGroup();
  wakeAnswer(box.wait(2), mac, 'silent');
  const lostAt = box.now;
  box.wait(1).asks(mac, '66.85.0.5').wait(1);
  box.with((draft) => retell(draft, box.now));
  const told = box.outbox().filter((item) => 'mac' in item && item.mac === mac);
  const ends = told.filter((item) => item.kind === 'phone-moved' && item.phase === 'unreachable');
  t.same(new Set(ends.map(({ at }) => at)), new Set([lostAt]));
  const isNewer = told.some((item) => item.kind === 'phone-seen' && item.at > lostAt);
  t.ok(isNewer, 'it had been seen less than half an hour before');
  t.end();
});
