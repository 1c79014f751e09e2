import type { PhoneView, Problem } from '@ringwave/protocol/views';
import { type FormEvent, useRef, useState } from 'react';
import { ask } from './api.ts';

/** 1,000 phones a page; twenty are more than the list holds. */
const pagesMax = 20;

interface Page {
  readonly phones: readonly PhoneView[];
  readonly next: string | null;
}
type Found =
  | { readonly macs: ReadonlySet<string> }
  | { readonly problem: string; readonly column: number };

/** The phones that the controller says a selection means, as of now. */
async function phonesMeant(where: string): Promise<Found> {
  const macs = new Set<string>();
  let after: string | null = null;
  for (let page = 0; page < pagesMax; page += 1) {
    const query: URLSearchParams = new URLSearchParams({ where, limit: '1000' });
    if (after !== null) query.set('after', after);
    const answer = await ask<Page>('GET', `/api/v1/phones?${query.toString()}`);
    if (!answer.ok) return mistakesIn(answer.problems);
    for (const { mac } of answer.value.phones) macs.add(mac);
    after = answer.value.next;
    if (after === null) break;
  }
  return { macs };
}

/** All of them are told; the first is marked. */
function mistakesIn(problems: Problem['problems']): Found {
  const told = problems.map(({ thing, reason, next }) => {
    const where = thing.startsWith('where, ') ? thing.slice('where, '.length) : thing;
    return `${where}: ${reason}. ${next}`;
  });
  const column = Number(/column (\d+)$/.exec(problems[0]?.thing ?? '')?.[1] ?? 1);
  return { problem: told.join('; ') || 'cannot be read', column };
}

interface Props {
  /** Undefined: no selection, all phones. */
  readonly onFound: (macs: ReadonlySet<string> | undefined) => void;
}

/** Asks in the selection language; Enter asks, and a mistake is marked where it is. */
export function SelectionBox({ onFound }: Props) {
  const input = useRef<HTMLInputElement>(null);
  const [problem, setProblem] = useState('');
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const where = input.current?.value.trim() ?? '';
    const found = where === '' ? undefined : await phonesMeant(where);
    // Typed on meanwhile: the answer is to another question.
    if ((input.current?.value.trim() ?? '') !== where) return;
    if (found && 'problem' in found) {
      setProblem(found.problem);
      input.current?.focus();
      input.current?.setSelectionRange(found.column - 1, input.current.value.length);
      return;
    }
    setProblem('');
    onFound(found?.macs);
  };
  return (
    <form className="filters" onSubmit={(event) => void submit(event)}>
      <label>
        Where
        <input
          ref={input}
          name="where"
          size={40}
          maxLength={4000}
          spellCheck={false}
          autoComplete="off"
          placeholder="model = T46S and running < 66.86.0.15"
          aria-invalid={problem !== ''}
          aria-describedby="where-problem"
        />
      </label>
      <button type="submit">Select</button>
      <p id="where-problem" role="status">
        {problem}
      </p>
    </form>
  );
}
