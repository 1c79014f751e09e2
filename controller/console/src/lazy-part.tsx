import { type ComponentType, lazy } from 'react';
import { ModalDialog } from './modal-dialog.tsx';

/** The page itself comes first; what is behind its buttons a moment later, so that it is there without a line. */
const fetchedAfterMs = 2_000;

/**
 * A part of the page that is fetched after the page, or when somebody first opens it. Where it cannot be fetched
 * the page says so instead of failing as a whole.
 */
export function lazyDialog<P extends { readonly close: () => void }>(
  load: () => Promise<ComponentType<P>>,
) {
  setTimeout(() => void load().catch(() => {}), fetchedAfterMs);
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
