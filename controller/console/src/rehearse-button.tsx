import type { RolloutView } from '@ringwave/protocol/views';
import { Suspense, useState } from 'react';
import { lazyDialog } from './lazy-part.tsx';
import type { LiveView } from './live-view.ts';
import { useReadOnlyReason } from './stale-note.tsx';

const RehearsalDialog = lazyDialog(
  async () => (await import('./rehearsal-dialog.tsx')).RehearsalDialog,
);

/** What has not ended can be rehearsed: as it stands, on a copy of what is known. */
export function RehearseButton({ view, rollout }: { view: LiveView; rollout: RolloutView }) {
  const [isOpen, setIsOpen] = useState(false);
  const readOnly = useReadOnlyReason();
  if (rollout.endedAt !== null) return null;
  return (
    <>
      <button type="button" disabled={readOnly !== undefined} onClick={() => setIsOpen(true)}>
        Rehearse …
      </button>
      {isOpen ? (
        <Suspense>
          <RehearsalDialog view={view} rollout={rollout} close={() => setIsOpen(false)} />
        </Suspense>
      ) : null}
    </>
  );
}
