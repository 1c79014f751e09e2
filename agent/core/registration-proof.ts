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

/** It was given up on a version that it shows, for want of a registration that has not come since. */
export const awaitsProof = ({ fault, backSince }: Work, plan: Plan): boolean =>
  plan.registrationProves === true && fault === 'phone-not-registered' && backSince === undefined;

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
