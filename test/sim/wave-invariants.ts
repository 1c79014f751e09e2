import type { Id } from '@ringwave/protocol/units';
import type { Rollout, RolloutInput, Wave } from '../../controller/core/state.ts';
import type { World } from './world.ts';

// What must hold of rollouts and their waves, against what was ordered and not against what the controller kept of it.

type Fail = (rule: string, detail: string) => void;

const ENDED: readonly Rollout['state'][] = ['done', 'done-with-failures', 'aborted'];

export class WaveInvariants {
  readonly #world: World;
  readonly #fail: Fail;
  readonly #opened = new Map<string, number>();
  /** Stopped by a person who has not let them go on. */
  readonly #paused = new Set<Id>();

  constructor(world: World, fail: Fail) {
    this.#world = world;
    this.#fail = fail;
  }

  ordered(rollout: Id, what: 'paused' | 'resumed'): void {
    if (what === 'paused') this.#paused.add(rollout);
    else this.#paused.delete(rollout);
  }

  /** It knows nothing of what was ordered or opened since its copy was made. */
  restored(): void {
    this.#opened.clear();
    this.#paused.clear();
    for (const { id, waves } of this.#world.controller.disk.rollouts.values()) {
      for (const [index, { openedAt }] of waves.entries())
        if (openedAt !== undefined) this.#opened.set(`${id}/${index}`, openedAt);
    }
  }

  check(): void {
    for (const rollout of this.#world.controller.tables.rollouts.values()) {
      const order = this.#world.orders.get(rollout.id);
      if (!order) continue;
      if (
        this.#paused.has(rollout.id) &&
        rollout.state !== 'paused' &&
        !ENDED.includes(rollout.state)
      )
        this.#fail('a person’s pause lasts until a person ends it', rollout.id);
      for (const [index, wave] of rollout.waves.entries()) {
        this.#opensOnce(rollout, index, wave, order);
        this.#keepsPace(rollout, wave, order);
      }
    }
  }

  #opensOnce(rollout: Rollout, index: number, wave: Wave, order: RolloutInput): void {
    if (wave.openedAt === undefined) return;
    const key = `${rollout.id}/${index}`;
    const before = this.#opened.get(key);
    if (before === wave.openedAt) return;
    if (before !== undefined) this.#fail('a wave opens once', key);
    this.#opened.set(key, wave.openedAt);
    const previous = rollout.waves[index - 1];
    if (previous) this.#metGate(key, previous, order);
  }

  /** At the moment in which the next wave opens. */
  #metGate(key: string, { counts, openedAt, state, why }: Wave, { gate }: RolloutInput): void {
    if (openedAt === undefined) this.#fail('waves open in their order', key);
    // A person may let a wave pass that its gate holds.
    if (state === 'passed' && why !== 'Gate met') return;
    const { failed, skipped, aside = 0, total, already = 0 } = counts;
    const done = counts.done - already;
    if (already === total) return;
    const sample = Math.min(gate.minSample, total - skipped - aside - already);
    const part = done + failed === 0 ? 1 : done / (done + failed);
    const isMet = done + failed >= sample && failed <= gate.failuresMax && part >= gate.successMin;
    if (!isMet) this.#fail('a wave passes by its gate', `${key} after ${JSON.stringify(counts)}`);
    if (this.#world.timeline.now < (openedAt ?? 0) + gate.soak)
      this.#fail('a wave soaks before it passes', key);
  }

  /** The first look lets one go at once. */
  #keepsPace({ id }: Rollout, { spec, paced, openedAt }: Wave, { pace }: RolloutInput): void {
    if (!pace || !paced || openedAt === undefined) return;
    const minutes = (this.#world.timeline.now - openedAt) / 60_000;
    const most = 1 + (pace.perMinuteMax ?? Number.POSITIVE_INFINITY) * minutes;
    if (paced.released > Math.ceil(most))
      this.#fail('a paced wave keeps its rate', `${id}/${spec.name} released ${paced.released}`);
  }
}
