// Sets and takes out single settings in a configuration file that somebody else wrote, and leaves every other
// byte as it was: the file of a PBX stays its own, but for what is managed here.

import { fromXml, isPrintable, xmlText } from './config-text.ts';
import { literal } from './boot-path.ts';
import type { ConfigLanguage } from './line-facts.ts';
import { type Added, BYTE_ORDER_MARK, type Shape, shapeOf, type Wanted } from './overlay-shapes.ts';
import { bareOf } from './xml-blanks.ts';

/**
 * One setting by its vendor's name; `value` undefined takes it out. In a name that is taken out or looked for, `#`
 * stands for a number and `*` for any word.
 */
export interface Managed {
  readonly name: string;
  readonly value?: string;
  /** How it is added, with `{name}` and `{value}`, where the language's own line does not say it. */
  readonly written?: string;
}

export type Overlaid =
  | { readonly kind: 'overlaid'; readonly body: string }
  /** The file is not in this language, or the value cannot be written in it. */
  | { readonly kind: 'refused'; readonly reason: string };

/** Characters of a file that is overlaid; the longest configuration known has 200,000. */
export const overlaidLengthMax = 4 * 1024 ** 2;

/**
 * `body` as Latin-1 text, so that bytes of any encoding come out as they went in. A setting that stands
 * several times is set at each place; one in a comment is not seen; one that stands nowhere is added.
 */
export function overlay(
  body: string,
  language: ConfigLanguage,
  settings: readonly Managed[],
): Overlaid {
  if (body.length > overlaidLengthMax)
    return refused(`it has more than ${overlaidLengthMax} bytes`);
  const shape = shapeOf(language);
  const onlyTakes = settings.every(({ value }) => value === undefined);
  if (!(onlyTakes ? shape.mayHold(body) : shape.isOf(body)))
    return refused(`it is not ${language.form}`);
  let text = body;
  for (const { name, value, written: line } of settings) {
    if (value === undefined) text = withoutSetting(text, shape, name);
    else {
      const written = safe(language, value);
      if (written === undefined) return refused(`no such value can stand in ${language.form}`);
      const set = withSetting(text, shape, { name, value: written, line });
      if (set === undefined) return refused(`it has no place for ${name}`);
      text = set;
    }
  }
  return { kind: 'overlaid', body: text };
}

/** Whether a phone would read the file as one of this language, as far as its shape shows. */
export const isWrittenIn = (body: string, language: ConfigLanguage): boolean =>
  body.length <= overlaidLengthMax && shapeOf(language).isOf(body);

/** Whether settings of this language may stand in the file, whole or not: a part that another file includes. */
export const mayHold = (body: string, language: ConfigLanguage): boolean =>
  body.length <= overlaidLengthMax && shapeOf(language).mayHold(body);

/** Why a file of this language cannot be overlaid: what stands in it is called by names that nobody knows. Line from 1. */
export function unreadable(
  body: string,
  { unreadable: form }: ConfigLanguage,
): { readonly line: number; readonly reason: string } | undefined {
  if (!form || body.length > overlaidLengthMax) return undefined;
  const text = bareOf(body);
  const at = text.search(form.pattern);
  return at < 0 ? undefined : { line: text.slice(0, at).split('\n').length, reason: form.reason };
}

/** What a file says of a setting, at each place; empty where it says nothing or no setting can stand in it. */
export function valuesIn(body: string, language: ConfigLanguage, name: string): string[] {
  const shape = shapeOf(language);
  if (body.length > overlaidLengthMax || !shape.mayHold(body)) return [];
  return placesOf(body, shape, name).map(({ value }) =>
    language.escape === 'xml' ? fromXml(value) : value,
  );
}

/** Settings by the names that a language has for them. */
export interface NamesIn {
  readonly language: ConfigLanguage;
  readonly names: readonly string[];
}

/** Whether any of these settings has a value in the file, also where the file is not of its language as a whole. */
export function setsAny(body: string, ...asked: readonly NamesIn[]): boolean {
  if (body.length > overlaidLengthMax) return false;
  const bared = new Map<Shape['bare'], string>();
  return asked.some(({ language, names }) => {
    const shape = shapeOf(language);
    const bare = bared.get(shape.bare) ?? bareBy(shape, body);
    bared.set(shape.bare, bare);
    const values = names.length === 0 ? [] : placesIn(body, bare, shape, names);
    return values.some(({ value }) => value.trim() !== '');
  });
}

const refused = (reason: string): Overlaid => ({ kind: 'refused', reason });

function safe(language: ConfigLanguage, value: string): string | undefined {
  if (!isPrintable(value)) return undefined;
  if (language.escape === 'xml') return xmlText(value);
  const isQuoted = language.line.includes('"{value}"');
  return value.trim() === value && value !== '' && !(isQuoted && value.includes('"'))
    ? value
    : undefined;
}

/** `#` stands for a number and `*` for any word. */
const anyOf = (names: readonly string[]): string => {
  const all = names.map((name) =>
    literal(name).replaceAll('#', '\\d{1,5}').replaceAll('\\*', '[\\w.-]{1,64}'),
  );
  return `(?:${all.join('|')})`;
};

const withSetting = (whole: string, shape: Shape, setting: Added): string | undefined => {
  const { name, value } = setting;
  const text = onlyAsWritten(whole, shape, name);
  const places = placesOf(text, shape, name);
  if (places.length === 0) return shape.added(text, setting);
  const { signs } = shape;
  if (!signs) return changed(text, places, ({ before, after }) => before + value + after);
  // The last one counts, and whether it is locked: a phone's own value comes before what is not.
  const last = places.at(-1);
  const isLocked = places.some(({ before }) => signOf(before) === signs.locks);
  return changed(text, places, (place) => {
    if (place !== last) return '';
    const sign = isLocked ? signs.locks : signOf(place.before);
    return sign + unsigned(place.before) + value + place.after;
  });
};

/** What stands before the name; nothing where that is a letter. */
const signOf = (before: string): string => /^[ \t]*([^\w \t])?/.exec(before)?.[1] ?? '';
const unsigned = (before: string): string => before.replace(/^[ \t]*[^\w \t]?[ \t]*/, '');

/** In another case it may be the same to the phone, and count before ours, or nothing to it. */
function onlyAsWritten(text: string, shape: Shape, name: string): string {
  const all = placesOf(text, shape, name);
  if (all.length === 0) return text;
  const exact = placesIn(text, bareBy(shape, text), shape, [name], 'as-written');
  const own = new Set(exact.map(({ at }) => at));
  return changed(
    text,
    all.filter(({ at }) => !own.has(at)),
    () => '',
  );
}

const withoutSetting = (text: string, shape: Shape, name: string): string =>
  changed(text, placesOf(text, shape, name), () => '');

interface Place {
  readonly at: number;
  readonly before: string;
  readonly value: string;
  readonly after: string;
}

const placesOf = (whole: string, shape: Shape, name: string): Place[] =>
  placesIn(whole, bareBy(shape, whole), shape, [name]);

const startOf = (whole: string): number =>
  whole.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;

/** Of what stands behind a byte order mark. */
const bareBy = (shape: Shape, whole: string): string => shape.bare(whole.slice(startOf(whole)));

/** In any case where nothing is said: some phones read `Sip Line1 Password`, and what is taken for a secret costs less than one that leaves. */
function placesIn(
  whole: string,
  bare: string,
  shape: Shape,
  names: readonly string[],
  as: Wanted['case'] = 'any',
): Place[] {
  const start = startOf(whole);
  const spans = shape.spans(bare, { pattern: anyOf(names), case: as });
  return spans.map(([at, from, to, end]) => ({
    at: start + at,
    before: whole.slice(start + at, start + from),
    value: whole.slice(start + from, start + to),
    after: whole.slice(start + to, start + end),
  }));
}

function changed(text: string, places: readonly Place[], to: (place: Place) => string): string {
  const pieces: string[] = [];
  let from = 0;
  for (const place of places) {
    const { at, before, value, after } = place;
    pieces.push(text.slice(from, at), to(place));
    from = at + before.length + value.length + after.length;
  }
  return pieces.join('') + text.slice(from);
}
