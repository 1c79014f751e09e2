import { test } from 'tap';
import type { Rollout } from '../../../controller/core/state.ts';
import { contentOf, rolloutFrom } from '../../../controller/io/rest/rollout-inputs.ts';

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
