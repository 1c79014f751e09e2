import { Suspense, useState } from 'react';
import { Icon } from './icon.tsx';
import { lazyDialog } from './lazy-part.tsx';
import { useReadOnlyReason } from './stale-note.tsx';

const StopDialog = lazyDialog(async () => (await import('./halt-dialogs.tsx')).StopDialog);
const LiftStopDialog = lazyDialog(async () => (await import('./halt-dialogs.tsx')).LiftStopDialog);

/** Nothing else on the page explains itself while this holds, so it stands above all of it. */
export function HaltNote({ reason }: { reason: string }) {
  const [isOpen, setIsOpen] = useState(false);
  const readOnly = useReadOnlyReason();
  return (
    <div className="note tone-bad halt" role="alert">
      <p>
        <Icon name="stop" /> <b>All sites are stopped</b>: {reason}. No phone is started; what is in
        flight finishes.
      </p>
      <button type="button" disabled={readOnly !== undefined} onClick={() => setIsOpen(true)}>
        Lift the stop …
      </button>
      {isOpen ? (
        <Suspense>
          <LiftStopDialog reason={reason} close={() => setIsOpen(false)} />
        </Suspense>
      ) : null}
    </div>
  );
}

export function StopButton() {
  const [isOpen, setIsOpen] = useState(false);
  const readOnly = useReadOnlyReason();
  return (
    <>
      <button
        type="button"
        className="danger"
        disabled={readOnly !== undefined}
        onClick={() => setIsOpen(true)}
      >
        Stop all sites …
      </button>
      {isOpen ? (
        <Suspense>
          <StopDialog close={() => setIsOpen(false)} />
        </Suspense>
      ) : null}
    </>
  );
}
