import type { Problem } from '@ringwave/protocol/views';
import { useEffect, useState } from 'react';
import { askIdentity, changeIdentity } from './api.ts';
import { useIdentity } from './identity.ts';
import { useLive } from './live-context.tsx';
import { ModalDialog } from './modal-dialog.tsx';
import { Problems } from './parts.tsx';

/** In whose name the page acts, and the way to act in another. */
export function IdentityChoice() {
  const { link } = useLive();
  const { who, isOwn } = useIdentity();
  const [isOpen, setIsOpen] = useState(false);
  const isLive = link.kind === 'live';
  useEffect(() => {
    if (isLive) void askIdentity();
  }, [isLive]);
  if (who === '') return null;
  if (isOwn)
    return (
      <span className="identity" title="This log-in is one person’s and acts in no other name">
        You act as <b>{who}</b>
      </span>
    );
  return (
    <>
      <button type="button" className="identity" onClick={() => setIsOpen(true)}>
        You act as <b>{who}</b>
      </button>
      {isOpen ? <IdentityDialog who={who} close={() => setIsOpen(false)} /> : null}
    </>
  );
}

function IdentityDialog({ who, close }: { who: string; close: () => void }) {
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
