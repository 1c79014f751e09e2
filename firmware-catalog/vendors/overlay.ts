// Sets and takes out single settings in a configuration file that somebody else wrote, and leaves every other
// byte as it was: the file of a PBX stays its own, but for what is managed here.

import { fromXml, isPrintable, xmlText } from './config-text.ts';
import { literal } from './boot-path.ts';
import type { ConfigLanguage } from './line-facts.ts';
import { isWebPage } from './web-page.ts';
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
  // As long as they were, so that lines stay where they are.
  const bare = body.replace(XML_COMMENTS, (comment) => comment.replace(/[^\n]/g, ' '));
  const at = bare.search(form.pattern);
  return at < 0 ? undefined : { line: bare.slice(0, at).split('\n').length, reason: form.reason };
}

/** What a file says of a setting, at each place; empty where it says nothing or no setting can stand in it. */
export function valuesIn(body: string, language: ConfigLanguage, name: string): string[] {
  const shape = shapeOf(language);
  if (body.length > overlaidLengthMax || !shape.mayHold(body)) return [];
  return placesOf(body, shape, name).map(({ value }) =>
    language.escape === 'xml' ? fromXml(value) : value,
  );
}

/** Whether any of these settings has a value in the file, also where the file is not of this language as a whole. */
export function setsAny(body: string, language: ConfigLanguage, names: readonly string[]): boolean {
  if (names.length === 0 || body.length > overlaidLengthMax) return false;
  return placesOf(body, shapeOf(language), ...names).some(({ value }) => value.trim() !== '');
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

/** How single settings stand in a language. */
interface Shape {
  isOf(body: string): boolean;
  mayHold(body: string): boolean;
  /** All places of settings, of whose names this is the pattern; groups are what stands before the value, the value, what stands after. */
  places(pattern: string): RegExp;
  /** Parts in which nothing is a setting. */
  readonly comments: RegExp;
  /** Where a name may have one: of such a setting one place stays. */
  readonly signs?: NonNullable<ConfigLanguage['signs']>;
  /** What a new setting looks like, and where it goes; undefined where the file has no place. */
  added(body: string, setting: Added): string | undefined;
}

/** `value` as it is written in the language; `line` undefined: as the language writes any setting. */
interface Added {
  readonly name: string;
  readonly value: string;
  readonly line: string | undefined;
}

const written = ({ name, value, line = '' }: Added, usual: string): string =>
  (line === '' ? usual : line).replaceAll('{name}', name).replace('{value}', () => value);

/** `#` stands for a number and `*` for any word. */
const anyOf = (names: readonly string[]): string =>
  names
    .map((name) => literal(name).replaceAll('#', '\\d{1,5}').replaceAll('\\*', '[\\w.-]{1,64}'))
    .join('|');

const withSetting = (text: string, shape: Shape, setting: Added): string | undefined => {
  const { name, value } = setting;
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
    return sign + bare(place.before) + value + place.after;
  });
};

/** What stands before the name; nothing where that is a letter. */
const signOf = (before: string): string => /^[ \t]*([^\w \t])?/.exec(before)?.[1] ?? '';
const bare = (before: string): string => before.replace(/^[ \t]*[^\w \t]?[ \t]*/, '');

const withoutSetting = (text: string, shape: Shape, name: string): string =>
  changed(text, placesOf(text, shape, name), () => '');

interface Place {
  readonly at: number;
  readonly before: string;
  readonly value: string;
  readonly after: string;
}

function placesOf(whole: string, shape: Shape, ...names: readonly string[]): Place[] {
  const comments = [...whole.matchAll(shape.comments)].map((one) => [
    one.index,
    one.index + one[0].length,
  ]);
  let next = 0;
  const start = whole.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;
  const places: Place[] = [];
  for (const found of whole.slice(start).matchAll(shape.places(anyOf(names)))) {
    const { before = '', value = '', after = '' } = found.groups ?? {};
    const at = start + found.index;
    while ((comments[next]?.[1] ?? Number.POSITIVE_INFINITY) <= at) next += 1;
    const inComment = (comments[next]?.[0] ?? Number.POSITIVE_INFINITY) <= at;
    if (!inComment) places.push({ at, before, value, after });
  }
  return places;
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

function shapeOf(language: ConfigLanguage): Shape {
  if (language.escape === 'plain') return linesShape(language);
  if (language.line.startsWith('<{name}')) return elementShape(language);
  return language.line.startsWith('<') ? namedShape(language) : attributeShape();
}

/** Of UTF-8, read as Latin-1. */
const BYTE_ORDER_MARK = '\u00ef\u00bb\u00bf';
const XML_COMMENTS = /<!--[\s\S]{0,1000000}?-->|<!\[CDATA\[[\s\S]{0,1000000}?\]\]>/g;
const isXml = (body: string): boolean => /^(?:\u00ef\u00bb\u00bf)?\s{0,64}<[?!a-zA-Z]/.test(body);

/** What an XML reader takes for text between two tags: also what stands in CDATA, and what a comment parts. */
const XML_TEXT =
  '[^<]*(?:(?:<!\\[CDATA\\[[\\s\\S]{0,100000}?\\]\\]>|<!--[\\s\\S]{0,100000}?-->)[^<]*){0,1000}';

/** `key = value`, `name: value`, `SET NAME value`, `NAME="value"`: one setting a line. */
function linesShape({ line, lineEnd, frame, signs }: ConfigLanguage): Shape {
  const [lead = '', rest = ''] = line.split('{name}');
  const [sign = '', end = ''] = rest.split('{value}');
  const signPattern = `[ \\t]*${literal(sign.trim())}[ \\t]*`;
  const gap = sign.trim() === '' ? '[ \\t]+' : signPattern;
  const [first = '', last = ''] = frame.split('{lines}');
  const prefix = signs ? `(?:[${literal(signs.locks)}${literal(signs.resets)}][ \\t]*)?` : '';
  const isSetting = settingLine({ lead, sign, prefix });
  // Whole, but for a version behind a colon.
  const mark = /^[^:\r\n]{1,80}/.exec(first)?.[0] ?? '';
  return {
    isOf: (body) =>
      !isXml(body) && (mark === '' ? saysSettings(body, isSetting) : body.startsWith(mark)),
    mayHold: (body) => !isXml(body),
    ...(signs && { signs }),
    comments: /^[ \t]*(?:#(?!!version)|;|\/\/)[^\r\n]*/gm,
    places: (pattern) =>
      new RegExp(
        `^(?<before>[ \\t]*${prefix}${literal(lead)}(?:${pattern})${gap})(?<value>[^\\r\\n]*?)(?<after>${literal(end)}[ \\t]*(?:\\r?\\n|$))`,
        'gm',
      ),
    added: (body, setting) => {
      const ending = body.includes('\r\n') ? '\r\n' : lineEnd;
      const whole = body === '' || /\r?\n$/.test(body) ? body : body + ending;
      const added = `${written(setting, line)}${ending}`;
      if (last === '') return whole + added;
      const end = endOfText(whole);
      return `${whole.slice(0, end)}${added}${whole.slice(end) || ending}`;
    },
  };
}

/** A line whose name is as makers write names. What a program says of its errors looks like a setting as well. */
const settingLine = (of: {
  readonly lead: string;
  readonly sign: string;
  readonly prefix: string;
}): RegExp => {
  const { lead, sign, prefix } = of;
  const name =
    lead === '' ? '(?![^:=]{0,80}\\b(?:error|exception|warning)\\b)[a-z][\\w .-]{0,80}' : '\\w';
  const end = lead === '' ? literal(sign.trim()) : '';
  return new RegExp(`^[ \\t]*${prefix}${literal(lead)}${name}${end}`);
};

/** Of a language that begins its files with no mark: at least one line is a setting, unless all are empty or comments. */
function saysSettings(body: string, isSetting: RegExp): boolean {
  const lines = body.replace(BYTE_ORDER_MARK, '').split(/[\r\n]+/);
  const said = lines.filter((line) => line.trim() !== '' && !/^[ \t]*(?:#|;|\/\/)/.test(line));
  return said.length === 0 || said.some((line) => isSetting.test(line));
}

/** Behind the line end of the last line that says anything. */
function endOfText(whole: string): number {
  const end = whole.indexOf('\n', whole.trimEnd().length);
  return end < 0 ? whole.length : end + 1;
}

/** `<Name …>value</Name>`. */
function elementShape({ line, frame }: ConfigLanguage): Shape {
  const close = /^[^<]*(<\/[\w-]{1,64}>)/.exec(frame.split('{lines}')[1] ?? '')?.[1] ?? '';
  return {
    isOf: (body) => isXml(body) && !isWebPage(body) && body.includes(close),
    mayHold: isXml,
    comments: XML_COMMENTS,
    places: (pattern) =>
      new RegExp(
        `(?<before><(?<name>${pattern})(?:\\s[^<>]{0,1000})?>)(?<value>${XML_TEXT})(?<after></\\k<name>\\s?>)`,
        'g',
      ),
    added: (body, setting) => before(body, close, written(setting, line)),
  };
}

/** `<param name="…" value="…"/>`, `<setting id="…" value="…" …/>`. */
function namedShape({ line, frame }: ConfigLanguage): Shape {
  const tag = /^<([\w-]{1,64})\s([\w-]{1,32})="\{name\}"/.exec(line);
  const close = /^[^<]*(<\/[\w-]{1,64}>)/.exec(frame.split('{lines}')[1] ?? '')?.[1] ?? '';
  const [, element = '', key = ''] = tag ?? [];
  return {
    isOf: (body) => tag !== null && isXml(body) && !isWebPage(body) && body.includes(close),
    mayHold: isXml,
    comments: XML_COMMENTS,
    places: (pattern) =>
      new RegExp(
        `(?<before><${element}\\s[^<>]{0,500}?\\b${key}="(?:${pattern})"[^<>]{0,500}?\\bvalue=")(?<value>[^"<>]*)(?<after>"[^<>]{0,500}>)`,
        'g',
      ),
    added: (body, setting) => before(body, close, written(setting, line)),
  };
}

/** Poly: any element may carry `name="value"`. */
function attributeShape(): Shape {
  return {
    // Its last tag closes: a program that broke off leaves the rest out.
    isOf: (body) =>
      isXml(body) &&
      !isWebPage(body) &&
      /(?:\/|<\/[\w.:-]{1,64}\s{0,8})>$/.test(bareOf(body).trimEnd()),
    mayHold: isXml,
    comments: XML_COMMENTS,
    places: (pattern) =>
      new RegExp(
        `(?<before>\\s(?:${pattern})\\s{0,64}=\\s{0,64}["'])(?<value>(?<=")[^"<]*(?=")|(?<=')[^'<]*(?='))(?<after>["'])`,
        'g',
      ),
    added: (body, { name, value }) => {
      const end = body.lastIndexOf('</');
      if (end > 0) return `${body.slice(0, end)}<managed ${name}="${value}"/>\n${body.slice(end)}`;
      const only = body.lastIndexOf('/>');
      return only > 0 ? `${body.slice(0, only)} ${name}="${value}"${body.slice(only)}` : undefined;
    },
  };
}

/** Before the last closing tag, on a line of its own. */
function before(body: string, close: string, line: string): string | undefined {
  const at = body.lastIndexOf(close);
  return at < 0 ? undefined : `${body.slice(0, at)}${line}\n${body.slice(at)}`;
}
