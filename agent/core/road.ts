import { isFor } from '@ringwave/firmware-catalog/release';
import { compareVersions } from '@ringwave/firmware-catalog/version';
import type { Plan, PlanPhone, PlanRelease } from '@ringwave/protocol/messages';
import type { EpochMs } from '@ringwave/protocol/units';
import { releaseIn } from './image-needs.ts';
import { presentHop } from './phone-update.ts';
import { isNewer, runs } from './plan-intake.ts';
import type { AgentDraft, Why, Work } from './state.ts';
import { put } from './work-report.ts';

// A road leads from what a phone ran when it was planned. From elsewhere its next version may be one that it must not be
// given, which only the controller knows: the phone waits for another plan.

/** The hop that comes next from this version, and none beyond the one that the work stands at; undefined beside the road. */
function hopFrom(plan: Plan, phone: PlanPhone, work: Work, version: string): number | undefined {
  const { from, goesBack = false } = phone.work ?? {};
  const isPlanned = isOfPlan(work, phone);
  // So it is with nearly every phone that is asked.
  if (isPlanned && work.hop === 0 && version === from) return 0;
  const made = work.hops.findLastIndex((hop) => runs(plan, phone, hop, version));
  if (made !== -1) return Math.min(made + 1, work.hop);
  // Woken by an older plan it goes on where that led it, and nobody says any more from where.
  if (!isPlanned) return undefined;
  if (from !== undefined) return isSame(phone, from, version) ? 0 : undefined;
  // Of an older controller nobody says where the road begins.
  return !goesBack && isNewer(plan, phone, presentHop(work), version) ? undefined : work.hop;
}

/** Its road is the one that the plan has for it now; of work that the plan does not name nothing is known. */
function isOfPlan({ rollout, hops }: Work, { work }: PlanPhone): boolean {
  if (work?.rollout !== rollout) return true;
  return work.hops.length === hops.length && work.hops.every((hop, place) => hop === hops[place]);
}

const isSame = ({ vendor, model, hardware }: PlanPhone, a: string, b: string): boolean =>
  a === b || compareVersions(vendor, a, b, { model, ...(hardware ? { hardware } : {}) }) === 'same';

/** One that fell back by itself makes the hops again that it has lost. */
export function stoodBack(
  draft: AgentDraft,
  plan: Plan,
  { phone, work }: { readonly phone: PlanPhone; readonly work: Work },
  now: EpochMs,
): Work {
  const version = draft.sightings.get(work.mac)?.version;
  const hop = version ? hopFrom(plan, phone, work, version) : undefined;
  if (hop === undefined || hop === work.hop) return work;
  return put(draft, { ...work, hop, phase: 'scheduled', since: now, taken: [] }, now);
}

/** Whatever was signed: no phone is given what is for another kind. */
const suits = ({ vendor, models, hardware }: PlanRelease, phone: PlanPhone): boolean =>
  models === undefined
    ? vendor === phone.vendor
    : isFor({ vendor, models, ...(hardware ? { hardware } : {}) }, phone);

/** Why it is not given the version that its work stands at. */
export function besideRoad(
  draft: AgentDraft,
  plan: Plan,
  { phone, work }: { readonly phone: PlanPhone; readonly work: Work },
): Why | undefined {
  const release = releaseIn(plan, presentHop(work));
  if (release && !suits(release, phone)) {
    const reason = `The plan leads it to ${release.vendor} ${release.version}, which is not for a ${phone.model}; waits for a new plan`;
    return { reason: reason.slice(0, 240), waitingFor: 'plan', nextAttemptAt: null };
  }
  const version = draft.sightings.get(work.mac)?.version;
  if (!version || hopFrom(plan, phone, work, version) === work.hop) return undefined;
  const reason = `Runs ${version}, from which its way was not planned; waits for a new plan`;
  return { reason, waitingFor: 'plan', nextAttemptAt: null };
}
