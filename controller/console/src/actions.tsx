import type { PhoneView, RolloutView } from '@ringwave/protocol/views';
import { Suspense, useState } from 'react';
import { lazyDialog } from './lazy-part.tsx';
import type { LiveView } from './live-view.ts';
import { RehearseButton } from './rehearse-button.tsx';
import { useReadOnlyReason } from './stale-note.tsx';
import { VERB, type Verb, verbsOf } from './verbs.ts';

const ActionDialog = lazyDialog(async () => (await import('./action-dialog.tsx')).ActionDialog);

// What a person can do to a rollout. Each step says beforehand what it does to how many phones; its effect
// comes back on the live stream, so that the page shows what is and not what was hoped for.

interface Props {
  readonly rollout: RolloutView;
  readonly phones: readonly PhoneView[];
}

export function Actions({ view, rollout, phones }: Props & { view: LiveView }) {
  const readOnly = useReadOnlyReason();
  const verbs = verbsOf(rollout);
  if (verbs.length === 0) return null;
  return (
    <div className="actions">
      {verbs.map((verb) => (
        <ActionButton key={verb} verb={verb} rollout={rollout} phones={phones} />
      ))}
      <RehearseButton view={view} rollout={rollout} />
      {readOnly ? <span className="quiet">{readOnly}</span> : null}
    </div>
  );
}

/** Opens the dialog that says what the action does. */
export function ActionButton({ verb, rollout, phones }: Props & { verb: Verb }) {
  const [isOpen, setIsOpen] = useState(false);
  const readOnly = useReadOnlyReason();
  const { label, isDanger } = VERB[verb];
  return (
    <>
      <button
        type="button"
        className={isDanger ? 'danger' : 'primary'}
        disabled={readOnly !== undefined}
        onClick={() => setIsOpen(true)}
      >
        {label} …
      </button>
      {isOpen ? (
        <Suspense>
          <ActionDialog
            verb={verb}
            rollout={rollout}
            phones={phones}
            close={() => setIsOpen(false)}
          />
        </Suspense>
      ) : null}
    </>
  );
}
