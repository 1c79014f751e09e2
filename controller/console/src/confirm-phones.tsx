import type { Preview } from './rollout-preview.ts';
import { numberToConfirm } from './rollout-preview.ts';
import { Problems } from './parts.tsx';
import { counted } from './time-text.ts';

interface Props {
  readonly preview: Preview;
  readonly confirmed: string;
  readonly onConfirm: (typed: string) => void;
}

/** How many phones are meant; very many are confirmed by typing their number. */
export function ConfirmPhones({ preview, confirmed, onConfirm }: Props) {
  const { problems, phones, sites, leftOut, leftOutTotal } = preview;
  const wanted = numberToConfirm(problems);
  const others = problems.filter((one) => numberToConfirm([one]) === undefined);
  return (
    <>
      <Problems problems={others} />
      {phones === undefined ? null : (
        <p role="status">
          Matches <b>{counted(phones, 'phone')}</b> at {counted(sites ?? 0, 'site')}
        </p>
      )}
      {leftOutTotal > 0 ? (
        <details>
          <summary>{counted(leftOutTotal, 'phone is', 'phones are')} left out</summary>
          <ul className="notices">
            {leftOut.slice(0, leftOutShown).map(({ mac, site, why }) => (
              <li key={mac}>
                <span className="mono">{mac}</span> at {site}: {why}
              </li>
            ))}
          </ul>
          {leftOutTotal > leftOutShown ? (
            <p className="quiet">and {leftOutTotal - leftOutShown} more</p>
          ) : null}
        </details>
      ) : null}
      {wanted === undefined ? null : (
        <label className="field">
          <span>
            These are very many. Type <b>{wanted}</b> to confirm that all of them are meant
          </span>
          <input
            inputMode="numeric"
            value={confirmed}
            maxLength={9}
            onChange={(event) => onConfirm(event.target.value)}
          />
        </label>
      )}
    </>
  );
}

/** Reasons repeat: fifty show what is wrong. */
const leftOutShown = 50;

/** Whether the number that is wanted was typed, where one is wanted, and nothing else is wrong. */
export function isConfirmed({ ok, problems }: Preview, confirmed: string): boolean {
  const wanted = numberToConfirm(problems);
  if (wanted === undefined) return ok;
  return problems.length === 1 && confirmed.trim() === String(wanted);
}
