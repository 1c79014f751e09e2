import { test } from 'tap';
import { rolloutFrom } from '../../../controller/io/rest/rollout-inputs.ts';

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
