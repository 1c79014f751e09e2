import type { Problem, PhoneView, RolloutView } from '@ringwave/protocol/views';
import { useState } from 'react';
import { Effects } from './action-effects.tsx';
import { ask } from './api.ts';
import { useIdentity } from './identity.ts';
import { ModalDialog } from './modal-dialog.tsx';
import { Problems } from './parts.tsx';
import { useReadOnlyReason } from './stale-note.tsx';
import { BREAK_GLASS, proposersOf, VERB, type Verb, type VerbText } from './verbs.ts';

interface Props {
  readonly rollout: RolloutView;
  readonly phones: readonly PhoneView[];
  readonly verb: Verb;
  readonly close: () => void;
}

/** Says what the action does, asks what has to be said with it, and sends it. */
export function ActionDialog({ verb, rollout, phones, close }: Props) {
  const { label, isDanger } = VERB[verb];
  const [text, setText] = useState('');
  const [problems, setProblems] = useState<Problem['problems']>([]);
  const [isSent, setIsSent] = useState(false);
  const readOnly = useReadOnlyReason();
  const { who } = useIdentity();
  const isOwn =
    verb === 'approve' &&
    proposersOf(rollout).some((one) => one.toLowerCase() === who.toLowerCase());
  const asked = isOwn ? BREAK_GLASS : VERB[verb].text;
  const send = async () => {
    setIsSent(true);
    const answer = await sendVerb(verb, rollout, asked, text.trim());
    setIsSent(false);
    if (answer.ok) close();
    else setProblems(answer.problems);
  };
  const isTextMissing = asked?.isNeeded === true && text.trim() === '';
  return (
    <ModalDialog title={`${label}: ${rollout.name}?`} close={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <Effects verb={verb} rollout={rollout} phones={phones} />
        {isOwn ? <OwnProposal who={who} /> : null}
        {asked ? <TextField asked={asked} text={text} onChange={setText} /> : null}
        <Problems problems={problems} />
        {readOnly ? <p className="quiet">{readOnly}</p> : null}
        <div className="actions">
          <button
            type="submit"
            className={isDanger || isOwn ? 'danger' : 'primary'}
            disabled={isSent || isTextMissing || readOnly !== undefined}
          >
            {isOwn ? 'Break the glass and approve' : label}
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

function OwnProposal({ who }: { who: string }) {
  return (
    <p className="note tone-hold">
      You act as <b>{who}</b>, who proposed or changed it. Another person has to approve it. Only in
      an emergency, when nobody else can, break the glass and say why.
    </p>
  );
}

function TextField(props: { asked: VerbText; text: string; onChange: (text: string) => void }) {
  const { asked, text, onChange } = props;
  return (
    <label className="field">
      {asked.label}
      <input
        value={text}
        maxLength={asked.lengthMax}
        required={asked.isNeeded}
        onChange={(event) => onChange(event.target.value)}
      />
    </label>
  );
}

function sendVerb(verb: Verb, rollout: RolloutView, asked: VerbText | undefined, text: string) {
  const path = `/api/v1/rollouts/${encodeURIComponent(rollout.id)}`;
  if (verb === 'remove') return ask('DELETE', path);
  return ask('POST', `${path}/${verb}`, {
    // An approval names the content that was shown, so that nobody approves what changed meanwhile.
    ...(verb === 'approve' ? { contentHash: rollout.contentHash } : {}),
    ...(asked && text !== '' ? { [asked.key]: text } : {}),
  });
}
