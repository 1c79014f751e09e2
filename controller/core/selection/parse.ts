import { nearest } from '@ringwave/protocol/nearest';
import { bindPhases } from './phase-binding.ts';
import { shown, type Token, tokensOf, type WhereProblem } from './tokens.ts';
import { fieldNamed, operatorsOf, valueProblem, canonicalValue } from './field-rules.ts';
import {
  chain,
  type Field,
  isPattern,
  kindOf,
  nameOf,
  type Operator,
  type Value,
  type Where,
} from './where.ts';

export type { WhereProblem } from './tokens.ts';

/** 4,000 characters: a list of two hundred MACs; longer lists belong into labels. */
export const whereLengthMax = 4000;
/** Parentheses and nots inside each other; a person loses count long before. */
export const whereDepthMax = 32;
/** Items of one list. */
export const whereListMax = 1000;

export type ParsedSelection =
  | { readonly ok: true; readonly selection: Where }
  | {
      readonly ok: false;
      readonly problems: readonly WhereProblem[];
      /** What could be read all the same, where all of the grammar could: its good tests can be looked at. */
      readonly readable?: Where;
    };

/**
 * Reads a selection. Signs without meaning and words that no field, operator or list of values has are told all at
 * once; where the grammar itself is broken, the first place is told, since nothing after it can be trusted.
 */
export function parseSelection(text: string): ParsedSelection {
  if (text.length > whereLengthMax) {
    const message = `is ${text.length} characters long, more than ${whereLengthMax}`;
    return { ok: false, problems: [{ column: 1, message, expected: ['labels instead of lists'] }] };
  }
  const { tokens, problems } = tokensOf(text);
  const reading = new Reading(tokens);
  const read = reading.whole();
  // Around a sign that means nothing the grammar may be broken by that sign alone.
  const ofWords = problems.length > 0 && !read ? reading.problems.slice(0, -1) : reading.problems;
  const all = [...problems, ...ofWords].sort((a, b) => a.column - b.column);
  if (!read) return { ok: false, problems: all };
  if (all.length > 0) return { ok: false, problems: all, readable: read };
  const bound = bindPhases(read);
  if (bound.problems.length > 0) return { ok: false, problems: bound.problems };
  return { ok: true, selection: bound.where };
}

/** Thrown to leave the reading at the first place where the grammar is broken. */
class Broken extends Error {}

const KEYWORDS = ['and', 'or', 'not', 'in', 'like', 'is', 'has', 'unknown', 'all'];
/** Words that mean something themselves are written in quotes where they are a value. */
export const isKeyword = (word: string): boolean => KEYWORDS.includes(word.toLowerCase());

class Reading {
  readonly problems: WhereProblem[] = [];
  readonly #tokens: readonly Token[];
  #place = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Where | undefined {
    try {
      const where = this.#chain('or');
      if (this.#now.kind !== 'end') this.#broken(['and', 'or', 'the end']);
      return where;
    } catch (error) {
      if (error instanceof Broken) return undefined;
      throw error;
    }
  }

  get #now(): Token {
    return this.#tokens[this.#place] ?? { kind: 'end', text: '', column: 1 };
  }

  #is(text: string): boolean {
    const { kind, text: found } = this.#now;
    return kind !== 'quoted' && kind !== 'end' && found.toLowerCase() === text;
  }

  #take(text: string): boolean {
    if (!this.#is(text)) return false;
    this.#place += 1;
    return true;
  }

  #need(text: string): void {
    if (!this.#take(text)) this.#broken([text]);
  }

  #broken(expected: readonly string[], why?: string): never {
    const { kind, text, column } = this.#now;
    const found = kind === 'end' ? 'it ends here' : `"${shown(text)}" does not fit here`;
    // A sign is near to every short word, and no slip of the hand for it.
    const meant = expected.filter((one) => /^[a-z]+$/.test(one) && one !== text.toLowerCase());
    const hint = kind === 'word' ? nearest(text, meant) : undefined;
    this.problems.push({ column, message: why ?? found, expected: hint ? [hint] : expected });
    throw new Broken();
  }

  #chain(kind: 'and' | 'or'): Where {
    const parts = [this.#link(kind)];
    while (this.#take(kind)) parts.push(this.#link(kind));
    return chain(kind, parts);
  }

  #link(kind: 'and' | 'or'): Where {
    return kind === 'or' ? this.#chain('and') : this.#negation();
  }

  #negation(): Where {
    if (!this.#take('not')) return this.#primary();
    return this.#deeper(() => ({ kind: 'not', part: this.#negation() }));
  }

  #primary(): Where {
    if (this.#take('all')) return { kind: 'all' };
    if (!this.#take('(')) return this.#test();
    return this.#deeper(() => {
      const inside = this.#chain('or');
      this.#need(')');
      return inside;
    });
  }

  #deeper(read: () => Where): Where {
    this.#depth += 1;
    if (this.#depth > whereDepthMax) {
      this.#broken(['fewer parentheses'], `is nested deeper than ${whereDepthMax}`);
    }
    const inside = read();
    this.#depth -= 1;
    return inside;
  }

  #test(): Where {
    if (this.#take('has')) {
      const { column } = this.#now;
      return { kind: 'known', field: this.#field([]), column, known: true };
    }
    const { column } = this.#now;
    const field = this.#field();
    if (this.#take('is')) {
      const known = this.#take('not');
      this.#need('unknown');
      return { kind: 'known', field, column, known };
    }
    const operator = this.#operator(field);
    const values = operator.endsWith('in') ? this.#list() : [this.#value(operator)];
    const canonical = values.map((value) => this.#checked(field, operator, value));
    return { kind: 'test', field, column, operator, values: canonical };
  }

  /** `also` could stand there instead. */
  #field(also: readonly string[] = ['(', 'not']): Field {
    const { kind, text, column } = this.#now;
    if (kind !== 'word' || isKeyword(text)) this.#broken(['a field such as model', ...also]);
    this.#place += 1;
    const found = fieldNamed(text);
    if ('field' in found) return found.field;
    this.problems.push({ column, ...found });
    return { of: 'phone-label', key: 'unknown' };
  }

  #operator(field: Field): Operator {
    const { kind, column } = this.#now;
    const allowed = operatorsOf(kindOf(field));
    const operator = this.#operatorHere(allowed);
    if (allowed.includes(operator) || this.problems.length > 0) return operator;
    const message = `${nameOf(field)} cannot be asked with "${operator}"`;
    this.problems.push({ column, message, expected: allowed });
    return kind === 'end' ? '=' : operator;
  }

  #operatorHere(allowed: readonly Operator[]): Operator {
    const isDenied = this.#take('not');
    if (this.#take('in')) return isDenied ? 'not in' : 'in';
    if (this.#take('~') || this.#take('like')) return isDenied ? 'not ~' : '~';
    if (isDenied) this.#broken(['in', '~']);
    for (const sign of ['=', '!=', '<=', '>=', '<', '>'] as const)
      if (this.#take(sign)) return sign;
    return this.#broken([...allowed, 'is unknown']);
  }

  #list(): Value[] {
    this.#need('(');
    const values = [this.#value('in')];
    while (this.#take(',')) {
      values.push(this.#value('in'));
      if (values.length > whereListMax) {
        this.#broken(['labels instead of lists'], `lists more than ${whereListMax} values`);
      }
    }
    if (!this.#take(')')) this.#broken([',', ')']);
    return values;
  }

  #value(operator: Operator): Value {
    const { kind, text, column } = this.#now;
    if (kind === 'sign' || kind === 'end') this.#broken(['a value']);
    if (kind === 'word' && isKeyword(text)) this.#broken([`"${text}" in quotes, if it is a value`]);
    this.#place += 1;
    if (kind === 'word' && text.includes('*') && !isPattern(operator)) {
      const message = '* stands for any letters only after ~';
      this.problems.push({ column, message, expected: [`~ ${text}`, `"${text}" in quotes`] });
    }
    return { text, column };
  }

  #checked(field: Field, operator: Operator, value: Value): Value {
    const kind = kindOf(field);
    const problem = valueProblem(kind, operator, value.text);
    if (problem) this.problems.push({ column: value.column, ...problem });
    return { ...value, text: canonicalValue(kind, operator, value.text) };
  }
}
