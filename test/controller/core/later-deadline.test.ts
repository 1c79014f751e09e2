import { days, type EpochMs, hours, laterBy, minutes } from '@ringwave/protocol/units';
import { test } from 'tap';
import { after, type Desk, idOf, rolloutOf, smallFleet } from './desk.ts';

// A rollout that goes on may be given more time: that makes it gentler and nothing else of it may differ.

const autumn = idOf('autumn');
const dueAt = laterBy(after(0), days(2));
const due = (at: EpochMs, own: Parameters<typeof rolloutOf>[0] = {}) =>
  rolloutOf({ deadline: { dueAt: at, because: 'CVE-2026-0001' }, ...own });

/** Running, and its deadline has passed. */
function overdue(): Desk {
  const desk = smallFleet(2).do({ kind: 'rollout-create', input: due(dueAt) });
  desk.do({ kind: 'rollout-approve', rollout: autumn });
  desk.now = laterBy(dueAt, hours(1));
  desk.take({ kind: 'woke' });
  return desk;
}

test('a deadline that has passed is moved to later, and the rollout goes on as it was approved', (t) => {
  const desk = overdue();
  const before = desk.tables.rollouts.get(autumn);
  t.match(before, { state: 'running', urgency: 'ask-person' });
  const later = laterBy(dueAt, days(2));
  desk.do({ kind: 'rollout-edit', input: due(later) });
  const moved = desk.tables.rollouts.get(autumn);
  t.match(moved, { state: 'running', urgency: 'window', deadline: { dueAt: later } });
  t.match(moved, { approvedBy: before?.approvedBy, contentHash: before?.contentHash });
  const urgencies = [...desk.tables.plans.values()].flatMap(({ plan }) =>
    plan.phones.flatMap(({ work }) => work?.urgency ?? []),
  );
  t.same(new Set(urgencies), new Set(['window']), 'plans follow at once');
  t.match([...desk.tables.audit.values()].at(-1), {
    what: 'deadline moved to later',
    object: autumn,
    detail: '2026-03-04 01:00 UTC to 2026-03-06 01:00 UTC, CVE-2026-0001',
  });
  t.end();
});

test('an earlier deadline, a new one, one that has passed or any other change is refused', (t) => {
  const desk = overdue();
  const says = (input: ReturnType<typeof due>, of = desk) =>
    of.refusals({ kind: 'rollout-edit', input }).map(({ thing, reason }) => `${thing} ${reason}`);
  const begun =
    'rollout autumn is running. It has begun; only a later deadline, or a new rollout, can differ';
  t.same(says(due(laterBy(dueAt, hours(-1)))), [begun]);
  t.same(says(due(laterBy(dueAt, days(2)), { attemptsMax: 5 })), [begun]);
  t.same(says(rolloutOf()), [begun]);
  t.same(says(due(laterBy(dueAt, minutes(1)))), [
    'rollout autumn: deadline.dueAt has passed already',
  ]);
  const none = smallFleet(2).do({ kind: 'rollout-create', input: rolloutOf() });
  none.do({ kind: 'rollout-approve', rollout: autumn });
  t.same(says(due(dueAt), none), [begun]);
  t.end();
});

test('a paused rollout stays paused with its new deadline', (t) => {
  const desk = overdue().do({ kind: 'rollout-pause', rollout: autumn, reason: 'audit' });
  const later = laterBy(dueAt, days(2));
  desk.do({ kind: 'rollout-edit', input: due(later) });
  t.match(desk.tables.rollouts.get(autumn), { state: 'paused', deadline: { dueAt: later } });
  t.end();
});
