import { nearest } from '@ringwave/protocol/nearest';
import type { Phone, Site } from '../state.ts';
import type { WhereProblem } from './tokens.ts';
import {
  type Field,
  type FieldTest,
  folded,
  isPattern,
  nameOf,
  testsIn,
  type Where,
} from './where.ts';

interface Inventory {
  readonly sites: { values(): Iterable<Site> };
  readonly phones: { values(): Iterable<Phone> };
  readonly rollouts: { entries(): Iterable<[string, unknown]> };
}

/** Names that nobody in this fleet has: a mistake more often than an empty answer. */
export function unknownWords(where: Where, fleet: Inventory): WhereProblem[] {
  const words = wordsOf(fleet);
  return testsIn(where).flatMap((test) => {
    const keyProblem = unknownKey(test.field, test.column, words.keys);
    if (keyProblem) return [keyProblem];
    return test.kind === 'test' && !isPattern(test.operator) ? unknownValues(test, words) : [];
  });
}

interface Words {
  readonly values: Readonly<Record<string, ReadonlySet<string>>>;
  readonly keys: Readonly<Record<'phone-label' | 'site-label', ReadonlySet<string>>>;
}

function wordsOf({ sites, phones, rollouts }: Inventory): Words {
  const values = {
    site: new Set<string>(),
    group: new Set<string>(),
    vendor: new Set<string>(),
    model: new Set<string>(),
    rollout: new Set([...rollouts.entries()].map(([id]) => id)),
  };
  const keys = { 'phone-label': new Set<string>(), 'site-label': new Set<string>() };
  for (const site of sites.values()) {
    values.site.add(site.id);
    for (const { id } of site.coverage) values.group.add(id);
    for (const key of Object.keys(site.labels ?? {})) keys['site-label'].add(key);
  }
  for (const { vendor, model, labels } of phones.values()) {
    values.vendor.add(vendor);
    values.model.add(model);
    if (labels) for (const key of Object.keys(labels)) keys['phone-label'].add(key);
  }
  return { values, keys };
}

function unknownKey(field: Field, column: number, keys: Words['keys']): WhereProblem | undefined {
  if (field.of === 'field' || keys[field.of].has(field.key)) return undefined;
  const named = [...keys[field.of]].map((key) => nameOf({ of: field.of, key }));
  const fixed = field.of === 'site-label' ? ['site.name', 'site.zone'] : [];
  const whose = field.of === 'site-label' ? 'site' : 'phone';
  const message = `no ${whose} has a label ${field.key}`;
  return { column, message, expected: suggestions(nameOf(field), [...named, ...fixed]) };
}

function unknownValues(test: FieldTest, { values }: Words): WhereProblem[] {
  const known = values[nameOf(test.field)];
  if (!known) return [];
  const has = new Set([...known].map(folded));
  return test.values.flatMap(({ text, column }) => {
    if (has.has(folded(text))) return [];
    const message = `no ${nameOf(test.field)} "${text.slice(0, 64)}" is known here`;
    return [{ column, message, expected: suggestions(text, [...known]) }];
  });
}

/** Words shown where none is near. */
const wordsShownMax = 8;

function suggestions(asked: string, known: readonly string[]): string[] {
  const hint = nearest(asked, known);
  if (hint) return [hint];
  return known.length === 0 ? ['another test: there are none here'] : known.slice(0, wordsShownMax);
}
