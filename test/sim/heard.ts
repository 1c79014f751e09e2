import type { Halt, Plan } from '@ringwave/protocol/messages';
import type { AgentEvent } from '../../agent/core/state.ts';

// What an agent was told and has committed, kept by the world beside it: the truth that its own tables are held to.

export interface Heard {
  readonly plan?: Plan;
  readonly halt?: Halt;
  readonly isFrozen?: boolean;
  readonly isCalled?: boolean;
  /** By the clock of its box. */
  readonly callHoldsUntil?: number;
  /** Connections before this one began by another clock. */
  readonly clockSetBefore?: number;
}

const minute = 60_000;
/** As the plan says nothing of callbacks: half an hour. */
const callback = 30 * minute;

export function heardAlso(heard: Heard, event: AgentEvent, now: number): Heard {
  switch (event.kind) {
    case 'plan-came':
      return event.plan.revision > (heard.plan?.revision ?? 0)
        ? { ...heard, plan: event.plan }
        : heard;
    case 'halt-came':
      return event.halt.counter > (heard.halt?.counter ?? 0)
        ? { ...heard, halt: event.halt }
        : heard;
    case 'freeze-read':
      return { ...heard, isFrozen: event.reason !== null };
    case 'emergency-call':
      if (event.state === 'ended' && !heard.isCalled) return heard;
      return { ...heard, isCalled: event.state === 'began', callHoldsUntil: now + callback };
    default:
      return heard;
  }
}
