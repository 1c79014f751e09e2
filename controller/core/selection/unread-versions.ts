import type { Phone } from '../state.ts';
import type { WhereProblem } from './tokens.ts';
import { isFieldTest, isPattern, type Operator, testsIn, type Where } from './where.ts';

const ORDERING: readonly Operator[] = ['<', '<=', '>', '>='];

/**
 * No vendor writes a version without a digit: such a text is older and newer than nothing, and would select nobody
 * without a word, nor would its denial. What a phone shows of itself may still be asked for, whatever it is, and
 * before any phone has shown a version nobody knows what it will be.
 */
export function unreadVersions(
  where: Where,
  phones?: { values(): Iterable<Pick<Phone, 'running'>> },
): WhereProblem[] {
  return testsIn(where).flatMap((test) => {
    if (!isFieldTest(test, 'running') || isPattern(test.operator)) return [];
    const isOrdering = ORDERING.includes(test.operator);
    return test.values.flatMap(({ text, column }) => {
      if (/\d/.test(text)) return [];
      if (!isOrdering && (!phones || mayBeShown(phones, text))) return [];
      const message = `"${text.slice(0, 40)}" is no version: it has no digit`;
      const asText = isOrdering ? [] : ['~ or not ~ before a text that is no version'];
      const expected = ['a version as its vendor writes it, such as 66.86.0.15', ...asText];
      return [{ column, message, expected }];
    });
  });
}

function mayBeShown(phones: { values(): Iterable<Pick<Phone, 'running'>> }, text: string): boolean {
  let isAnyShown = false;
  for (const { running } of phones.values()) {
    if (running?.version.trim() === text.trim()) return true;
    isAnyShown ||= running !== undefined;
  }
  return !isAnyShown;
}
