import { minutes } from '@ringwave/protocol/units';
import { test } from 'tap';
import { type Desk, idOf, macOf, phoneOf, releaseOf, rolloutOf, smallFleet } from './desk.ts';

const lisbon = idOf('lisbon');
const gate = { successMin: 0, failuresMax: 9, minSample: 1, soak: minutes(0) };
const waves = [{ name: 'first', macs: [macOf(1)] }, { name: 'rest' }];

const part = (desk: Desk, number: number) => desk.tables.progress.get(`autumn/${macOf(number)}`);

/** Four phones, of which the first goes before the others; `pair` ties two of those. */
function begun(pair?: string): Desk {
  const desk = smallFleet(4);
  if (pair !== undefined)
    desk.do({
      kind: 'phones-put',
      phones: [2, 3].map((number) => phoneOf(number, { pair: idOf(pair) })),
    });
  return desk.do(
    { kind: 'rollout-create', input: rolloutOf({ gate, waves }) },
    { kind: 'rollout-approve', rollout: idOf('autumn') },
  );
}

const waiting = {
  reason: 'The clock of the box differs from the controller’s',
  waitingFor: 'clock',
  nextAttemptAt: null,
  attempt: 2,
  attemptsMax: 3,
} as const;
const held = { phase: 'held', fault: 'phone-never-asked', waiting, attempt: 1 } as const;

for (const pair of [undefined, 'door'])
  test(`a wave that a restored controller opens anew leaves what its sites have told of it${pair ? ', of pairs too' : ''}`, (t) => {
    const desk = begun(pair);
    const about = { at: desk.now, mac: macOf(2), rollout: 'autumn', revision: 1 };
    desk.hears(lisbon, { kind: 'phone-moved', ...about, ...held });
    t.match(part(desk, 2), { phase: 'held', hops: [] });
    desk.ended(lisbon, 1, 'done').wait(1);
    t.equal(desk.tables.rollouts.get('autumn')?.waves[1]?.state, 'open');
    t.match(part(desk, 2), { ...held, hops: [releaseOf().id] });
    t.match(part(desk, 3), { phase: 'scheduled', fault: undefined });
    t.end();
  });

test('a phone that its site began before it heard that it was out, and that is held since, gets its work back as it is', (t) => {
  const desk = begun('door');
  desk.ended(lisbon, 1, 'done').wait(1).ended(lisbon, 3, 'failed');
  t.match(part(desk, 2), { phase: 'skipped', fault: 'pair-parted' });
  desk.do({ kind: 'phones-put', phones: [2, 3].map((number) => phoneOf(number)) });
  const about = { at: desk.now, mac: macOf(2), rollout: 'autumn', revision: 1 };
  desk.hears(lisbon, { kind: 'phone-moved', phase: 'downloading', attempt: 1, ...about });
  desk.hears(lisbon, { kind: 'phone-moved', ...about, ...held });
  t.match(part(desk, 2), { ...held, hops: [releaseOf().id] });
  t.end();
});
