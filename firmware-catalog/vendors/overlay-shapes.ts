// How single settings stand in each kind of configuration language: where they are found, and where a new one goes. A file comes
// from somebody else, so nothing here may take longer than its length says.

import { literal } from './boot-path.ts';
import { fromXml } from './config-text.ts';
import type { ConfigLanguage } from './line-facts.ts';
import { isWebPage } from './web-page.ts';
import { bareOf } from './xml-blanks.ts';

export interface Shape {
  isOf(body: string): boolean;
  mayHold(body: string): boolean;
  /** As long as the file, with blanks for the parts in which nothing is a setting. */
  readonly bare: (body: string) => string;
  /** All places of such settings in a bare file, in order. */
  spans(bare: string, wanted: Wanted): Span[];
  /** Where a name may have one: of such a setting one place stays. */
  readonly signs?: NonNullable<ConfigLanguage['signs']>;
  /** What a new setting looks like, and where it goes; undefined where the file has no place. */
  added(body: string, setting: Added): string | undefined;
}

/** The names that are looked for, as one group. */
export interface Wanted {
  readonly pattern: string;
  readonly case: 'as-written' | 'any';
}

const flagsOf = ({ case: as }: Wanted): string => (as === 'any' ? 'gi' : 'g');

/** Where a setting begins, its value begins and ends, and the setting ends. */
type Span = readonly [at: number, from: number, to: number, end: number];

/** `value` as it is written in the language; `line` undefined: as the language writes any setting. */
export interface Added {
  readonly name: string;
  readonly value: string;
  readonly line: string | undefined;
}

export function shapeOf(language: ConfigLanguage): Shape {
  if (language.escape === 'plain') return linesShape(language);
  if (language.line.startsWith('<{name}')) return elementShape(language);
  return language.line.startsWith('<') ? namedShape(language) : attributeShape();
}

const written = ({ name, value, line = '' }: Added, usual: string): string =>
  (line === '' ? usual : line).replaceAll('{name}', name).replace('{value}', () => value);

/** Of each match; its groups `before`, `value` and `after` are the whole of it. */
const spansOf = (bare: string, pattern: RegExp): Span[] =>
  Array.from(bare.matchAll(pattern), ({ index: at, groups }) => {
    const { before = '', value = '', after = '' } = groups ?? {};
    const from = at + before.length;
    const to = from + value.length;
    return [at, from, to, to + after.length];
  });

/** Of UTF-8, read as Latin-1. */
export const BYTE_ORDER_MARK = '\u00ef\u00bb\u00bf';
const isXml = (body: string): boolean => /^(?:\u00ef\u00bb\u00bf)?\s*<[?!a-zA-Z]/.test(body);

/** `key = value`, `name: value`, `SET NAME value`, `NAME="value"`: one setting a line. */
function linesShape({ line, lineEnd, frame, signs, namesEnd }: ConfigLanguage): Shape {
  const [lead = '', rest = ''] = line.split('{name}');
  const [sign = '', end = ''] = rest.split('{value}');
  const before = sign.trim() === '' ? '[ \\t]+' : `[ \\t]*${literal(sign.trim())}[ \\t]*`;
  // All of the space: what may be shared out in many ways takes long where nothing fits.
  const suffix = namesEnd === undefined ? '' : `(?:[ \\t]*[${literal(namesEnd)}])?`;
  const gap = `${suffix}${before}(?![ \\t])`;
  const value = end === '' ? '(?:[^\\r\\n]*[^ \\t\\r\\n])?' : '[^\\r\\n]*?';
  const [first = '', last = ''] = frame.split('{lines}');
  const prefix = signs ? `(?:[${literal(signs.locks)}${literal(signs.resets)}][ \\t]*)?` : '';
  const isSetting = settingLine({ lead, sign, prefix });
  const lineOf = ({ pattern, case: as }: Wanted): string =>
    as === 'any' ? anyBlanks(literal(lead) + pattern) : literal(lead) + pattern;
  // Whole, but for a version behind a colon.
  const mark = /^[^:\r\n]{1,80}/.exec(first)?.[0] ?? '';
  return {
    isOf: (body) =>
      !isXml(body) && (mark === '' ? saysSettings(body, isSetting) : body.startsWith(mark)),
    mayHold: (body) => !isXml(body),
    ...(signs && { signs }),
    bare: withoutCommentLines,
    spans: (bare, wanted) => {
      const pattern = `^(?<before>[ \\t]*${prefix}${lineOf(wanted)}${gap})(?<value>${value})(?<after>${literal(end)}[ \\t]*(?:\\r?\\n|$))`;
      const all = [
        new RegExp(pattern, `${flagsOf(wanted)}m`),
        ...(end === '"' && wanted.case === 'any' ? misquoted(wanted) : []),
      ].flatMap((one) => spansOf(bare, one));
      const firsts = new Map(all.toReversed().map((span) => [span[0], span]));
      return Array.from(firsts.values()).toSorted(([one], [other]) => one - other);
    },
    added: (body, setting) => {
      const ending = body.includes('\r\n') ? '\r\n' : lineEnd;
      const whole = body === '' || /\r?\n$/.test(body) ? body : body + ending;
      const added = `${written(setting, line)}${ending}`;
      if (last === '') return whole + added;
      const at = endOfText(whole);
      return `${whole.slice(0, at)}${added}${whole.slice(at) || ending}`;
    },
  };
}

/** A tab, or two blanks for one, may be the same to the phone. */
const anyBlanks = (pattern: string): string => pattern.replaceAll(' ', '[ \\t]+');

/**
 * `NAME = "value"` and what else phones pass over that want `NAME="value"`: whoever reads the file reads it there as well. Without
 * quotes only in capitals, as other makers have lines of that kind.
 */
function misquoted({ pattern }: Wanted): RegExp[] {
  const name = pattern.replaceAll('[\\w.-]', '\\w');
  const rest = '(?![ \\t"])(?<value>(?:[^\\r\\n]*[^ \\t\\r\\n"])?)(?<after>[ \\t"]*(?:\\r?\\n|$))';
  return [
    new RegExp(`^(?<before>[ \\t]*${name}[ \\t]*=[ \\t]*"[ \\t"]*)${rest}`, 'gim'),
    new RegExp(`^(?<before>[ \\t]*${name}[ \\t]*=[ \\t"]*)${rest}`, 'gm'),
  ];
}

const withoutCommentLines = (body: string): string =>
  body.replace(/^[ \t]*(?:#(?!!version)|;|\/\/)[^\r\n]*/gm, ({ length }) => ' '.repeat(length));

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

/** The rest of an opening tag behind its name; a quoted value may hold `>`. */
const REST_OF_TAG = `(?:[^<>"']*(?:(?:"[^"]*"|'[^']*')[^<>"']*)*|[^<>]*)>`;

/** A value, and tags that somebody wrote in it, or a `<` of a password: a few, and none of the same name. */
const TEXT_AND_TAGS = '[^<]*(?:<(?!/?\\k<name>[\\s>/])[^<]*){0,8}';

/** `<Name …>value</Name>`. */
function elementShape({ line, frame }: ConfigLanguage): Shape {
  const close = closingTag(frame);
  return {
    isOf: (body) => isClosedBy(body, close),
    mayHold: isXml,
    bare: bareOf,
    spans: (bare, wanted) =>
      spansOf(
        bare,
        new RegExp(
          `(?<before><(?<name>${wanted.pattern})(?=[\\s>])${REST_OF_TAG})(?<value>${TEXT_AND_TAGS})(?<after></\\k<name>\\s*>)`,
          flagsOf(wanted),
        ),
      ),
    added: (body, setting) => before(body, close, written(setting, line)),
  };
}

/** `<param name="…" value="…"/>`, `<setting id="…" value="…" …/>`, in any order of the two. */
function namedShape({ line, frame }: ConfigLanguage): Shape {
  const [, element = '', key = ''] = /^<([\w-]{1,64})\s([\w-]{1,32})="\{name\}"/.exec(line) ?? [];
  const close = closingTag(frame);
  return {
    isOf: (body) => element !== '' && isClosedBy(body, close),
    mayHold: isXml,
    bare: bareOf,
    spans: (bare, wanted) => {
      const isAnyCase = wanted.case === 'any';
      const named = new RegExp(`^${wanted.pattern}$`, isAnyCase ? 'i' : '');
      const tags = new RegExp(`<${element}(?=\\s)${REST_OF_TAG}`, flagsOf(wanted));
      const found = element === '' ? [] : Array.from(bare.matchAll(tags));
      return found.flatMap(({ 0: tag, index: at }): Span[] => {
        const words = attributesOf(tag, (name) => (isAnyCase ? name.toLowerCase() : name));
        const value = words.get('value');
        if (!value || !named.test(fromXml(words.get(key)?.text ?? ''))) return [];
        const from = at + value.at;
        return [[at, from, from + value.text.length, at + tag.length]];
      });
    },
    added: (body, setting) => before(body, close, written(setting, line)),
  };
}

/** The first of each name counts. */
function attributesOf(
  tag: string,
  known: (name: string) => string,
): Map<string, { readonly at: number; readonly text: string }> {
  const words = new Map<string, { at: number; text: string }>();
  const pattern = /(?<=[\s"'])([\w:.-]{1,64})(\s*=\s*["'])((?<=")[^"]*(?=")|(?<=')[^']*(?='))["']/g;
  for (const { 1: written = '', 2: sign = '', 3: text = '', index } of tag.matchAll(pattern)) {
    const name = known(written);
    if (!words.has(name)) words.set(name, { at: index + written.length + sign.length, text });
  }
  return words;
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
    bare: bareOf,
    spans: (bare, wanted) =>
      spansOf(
        bare,
        new RegExp(
          `(?<before>\\s${wanted.pattern}\\s*=\\s*["'])(?<value>(?<=")[^"]*(?=")|(?<=')[^']*(?='))(?<after>["'])`,
          flagsOf(wanted),
        ),
      ),
    added: (body, { name, value }) => {
      const text = bareOf(body);
      const end = text.lastIndexOf('</');
      if (end > 0) return `${body.slice(0, end)}<managed ${name}="${value}"/>\n${body.slice(end)}`;
      const only = text.lastIndexOf('/>');
      return only > 0 ? `${body.slice(0, only)} ${name}="${value}"${body.slice(only)}` : undefined;
    },
  };
}

/** The name of the tag that closes what stands around the settings. */
const closingTag = (frame: string): string =>
  /^[^<]*<\/([\w-]{1,64})>/.exec(frame.split('{lines}')[1] ?? '')?.[1] ?? '';

const isClosedBy = (body: string, close: string): boolean =>
  isXml(body) && !isWebPage(body) && lastOf(bareOf(body), close) >= 0;

/** Where the last such tag of a bare file stands; negative where none does. */
const lastOf = (bare: string, close: string): number =>
  Array.from(bare.matchAll(new RegExp(`</${close}\\s{0,8}>`, 'g'))).at(-1)?.index ?? -1;

/** Before the last closing tag, on a line of its own. */
function before(body: string, close: string, line: string): string | undefined {
  const at = lastOf(bareOf(body), close);
  return at < 0 ? undefined : `${body.slice(0, at)}${line}\n${body.slice(at)}`;
}
