import { linePattern } from '@ringwave/protocol/schema-words';

// Names, reasons and remarks that lists and lines of others can carry: a break or an escape in one would pass for
// something else.

const NAME = new RegExp(linePattern, 'u');

export const isName = (text: unknown): boolean => typeof text === 'string' && NAME.test(text);

/** Text from outside as one such line, at most `lengthMax` long: whatever would not be a name's parts its words. */
export const lineOf = (text: string, lengthMax: number): string =>
  text
    .toWellFormed()
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, lengthMax)
    .replace(/[\ud800-\udbff]$/, '')
    .trimEnd();
