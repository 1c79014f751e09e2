import { compareVersions } from '@ringwave/firmware-catalog/version';
import { folded, type FieldTest, isDenying, isPattern, type Operator } from './where.ts';

// What one test says of one value: yes, no, or undefined where that cannot be known. The matcher in memory and the
// queries of both databases ask here, so that they cannot differ.

export type Answer = boolean | undefined;

/** What a phone shows it runs, and what is needed to compare it. */
export interface Shown {
  readonly vendor: string;
  readonly model: string;
  readonly hardware: string | undefined;
  readonly version: string;
}

/** For texts, phases and names of rollouts. */
export function textTest({ operator, values }: FieldTest): (value: string) => boolean {
  const denies = isDenying(operator);
  if (isPattern(operator)) {
    const fits = patternTest(folded(values[0]?.text ?? ''));
    return (value) => fits(folded(value)) !== denies;
  }
  const named = new Set(values.map(({ text }) => folded(text)));
  return (value) => named.has(folded(value)) !== denies;
}

/** `*` stands for any letters, none among them. Walks the value once for each piece, and never back. */
export function patternTest(pattern: string): (value: string) => boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return (value) => value === first;
  return (value) => {
    if (value.length < first.length + last.length) return false;
    if (!value.startsWith(first) || !value.endsWith(last)) return false;
    let at = first.length;
    for (const piece of rest) {
      const found = value.indexOf(piece, at);
      if (found < 0) return false;
      at = found + piece.length;
    }
    return at <= value.length - last.length;
  };
}

export const ageTest = (operator: Operator, limitMs: number): ((ms: number) => boolean) => {
  if (operator === '<') return (ms) => ms < limitMs;
  if (operator === '<=') return (ms) => ms <= limitMs;
  return operator === '>' ? (ms) => ms > limitMs : (ms) => ms >= limitMs;
};

/**
 * Versions are ordered by the catalogue, never as text. What it cannot set against each other is neither
 * older nor newer nor the same, nor is it "not the same".
 */
export function versionTest(test: FieldTest): (shown: Shown) => Answer {
  if (isPattern(test.operator)) {
    const fits = textTest(test);
    return ({ version }) => fits(version);
  }
  return (shown) => {
    const answers = test.values.map(({ text }) => compared(test.operator, shown, text));
    const yes = !isDenying(test.operator);
    // A list is its parts with "or"; denied, with "and".
    if (answers.includes(yes)) return yes;
    return answers.includes(undefined) ? undefined : !yes;
  };
}

function compared(operator: Operator, shown: Shown, text: string): Answer {
  const { vendor, model, hardware, version } = shown;
  const about = { model, ...(hardware === undefined ? {} : { hardware }) };
  const order = compareVersions(vendor, version, text, about);
  if (order === 'incomparable') return undefined;
  if (operator === '=' || operator === 'in') return order === 'same';
  if (operator === '!=' || operator === 'not in') return order !== 'same';
  if (order === 'same') return operator === '<=' || operator === '>=';
  return operator.startsWith('<') === (order === 'older');
}

/** Answers kept of each test; a fleet shows fewer versions. At the bound all are forgotten. */
const answersKeptMax = 50_000;

export function keptByText<T>(decide: (text: string) => T): (text: string) => T {
  const kept = new Map<string, T>();
  return (text) => {
    const before = kept.get(text);
    if (before !== undefined || kept.has(text)) return before as T;
    if (kept.size >= answersKeptMax) kept.clear();
    const answer = decide(text);
    kept.set(text, answer);
    return answer;
  };
}

/** Vendor, model, hardware and version as one text, for memories and for the databases. */
export const shownKey = ({ vendor, model, hardware, version }: Shown): string =>
  JSON.stringify(
    [vendor, model, hardware ?? null, version].map((one) => one?.toWellFormed() ?? null),
  );

export function shownOf(key: string): Shown {
  const [vendor, model, hardware, version] = JSON.parse(key) as (string | null)[];
  return {
    vendor: vendor ?? '',
    model: model ?? '',
    hardware: hardware ?? undefined,
    version: version ?? '',
  };
}
