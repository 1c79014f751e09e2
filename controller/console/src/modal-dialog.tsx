import { type ReactNode, useId, useLayoutEffect, useRef } from 'react';

/**
 * The browser's own modal dialog: it keeps the focus inside, closes on Escape and gives the focus back to
 * where it was.
 */
export function ModalDialog(props: {
  title: string;
  close: () => void;
  kind?: 'box' | 'drawer' | 'wide';
  children: ReactNode;
}) {
  const { title, close, kind = 'box', children } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  // Closed while it is still in the page: only then does the browser give the focus back.
  useLayoutEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      className={kind}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
      onMouseDown={(event) => {
        if (event.target === dialog.current) close();
      }}
    >
      <div className="dialog-body">
        <h2 id={titleId}>{title}</h2>
        {children}
        {/* Last, so that the focus begins in what the dialog asks. */}
        <button type="button" className="close" aria-label="Close" onClick={close}>
          <svg className="icon" viewBox="0 0 16 16" aria-hidden="true">
            <path d="M4 4l8 8M12 4l-8 8" />
          </svg>
        </button>
      </div>
    </dialog>
  );
}
