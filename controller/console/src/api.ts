import type { Problem } from '@ringwave/protocol/views';

// Every change goes through REST; its effect comes back on the live stream.

export type Answered<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly status: number; readonly problems: Problem['problems'] };

/** Longer than this and a person wants to know. */
const answerMaxMs = 15_000;

export async function ask<T>(
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
): Promise<Answered<T>> {
  try {
    const answer = await fetch(path, {
      method,
      signal: AbortSignal.timeout(answerMaxMs),
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const said: unknown = await answer.json();
    if (answer.ok) return { ok: true, value: said as T };
    return { ok: false, status: answer.status, problems: (said as Problem).problems };
  } catch {
    return { ok: false, status: 0, problems: [noAnswer] };
  }
}

const noAnswer = {
  thing: 'the controller',
  reason: 'did not answer',
  next: 'Check the line to it, then try again.',
};

/** False only when the controller says so: an unreachable controller has not ended the session. */
export async function isLoggedIn(): Promise<boolean> {
  const answer = await ask('GET', '/api/v1/rollouts');
  return answer.ok || answer.status !== 401;
}
