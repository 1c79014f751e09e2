import { nearest } from '@ringwave/protocol/nearest';
import type { TSchema } from 'typebox';

/** One thing that is wrong with a document someone wrote, and what they do about it. */
export interface Problem {
  /** `images[0].sha256`; empty for the document itself. */
  readonly path: string;
  readonly reason: string;
  readonly nextStep: string;
}

/** Problems told at once; a document with more is wrong as a whole. */
export const problemsMax = 200;

/** The words of JSON Schema that our documents use. TypeBox schemas are such objects. */
interface Shape {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Shape[];
  readonly properties?: Readonly<Record<string, Shape>>;
  /** Keys that people choose: one pattern for all of them. */
  readonly patternProperties?: Readonly<Record<string, Shape>>;
  readonly maxProperties?: number;
  readonly required?: readonly string[];
  readonly items?: Shape;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: 'date-time';
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly description?: string;
}

/**
 * Everything in which a value differs from its schema, where validators stop after a few. Keys that the
 * schema does not have are problems too, with the nearest key that it has.
 */
export function problemsOf(schema: TSchema, value: unknown): Problem[] {
  const found: Problem[] = [];
  check(schema, value, '', found);
  return found.slice(0, problemsMax);
}

function check(shape: Shape, value: unknown, path: string, found: Problem[]): void {
  if (found.length >= problemsMax) return;
  if (shape.anyOf) return checkAny(shape.anyOf, value, path, found);
  if (shape.const !== undefined || shape.enum) return checkChoice(shape, value, path, found);
  if (shape.type === 'object') return checkObject(shape, value, path, found);
  if (shape.type === 'array') return checkArray(shape, value, path, found);
  if (shape.type === 'string') return checkString(shape, value, path, found);
  if (shape.type === 'boolean' && typeof value !== 'boolean') {
    found.push(problem(path, `is ${named(value)}, not true or false`, 'Write true or false.'));
  }
  if (shape.type === 'integer' || shape.type === 'number') checkNumber(shape, value, path, found);
}

/** What fits one of them fits; else the one of the value's own type says what is wrong. */
function checkAny(shapes: readonly Shape[], value: unknown, path: string, found: Problem[]): void {
  const tried = shapes.map((shape) => {
    const own: Problem[] = [];
    check(shape, value, path, own);
    return { shape, own };
  });
  if (tried.some(({ own }) => own.length === 0)) return;
  const [first] = tried;
  const meant = tried.find(({ shape }) => isOfType(shape, value)) ?? first;
  found.push(...(meant?.own ?? []));
}

const isOfType = ({ type, enum: choices = [] }: Shape, value: unknown): boolean =>
  choices.some((one) => typeof one === typeof value) ||
  (type === 'integer' ? typeof value === 'number' : type === typeof value);

function checkChoice(shape: Shape, value: unknown, path: string, found: Problem[]): void {
  const choices = shape.enum ?? [shape.const];
  if (choices.includes(value)) return;
  const words = choices.map(String);
  const close = typeof value === 'string' ? nearest(value, words) : undefined;
  found.push(
    problem(
      path,
      `is ${named(value)}, which is none of: ${words.join(', ')}`,
      close === undefined ? `Write one of: ${words.join(', ')}.` : `Did you mean ${close}?`,
    ),
  );
}

function checkObject(shape: Shape, value: unknown, path: string, found: Problem[]): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    found.push(problem(path, `is ${named(value)}, not an object`, 'Write an object in braces.'));
    return;
  }
  const known = shape.properties ?? {};
  for (const key of shape.required ?? []) {
    if (!Object.hasOwn(value, key)) {
      const at = join(path, key);
      found.push(problem(at, 'is missing', `Add ${key}${told(known[key])}.`));
    }
  }
  const [chosen] = Object.entries(shape.patternProperties ?? {});
  const { length } = Object.keys(value);
  if (length > (shape.maxProperties ?? Number.POSITIVE_INFINITY)) {
    const atMost = `At most ${shape.maxProperties} are kept.`;
    found.push(problem(path, `has ${length} entries`, atMost));
    return;
  }
  for (const [key, inner] of Object.entries(value)) {
    const own = chosen && new RegExp(chosen[0]).test(key) ? chosen[1] : undefined;
    const expected = Object.hasOwn(known, key) ? known[key] : own;
    if (chosen && !expected) found.push(misnamedKey(join(path, short(key)), shape));
    else if (expected) check(expected, inner, join(path, key), found);
    else found.push(unknownKey(join(path, short(key)), key, Object.keys(known)));
    if (found.length >= problemsMax) return;
  }
}

const misnamedKey = (path: string, shape: Shape): Problem =>
  problem(path, 'is no name for this', `Write it${told(shape)}.`);

function unknownKey(path: string, key: string, known: readonly string[]): Problem {
  const close = nearest(key, known);
  return problem(
    path,
    'is not a key that is known here',
    close === undefined ? `Remove it; known are: ${known.join(', ')}.` : `Did you mean ${close}?`,
  );
}

function checkArray(shape: Shape, value: unknown, path: string, found: Problem[]): void {
  if (!Array.isArray(value)) {
    found.push(problem(path, `is ${named(value)}, not a list`, 'Write a list in square brackets.'));
    return;
  }
  const { minItems = 0, maxItems = Number.POSITIVE_INFINITY, items } = shape;
  if (value.length < minItems) {
    const reason = value.length === 0 ? 'is empty' : `has ${value.length} of ${minItems} entries`;
    found.push(problem(path, reason, `Name at least ${minItems}${told(shape)}.`));
  }
  if (value.length > maxItems) {
    found.push(problem(path, `has ${value.length} entries`, `At most ${maxItems} are read.`));
    return;
  }
  if (!items) return;
  for (const [place, inner] of value.entries()) check(items, inner, `${path}[${place}]`, found);
}

function checkString(shape: Shape, value: unknown, path: string, found: Problem[]): void {
  if (typeof value !== 'string') {
    found.push(problem(path, `is ${named(value)}, not text`, `Write it in quotes${told(shape)}.`));
    return;
  }
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY, pattern } = shape;
  if (value.length < minLength) {
    const reason = value === '' ? 'is empty' : `is ${named(value)}`;
    found.push(problem(path, reason, `Write it out${told(shape)}.`));
  } else if (value.length > maxLength) {
    found.push(
      problem(path, `has ${value.length} characters`, `At most ${maxLength} characters are read.`),
    );
  } else if (pattern !== undefined && !new RegExp(pattern).test(value)) {
    found.push(
      problem(path, `is ${named(value)}`, `Write it${told(shape) || ` like ${pattern}`}.`),
    );
  } else if (shape.format === 'date-time' && !isDateTime(value)) {
    found.push(problem(path, `is ${named(value)}`, `Write it${told(shape)}.`));
  }
}

/** Of RFC 3339, whose seconds may be left out; on a day that there is, which `Date` does not ask. */
function isDateTime(text: string): boolean {
  const found = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/.exec(text);
  if (!found || Number.isNaN(Date.parse(text))) return false;
  const [, day = ''] = found;
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
}

function checkNumber(shape: Shape, value: unknown, path: string, found: Problem[]): void {
  const whole = shape.type === 'integer';
  if (
    typeof value !== 'number' ||
    !Number.isFinite(value) ||
    (whole && !Number.isSafeInteger(value))
  ) {
    const kind = whole ? 'a whole number' : 'a number';
    found.push(problem(path, `is ${named(value)}, not ${kind}`, `Write ${kind}${told(shape)}.`));
    return;
  }
  const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = shape;
  const { exclusiveMinimum: above = Number.NEGATIVE_INFINITY } = shape;
  if (value >= minimum && value > above && value <= maximum) return;
  found.push(problem(path, `is ${value}`, `Write a number ${rangeOf(shape)}${told(shape)}.`));
}

function rangeOf({ minimum, exclusiveMinimum, maximum = Number.POSITIVE_INFINITY }: Shape): string {
  const isOpen = !Number.isFinite(maximum);
  if (exclusiveMinimum !== undefined)
    return `above ${exclusiveMinimum}${isOpen ? '' : ` and up to ${maximum}`}`;
  return isOpen ? `of ${minimum} or more` : `from ${minimum} to ${maximum}`;
}

const problem = (path: string, reason: string, nextStep: string): Problem => ({
  path,
  reason,
  nextStep,
});

const join = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`);

/** A schema's description reads on from "write it": "as 64 hexadecimal digits". */
const told = (shape: Shape | undefined): string =>
  shape?.description === undefined ? '' : ` ${shape.description}`;

/** Text from outside is cut and quoted before it is shown. */
function named(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  return JSON.stringify(typeof value === 'string' ? short(value) : value) ?? typeof value;
}

const short = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text);

/** Reads JSON text of bounded length. */
export function readJson(
  text: string,
  bytesMax: number,
): { readonly value: unknown } | { readonly problems: readonly Problem[] } {
  const bytes = Buffer.byteLength(text);
  if (bytes > bytesMax) {
    const reason = `is ${bytes} bytes long`;
    return { problems: [problem('', reason, `At most ${bytesMax} bytes are read.`)] };
  }
  try {
    return { value: JSON.parse(text.startsWith('\ufeff') ? text.slice(1) : text) };
  } catch (error) {
    const reason = `is not JSON: ${error instanceof Error ? short(error.message) : 'unreadable'}`;
    return { problems: [problem('', reason, 'Correct it there; a JSON checker shows the place.')] };
  }
}
