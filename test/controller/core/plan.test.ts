import { Plan } from '@ringwave/protocol/messages';
import { draftOf } from '@ringwave/protocol/tables';
import { type EpochMs, minutes, seconds } from '@ringwave/protocol/units';
import { test } from 'tap';
import { planResendAfterMax } from '../../../controller/core/owed.ts';
import { replan } from '../../../controller/core/plan.ts';
import type { ControllerTables } from '../../../controller/core/state.ts';
import { type Desk, idOf, macOf, rolloutOf, siteOf, smallFleet } from './desk.ts';

const lisbon = idOf('lisbon');
const ofPhone = Plan.properties.phones.items.properties;

const began = (desk: Desk): Desk =>
  desk.do(
    { kind: 'rollout-create', input: rolloutOf() },
    { kind: 'rollout-approve', rollout: idOf('autumn') },
  );

/** What an agent is told of a phone's past, and what a phone shows: no reason for a new plan. */
const shown = ['lastSeen', 'secretKnown'];

/** The stored plan with one field of its first phone, or of that phone's work, saying something else. */
function withOther(desk: Desk, within: 'phone' | 'work', field: string): ControllerTables {
  const row = desk.tables.plans.get(lisbon);
  const [first, ...rest] = row?.plan.phones ?? [];
  if (!row || !first?.work) throw new Error('no work');
  const other = 'something else';
  const phone =
    within === 'phone'
      ? { ...first, [field]: other }
      : { ...first, work: { ...first.work, [field]: [other] } };
  const plan = { ...row.plan, phones: [phone, ...rest] } as Plan;
  return { ...desk.tables, plans: new Map(desk.tables.plans).set(lisbon, { ...row, plan }) };
}

const isNew = (tables: ControllerTables, now: EpochMs) => replan(draftOf(tables), lisbon, now);

test('a plan that says anything else of a phone is a new plan, but for what the phone showed', (t) => {
  const desk = began(smallFleet(2));
  t.notOk(isNew(desk.tables, desk.now), 'the same is no new plan');
  for (const field of Object.keys(ofPhone)) {
    const found = isNew(withOther(desk, 'phone', field), desk.now);
    t.equal(found, !shown.includes(field), field);
  }
  for (const field of Object.keys(ofPhone.work.properties))
    t.ok(isNew(withOther(desk, 'work', field), desk.now), `work.${field}`);
  t.end();
});

test('what a phone failed at first is not named again, and so not begun anew, when it has failed at the next', (t) => {
  const desk = began(smallFleet(2)).do(
    { kind: 'rollout-create', input: rolloutOf({ id: idOf('urgent'), priority: 900 }) },
    { kind: 'rollout-approve', rollout: idOf('urgent') },
  );
  const named = () => desk.tables.plans.get(lisbon)?.plan.phones[0]?.work?.rollout;
  t.equal(named(), 'urgent');
  desk.wait(1).ended(lisbon, 1, 'failed', 'urgent');
  t.equal(named(), 'autumn');
  desk.wait(1).ended(lisbon, 1, 'failed');
  t.equal(named(), 'autumn');
  t.end();
});

test('what a phone failed at is not named again when a later rollout that had the phone has ended', (t) => {
  const desk = began(smallFleet(2)).wait(1).ended(lisbon, 1, 'failed');
  const named = () => desk.tables.plans.get(lisbon)?.plan.phones[0]?.work?.rollout;
  t.equal(named(), 'autumn', 'it stays named while nothing else is');
  const [mac] = desk.tables.rosters.get(lisbon) ?? [];
  const selection = { macs: mac === undefined ? [] : [mac] };
  desk.do(
    { kind: 'rollout-create', input: rolloutOf({ id: idOf('urgent'), selection }) },
    { kind: 'rollout-approve', rollout: idOf('urgent') },
  );
  t.equal(named(), 'urgent');
  desk.wait(1).ended(lisbon, 1, 'done', 'urgent');
  t.equal(desk.tables.rollouts.get('urgent')?.state, 'done');
  t.equal(named(), undefined);
  t.end();
});

test('what is named no more, and is told of as still to come by a restored box, is named again', (t) => {
  const desk = began(smallFleet(2)).wait(1).ended(lisbon, 1, 'failed');
  const [mac = macOf(1)] = desk.tables.rosters.get(lisbon) ?? [];
  desk.do(
    {
      kind: 'rollout-create',
      input: rolloutOf({ id: idOf('urgent'), selection: { macs: [mac] } }),
    },
    { kind: 'rollout-approve', rollout: idOf('urgent') },
  );
  desk.wait(1).ended(lisbon, 1, 'done', 'urgent');
  const named = () => desk.tables.plans.get(lisbon)?.plan.phones[0]?.work?.rollout;
  t.equal(named(), undefined);
  const about = { at: desk.now, mac, rollout: 'autumn', revision: 1, attempt: 1 };
  desk.hears(lisbon, { kind: 'phone-moved', phase: 'scheduled', ...about });
  t.equal(named(), 'autumn');
  t.notOk(isNew(desk.tables, desk.now), 'and the plan follows from what is known');
  t.end();
});

test('a rollout that is paused keeps no phone that it has not begun from another one', (t) => {
  const desk = began(smallFleet(2)).do(
    { kind: 'rollout-create', input: rolloutOf({ id: idOf('winter') }) },
    { kind: 'rollout-approve', rollout: idOf('winter') },
  );
  const named = () => desk.tables.plans.get(lisbon)?.plan.phones.map(({ work }) => work?.rollout);
  t.same(named(), ['autumn', 'autumn'], 'the older one goes first');
  const [mac = ''] = desk.tables.rosters.get(lisbon) ?? [];
  const about = { at: desk.now, mac, rollout: 'autumn', revision: 1, attempt: 1 };
  desk.hears(lisbon, { kind: 'phone-moved', phase: 'downloading', ...about });
  desk.do({ kind: 'rollout-pause', rollout: idOf('autumn'), reason: 'a bad release' });
  t.same(named(), ['autumn', 'winter'], 'but for a phone that is on its way');
  desk.do({ kind: 'rollout-resume', rollout: idOf('autumn') });
  t.same(named(), ['autumn', 'autumn']);
  t.end();
});

test('a plan that nobody confirms is sent again after 30 s, then ever later, at most each 15 minutes', (t) => {
  const desk = began(smallFleet(1)).do({
    kind: 'site-put',
    site: siteOf('lisbon', { phonesUpdatingMax: 2 }),
  });
  const waits: number[] = [];
  for (let sent = 0; sent < 8; sent += 1) {
    t.ok(desk.effects.some((effect) => effect.kind === 'send-plan'));
    const wait = (desk.wakeAt ?? 0) - desk.now;
    waits.push(wait);
    desk.wait(wait / minutes(1));
  }
  t.same(
    waits,
    [30, 60, 120, 240, 480, 900, 900, 900].map((count) => seconds(count)),
  );
  t.equal(waits.at(-1), planResendAfterMax);
  t.end();
});
