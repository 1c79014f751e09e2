import { KNOWN_VENDORS, knowledgeOf } from '@ringwave/firmware-catalog/vendors/all';
import { nearest } from '@ringwave/protocol/nearest';
import { invalid } from '../../core/refusal.ts';
import { folded } from '../../core/selection/where.ts';
import type { Phone, Refusal } from '../../core/state.ts';

// Filters by names that nobody has: a mistake more often than an empty answer.

/** Names shown where none is near. */
const namesShownMax = 8;

export function unknownVendor(vendor: string | undefined): Refusal[] {
  if (vendor === undefined || knowledgeOf(vendor)) return [];
  const names = KNOWN_VENDORS.map(({ name }) => name);
  return [
    invalid('query vendor', `is ${shown(vendor)}, which nobody here knows`, next(vendor, names)),
  ];
}

/** A model that no phone here has, as in a selection. */
export function unknownModel(
  model: string | undefined,
  phones: { values(): Iterable<Pick<Phone, 'model'>> },
): Refusal[] {
  if (model === undefined) return [];
  const here = new Map<string, string>();
  for (const phone of phones.values()) here.set(folded(phone.model), phone.model);
  if (here.has(folded(model))) return [];
  const reason = `is ${shown(model)}, which no phone here has`;
  return [invalid('query model', reason, next(model, [...here.values()]))];
}

const shown = (text: string): string => JSON.stringify(text.slice(0, 40));

function next(asked: string, known: readonly string[]): string {
  const near = nearest(asked, known);
  if (near !== undefined) return `Did you mean ${near}?`;
  if (known.length === 0) return 'Leave it out: there are no phones here.';
  const more = known.length > namesShownMax ? ' and others' : '';
  return `Known are: ${known.slice(0, namesShownMax).join(', ')}${more}.`;
}
