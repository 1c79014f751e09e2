import type { RehearsalProgressView, RehearsalView } from '@ringwave/protocol/rehearsal-view';
import type { Problem, RolloutView } from '@ringwave/protocol/views';
import { useEffect, useRef, useState } from 'react';
import { ask } from './api.ts';
import type { LiveView } from './live-view.ts';
import { ModalDialog } from './modal-dialog.tsx';
import { Problems } from './parts.tsx';
import { RehearsalResult } from './rehearsal-result.tsx';
import { counted, dayText } from './time-text.ts';

interface Props {
  readonly view: LiveView;
  readonly rollout: RolloutView;
  readonly close: () => void;
}

interface Wishes {
  readonly seeds: number;
  readonly daysMax: number;
  /** Of a hundred. */
  readonly failedPercent: number;
  readonly personTakesHours: number;
}

/** Runs a rollout in virtual time before it is let go. Closing it ends a rehearsal that is under way. */
export function RehearsalDialog({ view, rollout, close }: Props) {
  const [wishes, setWishes] = useState<Wishes>({
    seeds: 5,
    daysMax: 60,
    failedPercent: 0,
    personTakesHours: 8,
  });
  const { result, problems, isRunning, start, stop } = useRehearsal(rollout, wishes);
  return (
    <ModalDialog kind="wide" title={`Rehearse ${rollout.name}`} close={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void start();
        }}
      >
        <p className="quiet">
          Runs the rollout in virtual time on a copy of what is known. Nothing is stored and nothing
          is sent.
        </p>
        <WishFields wishes={wishes} onChange={setWishes} isDisabled={isRunning} />
        <div className="actions">
          {isRunning ? (
            // Keys of their own: a button that became the other one would be pressed by the same click.
            <button key="stop" ref={focusFirst} type="button" onClick={stop}>
              Stop
            </button>
          ) : (
            <button key="start" ref={focusFirst} type="submit" className="primary">
              {result ? 'Rehearse again' : 'Start rehearsal'}
            </button>
          )}
          {isRunning ? <Progress wishes={wishes} /> : null}
        </div>
      </form>
      <Problems problems={problems} />
      {result && !isRunning ? (
        <RehearsalResult result={result} view={view} daysMax={wishes.daysMax} />
      ) : null}
    </ModalDialog>
  );
}

/** The one button takes the other one's place, and its focus. */
function focusFirst(button: HTMLButtonElement | null): void {
  if (document.activeElement === document.body || document.activeElement?.closest('dialog'))
    button?.focus();
}

/** Longer than the controller lets a rehearsal run. */
const withinMs = 11 * 60_000;

function useRehearsal({ id }: RolloutView, wishes: Wishes) {
  const [result, setResult] = useState<RehearsalView>();
  const [problems, setProblems] = useState<Problem['problems']>([]);
  const [isRunning, setIsRunning] = useState(false);
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);
  const start = async () => {
    const gone = new AbortController();
    running.current = gone;
    setIsRunning(true);
    setProblems([]);
    const content = await ask<object>('GET', `/api/v1/rollouts/${encodeURIComponent(id)}/content`);
    const answer = content.ok
      ? await ask<RehearsalView>(
          'POST',
          '/api/v1/rollouts/rehearse',
          {
            rollout: content.value,
            seeds: wishes.seeds,
            daysMax: wishes.daysMax,
            failedPart: wishes.failedPercent / 100,
            personTakesHours: wishes.personTakesHours,
          },
          { withinMs, signal: gone.signal },
        )
      : content;
    if (running.current !== gone) return;
    setIsRunning(false);
    if (gone.signal.aborted) return;
    if (answer.ok) setResult(answer.value);
    else setProblems(answer.problems);
  };
  const stop = () => {
    running.current?.abort();
    setIsRunning(false);
  };
  return { result, problems, isRunning, start, stop };
}

const FIELDS: readonly {
  readonly key: keyof Wishes;
  readonly label: string;
  readonly min: number;
  readonly max: number;
}[] = [
  { key: 'seeds', label: 'Runs', min: 1, max: 20 },
  { key: 'daysMax', label: 'Days ahead', min: 1, max: 365 },
  { key: 'failedPercent', label: 'Updates that fail, %', min: 0, max: 100 },
  { key: 'personTakesHours', label: 'Hours until a person answers', min: 0, max: 720 },
];

function WishFields(props: {
  wishes: Wishes;
  onChange: (wishes: Wishes) => void;
  isDisabled: boolean;
}) {
  const { wishes, onChange, isDisabled } = props;
  return (
    <div className="wishes">
      {FIELDS.map(({ key, label, min, max }) => (
        <label key={key} className="field">
          {label}
          <input
            type="number"
            min={min}
            max={max}
            required
            disabled={isDisabled}
            value={wishes[key]}
            onChange={(event) => onChange({ ...wishes, [key]: Number(event.target.value) })}
          />
        </label>
      ))}
    </div>
  );
}

const askEveryMs = 500;

/** How far it is, asked while it runs: it says a day of virtual time at once. */
function Progress({ wishes }: { wishes: Wishes }) {
  const [known, setKnown] = useState<RehearsalProgressView>();
  useEffect(() => {
    const read = async () => {
      const answer = await ask<{ underWay: RehearsalProgressView | null }>(
        'GET',
        '/api/v1/rehearsal',
      );
      if (answer.ok && answer.value.underWay) setKnown(answer.value.underWay);
    };
    const timer = setInterval(() => void read(), askEveryMs);
    return () => clearInterval(timer);
  }, []);
  const { run = 0, runs = wishes.seeds, from = 0, at = 0 } = known ?? {};
  const day = Math.floor((at - from) / 86_400_000) + 1;
  const ended = Math.max(run - 1, 0) + Math.min(day / wishes.daysMax, 1) * (run > 0 ? 1 : 0);
  return (
    <span className="progress">
      <progress max={Math.max(runs, 1)} value={ended} aria-label="Rehearsal" />
      <span className="quiet">
        {run === 0
          ? `${counted(wishes.seeds, 'run')} to go`
          : `run ${run} of ${runs}: ${dayText(at, 'UTC', from)}, day ${day}`}
      </span>
    </span>
  );
}
