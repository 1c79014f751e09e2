import { hours } from '@ringwave/protocol/units';
import type { RolloutInput } from '../../controller/core/state.ts';
import { asId } from './fleet.ts';
import { type Faults, type Plant } from './faults.ts';
import { World } from './world.ts';

export interface SimResult {
  readonly trace: string;
  readonly steps: number;
  readonly siteDays: number;
  readonly done: number;
  readonly state: string;
  readonly world: World;
}

/** One rollout over a fleet by seed: some days of faults, then a day in which everything heals. */
export function simulate(
  seed: number,
  options: {
    faults: Faults;
    sites: number;
    phonesPerSite: number;
    days: number;
    plant?: Plant;
  },
): SimResult {
  const world = new World(seed, options);
  world.start();
  for (const site of world.fleet.sites) {
    must(world.command({ kind: 'site-put', site }));
    const agent = {
      site: site.id,
      enrolledAt: world.timeline.now,
      passwordHash: '',
      imageTokenHash: '',
    };
    const record = { id: `t-${site.id}`, site: site.id, secret: '', expiresAt: world.timeline.now };
    must(world.command({ kind: 'token-mint', record }));
    must(world.command({ kind: 'agent-enrol', record: { ...record, usedBy: site.id }, agent }));
  }
  must(
    world.command({ kind: 'phones-put', phones: world.fleet.phones.map((phone) => phone.input) }),
  );
  for (const release of world.fleet.releases) {
    must(world.command({ kind: 'release-put', release }));
    const about = { release: release.id, cause: 'approve', why: 'simulated' } as const;
    must(world.command({ kind: 'release-move', ...about }));
  }
  world.runFor(2);
  const rollout = asId('rollout-1');
  must(world.command({ kind: 'rollout-create', input: rolloutInput(world) }));
  must(world.command({ kind: 'rollout-approve', rollout }, 'second operator'));
  world.runFor(options.days * 24);
  world.heal();
  world.runFor(24);
  // A gate may have stopped it; then a person says go on, and it goes on.
  for (
    let tries = 0;
    tries < 3 && world.controller.tables.rollouts.get(rollout)?.state === 'paused';
    tries += 1
  ) {
    world.command({ kind: 'rollout-resume', rollout });
    world.runFor(24);
  }
  world.invariants.atRest();
  const found = world.controller.tables.rollouts.get(rollout);
  const done = [...world.controller.tables.progress.values()].filter(
    (one) => one.phase === 'done',
  ).length;
  return {
    trace: world.trace,
    steps: world.steps,
    siteDays: options.sites * (options.days + 1),
    done,
    state: found?.state ?? '',
    world,
  };
}

function rolloutInput(world: World): RolloutInput {
  return {
    id: asId('rollout-1'),
    name: 'Simulated',
    releases: world.fleet.targets,
    selection: {},
    waves: [{ name: 'canary', count: 3 }, { name: 'half', percent: 50 }, { name: 'rest' }],
    gate: { successMin: 0.5, failuresMax: 3, minSample: 2, soak: hours(1) },
    attemptsMax: 3,
    rotateCredentials: true,
  };
}

function must(result: { ok: boolean }): void {
  if (!result.ok) throw new Error(JSON.stringify(result));
}
