import { isKeyword } from './parse.ts';
import { isPattern, nameOf, type Operator, type Where } from './where.ts';

/** The one way to write this selection: reading it again gives the same. */
export function printSelection(where: Where): string {
  switch (where.kind) {
    case 'all':
      return 'all';
    case 'not':
      return `not ${inside(where.part)}`;
    case 'and':
    case 'or':
      return where.parts.map(inside).join(` ${where.kind} `);
    case 'known':
      return where.known ? `has ${nameOf(where.field)}` : `${nameOf(where.field)} is unknown`;
    case 'test': {
      const values = where.values.map(({ text }) => valueText(where.operator, text)).join(', ');
      const listed = where.operator.endsWith('in') ? `(${values})` : values;
      return `${nameOf(where.field)} ${where.operator} ${listed}`;
    }
    default:
      return where satisfies never;
  }
}

const inside = (part: Where): string =>
  part.kind === 'and' || part.kind === 'or' ? `(${printSelection(part)})` : printSelection(part);

const BARE = /^[\p{L}\p{N}._:/@+$-]+$/u;
const BARE_PATTERN = /^[\p{L}\p{N}._:/@+*$-]+$/u;

/** A value as it is written, in quotes where it has to be. */
export function valueText(operator: Operator, text: string): string {
  const isBare = (isPattern(operator) ? BARE_PATTERN : BARE).test(text) && !isKeyword(text);
  return isBare ? text : `"${text.replace(/["\\]/g, '\\$&')}"`;
}
