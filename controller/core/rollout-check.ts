import type { EpochMs } from '@ringwave/protocol/units';
import { type Layout, layOut } from './rollout-layout.ts';
import { rolloutProblems } from './rollout-problems.ts';
import type { ControllerDraft, Refusal, RolloutInput } from './state.ts';
import { unknownNames } from './unknown-names.ts';

/** Parts that a layout is made of: where one of them is not known, nothing can be said of who goes when. */
const LAID_OUT: readonly string[] = ['releases', 'selection', 'waves', 'preset', 'kind', 'gate'];

interface Checked {
  /** Everything that can be told at once; empty where the rollout can be taken. */
  readonly refusals: readonly Refusal[];
  /** Absent where too much is wrong to say what it would do. */
  readonly layout?: Layout;
}

/**
 * What keeps a rollout from being taken as it was asked for. Of a body with parts that are wrong in form (`lacks`, by
 * their keys) only what follows from the other parts is told.
 */
export function checkRollout(
  draft: ControllerDraft,
  { confirmPhones, ...input }: RolloutInput,
  now: EpochMs,
  lacks: readonly string[] = [],
): Checked {
  const { inLayout, beside } = rolloutProblems(draft, input, now, lacks);
  const isBlind = inLayout.length > 0 || LAID_OUT.some((part) => lacks.includes(part));
  if (isBlind) return { refusals: [...inLayout, ...beside] };
  const layout = layOut(draft, input, now, confirmPhones);
  const cautions = [...layout.cautions, ...unknownNames(draft, input)];
  return { refusals: [...beside, ...layout.refusals], layout: { ...layout, cautions } };
}
