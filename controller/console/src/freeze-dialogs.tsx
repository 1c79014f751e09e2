import type { Problem, SiteView } from '@ringwave/protocol/views';
import { type ReactNode, useState } from 'react';
import { type Answered, ask } from './api.ts';
import { frozenFromHere } from './asks.ts';
import { useIdentity } from './identity.ts';
import { ModalDialog } from './modal-dialog.tsx';
import { Problems } from './parts.tsx';
import { useReadOnlyReason } from './stale-note.tsx';
import { counted } from './time-text.ts';

// A site is frozen from here, or its freeze is lifted: no phone of it is started meanwhile.

interface Props {
  readonly site: SiteView;
  readonly close: () => void;
}

const pathOf = ({ id }: SiteView): string => `/api/v1/sites/${encodeURIComponent(id)}/freeze`;

export function LiftDialog({ site, close }: Props) {
  return (
    <HoldForm
      title={`Lift the freeze of ${site.name}?`}
      label="Lift the freeze"
      send={() => ask('DELETE', pathOf(site))}
      close={close}
    >
      <ul className="effects">
        <li>{frozenFromHere(site)?.reason}</li>
        <li>
          <b>{counted(site.phones, 'phone')}</b> may be started again, in the windows of the site
        </li>
      </ul>
    </HoldForm>
  );
}

export function FreezeDialog({ site, close }: Props) {
  const [reason, setReason] = useState('');
  const [until, setUntil] = useState('');
  const send = () => {
    // The field has no zone of its own; it says beside it that it means UTC.
    const end = until === '' ? {} : { until: Date.parse(`${until}Z`) };
    return ask('PUT', pathOf(site), { reason: reason.trim(), ...end });
  };
  return (
    <HoldForm
      title={`Freeze ${site.name}?`}
      label="Freeze"
      isReady={reason.trim() !== ''}
      send={send}
      close={close}
    >
      <ul className="effects">
        <li>
          None of its <b>{counted(site.phones, 'phone')}</b> is started until then; what is in
          flight finishes
        </li>
        <li>It travels with the plan, so it holds at the site also without a line</li>
      </ul>
      <ReasonField reason={reason} change={setReason} />
      <label className="field">
        Until, in UTC (left empty: until somebody lifts it)
        <input
          type="datetime-local"
          value={until}
          onChange={(event) => setUntil(event.target.value)}
        />
      </label>
    </HoldForm>
  );
}

export function ReasonField(props: { reason: string; change: (reason: string) => void }) {
  return (
    <label className="field">
      Reason (needed, shown at every phone it keeps)
      <input
        value={props.reason}
        maxLength={200}
        required
        onChange={(event) => props.change(event.target.value)}
      />
    </label>
  );
}

/** Asks once more before something is held or let go, in whose name, and tells what was refused. */
export function HoldForm(props: {
  title: string;
  label: string;
  isReady?: boolean;
  send: () => Promise<Answered<unknown>>;
  close: () => void;
  children: ReactNode;
}) {
  const { title, label, isReady = true, send, close, children } = props;
  const [problems, setProblems] = useState<Problem['problems']>([]);
  const { who } = useIdentity();
  const readOnly = useReadOnlyReason();
  const submit = async () => {
    const answer = await send();
    if (answer.ok) close();
    else setProblems(answer.problems);
  };
  return (
    <ModalDialog title={title} close={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        {children}
        <Problems problems={problems} />
        {readOnly ? <p className="quiet">{readOnly}</p> : null}
        <div className="actions">
          <button type="submit" className="primary" disabled={!isReady || readOnly !== undefined}>
            {label}
          </button>
          <button type="button" onClick={close}>
            Leave it as it is
          </button>
          <span className="quiet">in the name of {who}</span>
        </div>
      </form>
    </ModalDialog>
  );
}
