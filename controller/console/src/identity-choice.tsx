import { Suspense, useEffect, useState } from 'react';
import { askIdentity } from './api.ts';
import { useIdentity } from './identity.ts';
import { lazyDialog } from './lazy-part.tsx';
import { useLive } from './live-context.tsx';

const IdentityDialog = lazyDialog(
  async () => (await import('./identity-dialog.tsx')).IdentityDialog,
);

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
      {isOpen ? (
        <Suspense>
          <IdentityDialog who={who} close={() => setIsOpen(false)} />
        </Suspense>
      ) : null}
    </>
  );
}
