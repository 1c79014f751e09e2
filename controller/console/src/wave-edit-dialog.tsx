import type { Problem, RolloutView } from '@ringwave/protocol/views';
import { type Dispatch, type SetStateAction, useEffect, useRef, useState } from 'react';
import { ask } from './api.ts';
import { ConfirmPhones, isConfirmed } from './confirm-phones.tsx';
import { ModalDialog } from './modal-dialog.tsx';
import { Problems } from './parts.tsx';
import { type Preview, usePreview } from './rollout-preview.ts';
import { counted } from './time-text.ts';
import {
  freeName,
  moved,
  narrowedBy,
  numberOf,
  resized,
  type RolloutContent,
  type Size,
  sizeOf,
  type WaveSpecBody,
} from './wave-specs.ts';

interface Row {
  /** Steady while the row moves and is renamed. */
  readonly key: number;
  readonly spec: WaveSpecBody;
}

/** Each change is laid out by the controller while it is made; nothing is stored before it is saved. */
export function WaveEditDialog({ rollout, close }: { rollout: RolloutView; close: () => void }) {
  const path = `/api/v1/rollouts/${encodeURIComponent(rollout.id)}`;
  const [content, setContent] = useState<RolloutContent>();
  const [rows, setRows] = useState<readonly Row[]>([]);
  const [problems, setProblems] = useState<Problem['problems']>([]);
  const [confirmed, setConfirmed] = useState('');
  // Of the rollout as it was when this was opened: somebody else may change it meanwhile.
  const [asRead] = useState(rollout.contentHash);
  const body = content && { ...content, waves: rows.map(({ spec }) => spec) };
  const { preview, isOld } = usePreview(body);
  useEffect(() => {
    const read = async () => {
      const answer = await ask<RolloutContent>('GET', `${path}/content`);
      if (!answer.ok) return setProblems(answer.problems);
      setContent(answer.value);
      setRows(answer.value.waves.map((spec, key) => ({ key, spec })));
    };
    void read();
  }, [path]);
  const save = async () => {
    const number = confirmed.trim() === '' ? {} : { confirmPhones: Number(confirmed) };
    const answer = await ask('PUT', path, { ...body, ...number }, { asRead });
    if (answer.ok) close();
    else setProblems(answer.problems);
  };
  const maySave = !isOld && preview !== undefined && isConfirmed(preview, confirmed);
  return (
    <ModalDialog kind="wide" title={`Waves of ${rollout.name}`} close={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (maySave) void save();
        }}
      >
        <p className={rollout.approvedBy === null ? 'quiet' : 'note tone-hold'}>
          {rollout.approvedBy === null
            ? 'Each wave takes from the phones that earlier ones left.'
            : `Each wave takes from the phones that earlier ones left. ${rollout.approvedBy} has approved it as it stands; a change waits for approval anew.`}
        </p>
        <WaveRows rows={rows} setRows={setRows} preview={isOld ? undefined : preview} />
        {preview ? (
          <ConfirmPhones preview={preview} confirmed={confirmed} onConfirm={setConfirmed} />
        ) : null}
        <Problems problems={problems} />
        <div className="actions">
          <button type="submit" className="primary" disabled={!maySave}>
            Save waves
          </button>
          <button type="button" onClick={close}>
            Leave them as they are
          </button>
        </div>
      </form>
    </ModalDialog>
  );
}

interface RowsProps {
  readonly rows: readonly Row[];
  readonly setRows: Dispatch<SetStateAction<readonly Row[]>>;
  readonly preview: Preview | undefined;
}

function WaveRows({ rows, setRows, preview }: RowsProps) {
  const [said, setSaid] = useState('');
  const list = useRef<HTMLOListElement>(null);
  const move = (from: number, to: number) => {
    setRows(moved(rows, from, to));
    setSaid(`${rows[from]?.spec.name} is now ${to + 1} of ${rows.length}`);
    // A row that moves loses the focus in the page; whoever moves it goes on moving it.
    const label = to < from ? 'up' : 'down';
    requestAnimationFrame(() => {
      const all = list.current?.children[to]?.querySelectorAll('button') ?? [];
      const able = [...all].filter((one) => !one.disabled);
      (able.find((one) => one.name === label) ?? able[0])?.focus();
    });
  };
  return (
    <>
      <ol className="wave-rows" ref={list}>
        {rows.map(({ key, spec }, place) => (
          <WaveRow
            key={key}
            spec={spec}
            place={place}
            last={rows.length - 1}
            phones={preview?.waves.find((wave) => wave.name === spec.name)?.phones}
            onChange={(next) =>
              setRows(rows.map((row) => (row.key === key ? { key, spec: next } : row)))
            }
            onMove={(to) => move(place, to)}
            onRemove={() => {
              setRows(rows.filter((row) => row.key !== key));
              setSaid(`${spec.name} is taken out`);
            }}
          />
        ))}
      </ol>
      <p className="only-spoken" role="status">
        {said}
      </p>
      <div className="actions">
        <button
          type="button"
          disabled={rows.length >= wavesMax}
          onClick={() => {
            const name = freeName(rows.map(({ spec }) => spec));
            const key = Math.max(-1, ...rows.map((row) => row.key)) + 1;
            // Before the last one, which usually takes the rest.
            const at = Math.max(rows.length - 1, 0);
            setRows([
              ...rows.slice(0, at),
              { key, spec: { name, percent: 10 } },
              ...rows.slice(at),
            ]);
          }}
        >
          Add a wave
        </button>
      </div>
    </>
  );
}

/** REST takes as many. */
const wavesMax = 20;

const SIZE_WORDS: Record<Size, string> = {
  all: 'all that are left',
  count: 'so many phones',
  percent: 'per cent of the rest',
  per: 'of each kind',
};

interface RowProps {
  readonly spec: WaveSpecBody;
  readonly place: number;
  readonly last: number;
  readonly phones: number | undefined;
  readonly onChange: (spec: WaveSpecBody) => void;
  readonly onMove: (to: number) => void;
  readonly onRemove: () => void;
}

function WaveRow({ spec, place, last, phones, onChange, onMove, onRemove }: RowProps) {
  const size = sizeOf(spec);
  const { name, per } = spec;
  const narrowed = narrowedBy(spec);
  return (
    <li>
      <span className="quiet">{place + 1}</span>
      <input
        aria-label={`Name of wave ${place + 1}`}
        value={name}
        maxLength={60}
        required
        onChange={(event) => onChange({ ...spec, name: event.target.value })}
      />
      <select
        aria-label={`What ${name} takes`}
        value={size}
        onChange={(event) => onChange(resized(spec, event.target.value as Size, numberOf(spec)))}
      >
        {(Object.keys(SIZE_WORDS) as Size[]).map((one) => (
          <option key={one} value={one}>
            {SIZE_WORDS[one]}
          </option>
        ))}
      </select>
      {size === 'all' ? (
        <span />
      ) : (
        <input
          type="number"
          aria-label={`How many ${name} takes`}
          min={1}
          max={size === 'percent' ? 100 : 1_000_000}
          required
          value={numberOf(spec)}
          onChange={(event) => onChange(resized(spec, size, Number(event.target.value)))}
        />
      )}
      <span className="wave-takes" aria-live="polite">
        {phones === undefined ? '…' : counted(phones, 'phone')}
      </span>
      <WaveMoves name={name} place={place} last={last} onMove={onMove} onRemove={onRemove} />
      {per || narrowed ? (
        <span className="wave-narrowed quiet">
          {[...(per ? [`each ${per.join(' and ')}`] : []), ...(narrowed ? [narrowed] : [])].join(
            '; ',
          )}
        </span>
      ) : null}
    </li>
  );
}

type MovesProps = Pick<RowProps, 'place' | 'last' | 'onMove' | 'onRemove'> & { name: string };

function WaveMoves({ name, place, last, onMove, onRemove }: MovesProps) {
  return (
    <span className="wave-moves">
      <button
        type="button"
        name="up"
        aria-label={`Move ${name} up`}
        disabled={place === 0}
        onClick={() => onMove(place - 1)}
      >
        ↑
      </button>
      <button
        type="button"
        name="down"
        aria-label={`Move ${name} down`}
        disabled={place === last}
        onClick={() => onMove(place + 1)}
      >
        ↓
      </button>
      <button
        type="button"
        aria-label={`Take ${name} out`}
        disabled={last === 0}
        onClick={onRemove}
      >
        ✕
      </button>
    </span>
  );
}
