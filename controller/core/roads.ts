import type { UpgradePath } from '@ringwave/firmware-catalog/upgrade-path';
import { UpgradePlanner } from '@ringwave/firmware-catalog/upgrade-planner';
import type { Id } from '@ringwave/protocol/units';
import type { ControllerDraft, Phone, RolloutInput } from './state.ts';
import { type Fit, fitter, usableReleases } from './waves.ts';

// The way from what a phone runs to what its rollout has for it.

export function pathFor(
  draft: ControllerDraft,
  rollout: Pick<RolloutInput, 'id' | 'releases' | 'selection' | 'kind'>,
  phone: Phone,
) {
  const { planner, fit, paths } = plannerFor(draft, rollout);
  const found = fit(phone);
  if (found.kind !== 'fits') return { kind: 'no-path' as const, reason: found.why };
  // Phones of one kind share what was found for them.
  const ofKind = paths.get(found) ?? new Map<string | null, UpgradePath>();
  paths.set(found, ofKind);
  const running = phone.running?.version ?? null;
  const known = ofKind.get(running);
  if (known) return known;
  const path = planner.path({
    vendor: phone.vendor,
    model: phone.model,
    ...(phone.hardware ? { hardware: phone.hardware } : {}),
    running,
    target: found.release,
    allowDowngrade: rollout.kind === 'rollback',
  });
  ofKind.set(running, path);
  return path;
}

/** A wave asks for thousands of phones of few kinds in one step; releases do not change within it. */
const planners = new WeakMap<ControllerDraft, Map<Id, Planning>>();

interface Planning {
  readonly planner: UpgradePlanner;
  readonly fit: ReturnType<typeof fitter>;
  /** By what fits a kind of phone and what it runs: a million of them are asked of few kinds. */
  readonly paths: Map<Fit, Map<string | null, UpgradePath>>;
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
    paths: new Map(),
  };
  ofStep.set(rollout.id, planning);
  return planning;
}
