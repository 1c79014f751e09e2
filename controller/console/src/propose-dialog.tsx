import type { Problem } from '@ringwave/protocol/views';
import { useEffect, useState } from 'react';
import { ask } from './api.ts';
import { ConfirmPhones, isConfirmed } from './confirm-phones.tsx';
import { useIdentity } from './identity.ts';
import { ModalDialog } from './modal-dialog.tsx';
import { Problems } from './parts.tsx';
import { usePreview } from './rollout-preview.ts';
import { counted } from './time-text.ts';

interface Props {
  readonly where: string;
  readonly close: () => void;
  readonly made: (id: string) => void;
}

interface Release {
  readonly id: string;
  readonly vendor: string;
  readonly version: string;
  readonly models: readonly string[];
  readonly state: string;
}

/** Ready-made orders of waves; what comes out is changed behind *Change waves* before the start. */
const PRESETS: readonly { readonly label: string; readonly preset: string | number }[] = [
  { label: 'one of each kind, then a tenth, then the rest', preset: 'canary-tenth-rest' },
  { label: 'three waves of equal size', preset: 3 },
  { label: 'all at once', preset: 1 },
];

/** Proposes a rollout to the phones of a selection. Nothing begins before another person has approved it. */
export function ProposeDialog({ where, close, made }: Props) {
  const { who } = useIdentity();
  const releases = useReleases();
  const [name, setName] = useState('');
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [place, setPlace] = useState(0);
  const [confirmed, setConfirmed] = useState('');
  const [problems, setProblems] = useState<Problem['problems']>([]);
  const id = idFrom(name);
  const isWhole = id !== '' && chosen.length > 0;
  const body = {
    id,
    name: name.trim(),
    releases: chosen,
    selection: { where },
    preset: PRESETS[place]?.preset,
  };
  const { preview, isOld } = usePreview(isWhole ? body : undefined);
  const may = isWhole && !isOld && preview !== undefined && isConfirmed(preview, confirmed);
  const send = async () => {
    const number = confirmed.trim() === '' ? {} : { confirmPhones: Number(confirmed) };
    const answer = await ask('POST', '/api/v1/rollouts', { ...body, ...number });
    if (answer.ok) made(id);
    else setProblems(answer.problems);
  };
  return (
    <ModalDialog kind="wide" title="Propose a rollout" close={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (may) void send();
        }}
      >
        <p>
          To the phones where <code>{where}</code>, as they are found when it is stored
        </p>
        <NameField name={name} id={id} onChange={setName} />
        <ReleaseChoice releases={releases} chosen={chosen} onChange={setChosen} />
        <PresetChoice place={place} onChange={setPlace} />
        {isWhole && preview ? (
          <>
            <p>
              {preview.waves
                .map((wave) => `${wave.name} ${counted(wave.phones, 'phone')}`)
                .join(', ')}
            </p>
            <ConfirmPhones preview={preview} confirmed={confirmed} onConfirm={setConfirmed} />
          </>
        ) : null}
        <Problems problems={problems} />
        <div className="actions">
          <button type="submit" className="primary" disabled={!may}>
            Propose
          </button>
          <button type="button" onClick={close}>
            Leave it
          </button>
          <span className="quiet">in the name of {who}; another person approves it</span>
        </div>
      </form>
    </ModalDialog>
  );
}

/** Lower-case letters, digits and dashes, 64 at most: what REST takes as an id. */
const idFrom = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 64);

function NameField(props: { name: string; id: string; onChange: (name: string) => void }) {
  const { name, id, onChange } = props;
  return (
    <label className="field">
      Name
      <input
        value={name}
        maxLength={120}
        required
        onChange={(event) => onChange(event.target.value)}
      />
      <span className="quiet">{id === '' ? 'such as Winter update' : `its id is ${id}`}</span>
    </label>
  );
}

function PresetChoice({ place, onChange }: { place: number; onChange: (place: number) => void }) {
  return (
    <label className="field">
      Waves
      <select value={place} onChange={(event) => onChange(Number(event.target.value))}>
        {PRESETS.map(({ label }, index) => (
          <option key={label} value={index}>
            {label}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Undefined until they are known. */
function useReleases(): readonly Release[] | undefined {
  const [releases, setReleases] = useState<readonly Release[]>();
  useEffect(() => {
    const read = async () => {
      const answer = await ask<Release[]>('GET', '/api/v1/releases');
      const isUsable = ({ state }: Release) => state === 'approved' || state === 'preferred';
      setReleases(answer.ok ? answer.value.filter(isUsable) : []);
    };
    void read();
  }, []);
  return releases;
}

function ReleaseChoice(props: {
  releases: readonly Release[] | undefined;
  chosen: readonly string[];
  onChange: (chosen: readonly string[]) => void;
}) {
  const { releases, chosen, onChange } = props;
  if (releases?.length === 0)
    return <p className="note tone-hold">No release is approved yet; a rollout needs one.</p>;
  return (
    <fieldset className="choices">
      <legend>Releases</legend>
      {(releases ?? []).map(({ id, vendor, version, models }) => (
        <label key={id}>
          <input
            type="checkbox"
            checked={chosen.includes(id)}
            onChange={(event) =>
              onChange(event.target.checked ? [...chosen, id] : chosen.filter((one) => one !== id))
            }
          />
          <span>
            {vendor} {version} <span className="quiet">for {models.join(', ')}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
