import type { WhereProblem } from './tokens.ts';
import { isFieldTest } from './where.ts';
import type { Where } from './where.ts';

/**
 * A phone may stand in several rollouts, so `phase` is about the one that stands beside it:
 * `rollout = r1 and phase = failed`. The nearest `and` around it that names one rollout counts.
 */
export function bindPhases(
  where: Where,
  rollouts: readonly string[] = [],
): { where: Where; problems: WhereProblem[] } {
  switch (where.kind) {
    case 'all':
      return { where, problems: [] };
    case 'not': {
      const inside = bindPhases(where.part, rollouts);
      return { where: { kind: 'not', part: inside.where }, problems: inside.problems };
    }
    case 'and':
    case 'or': {
      const own = where.kind === 'and' ? rolloutsNamed(where.parts) : [];
      const bound = where.parts.map((part) => bindPhases(part, own.length > 0 ? own : rollouts));
      const parts = bound.map((one) => one.where);
      return {
        where: { kind: where.kind, parts },
        problems: bound.flatMap((one) => one.problems),
      };
    }
    default:
      return bindTest(where, rollouts);
  }
}

function bindTest(
  test: Extract<Where, { kind: 'test' | 'known' }>,
  rollouts: readonly string[],
): { where: Where; problems: WhereProblem[] } {
  if (test.field.of !== 'field' || test.field.name !== 'phase')
    return { where: test, problems: [] };
  const [rollout] = rollouts;
  if (rollout !== undefined && rollouts.length === 1)
    return { where: { ...test, rollout }, problems: [] };
  const message =
    rollouts.length > 1
      ? `phase could be of any of ${rollouts.join(', ')}`
      : 'a phone may stand in several rollouts: say which one this phase is of';
  const expected = ['rollout = NAME and phase ...'];
  return { where: test, problems: [{ column: test.column, message, expected }] };
}

const rolloutsNamed = (parts: readonly Where[]): string[] => [
  ...new Set(
    parts.flatMap((part) =>
      isFieldTest(part, 'rollout') && part.operator === '='
        ? part.values.map(({ text }) => text)
        : [],
    ),
  ),
];
