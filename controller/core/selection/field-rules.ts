import { nearest } from '@ringwave/protocol/nearest';
import { PHONE_PHASES } from '@ringwave/protocol/phases';
import { mac } from '@ringwave/protocol/units';
import { shown, type WhereProblem } from './tokens.ts';
import {
  ageMs,
  type Field,
  type FieldKind,
  FIELDS,
  type FieldName,
  isPattern,
  OPERATORS,
  type Operator,
} from './where.ts';

// Which words are fields, how each may be asked for, and what a value of it looks like.

type Fault = Omit<WhereProblem, 'column'>;

/** Keys of labels: lower-case, as people type them. */
export const labelKeyPattern = '^[a-z][a-z0-9-]{0,31}$';
const labelKey = new RegExp(labelKeyPattern);

/** The name comes from outside: `constructor` is nobody's label unless somebody wrote it. */
export const labelIn = (
  labels: Readonly<Record<string, string>> | undefined,
  key: string,
): string | undefined => (labels && Object.hasOwn(labels, key) ? labels[key] : undefined);

const isFieldName = (name: string): name is FieldName => Object.hasOwn(FIELDS, name);
const FIELD_NAMES = Object.keys(FIELDS);

/** Habits from elsewhere, and the words of REST. */
const ALSO: ReadonlyMap<string, string> = new Map([
  ['coveragegroup', 'group'],
  ['version', 'running'],
  ['firmware', 'running'],
  ['seenat', 'seen'],
  ['site.id', 'site'],
  ['labels', 'label.NAME'],
  ['label', 'label.NAME'],
]);

export function fieldNamed(written: string): { field: Field } | Fault {
  const name = written.toLowerCase();
  if (isFieldName(name)) return { field: { of: 'field', name } };
  const [of, ...rest] = name.split('.');
  const key = rest.join('.');
  if ((of === 'label' || of === 'site') && labelKey.test(key) && !ALSO.has(name)) {
    return { field: { of: of === 'label' ? 'phone-label' : 'site-label', key } };
  }
  const hint = ALSO.get(name) ?? nearest(name, FIELD_NAMES);
  const expected = hint ? [hint] : [...FIELD_NAMES, 'label.NAME', 'site.NAME'];
  return { message: `"${shown(written)}" is no field`, expected };
}

const LISTED: readonly Operator[] = ['=', '!=', 'in', 'not in'];
const ORDERED: readonly Operator[] = ['<', '<=', '>', '>='];
const WORDED: readonly Operator[] = [...LISTED, '~', 'not ~'];

const BY_KIND: Readonly<Record<FieldKind, readonly Operator[]>> = {
  text: WORDED,
  mac: WORDED,
  rollout: WORDED,
  phase: LISTED,
  'yes-no': ['=', '!='],
  version: OPERATORS,
  age: ORDERED,
};
export const operatorsOf = (kind: FieldKind): readonly Operator[] => BY_KIND[kind];

const YES = ['yes', 'true'];
const NO = ['no', 'false'];

/** What is wrong with a value of this kind; undefined when nothing is. */
export function valueProblem(kind: FieldKind, operator: Operator, text: string): Fault | undefined {
  if (text === '') return { message: 'is an empty text', expected: ['a value, or: is unknown'] };
  if (kind === 'mac') return isPattern(operator) ? macStartProblem(text) : macProblem(text);
  if (kind === 'yes-no' && ![...YES, ...NO].includes(text.toLowerCase()))
    return { message: `"${shown(text)}" is neither yes nor no`, expected: ['yes', 'no'] };
  if (kind === 'age' && ageMs(ageText(text)) === undefined)
    return {
      message: `"${shown(text)}" is no age up to ten years`,
      expected: ['a number with s, m, h, d or w, such as 24h'],
    };
  const phases: readonly string[] = PHONE_PHASES;
  if (kind === 'phase' && !phases.includes(text.toLowerCase())) {
    const hint = nearest(text, phases);
    const message = `"${shown(text)}" is no phase of a phone`;
    return { message, expected: hint ? [hint] : phases };
  }
  return undefined;
}

const macProblem = (text: string): Fault | undefined =>
  mac(text)
    ? undefined
    : {
        message: `"${shown(text)}" is not a MAC address`,
        expected: ['12 hexadecimal digits such as 80:5e:c0:12:34:56', '~ 80:5e:c0*'],
      };

const bareMac = (text: string): string => text.toLowerCase().replace(/[:.-]/g, '');

const macStartProblem = (text: string): Fault | undefined =>
  /^[0-9a-f]{0,12}\*$/.test(bareMac(text))
    ? undefined
    : {
        message: `"${shown(text)}" is not the beginning of a MAC address`,
        expected: ['hexadecimal digits and then *, such as 80:5e:c0*'],
      };

const ageText = (text: string): string => text.toLowerCase().replace(/min$/, 'm');

/** One way to write each value. */
export function canonicalValue(kind: FieldKind, operator: Operator, text: string): string {
  if (kind === 'mac' && isPattern(operator)) return bareMac(text).replace(/(..)(?=[^*])/g, '$1:');
  if (kind === 'mac') return mac(text) ?? text;
  if (kind === 'yes-no') return YES.includes(text.toLowerCase()) ? 'yes' : 'no';
  if (kind === 'age') return ageText(text);
  return kind === 'phase' ? text.toLowerCase() : text;
}
