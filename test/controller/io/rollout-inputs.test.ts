import { days, laterBy } from '@ringwave/protocol/units';
import { test } from 'tap';
import type { Rollout, RolloutInput } from '../../../controller/core/state.ts';
import { contentOf, rolloutFrom } from '../../../controller/io/rest/rollout-inputs.ts';
import { rolloutOf, smallFleet } from '../core/desk.ts';

const asked = (preset: unknown) => rolloutFrom({ id: 'autumn', releases: ['one'], preset });
const said = (preset: unknown) => {
  const input = asked(preset);
  if (!('refusals' in input)) return `${input.waves.length} waves`;
  return input.refusals.map(({ thing, reason, next }) => `${thing} ${reason}. ${next}`).join(' ');
};

test('a preset is a known name or a number of waves; anything else is refused at the door', (t) => {
  t.equal(said('canary-tenth-rest'), '3 waves');
  t.equal(said(4), '4 waves');
  t.match(
    said('canary-tenth-rests'),
    /^rollout: preset is "canary-tenth-rests", which is none of: .+ Did you mean canary-tenth-rest\?$/,
  );
  t.match(said(21), /^rollout: preset is 21\. Write a number from 1 to 20\.$/);
  for (const wrong of [0, 2.5, null, {}, []]) t.match(said(wrong), /^rollout: preset /);
  t.end();
});

test('an instant is said in milliseconds or as people write it, with its zone', (t) => {
  const said = (at: unknown) => {
    const deadline = { dueAt: at, because: 'CVE-2026-0001' };
    const input = rolloutFrom({ id: 'autumn', releases: ['one'], startAt: at, deadline });
    if ('refusals' in input) return input.refusals.map(({ thing, reason }) => `${thing} ${reason}`);
    return [input.startAt, input.deadline?.dueAt];
  };
  const noon = Date.UTC(2026, 11, 24, 12);
  for (const at of [
    noon,
    '2026-12-24T12:00:00Z',
    '2026-12-24T12:00Z',
    '2026-12-24T13:00:00+01:00',
    '2026-12-24T07:00:00-05:00',
  ])
    t.same(said(at), [noon, noon], String(at));
  for (const at of [
    '2026-12-24',
    '2026-12-24T12:00:00',
    '2026-02-29T12:00:00Z',
    '2026-06-31T12:00Z',
    '2026-12-24T25:00:00Z',
    '2026-13-01T12:00:00Z',
    '1999-12-24T12:00:00Z',
    '9999-12-24T12:00:00Z',
    '24 December 2026',
    `${noon}`,
  ])
    t.same(said(at), [
      `rollout: startAt is ${JSON.stringify(at)}`,
      `rollout: deadline.dueAt is ${JSON.stringify(at)}`,
    ]);
  t.same(said(true), [
    'rollout: startAt is true, not a whole number',
    'rollout: deadline.dueAt is true, not a whole number',
  ]);
  t.end();
});

test('the content of a rollout asks for the same rollout again', (t) => {
  const input = rolloutFrom({
    id: 'autumn',
    name: 'Autumn',
    kind: 'rollback',
    releases: ['one'],
    selection: { macs: ['805ec0000001'], where: 'model = T46S' },
    waves: [
      { name: 'canary', per: ['model'], gate: { askPerson: true, soakMinutes: 5 } },
      { name: 'rest', percent: 50, dynamic: true },
    ],
    gate: { successMin: 0.9, soakMinutes: 90, soakIn: 'business-hours' },
    pace: { perMinute: 5 },
    priority: 700,
    after: ['summer'],
    deadline: { dueAt: 1_798_761_600_000, because: 'CVE-2026-0001' },
    startAt: 1_798_000_000_000,
  });
  if ('refusals' in input) return t.fail(JSON.stringify(input.refusals));
  const waves = input.waves.map((spec) => ({ spec: { ...spec, ifAny: true } }));
  const stored = { ...input, waves, state: 'scheduled', createdBy: 'ada' };
  t.strictSame(rolloutFrom(contentOf(stored as unknown as Rollout)), input);
  t.end();
});

test('the content of a rollout that was closed to late phones is what was asked for, and takes a later deadline', (t) => {
  const desk = smallFleet(2);
  const dueAt = laterBy(desk.now, days(3));
  const input = rolloutOf({
    waves: [{ name: 'all', dynamic: true }],
    deadline: { dueAt, because: 'CVE-2026-0001' },
  });
  const { id } = input;
  desk.do({ kind: 'rollout-create', input }, { kind: 'rollout-approve', rollout: id });
  desk.do({ kind: 'rollout-close', rollout: id });
  const stored = desk.tables.rollouts.get(id);
  const content = rolloutFrom(stored && contentOf(stored));
  t.strictSame(content, input);
  const later = { dueAt: laterBy(dueAt, days(1)), because: 'strike' };
  desk.do({ kind: 'rollout-edit', input: { ...(content as RolloutInput), deadline: later } });
  t.match(desk.tables.rollouts.get(id)?.deadline, later);
  t.end();
});
