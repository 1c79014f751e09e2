import { minutes } from '@ringwave/protocol/units';
import { test } from 'tap';
import { judge } from '../../../controller/core/gate.ts';
import type { Gate, WaveCounts } from '../../../controller/core/state.ts';
import { assignWaves, isSelected, releaseFor } from '../../../controller/core/waves.ts';
import {
  after,
  type Desk,
  idOf,
  macOf,
  phoneOf,
  releaseOf,
  rolloutOf,
  siteOf,
  smallFleet,
} from './desk.ts';

const gate: Gate = { successMin: 0.9, failuresMax: 1, minSample: 3, soak: minutes(60) };
const counts = (total: number, done: number, failed: number, skipped = 0): WaveCounts => ({
  total,
  done,
  failed,
  skipped,
});

test('a gate judges completed results only, failure before success, and below its sample only too many failures', (t) => {
  const cases: readonly [string, WaveCounts, Partial<Gate>, string][] = [
    ['nothing has ended', counts(10, 0, 0), {}, 'undecided'],
    ['too few results', counts(10, 2, 0), {}, 'undecided'],
    ['enough, all good', counts(10, 3, 0), {}, 'passed'],
    ['one failure is allowed but lowers the part', counts(10, 3, 1), {}, 'undecided'],
    ['the part is met again', counts(20, 9, 1), {}, 'passed'],
    ['one failure too many', counts(10, 8, 2), {}, 'halted'],
    ['too many failures in however small a sample', counts(10, 0, 2), {}, 'halted'],
    ['so many failures as may be', counts(10, 0, 1), {}, 'undecided'],
    [
      'too large a part in too small a sample',
      counts(10, 1, 1),
      { failedPartMax: 0.3 },
      'undecided',
    ],
    ['too large a part of enough', counts(10, 2, 1), { failedPartMax: 0.3 }, 'halted'],
    ['a wave smaller than the sample counts whole', counts(2, 2, 0), {}, 'passed'],
    ['and can be halted', counts(2, 0, 2), {}, 'halted'],
    ['skipped phones are neither', counts(10, 3, 0, 7), {}, 'passed'],
    ['skipped phones shrink the sample', counts(10, 2, 0, 8), {}, 'passed'],
    ['all skipped proves nothing', counts(4, 0, 0, 4), {}, 'held'],
    ['all ended below the part', counts(10, 8, 1, 1), { successMin: 0.95 }, 'held'],
    [
      'a gate that asks for no success still asks for results',
      counts(10, 0, 0),
      { successMin: 0 },
      'undecided',
    ],
    ['no failure allowed', counts(10, 9, 1), { failuresMax: 0 }, 'halted'],
    [
      'phones that were tried and gave no result that counts make the wave no smaller',
      { ...counts(10, 2, 0), aside: 8 },
      {},
      'held',
    ],
    ['and stand in no way of enough others', { ...counts(10, 3, 0), aside: 7 }, {}, 'passed'],
  ];
  for (const [name, seen, own, expected] of cases) {
    t.equal(judge({ ...gate, ...own }, seen).kind, expected, name);
  }
  t.match(judge(gate, counts(10, 8, 2)), { why: '2 phones failed, at most 1 may' });
  t.match(judge(gate, counts(10, 1, 0)), { why: '1 of 3 results needed for a judgement' });
  const few = '2 of 3 results needed for a judgement, and no more are to come';
  t.match(judge(gate, { ...counts(10, 2, 0), aside: 8 }), { why: few });
  t.end();
});

test('waves take from what earlier ones left, in an order that any machine repeats', (t) => {
  const phones = Array.from({ length: 10 }, (_, nth) => ({
    ...phoneOf(nth + 1, { site: idOf(nth < 6 ? 'lisbon' : 'berlin') }),
    credentialGeneration: 1,
  }));
  const waves = [
    { name: 'canary', sites: [idOf('berlin')], count: 2 },
    { name: 'half', percent: 50 },
    { name: 'rest' },
  ];
  const given = assignWaves(idOf('autumn'), phones, waves);
  t.same(
    given.members.map((one) => one.length),
    [2, 4, 4],
  );
  t.same(given.leftOut, []);
  const canary = phones.filter(({ mac }) => given.waveOf(mac) === 0);
  t.same([...new Set(canary.map(({ site }) => site))], ['berlin']);
  const again = assignWaves(idOf('autumn'), [...phones].reverse(), waves);
  t.same(
    phones.map(({ mac }) => again.waveOf(mac)),
    phones.map(({ mac }) => given.waveOf(mac)),
  );
  const without = assignWaves(idOf('autumn'), phones, waves.slice(0, 1));
  t.equal(without.leftOut.length, 8, 'phones that no wave takes are named');
  t.end();
});

test('a selection is the meeting of its parts; a release fits by vendor, model and hardware', (t) => {
  const phone = { ...phoneOf(1), credentialGeneration: 1 };
  const selects = (selection: Parameters<typeof isSelected>[1]) => isSelected(phone, selection);
  t.ok(selects({}));
  t.ok(
    selects({ sites: [idOf('lisbon')], vendors: ['Yealink'], models: ['T46S'], macs: [phone.mac] }),
  );
  t.notOk(selects({ sites: [idOf('lisbon')], models: ['T48S'] }));
  t.notOk(selects({ macs: [] }), 'an empty list selects nothing');
  const plain = releaseOf();
  t.equal(releaseFor(phone, [plain]), plain);
  t.equal(releaseFor({ ...phone, model: 'T48S' }, [plain]), undefined);
  t.equal(
    releaseFor(phone, [plain, releaseOf({ version: '66.86.0.20' })]),
    undefined,
    'two fit: nobody chooses',
  );
  const bound = releaseOf({ hardware: ['66.1'] });
  t.equal(releaseFor(phone, [bound]), undefined, 'unknown hardware is no match');
  t.equal(releaseFor({ ...phone, hardware: '66.1' }, [bound]), bound);
  t.end();
});

const lisbon = idOf('lisbon');
const rollout = (desk: Desk) => desk.tables.rollouts.get('autumn');
const states = (desk: Desk) => rollout(desk)?.waves.map((wave) => wave.state);
const began = (desk: Desk, own: Parameters<typeof rolloutOf>[0] = {}): Desk =>
  desk.do(
    { kind: 'rollout-create', input: rolloutOf(own) },
    { kind: 'rollout-approve', rollout: idOf('autumn') },
  );
/** Wave index of each phone number. */
const inWave = (desk: Desk, wave: number) =>
  [1, 2, 3, 4, 5, 6].filter((it) => desk.tables.progress.get(`autumn/${macOf(it)}`)?.wave === wave);

test('waves open one after another: gate, soak, then the next; the last ends the rollout', (t) => {
  const desk = began(smallFleet(6), { waves: [{ name: 'canary', count: 2 }, { name: 'rest' }] });
  t.same(states(desk), ['open', 'closed']);
  t.equal(desk.tables.plans.get('lisbon')?.plan.phones.filter((it) => it.work).length, 2);
  for (const number of inWave(desk, 0)) desk.ended(lisbon, number, 'done');
  t.same(states(desk), ['soaking', 'closed']);
  t.equal(desk.wakeAt, after(0.5), 'a plan that was sent and not confirmed comes first');
  desk.wait(59);
  t.same(states(desk), ['soaking', 'closed']);
  desk.wait(1);
  t.same(states(desk), ['passed', 'open']);
  for (const number of inWave(desk, 1)) desk.ended(lisbon, number, 'done');
  t.match(rollout(desk), { state: 'done', endedAt: desk.now });
  t.notOk(desk.tables.assignments.has(macOf(1)), 'phones are free for the next rollout');
  t.end();
});

test('a failure while a wave soaks takes the soak back', (t) => {
  const desk = began(smallFleet(6), {
    waves: [{ name: 'canary', count: 4 }, { name: 'rest' }],
    gate: { ...gate, minSample: 2, successMin: 0.9, failuresMax: 5 },
  });
  const [a = 0, b = 0, c = 0] = inWave(desk, 0);
  desk.ended(lisbon, a, 'done').ended(lisbon, b, 'done');
  t.same(states(desk), ['soaking', 'closed']);
  desk.ended(lisbon, c, 'failed');
  t.same(states(desk), ['open', 'closed']);
  t.equal(rollout(desk)?.waves[0]?.soakUntil, undefined);
  t.end();
});

test('a halted wave pauses the rollout by name; who resumes releases it', (t) => {
  const desk = began(smallFleet(6), { waves: [{ name: 'canary', count: 3 }, { name: 'rest' }] });
  for (const number of inWave(desk, 0).slice(0, 2)) desk.ended(lisbon, number, 'failed');
  t.same(states(desk), ['halted', 'closed']);
  t.match(rollout(desk), { state: 'paused', paused: { by: 'gate', who: 'canary' } });
  t.match(desk.tables.plans.get('lisbon')?.plan.pausedRollouts, [{ rollout: 'autumn' }]);
  desk.wait(600);
  t.equal(rollout(desk)?.state, 'paused', 'time alone releases nothing');
  desk.do({ kind: 'rollout-resume', rollout: idOf('autumn') });
  t.same(states(desk), ['passed', 'open']);
  t.equal(rollout(desk)?.waves[0]?.why, 'Released by ada');
  t.same(desk.tables.plans.get('lisbon')?.plan.pausedRollouts, []);
  t.end();
});

test('failures that come after a wave has passed still halt the rollout, once', (t) => {
  const desk = began(smallFleet(8), {
    waves: [{ name: 'canary', count: 6 }, { name: 'rest' }],
    gate: { ...gate, minSample: 2, failuresMax: 1 },
  });
  const [a = 0, b = 0, ...late] = inWave(desk, 0);
  desk.ended(lisbon, a, 'done').ended(lisbon, b, 'done');
  desk.wait(60);
  t.same(states(desk), ['passed', 'open']);
  const openedAt = rollout(desk)?.waves[1]?.openedAt;
  for (const number of late.slice(0, 2)) desk.ended(lisbon, number, 'failed');
  t.same(states(desk), ['halted', 'open']);
  t.match(rollout(desk), { state: 'paused', paused: { by: 'gate', who: 'canary' } });
  desk.do({ kind: 'rollout-resume', rollout: idOf('autumn') });
  desk.ended(lisbon, late[2] ?? 0, 'failed');
  t.same(states(desk), ['passed', 'open'], 'a person has answered for it');
  t.equal(rollout(desk)?.waves[1]?.openedAt, openedAt, 'a wave opens once');
  t.end();
});

test('a wave whose phones all ended without meeting its gate is held, never passed', (t) => {
  const desk = began(smallFleet(4), {
    waves: [{ name: 'canary', count: 2 }, { name: 'rest' }],
    gate: { ...gate, minSample: 2, failuresMax: 5 },
  });
  for (const [nth, number] of inWave(desk, 0).entries())
    desk.ended(lisbon, number, nth ? 'done' : 'failed');
  t.same(states(desk), ['held', 'closed']);
  t.equal(rollout(desk)?.state, 'paused');
  t.end();
});

test('abort skips what was not started and frees the phones; what is in flight is still recorded', (t) => {
  const desk = began(smallFleet(3));
  const about = { at: desk.now, rollout: 'autumn', revision: 1, attempt: 1 };
  desk.hears(lisbon, { kind: 'phone-moved', phase: 'downloading', mac: macOf(1), ...about });
  desk.do({ kind: 'rollout-abort', rollout: idOf('autumn'), reason: 'wrong image' });
  const phases = () =>
    [1, 2, 3].map((it) => desk.tables.progress.get(`autumn/${macOf(it)}`)?.phase);
  t.same(phases(), ['downloading', 'skipped', 'skipped']);
  desk.ended(lisbon, 1, 'done').ended(lisbon, 2, 'failed');
  t.same(phases(), ['done', 'skipped', 'skipped'], 'a late failure of a skipped phone is none');
  t.equal(rollout(desk)?.state, 'aborted');
  t.end();
});

test('phones that run the target are done at once; those with no way are skipped with the reason', (t) => {
  const desk = smallFleet(4);
  desk.seen(lisbon, 1, '66.86.0.15').seen(lisbon, 2, '66.86.0.99').seen(lisbon, 3, 'custom build');
  began(desk);
  const progress = (number: number) => desk.tables.progress.get(`autumn/${macOf(number)}`);
  t.match(progress(1), { phase: 'done', detail: 'Already runs 66.86.0.15' });
  t.match(progress(2), { phase: 'skipped', fault: 'no-upgrade-path' });
  t.match(progress(3), { phase: 'skipped', fault: 'version-incomparable' });
  t.match(progress(4), { phase: 'scheduled', hops: [releaseOf().id] });
  t.end();
});

test('a phone that nobody has seen waits by name, and joins its open wave when it shows itself', (t) => {
  const desk = smallFleet(1).do({ kind: 'phones-put', phones: [phoneOf(9)] });
  began(desk);
  const progress = () => desk.tables.progress.get(`autumn/${macOf(9)}`);
  t.match(progress(), { phase: 'waiting', waiting: { waitingFor: 'phone' } });
  desk.seen(lisbon, 9, '66.85.0.5');
  t.match(progress(), { phase: 'scheduled', hops: [releaseOf().id] });
  t.ok(desk.tables.plans.get('lisbon')?.plan.phones.find((it) => it.mac === macOf(9))?.work);
  t.end();
});

test('the same content is the same plan; only a change or an ageing lease makes a new revision', (t) => {
  const desk = began(smallFleet(2));
  const revision = () => desk.tables.plans.get('lisbon')?.plan.revision ?? 0;
  const before = revision();
  desk.seen(lisbon, 1, '66.85.0.5').wait(60);
  t.equal(revision(), before, 'what a phone showed is no reason');
  desk.do({ kind: 'site-put', site: siteOf('lisbon', { phonesUpdatingMax: 2 }) });
  t.equal(revision(), before + 1);
  t.equal(desk.tables.plans.get('lisbon')?.plan.parent, before);
  const beat = {
    kind: 'beat' as const,
    conn: 'c1',
    clockMs: desk.now,
    planRevision: 0,
    outboxDepth: 0,
  };
  desk.wait(24 * 60).take({ kind: 'beat', site: lisbon, beat });
  t.equal(revision(), before + 2, 'a day old: renewed when the site speaks');
  t.end();
});

test('done is proven by the phone, and no later report takes it back', (t) => {
  const desk = began(smallFleet(3));
  desk.ended(lisbon, 1, 'done').ended(lisbon, 1, 'failed');
  t.equal(desk.tables.progress.get(`autumn/${macOf(1)}`)?.phase, 'done');
  t.same(rollout(desk)?.waves[0]?.counts, counts(3, 1, 0));
  t.end();
});

test('a site speaks for its own phones only, and a doubled report counts once', (t) => {
  const desk = smallFleet(2)
    .do({ kind: 'site-put', site: siteOf('berlin') })
    .joined(idOf('berlin'));
  began(desk);
  desk.ended(idOf('berlin'), 1, 'done').seen(idOf('berlin'), 1, '66.86.0.15');
  t.equal(desk.tables.progress.get(`autumn/${macOf(1)}`)?.phase, 'scheduled');
  t.equal(desk.tables.phones.get(macOf(1))?.running?.version, '66.85.0.5');
  const cursor = desk.tables.agents.get('lisbon')?.cursor ?? { epoch: 0, seq: 0 };
  const failed = {
    kind: 'phone-moved',
    at: desk.now,
    rollout: 'autumn',
    revision: 1,
    attempt: 1,
  } as const;
  const seq = cursor.seq + 1;
  const items = [{ ...failed, seq, mac: macOf(1), phase: 'failed' as const }];
  const report = {
    kind: 'report' as const,
    epoch: cursor.epoch,
    firstSeq: seq,
    lastSeq: seq,
    items,
  };
  desk
    .take({ kind: 'report', site: lisbon, report })
    .take({ kind: 'report', site: lisbon, report });
  t.match(desk.effects, [{ kind: 'send-ack', ack: { seq } }], 'acknowledged again');
  t.same(rollout(desk)?.waves[0]?.counts, counts(2, 0, 1));
  const gap = { ...report, firstSeq: seq + 5, lastSeq: seq + 5, items: [] };
  desk.take({ kind: 'report', site: lisbon, report: gap });
  t.match(desk.effects, [{ kind: 'send-ack', ack: { seq } }], 'a gap is not jumped');
  t.end();
});

test('what a box with a fast clock saw does not silence what is seen after it', (t) => {
  const desk = smallFleet(1);
  const about = { mac: macOf(1), vendor: 'Yealink', model: 'T46S', address: '10.0.0.7' };
  const seen = { kind: 'phone-seen' as const, source: 'http-request' as const, ...about };
  desk.hears(lisbon, { ...seen, at: Date.UTC(2099, 0, 1), version: '66.85.0.5' });
  desk.wait(10).seen(lisbon, 1, '66.86.0.15');
  t.match(desk.tables.phones.get(macOf(1)), { running: { version: '66.86.0.15' } });
  t.equal(desk.tables.phones.get(macOf(1))?.seenAt, desk.now);
  t.end();
});

test('a phone that moves to another site is not woken there by its old address', (t) => {
  const desk = smallFleet(1).do(
    { kind: 'site-put', site: siteOf('berlin') },
    { kind: 'phones-put', phones: [phoneOf(1, { site: idOf('berlin') })] },
  );
  t.equal(desk.tables.plans.get('berlin')?.plan.phones[0]?.lastSeen, undefined);
  t.match(desk.tables.phones.get(macOf(1)), { running: { version: '66.85.0.5' } });
  t.end();
});

test('a phone that comes back to a site begins anew there, whatever the box remembers of it', (t) => {
  const desk = began(smallFleet(1).do({ kind: 'site-put', site: siteOf('berlin') }));
  const roundAt = (site: string) => desk.tables.plans.get(site)?.plan.phones[0]?.work?.round;
  t.equal(roundAt('lisbon'), 1);
  desk.do({ kind: 'phones-put', phones: [phoneOf(1, { site: idOf('berlin') })] });
  t.equal(roundAt('berlin'), 2);
  desk.do({ kind: 'phones-put', phones: [phoneOf(1)] });
  t.equal(roundAt('lisbon'), 3);
  desk.do({ kind: 'phones-put', phones: [phoneOf(1)] });
  t.equal(roundAt('lisbon'), 3, 'the same again is no move');
  t.end();
});

test('what a rollout brought a phone to is known also after its inventory was told again', (t) => {
  const desk = began(smallFleet(1)).ended(lisbon, 1, 'done');
  desk.do({ kind: 'phones-put', phones: [phoneOf(1, { extension: '201' })] });
  t.match(desk.tables.phones.get(macOf(1))?.settled, { version: '66.86.0.15' });
  t.end();
});

test('a phone that moves to another site goes on in its rollout there', (t) => {
  const desk = smallFleet(2)
    .do({ kind: 'site-put', site: siteOf('berlin') })
    .joined(idOf('berlin'));
  began(desk).do({ kind: 'phones-put', phones: [phoneOf(1, { site: idOf('berlin') })] });
  t.equal(desk.tables.plans.get('lisbon')?.plan.phones.length, 1);
  t.ok(desk.tables.plans.get('berlin')?.plan.phones[0]?.work, 'the new site has its work');
  desk.ended(idOf('berlin'), 1, 'done').ended(lisbon, 2, 'done');
  t.equal(rollout(desk)?.state, 'done', 'and the rollout can end');
  t.end();
});
