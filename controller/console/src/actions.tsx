import type { Problem, PhoneView, RolloutView } from '@ringwave/protocol/views';
import { type ReactNode, useState } from 'react';
import { ask } from './api.ts';
import { ModalDialog } from './modal-dialog.tsx';
import { Problems } from './parts.tsx';
import { useReadOnlyReason } from './stale-note.tsx';
import { effectsOn, totalsOf } from './summary.ts';
import { counted } from './time-text.ts';

// What a person can do to a rollout. Each step says beforehand what it does to how many phones; its effect
// comes back on the live stream, so that the page shows what is and not what was hoped for.

type Verb = 'approve' | 'pause' | 'resume' | 'abort';

const VERBS: Record<RolloutView['state'], readonly Verb[]> = {
  draft: ['abort'],
  'awaiting-approval': ['approve', 'abort'],
  scheduled: ['abort'],
  running: ['pause', 'abort'],
  paused: ['resume', 'abort'],
  done: [],
  'done-with-failures': [],
  aborted: [],
};

const LABEL: Record<Verb, string> = {
  approve: 'Approve',
  pause: 'Pause',
  resume: 'Resume',
  abort: 'Abort',
};

interface Props {
  readonly rollout: RolloutView;
  readonly phones: readonly PhoneView[];
}

export function Actions({ rollout, phones }: Props) {
  const [verb, setVerb] = useState<Verb>();
  const readOnly = useReadOnlyReason();
  const verbs = VERBS[rollout.state];
  if (verbs.length === 0) return null;
  return (
    <div className="actions">
      {verbs.map((one) => (
        <button
          key={one}
          type="button"
          className={one === 'abort' ? 'danger' : 'primary'}
          disabled={readOnly !== undefined}
          onClick={() => setVerb(one)}
        >
          {LABEL[one]} …
        </button>
      ))}
      {readOnly ? <span className="quiet">{readOnly}</span> : null}
      {verb ? (
        <ActionDialog
          key={verb}
          verb={verb}
          rollout={rollout}
          phones={phones}
          close={() => setVerb(undefined)}
        />
      ) : null}
    </div>
  );
}

/** REST takes as many characters. */
const reasonLengthMax = 200;

function ActionDialog({ verb, rollout, phones, close }: Props & { verb: Verb; close: () => void }) {
  const [reason, setReason] = useState('');
  const [problems, setProblems] = useState<Problem['problems']>([]);
  const [isSent, setIsSent] = useState(false);
  const readOnly = useReadOnlyReason();
  const send = async () => {
    setIsSent(true);
    const path = `/api/v1/rollouts/${encodeURIComponent(rollout.id)}/${verb}`;
    const answer = await ask('POST', path, bodyOf(verb, rollout, reason.trim()));
    setIsSent(false);
    if (answer.ok) close();
    else setProblems(answer.problems);
  };
  const takesReason = verb === 'pause' || verb === 'abort';
  const isReasonMissing = verb === 'abort' && reason.trim() === '';
  return (
    <ModalDialog title={`${LABEL[verb]} ${rollout.name}?`} close={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <ul className="effects">{effectLines(verb, rollout, phones)}</ul>
        {takesReason ? (
          <label className="field">
            {verb === 'abort' ? 'Reason (needed, kept in the audit)' : 'Reason (kept in the audit)'}
            <input
              value={reason}
              maxLength={reasonLengthMax}
              required={verb === 'abort'}
              onChange={(event) => setReason(event.target.value)}
            />
          </label>
        ) : null}
        <Problems problems={problems} />
        {readOnly ? <p className="quiet">{readOnly}</p> : null}
        <div className="actions">
          <button
            type="submit"
            className={verb === 'abort' ? 'danger' : 'primary'}
            disabled={isSent || isReasonMissing || readOnly !== undefined}
          >
            {LABEL[verb]}
          </button>
          <button type="button" onClick={close}>
            Leave it as it is
          </button>
        </div>
      </form>
    </ModalDialog>
  );
}

/** An approval names the content that was shown, so that nobody approves what changed meanwhile. */
function bodyOf(verb: Verb, { contentHash }: RolloutView, reason: string): object {
  if (verb === 'approve') return { contentHash };
  return reason === '' ? {} : { reason };
}

function effectLines(verb: Verb, rollout: RolloutView, phones: readonly PhoneView[]): ReactNode {
  switch (verb) {
    case 'approve':
      return approveLines(rollout);
    case 'resume':
      return resumeLines(rollout, phones);
    case 'pause':
    case 'abort':
      return stopLines(verb, phones);
    default:
      return verb satisfies never;
  }
}

function approveLines(rollout: RolloutView): ReactNode {
  const { total } = totalsOf(rollout);
  const versions = rollout.releases.map(({ vendor, version }) => `${vendor} ${version}`).join(', ');
  return (
    <>
      <li>
        <b>{counted(total, 'phone')}</b> at {counted(rollout.sites.length, 'site')} are to run{' '}
        {versions}
      </li>
      <li>
        in <b>{counted(rollout.waves.length, 'wave')}</b>:{' '}
        {rollout.waves.map((wave) => `${wave.name} ${wave.total}`).join(', ')}
      </li>
      <li>each site starts in its own windows only</li>
    </>
  );
}

function resumeLines(rollout: RolloutView, phones: readonly PhoneView[]): ReactNode {
  const stopped = rollout.waves.find((wave) => wave.state === 'held' || wave.state === 'halted');
  const next = stopped && rollout.waves[rollout.waves.indexOf(stopped) + 1];
  const { notStarted } = effectsOn(phones);
  return (
    <>
      {stopped ? (
        <li>
          Wave <b>{stopped.name}</b> did not meet its gate{stopped.why ? ` (${stopped.why})` : ''}.
          You release it in your name
          {next ? `, and wave ${next.name} opens with ${counted(next.total, 'phone')}` : ''}.
        </li>
      ) : null}
      <li>
        <b>{counted(notStarted, 'phone')}</b> not started: go on, wave by wave, in the windows of
        their sites
      </li>
    </>
  );
}

function stopLines(verb: 'pause' | 'abort', phones: readonly PhoneView[]): ReactNode {
  const { notStarted, inFlight, ended } = effectsOn(phones);
  const flying = inFlight.reduce((sum, { count }) => sum + count, 0);
  const detail = inFlight.map(({ phase, count }) => `${count} ${phase}`).join(', ');
  return (
    <>
      <li>
        <b>{notStarted}</b> not started:{' '}
        {verb === 'pause'
          ? 'stay as they are until someone resumes'
          : 'untouched, taken out for good'}
      </li>
      <li>
        <b>{flying}</b> in flight{detail ? ` (${detail})` : ''}: finish, nothing can stop them
      </li>
      <li>
        <b>{ended}</b> ended: stay as they are
      </li>
      {verb === 'abort' ? <li>An abort is final. To go on later, create a new rollout.</li> : null}
    </>
  );
}
