import type { Problem } from '@ringwave/protocol/views';
import { useEffect, useState } from 'react';
import { ask } from './api.ts';

/** What is busy changes several times a second; it is read again at most this often, milliseconds. */
const readAgainMs = 1000;

/** What the controller says at `path`, read again whenever `told` by the live stream is another object. */
export function useDetail<T>(
  path: string,
  told: Partial<T> | undefined,
): { detail: T | undefined; problems: Problem['problems'] } {
  const [detail, setDetail] = useState<T>();
  const [problems, setProblems] = useState<Problem['problems']>([]);
  const isFirst = detail === undefined;
  useEffect(() => {
    let isCurrent = true;
    const read = async () => {
      const answer = await ask<T>('GET', path);
      if (!isCurrent) return;
      setProblems(answer.ok ? [] : answer.problems);
      if (answer.ok) setDetail(answer.value);
    };
    const timer = setTimeout(() => void read(), isFirst ? 0 : readAgainMs);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
    // `isFirst` only says how soon; what is read again follows from what was told.
  }, [path, told]);
  return { detail, problems };
}
