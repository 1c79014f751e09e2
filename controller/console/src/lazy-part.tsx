import { type ComponentType, lazy } from 'react';
import { ModalDialog } from './modal-dialog.tsx';

/**
 * A part of the page that is fetched when somebody first opens it: most who look never change anything. Where it
 * cannot be fetched the page says so instead of failing as a whole.
 */
export function lazyDialog<P extends { readonly close: () => void }>(
  load: () => Promise<ComponentType<P>>,
) {
  return lazy(async () => {
    try {
      return { default: await load() };
    } catch {
      return { default: NotFetched as ComponentType<P> };
    }
  });
}

function NotFetched({ close }: { close: () => void }) {
  return (
    <ModalDialog title="This part could not be fetched" close={close}>
      <p>The controller may have been renewed since this page was opened. Load the page again.</p>
      <div className="actions">
        <button type="button" className="primary" onClick={() => window.location.reload()}>
          Load again
        </button>
      </div>
    </ModalDialog>
  );
}
