import type { DurationMs } from '@ringwave/protocol/units';
import type { Clock } from '@ringwave/runtime/clock';

/** Resolves after `wait` on this clock, or at once when the signal aborts; never rejects, leaves no timer. */
export function pause(clock: Clock, wait: DurationMs, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const cancel = clock.after(wait, () => {
      signal.removeEventListener('abort', aborted);
      resolve();
    });
    const aborted = () => {
      cancel();
      resolve();
    };
    signal.addEventListener('abort', aborted, { once: true });
  });
}
