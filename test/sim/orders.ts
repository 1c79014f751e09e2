import { hours, type EpochMs } from '@ringwave/protocol/units';
import type { RolloutInput } from '../../controller/core/state.ts';
import { asId } from './fleet.ts';
import { Random } from './random.ts';
import type { World } from './world.ts';

// What is ordered of a simulated fleet: one rollout, and by some seeds paced, urgent, for late phones, or with another
// one over the same phones.

export const simulatedRollouts = [asId('rollout-1'), asId('rollout-2')] as const;

export function ordersOf(world: World): RolloutInput[] {
  const plain: RolloutInput = {
    id: simulatedRollouts[0],
    name: 'Simulated',
    ...(world.goesBack ? { kind: 'rollback' as const } : {}),
    releases: world.fleet.targets,
    selection: {},
    confirmPhones: world.fleet.phones.length,
    waves: [{ name: 'canary', count: 3 }, { name: 'half', percent: 50 }, { name: 'rest' }],
    gate: { successMin: 0.5, failuresMax: 3, minSample: 2, soak: hours(1) },
    attemptsMax: 3,
    rotateCredentials: true,
  };
  if (!world.faults.orders) return [plain];
  const { dice } = world;
  const dueAt = (world.timeline.now + dice.whole(24, 96) * hours(1)) as EpochMs;
  const urgent = { deadline: { dueAt, because: 'an advisory' } };
  const pace = { perMinute: dice.whole(1, 2), everyDone: 4, factor: 2, perMinuteMax: 4 };
  const [canary, half, rest] = plain.waves;
  const waves = canary && half && rest ? [canary, half, { ...rest, dynamic: true }] : plain.waves;
  const first = {
    ...plain,
    // Only what a deadline has freed from windows meets a day of blackout as such.
    ...(dice.chance(isShutSometimes(world) ? 0.7 : 0.3) ? urgent : {}),
    ...(dice.chance(0.4) ? { pace } : {}),
    ...(dice.chance(0.2) ? { waves } : {}),
  };
  if (!dice.chance(0.3)) return [first];
  const second = { name: 'Over the same phones', waves: [{ name: 'all' }], priority: 900 };
  return [first, { ...plain, ...second, id: simulatedRollouts[1] }];
}

/** In some seeds, none of which taught something before, another rollout waits for the end of the first, and for an hour of its own. */
export function successorOf(world: World, seed: number): RolloutInput[] {
  const [before] = world.orders.values();
  if (!before || !world.faults.orders || ![3, 8].includes(seed % 16)) return [];
  const dice = new Random(seed ^ 0xaf_7e4);
  const startAt = (world.timeline.now + dice.whole(1, 60) * hours(1)) as EpochMs;
  const { pace: _pace, deadline: _deadline, ...plain } = before;
  const waves = [{ name: 'canary', count: 2 }, { name: 'rest' }];
  return [
    { ...plain, id: asId('rollout-3'), name: 'After it', after: [before.id], startAt, waves },
  ];
}

const isShutSometimes = ({ fleet }: World): boolean =>
  fleet.sites.some(({ blackout }) => blackout.length > 0);
