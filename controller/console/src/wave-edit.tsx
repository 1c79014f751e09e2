import type { RolloutView } from '@ringwave/protocol/views';
import { Suspense, useState } from 'react';
import { lazyDialog } from './lazy-part.tsx';
import { useReadOnlyReason } from './stale-note.tsx';

const WaveEditDialog = lazyDialog(
  async () => (await import('./wave-edit-dialog.tsx')).WaveEditDialog,
);

const BEFORE_START: readonly RolloutView['state'][] = ['draft', 'awaiting-approval', 'scheduled'];

/** Waves are changed, taken out and put in another order until the rollout begins. */
export function WaveEdit({ rollout }: { rollout: RolloutView }) {
  const [isOpen, setIsOpen] = useState(false);
  const readOnly = useReadOnlyReason();
  if (!BEFORE_START.includes(rollout.state)) return null;
  return (
    <>
      <button type="button" disabled={readOnly !== undefined} onClick={() => setIsOpen(true)}>
        Change waves …
      </button>
      {isOpen ? (
        <Suspense>
          <WaveEditDialog rollout={rollout} close={() => setIsOpen(false)} />
        </Suspense>
      ) : null}
    </>
  );
}
