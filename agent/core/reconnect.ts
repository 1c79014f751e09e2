import { type DurationMs, minutes, seconds } from '@ringwave/protocol/units';

// When an agent that lost its controller tries again. All agents lose a controller at the same instant,
// so the first try is spread; after that each failure doubles the range it is drawn from.

export const backOffMin: DurationMs = seconds(2);
export const backOffMax: DurationMs = minutes(5);
/** A connection that held this long was healthy: the next loss starts from the spread again. */
export const healthyAfter: DurationMs = minutes(10);
/** 30 s until a controller says otherwise: 5,000 agents at 200 TLS handshakes a second, with room. */
export const spreadDefault: DurationMs = seconds(30);
/** 1 h: a controller that asks for more is not believed. */
export const spreadMax: DurationMs = minutes(60);

/** `failures`: losses and failed tries since the last healthy connection. `random` lies in 0 ≤ r < 1. */
export function reconnectWait(from: {
  readonly failures: number;
  readonly spread: DurationMs;
  readonly random: number;
}): DurationMs {
  const range =
    from.failures === 0
      ? Math.min(from.spread, spreadMax)
      : Math.min(backOffMin * 2 ** Math.min(from.failures - 1, 20), backOffMax);
  return Math.floor(range * from.random) as DurationMs;
}
