import type { AgentEvent, AgentStep, AgentTables } from '../../agent/core/state.ts';
import type {
  ControllerEvent,
  ControllerStep,
  ControllerTables,
} from '../../controller/core/state.ts';

// What goes wrong in a simulated world, and how often.

export interface Faults {
  /** Per message. */
  readonly loss: number;
  readonly duplication: number;
  /** Per step. */
  readonly crash: number;
  /** Longest delay of a message; they overtake one another within it. */
  readonly delayMs: number;
  /** Per site and hour. */
  readonly partition: number;
  readonly oddPhones: number;
  /** Per power cut of an agent: its box comes back with yesterday's backup. */
  readonly restore: number;
  /** Per power cut of the controller: it comes back with an older copy of its disk. */
  readonly restoreController: number;
  /** Per hour: an operator pauses a rollout, or stops all sites. */
  readonly people: number;
  /** Per site and hour: the clock of its box jumps; while it is wrong it drifts, too. */
  readonly clock: number;
  /** Per step: the disk is full, the commit throws and the process stops. */
  readonly diskFull: number;
  /** Per hour: a controller started from an old copy of the disk sends the plan that it knows. */
  readonly oldController: number;
  /** Per hour: a copy of the controller's machine is started beside it, and takes reports for some hours. */
  readonly second: number;
  /** Per hour: somebody carries a phone to another site and tells the inventory. */
  readonly moves: number;
  /** Per site and hour, beside the few of every seed: somebody dials for help. */
  readonly calls: number;
  /** Per site and hour: somebody claims to be a phone and to run its target. */
  readonly liars: number;
  /** Per site and hour: an image on the box's disk is gone, and nobody has noticed. */
  readonly rot: number;
  /** Part of power cuts after which some of the commits that were not flushed are there. */
  readonly torn: number;
  /** Rollouts by seed: paced, urgent, overlapping, for late phones. */
  readonly orders: boolean;
}

export const noFaults: Faults = {
  loss: 0,
  duplication: 0,
  crash: 0,
  delayMs: 200,
  partition: 0,
  oddPhones: 0,
  restore: 0,
  restoreController: 0,
  people: 0,
  clock: 0,
  diskFull: 0,
  oldController: 0,
  second: 0,
  moves: 0,
  calls: 0,
  liars: 0,
  rot: 0,
  torn: 0,
  orders: false,
};

/** What lines, power and phones do. Seeds that once failed keep their dice by it. */
export const rough: Faults = {
  ...noFaults,
  loss: 0.05,
  duplication: 0.05,
  crash: 0.002,
  delayMs: 20_000,
  partition: 0.02,
  oddPhones: 0.2,
  restore: 0.3,
};

/** All of it, with what people, clocks and disks do. */
export const wild: Faults = {
  ...rough,
  restoreController: 0.3,
  people: 0.1,
  clock: 0.02,
  diskFull: 0.0005,
  oldController: 0.1,
  second: 0.02,
  moves: 0.05,
  liars: 0.2,
  rot: 0.05,
  torn: 0.5,
  orders: true,
};

/** What a planted bug may look at. */
interface Around<T, Event> {
  readonly tables: T;
  readonly event: Event;
  readonly now: number;
}

/** A bug put in on purpose, to show that the checks would find it. */
export interface Plant {
  readonly agentEvent?: (event: AgentEvent) => AgentEvent;
  readonly agentStep?: (step: AgentStep, around: Around<AgentTables, AgentEvent>) => AgentStep;
  readonly controllerEvent?: (event: ControllerEvent) => ControllerEvent;
  readonly controllerStep?: (
    step: ControllerStep,
    around: Around<ControllerTables, ControllerEvent>,
  ) => ControllerStep;
  /** Tables that the agent's store does not keep either. */
  readonly agentForgets?: readonly (keyof AgentTables)[];
  /** Its files are open to whoever names a MAC. */
  readonly opensDoor?: true;
}
