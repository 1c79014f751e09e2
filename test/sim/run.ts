import { isFinal } from '@ringwave/protocol/phases';
import type { CommandResult, RolloutInput } from '../../controller/core/state.ts';
import { sendTechnician } from './by-hand.ts';
import { sendClerk } from './clerk.ts';
import { asId } from './fleet.ts';
import { type Faults, type Plant } from './faults.ts';
import { Violation } from './invariants.ts';
import { ordersOf, successorOf } from './orders.ts';
import { sendPlanner } from './regrouping.ts';
import { World } from './world.ts';

export interface SimResult {
  readonly trace: string;
  readonly steps: number;
  readonly siteDays: number;
  readonly done: number;
  readonly failed: number;
  readonly state: string;
  /** What a check found; the run ended there. */
  readonly violation: string | undefined;
  readonly world: World;
}

export interface SimOptions {
  readonly faults: Faults;
  readonly sites: number;
  readonly phonesPerSite: number;
  readonly days: number;
  readonly plant?: Plant;
  readonly lines?: (line: string) => void;
}

/** Rollouts over a fleet by seed: some days of faults, then a day in which everything heals. Throws at a violation. */
export function simulate(seed: number, options: SimOptions): SimResult {
  const result = attempt(seed, options);
  if (result.violation !== undefined) throw new Violation(result.violation);
  return result;
}

/** As `simulate`, and gives what happened until a violation, too. */
export function attempt(seed: number, options: SimOptions): SimResult {
  const world = new World(seed, options);
  sendTechnician(world, seed);
  sendClerk(world, seed);
  sendPlanner(world, seed);
  let violation: string | undefined;
  try {
    play(world, seed, options);
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    violation = error.message;
  }
  const { rollouts, progress } = world.controller.tables;
  const phases = [...progress.values()].map((one) => one.phase);
  return {
    trace: world.trace,
    steps: world.steps,
    siteDays: options.sites * Math.floor(world.age / (24 * 3_600_000)),
    done: phases.filter((phase) => phase === 'done').length,
    failed: phases.filter((phase) => isFinal(phase) && phase !== 'done' && phase !== 'skipped')
      .length,
    state: rollouts.get(asId('rollout-1'))?.state ?? '',
    violation,
    world,
  };
}

function play(world: World, seed: number, options: SimOptions): void {
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
  const order = (input: RolloutInput): void => {
    world.orders.set(input.id, input);
    must(create(world, input));
    must(world.command({ kind: 'rollout-approve', rollout: input.id }, 'second operator'));
  };
  for (const input of ordersOf(world)) order(input);
  for (const input of successorOf(world, seed)) order(input);
  world.isOrdered = true;
  world.runFor(options.days * 24);
  world.heal();
  world.runFor(24);
  // A gate may have stopped it; then a person says go on, and it goes on.
  for (let tries = 0; tries < 3; tries += 1) {
    const paused = [...world.controller.tables.rollouts.values()].filter(
      (one) => one.state === 'paused',
    );
    if (paused.length === 0) break;
    for (const { id } of paused) {
      world.invariants.ordered(id, 'resumed')();
      world.command({ kind: 'rollout-resume', rollout: id });
    }
    world.runFor(24);
  }
  // What has just happened is under way for some seconds; no more than half an hour of this is given.
  for (let minute = 0; minute < 30 && hasUnsaid(world); minute += 1) world.runFor(1 / 60);
  world.invariants.atRest();
}

/** Phones that cannot go back are left out: then the number of the others is what is to be confirmed. */
function create(world: World, input: RolloutInput): CommandResult {
  const result = world.command({ kind: 'rollout-create', input });
  // A bond is in one wave: where the first ones take big ones, none may be left for the last.
  const isEmpty = !result.ok && result.refusals.some((one) => one.reason === 'takes no phone');
  if (isEmpty && input.waves.length > 1)
    return create(world, { ...input, waves: [{ name: 'rest' }] });
  const next = result.ok ? '' : result.refusals.map((one) => one.next).join();
  const confirmed = /--confirm (\d+)/.exec(next)?.[1];
  if (confirmed === undefined) return result;
  const again = { ...input, confirmPhones: Number(confirmed) };
  return world.command({ kind: 'rollout-create', input: again });
}

const hasUnsaid = (world: World): boolean =>
  [...world.agents.values()].some(({ node }) => node.tables.outbox.size > 0);

function must(result: { ok: boolean }): void {
  if (!result.ok) throw new Error(JSON.stringify(result));
}
