import { useLive } from './live-context.tsx';
import { utcSeconds } from './time-text.ts';

/** Why nothing can be changed now; undefined when it can. */
export function useReadOnlyReason(): string | undefined {
  const { link } = useLive();
  return link.kind === 'live'
    ? undefined
    : 'No connection to the controller, so nothing can be changed here';
}

/** Old news is never shown as if it were fresh. */
export function StaleNote() {
  const { link, clock } = useLive();
  if (link.kind !== 'reconnecting' || !clock) return null;
  return (
    <p className="note tone-hold" role="status">
      The controller does not answer. This page shows what it knew at {utcSeconds(clock.at)} UTC,
      and nothing can be changed until it is back. Sites keep to the plans they hold.
    </p>
  );
}
