import type { MeView, Problem } from '@ringwave/protocol/views';
import { actAs, actsAs, knowIdentity } from './identity.ts';

// Every change goes through REST; its effect comes back on the live stream.

export type Answered<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly status: number; readonly problems: Problem['problems'] };

/** Longer than this and a person wants to know. */
const answerMaxMs = 15_000;

interface AskedHow {
  readonly withinMs?: number;
  readonly signal?: AbortSignal;
  /** The hash of the content that is changed: refused where somebody else has changed it since. */
  readonly asRead?: string;
}

export async function ask<T>(
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  body?: unknown,
  { withinMs = answerMaxMs, signal, asRead }: AskedHow = {},
): Promise<Answered<T>> {
  try {
    const answer = await fetch(path, {
      method,
      signal: AbortSignal.any([AbortSignal.timeout(withinMs), ...(signal ? [signal] : [])]),
      headers: {
        ...actsAs(),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(asRead === undefined ? {} : { 'if-match': `"${asRead}"` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
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

/** Asks in whose name this page acts. A kept name that this log-in may not use is dropped. */
export async function askIdentity(): Promise<void> {
  let answer = await ask<MeView>('GET', '/api/v1/me');
  if (!answer.ok && (answer.status === 403 || answer.status === 400)) {
    actAs(undefined);
    answer = await ask<MeView>('GET', '/api/v1/me');
  }
  if (answer.ok) knowIdentity(answer.value);
}

/** Acts in this name from now on; gives what is wrong with it, and then nothing has changed. */
export async function changeIdentity(
  name: string,
  { before }: { before: string },
): Promise<Problem['problems']> {
  actAs(name);
  const answer = await ask<MeView>('GET', '/api/v1/me');
  if (answer.ok) {
    knowIdentity(answer.value);
    return [];
  }
  actAs(before);
  return answer.problems;
}
