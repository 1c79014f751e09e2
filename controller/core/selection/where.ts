// The selection language as a tree: which phones somebody means, said in words (docs/selection.md).

/** What a field's value is, which says how it may be asked for. */
export type FieldKind = 'text' | 'mac' | 'yes-no' | 'version' | 'age' | 'rollout' | 'phase';

/** Fields without a key of their own, and what their values are. */
export const FIELDS = {
  mac: 'mac',
  vendor: 'text',
  model: 'text',
  hardware: 'text',
  extension: 'text',
  emergency: 'yes-no',
  group: 'text',
  site: 'text',
  'site.name': 'text',
  'site.zone': 'text',
  running: 'version',
  seen: 'age',
  credential: 'age',
  rollout: 'rollout',
  phase: 'phase',
} as const satisfies Record<string, FieldKind>;
export type FieldName = keyof typeof FIELDS;

/** A label of the phone (`label.room`) or of its site (`site.region`), or one of the fields above. */
export type Field =
  | { readonly of: 'phone-label' | 'site-label'; readonly key: string }
  | { readonly of: 'field'; readonly name: FieldName };

export const OPERATORS = ['=', '!=', '<', '<=', '>', '>=', 'in', 'not in', '~', 'not ~'] as const;
export type Operator = (typeof OPERATORS)[number];

export interface Value {
  readonly text: string;
  /** Column of the text it was read from, counted from 1. */
  readonly column: number;
}

export interface FieldTest {
  readonly kind: 'test';
  readonly field: Field;
  readonly column: number;
  readonly operator: Operator;
  readonly values: readonly Value[];
  /** The rollout that a test of `phase` is about. */
  readonly rollout?: string;
}

export interface KnownTest {
  readonly kind: 'known';
  readonly field: Field;
  readonly column: number;
  /** `has F` asks for true, `F is unknown` for false. */
  readonly known: boolean;
  readonly rollout?: string;
}

export type Where =
  | { readonly kind: 'all' }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Where[] }
  | { readonly kind: 'not'; readonly part: Where }
  | FieldTest
  | KnownTest;

/**
 * Chains of one kind are one: `a and (b and c)` is `a and b and c`. One that names its rollout stays in its
 * parentheses, since they say which rollout a phase is of.
 */
export function chain(kind: 'and' | 'or', parts: readonly Where[]): Where {
  const flat = parts.flatMap((part) =>
    part.kind === kind && !namesRollout(part.parts) ? part.parts : [part],
  );
  const [first] = flat;
  return first && flat.length === 1 ? first : { kind, parts: flat };
}

const namesRollout = (parts: readonly Where[]): boolean =>
  parts.some((part) => isFieldTest(part, 'rollout') && part.operator === '=');

/** Every test in it, from left to right. */
export function testsIn(where: Where): (FieldTest | KnownTest)[] {
  if (where.kind === 'test' || where.kind === 'known') return [where];
  if (where.kind === 'and' || where.kind === 'or') return where.parts.flatMap(testsIn);
  return where.kind === 'not' ? testsIn(where.part) : [];
}

export const kindOf = (field: Field): FieldKind =>
  field.of === 'field' ? FIELDS[field.name] : 'text';

export const nameOf = (field: Field): string =>
  field.of === 'field'
    ? field.name
    : `${field.of === 'phone-label' ? 'label' : 'site'}.${field.key}`;

/**
 * Case never matters. What no database can keep in a text becomes the sign for it. A sigma that ends a word is written in
 * a way of its own, and the start of a word ends where its pattern does.
 */
export const folded = (text: string): string =>
  text.toWellFormed().replaceAll('\0', '\ufffd').toLowerCase().replaceAll('ς', 'σ');

const AGE_UNITS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};
/** Ten years: no phone of a fleet was seen earlier. */
const ageMsMax = 3650 * 86_400_000;

/** `24h` in milliseconds; undefined where it is no age. */
export function ageMs(text: string): number | undefined {
  const found = /^(\d{1,9})([smhdw])$/.exec(text);
  const value = Number(found?.[1]) * (AGE_UNITS[found?.[2] ?? ''] ?? Number.NaN);
  return value <= ageMsMax ? value : undefined;
}

/** Whether a test says yes where its value is one of those named (`in`), or where it is none (`not in`). */
export const isDenying = (operator: Operator): boolean =>
  operator === '!=' || operator === 'not in' || operator === 'not ~';

export const isPattern = (operator: Operator): boolean => operator === '~' || operator === 'not ~';

export const isFieldTest = (where: Where, name: FieldName): where is FieldTest =>
  where.kind === 'test' && where.field.of === 'field' && where.field.name === name;
