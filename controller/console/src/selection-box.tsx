import { type FormEvent, Suspense, useRef, useState } from 'react';
import { lazyDialog } from './lazy-part.tsx';
import type { LiveView } from './live-view.ts';
import { show, useRoute } from './route.ts';
import { type Meant, type Mistake, phonesMeant, pointedAt } from './selection-asked.ts';
import { useReadOnlyReason } from './stale-note.tsx';
import { counted } from './time-text.ts';

const ProposeDialog = lazyDialog(async () => (await import('./propose-dialog.tsx')).ProposeDialog);

interface Props {
  readonly view: LiveView;
  readonly meant: Meant | undefined;
  /** Undefined: no selection, all phones. */
  readonly onFound: (meant: Meant | undefined) => void;
}

/** Asks in the selection language; Enter asks, and a mistake is marked where it is. */
export function SelectionBox({ view, meant, onFound }: Props) {
  const input = useRef<HTMLInputElement>(null);
  const [wrong, setWrong] = useState<{ where: string; mistakes: readonly Mistake[] }>();
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const where = input.current?.value.trim() ?? '';
    const found = where === '' ? undefined : await phonesMeant(where);
    // Typed on meanwhile: the answer is to another question.
    if ((input.current?.value.trim() ?? '') !== where) return;
    if (found && 'mistakes' in found) {
      setWrong({ where, mistakes: found.mistakes });
      const column = found.mistakes[0]?.column ?? 1;
      if (input.current) input.current.value = where;
      input.current?.focus();
      input.current?.setSelectionRange(column - 1, where.length);
      return;
    }
    setWrong(undefined);
    onFound(found);
  };
  return (
    <>
      <form className="filters" onSubmit={(event) => void submit(event)}>
        <label className="where">
          Where
          <input
            ref={input}
            name="where"
            className="mono"
            maxLength={4000}
            spellCheck={false}
            autoComplete="off"
            placeholder="model = T46S and running < 66.86.0.15"
            aria-invalid={wrong !== undefined}
            aria-describedby="where-problem"
          />
        </label>
        <button type="submit">Select</button>
        <div id="where-problem" role="status">
          {wrong?.mistakes.map(({ text }) => (
            <p key={text}>{text}</p>
          ))}
          {wrong ? null : meant ? <Found meant={meant} view={view} /> : null}
        </div>
        {wrong?.mistakes[0] ? (
          <pre className="pointed" aria-hidden="true">
            {pointedAt(wrong.where, wrong.mistakes[0].column)}
          </pre>
        ) : null}
      </form>
      {meant && !wrong && meant.count > 0 ? <Propose meant={meant} /> : null}
    </>
  );
}

/** Sites named beside the count; the others are counted. */
const sitesNamed = 6;

function Found({ meant, view }: { meant: Meant; view: LiveView }) {
  const { count, macs, sites } = meant;
  const named = sites.slice(0, sitesNamed);
  const rest = sites.length - named.length;
  const shares = named.map(
    ([site, phones]) =>
      `${phones.toLocaleString('en-GB')} at ${view.sites.get(site)?.name ?? site}`,
  );
  if (rest > 0) shares.push(`the rest at ${counted(rest, 'more site')}`);
  return (
    <p>
      Matches <b>{counted(count, 'phone')}</b>
      {shares.length > 0 ? `: ${shares.join(', ')}` : ''}
      {macs.size < count ? ` (of the first ${macs.size.toLocaleString('en-GB')})` : ''}
    </p>
  );
}

/** From a selection to a rollout: somebody else approves it. */
function Propose({ meant }: { meant: Meant }) {
  const route = useRoute();
  const [isOpen, setIsOpen] = useState(false);
  const readOnly = useReadOnlyReason();
  return (
    <>
      <button type="button" disabled={readOnly !== undefined} onClick={() => setIsOpen(true)}>
        Propose a rollout to {counted(meant.count, 'phone')} …
      </button>
      {isOpen ? (
        <Suspense>
          <ProposeDialog
            where={meant.where}
            close={() => setIsOpen(false)}
            made={(id) => {
              setIsOpen(false);
              show({ ...route, rollout: id, state: '', site: '', wave: '', text: '' });
            }}
          />
        </Suspense>
      ) : null}
    </>
  );
}
