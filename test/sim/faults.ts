import type { AgentEvent, AgentStep } from '../../agent/core/state.ts';
import type { ControllerStep } from '../../controller/core/state.ts';

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
}

export const noFaults: Faults = {
  loss: 0,
  duplication: 0,
  crash: 0,
  delayMs: 200,
  partition: 0,
  oddPhones: 0,
  restore: 0,
};

/** A bug put in on purpose, to show that the checks would find it. */
export interface Plant {
  readonly agentEvent?: (event: AgentEvent) => AgentEvent;
  readonly agentStep?: (step: AgentStep) => AgentStep;
  readonly controllerStep?: (step: ControllerStep) => ControllerStep;
}
