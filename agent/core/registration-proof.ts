import type { FaultCode } from '@ringwave/protocol/faults';
import type { Plan } from '@ringwave/protocol/messages';
import { holdsSlot, isFinal } from '@ringwave/protocol/phases';
import { type EpochMs, laterBy, type Mac } from '@ringwave/protocol/units';
import { answersAlone } from './pbx/registration.ts';
import { ended, settleTakesMax } from './phone-update.ts';
import type { AgentDraft, Sighting, Why, Work } from './state.ts';
import { move, put } from './work-report.ts';

// Where a site says so, a phone that shows its new version is done only once it can be reached by calls again.

const notYet = 'Shows the new version; is not registered again yet';

export const mustRegister = (draft: AgentDraft): boolean =>
  draft.plan.get('plan')?.plan.registrationProves === true;

/** A phone that is down cannot be taken for done by what it ran before it went. */
export const awaitsRegistration = (work: Work, plan: Plan): boolean =>
  plan.registrationProves === true && holdsSlot(work.phase);

/** What a registrar told of a phone; that something answers at its address is no registration. */
function registrationOf(draft: AgentDraft, mac: Mac): Sighting['registered'] {
  const registered = draft.sightings.get(mac)?.registered;
  return registered?.source === answersAlone ? undefined : registered;
}

/** It is waited for now: it shows its new version, and has some minutes to register. */
export const isAwaited = ({ phase, fault, deadlineAt }: Work): boolean =>
  phase === 'verifying' || (fault === 'phone-not-registered' && deadlineAt !== undefined);

/** It had its time and did not register; once it does, that counts. */
export const isMissed = ({ fault, backSince }: Work): boolean =>
  fault === 'phone-not-registered' && backSince === undefined;

/** It has its configuration; what was seen of its registration since it showed the new version counts. */
export function waitForRegistration(draft: AgentDraft, work: Work, now: EpochMs): void {
  const registered = registrationOf(draft, work.mac);
  if (registered && registered.at >= work.since) return void move(draft, work, 'registered', now);
  const why: Why = { ...work.why, reason: notYet };
  put(draft, { ...work, why }, now);
}

/** Ends of a start after which a phone may restart unseen. */
const UNSEEN: readonly (FaultCode | undefined)[] = [
  'phone-never-asked',
  'download-stalled',
  'phone-silent-after-restart',
  'phone-came-back-old',
];

/** Its start was given up, it shows the version all the same, and has not registered since: its word proves no more than in time. */
export function mustYetRegister(draft: AgentDraft, work: Work): boolean {
  if (!mustRegister(draft) || holdsSlot(work.phase) || !UNSEEN.includes(work.fault)) return false;
  const registered = registrationOf(draft, work.mac);
  return registered === undefined || registered.at < work.since;
}

/** It has the time of one that came back in time, without a slot: it is up. What had ended stays so until it registers. */
export function holdUntilRegistered(draft: AgentDraft, work: Work, now: EpochMs): void {
  const { retryAt: _retry, backSince: _back, ...rest } = work;
  const fault = 'phone-not-registered';
  if (isFinal(work.phase)) {
    put(draft, { ...rest, phase: 'failed', since: now, fault, why: ended(fault, work) }, now);
    return;
  }
  const deadlineAt = laterBy(now, settleTakesMax);
  const why: Why = { reason: notYet, waitingFor: 'phone', nextAttemptAt: deadlineAt };
  put(draft, { ...rest, phase: 'held', since: now, fault, deadlineAt, why }, now);
}

/** It is held or was given up on a version that it shows, for want of a registration that has not come since. */
export const awaitsProof = (work: Work, plan: Plan): boolean =>
  plan.registrationProves === true && isMissed(work);

/** It was seen registered now, so after its restart. */
export function provenByRegistration(draft: AgentDraft, mac: string, now: EpochMs): void {
  const work = draft.work.get(mac);
  const plan = draft.plan.get('plan')?.plan;
  if (!work || !plan || !mustRegister(draft)) return;
  if (work.phase === 'verifying') return void move(draft, work, 'registered', now);
  if (!awaitsProof(work, plan) || move(draft, work, 'registered', now)) return;
  const reason = 'Registers after all, with a version on its way. Try it again.';
  put(draft, { ...work, backSince: now, why: { ...work.why, reason } }, now);
}
