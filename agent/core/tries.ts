import type { PlanPhone } from '@ringwave/protocol/messages';
import type { AgentDraft, Tried, Work } from './state.ts';

// What a phone has tried for a rollout outlives that its work is taken away for another one, or taken back and given again.

/** Rollouts that take turns on one phone; of more the oldest is forgotten. */
const triedMax = 8;

type Wanted = Pick<NonNullable<PlanPhone['work']>, 'rollout' | 'round' | 'attemptsMax'>;

const isOf = (
  tried: Pick<Tried, 'rollout' | 'round'>,
  { rollout, round }: { readonly rollout: string; readonly round: number },
): boolean => tried.rollout === rollout && tried.round === round;

export function keepTries(draft: AgentDraft, work: Work): void {
  const { mac, rollout, round, failures, free, retryAt } = work;
  if (failures === 0 && free === undefined && retryAt === undefined) return;
  const tried: Tried = {
    rollout,
    round,
    failures,
    ...(free ? { free } : {}),
    ...(retryAt === undefined ? {} : { retryAt }),
  };
  const others = (draft.tries.get(mac) ?? []).filter((one) => !isOf(one, tried));
  draft.tries.put(mac, [...others, tried].slice(-triedMax));
}

/** What counts of earlier tries for work that is given now: at least one is left of it, after the pause that was to come. */
export function triesSoFar(
  draft: AgentDraft,
  mac: string,
  wanted: Wanted,
  before: Work | undefined,
): Pick<Work, 'failures'> & Partial<Pick<Work, 'free' | 'retryAt'>> {
  const kept = draft.tries.get(mac)?.find((one) => isOf(one, wanted));
  const tried = before && isOf(before, wanted) ? before : kept;
  const failures = Math.min(tried?.failures ?? 0, wanted.attemptsMax - 1);
  const { free, retryAt } = tried ?? {};
  return {
    failures,
    ...(free ? { free } : {}),
    ...(retryAt === undefined ? {} : { retryAt }),
  };
}
