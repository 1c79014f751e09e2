import type { Plan } from '@ringwave/protocol/messages';
import { holdsSlot } from '@ringwave/protocol/phases';
import type { EpochMs } from '@ringwave/protocol/units';
import type { AgentDraft, Why, Work } from './state.ts';
import { move, put } from './work-report.ts';

// Where a site says so, a phone that shows its new version is done only once it can be reached by calls again.

export const mustRegister = (draft: AgentDraft): boolean =>
  draft.plan.get('plan')?.plan.registrationProves === true;

/** A phone that is down cannot be taken for done by what it ran before it went. */
export const awaitsRegistration = (work: Work, plan: Plan): boolean =>
  plan.registrationProves === true && holdsSlot(work.phase);

/** It has its configuration; what was seen of its registration since it showed the new version counts. */
export function waitForRegistration(draft: AgentDraft, work: Work, now: EpochMs): void {
  const registered = draft.sightings.get(work.mac)?.registered;
  if (registered && registered.at >= work.since) return void move(draft, work, 'registered', now);
  const why: Why = { ...work.why, reason: 'Shows the new version; is not registered again yet' };
  put(draft, { ...work, why }, now);
}

/** It was seen registered now, so after its restart. */
export function provenByRegistration(draft: AgentDraft, mac: string, now: EpochMs): void {
  const work = draft.work.get(mac);
  if (!work || !mustRegister(draft)) return;
  const isAwaited = work.phase === 'verifying' || work.fault === 'phone-not-registered';
  if (isAwaited) move(draft, work, 'registered', now);
}
