import { instantText } from './instant-text.ts';
import { invalid } from './refusal.ts';
import type { Refusal } from './state.ts';

/** The year 2020: no rollout is older than this program. */
export const beforeAnyRollout = Date.UTC(2020, 0, 1);

/** Many programs count seconds since 1970; read as milliseconds they are days of that January. */
export function inSeconds(thing: string, at: number): Refusal | undefined {
  const meant = at * 1000;
  if (at >= beforeAnyRollout || meant < beforeAnyRollout) return undefined;
  const reason = `is ${instantText(at)}, probably said in seconds`;
  return invalid(thing, reason, `Write it in milliseconds since 1970: ${meant}.`);
}
