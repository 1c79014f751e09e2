import type { Plan } from '@ringwave/protocol/messages';
import { test } from 'tap';
import { after, Box, imageDigest, macOf, one, planOf, planPhone, stoneDigest } from './box.ts';

const phone = planPhone(1);
const came = (box: Box, own: Partial<Plan> = {}, phones = [phone]): Box =>
  box.take({ kind: 'plan-came', plan: planOf(phones, own) });
const faults = (box: Box) =>
  box.outbox().flatMap((it) => (it.kind === 'agent-fault' ? [`${it.fault}: ${it.detail}`] : []));

test('an older plan changes nothing and is reported; the same one again is no news', (t) => {
  const box = came(new Box(), { revision: 5 });
  const before = JSON.stringify([box.tables.plan.get('plan'), [...box.tables.work]]);
  const count = box.outbox().length;
  came(box, { revision: 5 });
  t.equal(box.outbox().length, count);
  came(box, { revision: 4 }, []);
  t.equal(JSON.stringify([box.tables.plan.get('plan'), [...box.tables.work]]), before);
  t.same(faults(box), ['plan-generation-old: Revision 4 came after 5']);
  t.end();
});

test('a plan that was refused at the door changes nothing and is reported', (t) => {
  const box = came(new Box(), { revision: 5 });
  box.take({ kind: 'plan-refused', fault: 'plan-signature-wrong', detail: 'key k9 is not ours' });
  t.equal(box.tables.plan.get('plan')?.plan.revision, 5);
  t.same(faults(box), ['plan-signature-wrong: key k9 is not ours']);
  t.end();
});

test('each image is fetched once, however many phones and releases need it', (t) => {
  const box = came(new Box(), {}, [planPhone(1), planPhone(2), planPhone(3)]);
  t.match(box.effects, [{ kind: 'fetch-image', digest: imageDigest, lengthBytes: 5 }]);
  t.equal(box.effects.length, 1, 'and only what a hop ahead needs');
  t.same(came(box, { revision: 2 }, [planPhone(1), planPhone(4)]).effects, []);
  const again = box.take({ kind: 'started' }).effects;
  t.match(again, [{ kind: 'fetch-image', digest: imageDigest }], 'a restart owes it again');
  t.same(box.hold(imageDigest).take({ kind: 'started' }).effects, []);
  t.end();
});

test('an image that differs from its digest is not fetched again; an unreachable one is, later', (t) => {
  const failed = (fault: 'image-digest-differs' | 'image-unreachable') =>
    came(new Box()).take({ kind: 'image-failed', digest: imageDigest, fault });
  const wrong = failed('image-digest-differs');
  t.match(wrong.tables.work.get(macOf(1)), { phase: 'scheduled', why: { waitingFor: 'person' } });
  t.same(wrong.wait(600).effects, []);
  const away = failed('image-unreachable');
  const at = away.tables.images.get(imageDigest)?.retryAt ?? one;
  t.ok(at > one && at <= after(0.5), 'within half a minute');
  t.match(away.take({ kind: 'woke' }, at).effects, [{ kind: 'fetch-image' }]);
  t.end();
});

test('hops that lie behind a phone by its own evidence are not made again', (t) => {
  const twoHops = planPhone(1, {
    work: { rollout: 'autumn', hops: ['stone', 'target'], attemptsMax: 3, round: 1 },
  });
  const cases: readonly [string | null, object][] = [
    [null, { hop: 0, phase: 'scheduled' }],
    ['66.85.0.5', { hop: 0, phase: 'scheduled' }],
    ['66.85.0.40', { hop: 1, phase: 'scheduled' }],
    ['66.86.0.15', { phase: 'done' }],
  ];
  for (const [version, expected] of cases) {
    const { work: _work, ...idle } = twoHops;
    const box = came(new Box(), {}, [idle]).asks(macOf(1), version);
    came(box, { revision: 2 }, [twoHops]);
    t.match(box.tables.work.get(macOf(1)), expected, `runs ${version}`);
  }
  t.end();
});

test('a phone that says it is another model is skipped, and a person is asked', (t) => {
  const { work: _work, ...idle } = planPhone(1, { model: 'T48S' });
  const box = came(new Box(), {}, [idle]).asks(macOf(1), '66.85.0.5');
  came(box, { revision: 2 }, [planPhone(1, { model: 'T48S' })]);
  t.match(box.tables.work.get(macOf(1)), {
    phase: 'skipped',
    fault: 'model-differs',
    why: { waitingFor: 'person', reason: 'The phone says it is a T46S, the inventory a T48S' },
  });
  t.end();
});

test('a phone that says so only after its plan came is started no more, and is given no image', (t) => {
  const lastSeen = { version: '66.85.0.5', address: '10.0.0.7', at: new Box().now - 1 };
  for (const isOnSite of [false, true]) {
    const box = came(new Box(), {}, [planPhone(1, { model: 'T48S', lastSeen })]);
    if (isOnSite) box.hold(imageDigest);
    t.equal(box.phase(macOf(1)), isOnSite ? 'offered' : 'scheduled');
    box.asks(macOf(1), '66.85.0.5');
    t.match(box.tables.work.get(macOf(1)), {
      phase: 'skipped',
      fault: 'model-differs',
      why: { reason: 'The phone says it is a T46S, the inventory a T48S' },
    });
  }
  t.end();
});

test('a plan that drops a phone lets one that is down finish first', (t) => {
  const box = came(new Box()).asks(macOf(1), '66.85.0.5').hold(imageDigest);
  t.equal(box.phase(macOf(1)), 'offered');
  came(box, { revision: 2 }, []);
  t.equal(box.phase(macOf(1)), 'offered', 'it is down: its end is still reported');
  came(box, { revision: 3 }, [phone]);
  const { work: _work, ...idle } = phone;
  came(box, { revision: 4 }, [idle]);
  t.equal(box.phase(macOf(1)), 'offered');
  box.wait(11);
  t.equal(box.phase(macOf(1)), undefined, 'once it is up the work is taken from it');
  t.end();
});

test('a new round tries ended phones afresh, and start numbers go on', (t) => {
  const box = came(new Box()).asks(macOf(1), '66.85.0.5').hold(imageDigest);
  box.take({ kind: 'wake-answered', mac: macOf(1), start: 1, answer: 'refused' });
  const round = (number: number) =>
    planPhone(1, { work: { rollout: 'autumn', hops: ['target'], attemptsMax: 3, round: number } });
  came(box, { revision: 2 }, [round(2)]);
  t.match(box.tables.work.get(macOf(1)), { round: 2, failures: 0, starts: 2, phase: 'offered' });
  box.take({ kind: 'wake-answered', mac: macOf(1), start: 1, answer: 'busy' });
  t.equal(box.phase(macOf(1)), 'offered', 'a late answer to an old start means nothing');
  t.end();
});

test('a box that has just started asks the controller first, for two minutes at most', (t) => {
  const box = came(new Box(after(-30)))
    .asks(macOf(1), '66.85.0.5')
    .hold(imageDigest);
  box.take({ kind: 'started' }, one);
  t.match(box.tables.work.get(macOf(1)), {
    phase: 'staged',
    why: { waitingFor: 'agent', nextAttemptAt: after(2) },
  });
  t.equal(box.wakeAt, after(2));
  t.equal(box.take({ kind: 'woke' }, after(2)).phase(macOf(1)), 'offered', 'then it goes on alone');
  t.end();
});

test('a box restored from a backup believes what the controller saw later', (t) => {
  const lastSeen = { version: '66.86.0.15', address: '10.0.0.7', at: after(-5) };
  const box = came(new Box(), {}, [{ ...phone, lastSeen }]).hold(imageDigest);
  t.equal(box.phase(macOf(1)), 'done', 'the phone has arrived and is not started again');
  t.end();
});

test('a phone that nobody has seen is not woken; one beyond its hop is never led back', (t) => {
  const box = came(new Box()).hold(imageDigest);
  t.match(box.tables.work.get(macOf(1)), {
    phase: 'held',
    why: { reason: 'Never seen on this site' },
  });
  box.asks(macOf(1), '66.86.0.99');
  t.match(box.tables.work.get(macOf(1)), { phase: 'skipped', fault: 'no-upgrade-path' });
  t.end();
});

test('an image that is lost from the site takes its phones back to waiting for it', (t) => {
  const box = came(new Box(after(-30)))
    .asks(macOf(1), '66.85.0.5')
    .hold(imageDigest, stoneDigest);
  t.equal(box.phase(macOf(1)), 'staged');
  box.with((draft) => draft.images.remove(imageDigest));
  t.match(box.wait(1).effects, [{ kind: 'fetch-image', digest: imageDigest }]);
  t.match(box.tables.work.get(macOf(1)), { phase: 'scheduled', why: { waitingFor: 'image' } });
  t.end();
});

test('the newest halt stops every start, and only a newer word lifts it', (t) => {
  const halt = (counter: number, halted: boolean) =>
    ({ kind: 'halt-came', halt: { kind: 'halt', counter, halted, reason: 'fire' } }) as const;
  const box = came(new Box(after(-30)))
    .asks(macOf(1), '66.85.0.5')
    .hold(imageDigest);
  box.take(halt(2, true)).take(halt(1, false)).take({ kind: 'woke' }, one);
  t.match(box.tables.work.get(macOf(1)), { phase: 'held', why: { waitingFor: 'person' } });
  t.equal(box.take(halt(3, false)).phase(macOf(1)), 'offered');
  t.end();
});

test('a start that the box died in is repeated within its opening, and not after it or in a halt', (t) => {
  const waking = (box: Box) => box.effects.some((effect) => effect.kind === 'wake-phone');
  const mac = macOf(1);
  const dead = () => came(new Box()).hold(imageDigest).asks(mac, '66.85.0.5');
  t.equal(dead().phase(mac), 'offered');
  t.equal(waking(dead().take({ kind: 'started' }, after(5))), true);
  t.equal(waking(dead().take({ kind: 'started' }, after(15))), false, 'its time is up');
  t.equal(waking(dead().take({ kind: 'started' }, after(119))), false);
  t.equal(waking(dead().take({ kind: 'started' }, after(121))), false);
  const halt = { kind: 'halt' as const, halted: true, counter: 1, reason: 'an outage' };
  t.equal(waking(dead().take({ kind: 'halt-came', halt }).take({ kind: 'started' })), false);
  t.end();
});

test('start numbers go on when work that was taken away comes back', (t) => {
  const box = new Box().take({ kind: 'plan-came', plan: planOf([planPhone(1)]) });
  box.asks(macOf(1), '66.85.0.5').hold(imageDigest);
  t.equal(box.tables.work.get(macOf(1))?.starts, 1);
  box.take({ kind: 'wake-answered', mac: macOf(1), start: 1, answer: 'refused' });
  const { work: _work, ...idle } = planPhone(1);
  box.take({ kind: 'plan-came', plan: planOf([idle], { revision: 2 }) });
  t.notOk(box.tables.work.has(macOf(1)));
  box.take({ kind: 'plan-came', plan: planOf([planPhone(1)], { revision: 3 }) });
  t.equal(box.tables.work.get(macOf(1))?.starts, 1);
  box.wait(5);
  t.equal(box.tables.work.get(macOf(1))?.starts, 2, 'a late answer to the first fits nothing');
  t.end();
});
