import { test } from 'tap';
import { Desk, idOf, phoneOf, releaseOf, rolloutOf, siteOf } from './desk.ts';

/** What is told of a rollout over a reception of so many phones, of which so many have to be up. */
function told(phones: number, minUp: number): readonly string[] {
  const group = idOf('reception');
  const desk = new Desk().do(
    { kind: 'site-put', site: siteOf('lisbon', { coverage: [{ id: group, minUp }] }) },
    { kind: 'release-put', release: releaseOf() },
    { kind: 'release-move', release: releaseOf().id, cause: 'approve', why: 'tried' },
    { kind: 'phones-put', phones: [phoneOf(90), phoneOf(91)] },
  );
  for (let number = 1; number <= phones; number += 1)
    desk.do({ kind: 'phones-put', phones: [phoneOf(number, { coverageGroup: group })] });
  desk.do({ kind: 'rollout-create', input: rolloutOf() });
  const { cautions = [] } = desk.tables.rollouts.get('autumn') ?? {};
  return cautions.map(({ thing, reason, next }) => `${thing} ${reason}. ${next}`);
}

test('a coverage group that can never let one of its phones go is named before the rollout waits for it', (t) => {
  t.same(told(2, 2), [
    'rollout autumn: site lisbon: coverage group reception has 2 phones and needs 2 up, so that none is ever started; in this rollout: 2. Give it a minUp below 2, or more phones.',
  ]);
  t.match(told(1, 3), [/has 1 phone and needs 3 up/]);
  t.end();
});

test('one that can let one go, and one of which nobody is in the rollout, are not', (t) => {
  t.same(told(3, 2), []);
  t.same(told(0, 1), []);
  t.end();
});
