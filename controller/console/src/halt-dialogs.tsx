import { useState } from 'react';
import { ask } from './api.ts';
import { HoldForm, ReasonField } from './freeze-dialogs.tsx';

// The stop of all sites: no phone is started anywhere until somebody lifts it.

interface Props {
  readonly close: () => void;
}

const order = (halted: boolean, reason: string) => ask('POST', '/api/v1/halt', { halted, reason });

export function StopDialog({ close }: Props) {
  const [reason, setReason] = useState('');
  return (
    <HoldForm
      title="Stop all sites?"
      label="Stop all sites"
      isReady={reason.trim() !== ''}
      send={() => order(true, reason.trim())}
      close={close}
    >
      <ul className="effects">
        <li>
          No phone is started at any site until the stop is lifted; what is in flight finishes
        </li>
        <li>Sites without a line hear of it when they have one again</li>
      </ul>
      <ReasonField reason={reason} change={setReason} />
    </HoldForm>
  );
}

export function LiftStopDialog({ reason, close }: Props & { reason: string }) {
  return (
    <HoldForm
      title="Lift the stop of all sites?"
      label="Lift the stop"
      send={() => order(false, 'lifted in the console')}
      close={close}
    >
      <ul className="effects">
        <li>{reason}</li>
        <li>Phones may be started again at every site, in the windows of each</li>
      </ul>
    </HoldForm>
  );
}
