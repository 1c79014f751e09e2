import type { Problem } from '@ringwave/protocol/views';
import { useState } from 'react';
import { changeIdentity } from './api.ts';
import { ModalDialog } from './modal-dialog.tsx';
import { Problems } from './parts.tsx';

/** Asks for the name of who sits before this window. */
export function IdentityDialog({ who, close }: { who: string; close: () => void }) {
  const [name, setName] = useState(who);
  const [problems, setProblems] = useState<Problem['problems']>([]);
  const send = async () => {
    const wrong = await changeIdentity(name.trim(), { before: who });
    if (wrong.length === 0) close();
    else setProblems(wrong);
  };
  return (
    <ModalDialog title="Who acts?" close={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <p>
          Everything done from this window is kept in the audit under this name. Whoever proposed or
          changed a rollout cannot approve it.
        </p>
        <label className="field">
          You act as
          <input
            value={name}
            maxLength={64}
            required
            autoComplete="username"
            spellCheck={false}
            aria-describedby="identity-hint"
            onChange={(event) => setName(event.target.value)}
          />
        </label>
        <p className="quiet" id="identity-hint">
          Letters, digits and . _ @ + -, such as ada@example.com. A link for one person alone is
          printed by <code>ringwave --as NAME controller login</code>
        </p>
        <Problems problems={problems} />
        <div className="actions">
          <button type="submit" className="primary" disabled={name.trim() === ''}>
            Act as this person
          </button>
          <button type="button" onClick={close}>
            Leave it as it is
          </button>
        </div>
      </form>
    </ModalDialog>
  );
}
