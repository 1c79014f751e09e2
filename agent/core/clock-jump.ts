import { type DurationMs, type EpochMs, laterBy, minutes } from '@ringwave/protocol/units';
import { clockErrorMax, isClockWrong } from './clock-check.ts';
import { graceAfterProof, oneBoot } from './provisioning/secret-guard.ts';
import { greet, report } from './reporting.ts';
import type { AgentDraft, AgentEffect, Work } from './state.ts';

// Somebody set the clock of the box, or it slept. Phones take as long as before, so what was counted from an instant of
// the old clock is moved along; and since nobody here knows which of the two clocks was right, the controller is asked.

interface Jump {
  /** Ahead where positive. */
  readonly by: DurationMs;
  readonly version: string;
}

export function clockJumped(
  draft: AgentDraft,
  { by, version }: Jump,
  now: EpochMs,
  effects: AgentEffect[],
): void {
  const wasWrong = isClockWrong(draft, (now - by) as EpochMs);
  for (const work of Array.from(draft.work.values())) moveAlong(draft, work, by);
  moveSiteAlong(draft, by);
  moveImagesAlong(draft, by);
  moveSecretsAlong(draft, by, (now - by) as EpochMs);
  moveStrangersAlong(draft, by);
  effects.push({ kind: 'move-rescues', by });
  // A clock that was known to be wrong may have been put right: then an answer clears it.
  if (!wasWrong && Math.abs(by) > clockErrorMax) doubt(draft, by, now);
  const link = draft.link.get('link');
  if (link) greet(draft, link.conn, version, now, effects);
}

function doubt(draft: AgentDraft, by: DurationMs, faultSince: EpochMs): void {
  const known = draft.clock.get('clock') ?? { floor: 0 as EpochMs, offsetMs: 0 };
  draft.clock.put('clock', { ...known, faultSince });
  const size = `${Math.round(Math.abs(by) / minutes(1))} minutes ${by > 0 ? 'ahead' : 'back'}`;
  const detail = `The clock of the box jumped ${size}; the controller is asked which is right`;
  report(draft, { kind: 'agent-fault', at: faultSince, fault: 'clock-wrong', detail });
}

function moveAlong(draft: AgentDraft, work: Work, by: DurationMs): void {
  const { deadlineAt, retryAt, startedAt, why } = work;
  const isTimed = deadlineAt !== undefined;
  if (!isTimed && retryAt === undefined && startedAt === undefined) return;
  const nextAttemptAt =
    isTimed && why.nextAttemptAt !== null ? laterBy(why.nextAttemptAt, by) : why.nextAttemptAt;
  draft.work.put(work.mac, {
    ...work,
    ...(isTimed && { deadlineAt: laterBy(deadlineAt, by) }),
    ...(retryAt !== undefined && { retryAt: laterBy(retryAt, by) }),
    ...(startedAt !== undefined && { startedAt: laterBy(startedAt, by) }),
    // Only a phase that has its time counts from its beginning; the others keep the instant that people were told.
    ...(isTimed && { since: laterBy(work.since, by) }),
    why: { ...why, nextAttemptAt },
  });
  // What was seen of its registration is held against that beginning.
  const sighting = draft.sightings.get(work.mac);
  const registered = isTimed ? sighting?.registered : undefined;
  if (!sighting || !registered) return;
  const at = laterBy(registered.at, by);
  draft.sightings.put(work.mac, { ...sighting, registered: { ...registered, at } });
}

function moveImagesAlong(draft: AgentDraft, by: DurationMs): void {
  for (const row of Array.from(draft.images.values())) {
    if (row.retryAt === undefined) continue;
    draft.images.put(row.digest, { ...row, retryAt: laterBy(row.retryAt, by) });
  }
}

/**
 * How long a proven login may still be fetched, and how long its MAC belongs to who took it; `was` is now on the old clock.
 * When a login was proven long ago is evidence, and stays as it was told.
 */
function moveSecretsAlong(draft: AgentDraft, by: DurationMs, was: EpochMs): void {
  for (const row of Array.from(draft.credentials.values())) {
    const { current } = row;
    if (current?.provenAt === undefined || was >= laterBy(current.provenAt, graceAfterProof))
      continue;
    const provenAt = laterBy(current.provenAt, by);
    draft.credentials.put(row.mac, { ...row, current: { ...current, provenAt } });
  }
  for (const [mac, fetches] of Array.from(draft.fetches.entries())) {
    const { at, rival } = fetches;
    const lasts = [at, rival?.at].some(
      (then) => then !== undefined && was < laterBy(then, oneBoot),
    );
    if (!lasts) continue;
    draft.fetches.put(mac, {
      ...fetches,
      ...(at === undefined ? {} : { at: laterBy(at, by) }),
      ...(rival && { rival: { ...rival, at: laterBy(rival.at, by) } }),
    });
  }
}

/** Who is shut out stays so, and an alarm that was told is not told anew. */
function moveStrangersAlong(draft: AgentDraft, by: DurationMs): void {
  for (const [address, { asked, blockedUntil }] of Array.from(draft.strangers.entries())) {
    draft.strangers.put(address, {
      asked: asked.map((one) => ({ ...one, at: laterBy(one.at, by) })),
      ...(blockedUntil === undefined ? {} : { blockedUntil: laterBy(blockedUntil, by) }),
    });
  }
  for (const [key, at] of Array.from(draft.alarms.entries())) {
    draft.alarms.put(key, laterBy(at, by));
  }
}

/** What holds the whole site back: a call for help, what was started and told in the last minute, the wait of a fresh process. */
function moveSiteAlong(draft: AgentDraft, by: DurationMs): void {
  const call = draft.holds.get('emergency-call');
  if (call?.hold === 'emergency-call') {
    const moved = { since: laterBy(call.since, by), seenAt: laterBy(call.seenAt, by) };
    draft.holds.put('emergency-call', { ...call, ...moved });
  }
  for (const [what, instants] of Array.from(draft.starts.entries())) {
    draft.starts.put(
      what,
      instants.map((at) => laterBy(at, by)),
    );
  }
  const resumed = draft.resumed.get('resumed');
  if (resumed !== undefined) draft.resumed.put('resumed', laterBy(resumed, by));
}
