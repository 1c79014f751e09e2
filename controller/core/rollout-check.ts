import type { EpochMs } from '@ringwave/protocol/units';
import { longPaces } from './pace.ts';
import { type Layout, layOut } from './rollout-layout.ts';
import { rolloutProblems } from './rollout-problems.ts';
import type { ControllerDraft, Refusal, RolloutInput } from './state.ts';
import { unknownNames } from './unknown-names.ts';

/**
 * Parts that say which phones are meant; where one of them is not known, nothing can be said of any. `fleet` is no key:
 * it is lacking where the sites and phones themselves are not known as they will be.
 */
const WHO: readonly string[] = ['releases', 'selection', 'kind', 'fleet'];
/** Parts that say who goes when. */
const WHEN: readonly string[] = ['waves', 'preset', 'gate'];

/** What is known of a rollout beside its content. */
export interface CheckedAs {
  /** Keys of parts that are wrong in form. */
  readonly lacks?: readonly string[];
  /** Its selection is of a policy that is stored already: it is not refused for what nobody could write any more. */
  readonly isWhereStored?: boolean;
  /** Nobody has counted its phones yet: whoever approves it reads how many they are. */
  readonly isCountedLater?: boolean;
}

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
  as: CheckedAs = {},
): Checked {
  const { lacks = [] } = as;
  const confirmed = as.isCountedLater ? 'later' : confirmPhones;
  const { ofPhones, ofWaves, beside } = rolloutProblems(draft, input, now, as);
  const told = [...ofPhones, ...ofWaves, ...beside];
  if (ofPhones.length > 0 || WHO.some((part) => lacks.includes(part))) return { refusals: told };
  if (ofWaves.length > 0 || WHEN.some((part) => lacks.includes(part))) {
    // Whatever the waves will be, the selection is the same.
    const alone = { ...input, waves: [{ name: 'all' }] };
    const { ofSelection } = layOut(draft, alone, now, confirmed);
    return { refusals: [...told, ...ofSelection] };
  }
  const layout = layOut(draft, input, now, confirmed);
  const { waves, assignment } = layout;
  const paced = longPaces(input, waves, assignment.members);
  const cautions = [...layout.cautions, ...paced, ...unknownNames(draft, input)];
  return { refusals: [...beside, ...layout.refusals], layout: { ...layout, cautions } };
}
