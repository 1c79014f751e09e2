import type { PhoneDetailView, PhoneWorkView, Problem } from '@ringwave/protocol/views';
import { useEffect, useState } from 'react';
import { ask } from './api.ts';
import { useControllerNow } from './live-context.tsx';
import { Problems, State, When } from './parts.tsx';
import { PHASE_SIGN } from './words.ts';

// Why a phone is where it is, level by level, in the words of `ringwave phone explain`; also as it will stand at
// another instant, as far as is known now.

const hourMs = 3_600_000;

const AHEAD: readonly { readonly label: string; readonly ms: number }[] = [
  { label: 'in 1 h', ms: hourMs },
  { label: 'in 8 h', ms: 8 * hourMs },
  { label: 'in 24 h', ms: 24 * hourMs },
  { label: 'in 7 days', ms: 168 * hourMs },
];

interface Props {
  readonly compact: string;
  readonly zone: string;
  readonly detail: PhoneDetailView;
}

export function PhoneChain({ compact, zone, detail }: Props) {
  const [at, setAt] = useState<number>();
  const { later, problems } = useExplainedAt(compact, at);
  const told = at === undefined ? detail : later;
  return (
    <section>
      <div className="card-head">
        <h3>Why</h3>
        <AsOf onChange={setAt} />
      </div>
      {at === undefined ? null : (
        <p className="note tone-hold">
          As it will stand <When at={at} zone={zone} />, as far as is known now
        </p>
      )}
      <Problems problems={problems} />
      {told?.rollouts.map((work) => (
        <Chain key={work.rollout} work={work} zone={zone} />
      ))}
      {told?.rollouts.length === 0 ? <p>In no rollout.</p> : null}
    </section>
  );
}

function AsOf({ onChange }: { onChange: (at: number | undefined) => void }) {
  const now = useControllerNow();
  const [choice, setChoice] = useState('');
  const [typed, setTyped] = useState('');
  const choose = (next: string) => {
    setChoice(next);
    const ahead = AHEAD.find(({ label }) => label === next);
    onChange(ahead ? now() + ahead.ms : undefined);
  };
  return (
    <span className="as-of">
      <label>
        As it stands{' '}
        <select value={choice} onChange={(event) => choose(event.target.value)}>
          <option value="">now</option>
          {AHEAD.map(({ label }) => (
            <option key={label}>{label}</option>
          ))}
          <option value="typed">at another time</option>
        </select>
      </label>
      {choice === 'typed' ? (
        <label>
          UTC{' '}
          <input
            type="datetime-local"
            value={typed}
            onChange={(event) => {
              setTyped(event.target.value);
              const at = Date.parse(`${event.target.value}Z`);
              onChange(Number.isNaN(at) ? undefined : at);
            }}
          />
        </label>
      ) : null}
    </span>
  );
}

function useExplainedAt(compact: string, at: number | undefined) {
  const [later, setLater] = useState<PhoneDetailView>();
  const [problems, setProblems] = useState<Problem['problems']>([]);
  useEffect(() => {
    let isCurrent = true;
    const read = async () => {
      const path = `/api/v1/phones/${compact}?at=${Math.round(at ?? 0)}`;
      const answer = await ask<PhoneDetailView>('GET', path);
      if (!isCurrent) return;
      setProblems(answer.ok ? [] : answer.problems);
      setLater(answer.ok ? answer.value : undefined);
    };
    setLater(undefined);
    setProblems([]);
    if (at !== undefined) void read();
    return () => {
      isCurrent = false;
    };
  }, [compact, at]);
  return { later, problems };
}

/** The newest rollout is read first; of the others a reader asks. */
function Chain({ work, zone }: { work: PhoneWorkView; zone: string }) {
  const { rollout, wave, phase, reason, nextAttemptAt, attempt, attemptsMax } = work;
  return (
    <div className="chain">
      <p>
        Rollout <b>{rollout}</b>, wave {wave}: <State sign={PHASE_SIGN[phase]} word={phase} />
        {attempt === undefined ? '' : ` (attempt ${attempt} of ${attemptsMax})`}. {reason}
        {nextAttemptAt === null || nextAttemptAt === undefined ? null : (
          <>
            . Next attempt <When at={nextAttemptAt} zone={zone} />
          </>
        )}
      </p>
      <ol>
        {(work.because ?? []).map((because) => (
          <li key={because}>
            <span className="quiet">because</span> {because}
          </li>
        ))}
      </ol>
      {work.goesOnWhen ? (
        <p>
          <span className="quiet">goes on when</span> {work.goesOnWhen}
        </p>
      ) : null}
    </div>
  );
}
