import { UpgradePlanner } from '@ringwave/firmware-catalog/upgrade-planner';
import type { Id } from '@ringwave/protocol/units';
import type { ControllerDraft, Phone, RolloutInput } from './state.ts';
import { fitter, usableReleases } from './waves.ts';

// The way from what a phone runs to what its rollout has for it.

/** Its hops, or why it has none: it runs the version already, no release or no road leads there. Phones of one kind share one answer. */
export function pathFor(
  draft: ControllerDraft,
  rollout: Pick<RolloutInput, 'id' | 'releases' | 'selection' | 'kind'>,
  phone: Phone,
) {
  const { planner, fit } = plannerFor(draft, rollout);
  const found = fit(phone);
  if (found.kind !== 'fits') return { kind: 'no-path' as const, reason: found.why };
  return planner.path({
    vendor: phone.vendor,
    model: phone.model,
    ...(phone.hardware ? { hardware: phone.hardware } : {}),
    running: phone.running?.version ?? null,
    target: found.release,
    allowDowngrade: rollout.kind === 'rollback',
  });
}

/** A wave asks for thousands of phones of few kinds in one step; releases do not change within it. */
const planners = new WeakMap<ControllerDraft, Map<Id, Planning>>();

interface Planning {
  readonly planner: UpgradePlanner;
  readonly fit: ReturnType<typeof fitter>;
}

function plannerFor(
  draft: ControllerDraft,
  rollout: Pick<RolloutInput, 'id' | 'releases' | 'selection'>,
): Planning {
  const ofStep = planners.get(draft) ?? new Map<Id, Planning>();
  planners.set(draft, ofStep);
  const known = ofStep.get(rollout.id);
  if (known) return known;
  const planning = {
    planner: new UpgradePlanner(usableReleases(draft, rollout)),
    fit: fitter(rollout.releases.flatMap((id) => draft.releases.get(id) ?? [])),
  };
  ofStep.set(rollout.id, planning);
  return planning;
}
