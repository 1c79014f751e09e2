import { holdsSlot, isFinal } from '@ringwave/protocol/phases';
import type { EpochMs } from '@ringwave/protocol/units';
import { type Cause, moved } from './phone-update.ts';
import { report } from './reporting.ts';
import type { AgentDraft, Why, Work } from './state.ts';
import { isLost } from './work-table.ts';

/** Applies a cause to a phone's work and reports the move; undefined when the cause means nothing now. */
export function move(
  draft: AgentDraft,
  work: Work,
  cause: Cause,
  now: EpochMs,
  why?: Why,
): Work | undefined {
  const next = moved(work, cause, now, why);
  return next && put(draft, next, now);
}

/** Stores the work; reports it when its phase, its reason or its attempt changed. */
export function put(draft: AgentDraft, work: Work, now: EpochMs): Work {
  const before = draft.work.get(work.mac);
  draft.work.put(work.mac, work);
  const isLostStill = before !== undefined && isLost(before) && draft.missing.has(work.mac);
  if (isLost(work) && !isLostStill) draft.missing.put(work.mac, { mac: work.mac, since: now });
  if (work.phase === 'done') draft.missing.remove(work.mac);
  const isNews =
    before?.phase !== work.phase ||
    before.why.reason !== work.why.reason ||
    before.why.nextAttemptAt !== work.why.nextAttemptAt ||
    before.starts !== work.starts ||
    before.rollout !== work.rollout ||
    before.round !== work.round;
  if (isNews) tell(draft, work, now, tookOf(before, work, now));
  return work;
}

/** How long the update took that ends here, from its start to its proof; undefined where none does. */
function tookOf(before: Work | undefined, work: Work, now: EpochMs): number | undefined {
  if (before?.startedAt === undefined || !holdsSlot(before.phase)) return undefined;
  const isProven = work.phase === 'done' || work.hop > before.hop;
  return isProven ? Math.max(now - before.startedAt, 0) : undefined;
}

export function tell(draft: AgentDraft, work: Work, now: EpochMs, tookMs?: number): void {
  const { mac, rollout, revision, phase, since, why, fault } = work;
  const attempt = Math.max(work.starts, 1);
  const waiting = {
    ...why,
    nextAttemptAt: why.nextAttemptAt,
    attempt: Math.min(work.failures + 1, work.attemptsMax),
    attemptsMax: work.attemptsMax,
  };
  report(draft, {
    kind: 'phone-moved',
    // Told again, it ended no later: what was seen of the phone since still counts.
    at: isFinal(phase) ? since : now,
    mac,
    rollout,
    revision,
    phase,
    attempt,
    ...(fault ? { fault } : {}),
    ...(tookMs === undefined ? {} : { tookMs }),
    ...(isFinal(phase) ? { detail: why.reason } : { waiting }),
  });
}
