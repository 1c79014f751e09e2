import { decodePlan } from '@ringwave/protocol/messages';
import { type EpochMs, minutes } from '@ringwave/protocol/units';
import { test } from 'tap';
import { explainPhone } from '../../../controller/core/explain.ts';
import { progressKey, type WaveSpec, type WindowRule } from '../../../controller/core/state.ts';
import { rolloutView } from '../../../controller/core/views.ts';
import { idOf, macOf, phoneOf, rolloutOf, siteOf, smallFleet } from './desk.ts';

const utc = (text: string): EpochMs => Date.parse(text) as EpochMs;
const lisbon = idOf('lisbon');

// The desk begins on Monday 2026-03-02 at 01:00; Lisbon is open 01:00 to 03:00 each night.
const weekend: WindowRule = { days: ['sat', 'sun'], start: '02:00', end: '08:00' };
const every = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

const desk = (waves: readonly WaveSpec[]) =>
  smallFleet(2).do(
    { kind: 'rollout-create', input: rolloutOf({ waves }) },
    { kind: 'rollout-approve', rollout: rolloutOf().id },
  );

const planIn = (made: ReturnType<typeof desk>) => made.tables.plans.get(lisbon)?.plan;
const told = (waves: readonly WaveSpec[], own = {}) => {
  const made = smallFleet(2);
  return made
    .refusals({ kind: 'rollout-create', input: rolloutOf({ waves, ...own }) })
    .map(({ thing, reason }) => `${thing} ${reason}`);
};

test('a wave narrows the windows of its sites, and never widens them', (t) => {
  const made = desk([{ name: 'all', windows: [weekend] }]);
  const plan = planIn(made);
  t.equal(plan?.openings.length, 7, 'other phones of the site keep its own');
  t.same(plan?.within, [
    {
      id: 'autumn/0',
      openings: [
        { start: utc('2026-03-07T02:00Z'), end: utc('2026-03-07T03:00Z') },
        { start: utc('2026-03-08T02:00Z'), end: utc('2026-03-08T03:00Z') },
      ],
    },
  ]);
  t.same(
    plan?.phones.map(({ work }) => work?.within),
    ['autumn/0', 'autumn/0'],
  );
  const phone = made.tables.phones.get(macOf(1));
  const said = phone && explainPhone(made.tables, phone, made.now)[0];
  t.equal(said?.nextAttemptAt, utc('2026-03-07T02:00Z'));
  t.match(said?.because[1], /^Wave all is open.*; only sat, sun 02:00 to 08:00$/);
  const rollout = made.tables.rollouts.get('autumn');
  t.same(rollout && rolloutView(made.tables, rollout).waves[0]?.windows, [
    'sat, sun 02:00 to 08:00',
  ]);
  t.end();
});

test('a wave without windows of its own changes nothing in a plan', (t) => {
  const plan = planIn(desk([{ name: 'all' }]));
  t.same([plan?.within, plan?.phones[0]?.work?.within], [undefined, undefined]);
  t.end();
});

test('a wave that would never be open where its sites are is refused, or named where others are', (t) => {
  const noon: WindowRule = { days: every, start: '12:00', end: '14:00' };
  t.same(told([{ name: 'all', windows: [noon] }]), [
    'rollout autumn: site lisbon has no opening in the windows of wave all; phones that are never started: 2',
  ]);
  const short: WindowRule = { days: every, start: '02:50', end: '05:00' };
  t.same(told([{ name: 'all', windows: [short] }]), [
    'rollout autumn: site lisbon has no opening longer than 10 minutes in the windows of wave all, and a Yealink T46S takes up to 15; phones that are never started: 2',
  ]);
  const made = smallFleet(2).do(
    { kind: 'site-put', site: siteOf('porto', { windows: [noon] }) },
    { kind: 'phones-put', phones: [phoneOf(7, { site: idOf('porto') })] },
  );
  const waves = [{ name: 'all', windows: [noon] }];
  made.do({ kind: 'rollout-create', input: rolloutOf({ waves }) });
  t.match(made.tables.rollouts.get('autumn')?.cautions, [
    {
      thing: 'rollout autumn: site lisbon',
      reason: /no opening in the windows of wave all; phones that are never started: 2/,
    },
  ]);
  t.end();
});

test('rules of a wave are checked as rules of a site are', (t) => {
  t.same(told([{ name: 'all', windows: [] }]), [
    'rollout autumn: wave all: windows is empty, so that none of its phones starts',
  ]);
  t.same(told([{ name: 'all', windows: [{ days: [], start: '01:00', end: '01:05' }, weekend] }]), [
    'rollout autumn: wave all: windows[0] names no weekday, so it never opens',
  ]);
  t.end();
});

test('a plan carries the windows of as many waves as its site has phones in', (t) => {
  const many = smallFleet(7 * 20);
  const gate = { successMin: 0, failuresMax: 9, minSample: 1, soak: minutes(0) };
  const windows = [weekend];
  const waves = Array.from({ length: 20 }, (_, nth) => ({ name: `w${nth}`, count: 1, windows }));
  for (let nth = 0; nth < 7; nth += 1) {
    const id = idOf(`r${nth}`);
    const macs = waves.map((_, place) => macOf(nth * 20 + place + 1));
    const input = rolloutOf({ id, selection: { macs }, gate, waves });
    many.do({ kind: 'rollout-create', input }, { kind: 'rollout-approve', rollout: id });
    for (let round = 0; round < waves.length; round += 1)
      for (const [place, mac] of macs.entries()) {
        const progress = many.tables.progress.get(progressKey(id, mac));
        if (progress?.phase === 'scheduled' && progress.wave < 19)
          many.ended(lisbon, nth * 20 + place + 1, 'done', id);
      }
  }
  const plan = many.tables.plans.get(lisbon)?.plan;
  t.equal(plan?.within?.length, 7 * 20);
  t.match(decodePlan(JSON.stringify(plan)), { ok: true });
  t.end();
});
