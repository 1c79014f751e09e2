import type { Plan } from '@ringwave/protocol/messages';
import { type EpochMs, earliest, hours, laterBy, minutes } from '@ringwave/protocol/units';
import { report } from './reporting.ts';
import type { AgentDraft, AgentEvent, Hold, Why } from './state.ts';

// What keeps every phone of the site from being started: somebody has dialled for help, a technician has asked for
// rest, or headquarters has.

/** Where the plan says nothing: emergency services call back within minutes, and try again for half an hour. */
export const callbackHoldUsually = minutes(30);
/** A call that a PBX began and never ended is over after this: the PBX was lost, not the caller. */
export const emergencyCallLastsMax = hours(4);
/** Sources that may tell of calls; a site has a PBX or two. */
const sourcesMax = 16;
/** How much later a call must be seen before that is written down. */
const seenAgainAfter = minutes(1);

type Calls = Extract<Hold, { hold: 'emergency-call' }>;

export function emergencyCall(
  draft: AgentDraft,
  { source, state }: Extract<AgentEvent, { kind: 'emergency-call' }>,
  now: EpochMs,
): void {
  const known = callsOf(draft);
  const before = known?.sources ?? [];
  const isOn = before.includes(source);
  if (state === 'ended' && !isOn) return;
  if (state === 'began' && isOn && known && now < laterBy(known.seenAt, seenAgainAfter)) return;
  const others = before.filter((one) => one !== source);
  const sources = state === 'began' ? [...others, source].slice(-sourcesMax) : others;
  const since = before.length > 0 && known ? known.since : now;
  draft.holds.put('emergency-call', { hold: 'emergency-call', since, sources, seenAt: now });
  const isNews = state === 'ended' ? sources.length === 0 : before.length === 0;
  const hold = draft.holds.get('emergency-call');
  if (isNews && hold) tellHold(draft, hold, now);
}

/** What the controller shows of a hold that is on. */
export function tellHold(draft: AgentDraft, hold: Hold, now: EpochMs): void {
  const isCall = hold.hold === 'emergency-call';
  const plan = draft.plan.get('plan')?.plan;
  const reason = isCall ? callReason(hold) : hold.reason.slice(0, 240);
  const until = isCall ? laterBy(hold.seenAt, callbackHold(plan)) : null;
  report(draft, { kind: 'site-held', at: now, hold: hold.hold, isOn: true, reason, until });
}

const callReason = ({ sources: [source] }: Calls): string =>
  source ? `An emergency call is on, says ${source}`.slice(0, 240) : afterCall;

const afterCall = 'An emergency call has ended; its callback is waited for';

export function freezeRead(
  draft: AgentDraft,
  { reason }: Extract<AgentEvent, { kind: 'freeze-read' }>,
  now: EpochMs,
): void {
  const known = draft.holds.get('freeze');
  if (known?.hold === 'freeze' ? known.reason === reason : reason === null) return;
  if (reason === null) {
    draft.holds.remove('freeze');
    const said = { kind: 'site-held', at: now, hold: 'freeze', until: null } as const;
    report(draft, { ...said, isOn: false, reason: 'Lifted at the site' });
  } else {
    const hold: Hold = { hold: 'freeze', since: now, reason };
    draft.holds.put('freeze', hold);
    tellHold(draft, hold, now);
  }
}

const callsOf = (draft: AgentDraft): Calls | undefined => {
  const hold = draft.holds.get('emergency-call');
  return hold?.hold === 'emergency-call' ? hold : undefined;
};

const callbackHold = (plan: Plan | undefined) =>
  plan?.callbackHoldMinutes === undefined ? callbackHoldUsually : minutes(plan.callbackHoldMinutes);

/** When the hold of a call ends by itself. */
function callHoldEnds(calls: Calls, plan: Plan): EpochMs {
  const lasts = calls.sources.length > 0 ? emergencyCallLastsMax : minutes(0);
  return laterBy(laterBy(calls.seenAt, lasts), callbackHold(plan));
}

/** Forgets a hold whose time is over, and says so. Gives when the next one ends by itself. */
export function endHolds(draft: AgentDraft, plan: Plan, now: EpochMs): EpochMs | undefined {
  const calls = callsOf(draft);
  const thaws = frozenByPlan(plan, now)?.until;
  if (!calls) return thaws as EpochMs | undefined;
  const ends = callHoldEnds(calls, plan);
  if (now < ends) return earliest(ends, thaws as EpochMs | undefined);
  draft.holds.remove('emergency-call');
  const reason = 'The time of a callback is over';
  const said = { kind: 'site-held', at: now, hold: 'emergency-call', until: null } as const;
  report(draft, { ...said, isOn: false, reason });
  return thaws as EpochMs | undefined;
}

/** What headquarters has said, now or ahead, as long as it holds; of several the one that ends last. */
function frozenByPlan({ freeze, freezes = [] }: Plan, now: EpochMs): Plan['freeze'] {
  const given = freeze?.until !== undefined && now >= freeze.until ? undefined : freeze;
  if (given && given.until === undefined) return given;
  return freezes
    .filter(({ from, until }) => from <= now && now < until)
    .reduce<Plan['freeze']>(
      (last, one) => (last && (last.until ?? 0) >= one.until ? last : one),
      given,
    );
}

/** What is on at the site and keeps every phone from being started. */
export function holdOf(draft: AgentDraft, plan: Plan, now: EpochMs): Why | undefined {
  const calls = callsOf(draft);
  if (calls) {
    const reason = callReason(calls);
    const nextAttemptAt = laterBy(calls.seenAt, callbackHold(plan));
    return { reason, waitingFor: 'call', nextAttemptAt };
  }
  const freeze = draft.holds.get('freeze');
  if (freeze?.hold === 'freeze') {
    const reason = `Frozen at the site: ${freeze.reason}`.slice(0, 240);
    return { reason, waitingFor: 'person', nextAttemptAt: null };
  }
  const fromAbove = frozenByPlan(plan, now);
  if (!fromAbove) return undefined;
  const reason = `Frozen from headquarters: ${fromAbove.reason}`.slice(0, 240);
  return {
    reason,
    waitingFor: 'person',
    nextAttemptAt: (fromAbove.until ?? null) as EpochMs | null,
  };
}
