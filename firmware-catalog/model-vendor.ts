import { KNOWN_RULES } from './known-rules.ts';
import { fits } from './upgrade-edge.ts';
import { KNOWN_VENDORS } from './vendors/all.ts';
import type { LineFacts } from './vendors/line-facts.ts';

/** Names nothing: a line that takes even this takes every model, and says nothing about one. */
const noModel = '?';

const isOfLine =
  (model: string) =>
  ({ hasModel }: LineFacts): boolean =>
    hasModel(model) && !hasModel(noModel);

/** The vendors that make a model of this name, by their lines and by the rules about it. */
export function vendorsOfModel(model: string): readonly string[] {
  const byLine = KNOWN_VENDORS.filter(({ lines }) => lines.some(isOfLine(model)));
  const byRule = KNOWN_RULES.filter((rule) => rule.models.some((one) => fits(one, model)));
  return [...new Set([...byLine.map(({ name }) => name), ...byRule.map(({ vendor }) => vendor)])];
}
