// Writes and reads configuration files in a language that line facts describe.

import assert from 'node:assert/strict';
import { filled, literal } from './boot-path.ts';
import { fromXml, isPrintable, xmlText } from './config-text.ts';
import type { ConfigLanguage, SettingLine } from './line-facts.ts';

export type Words = Readonly<Record<string, string>>;

/** One file: its frame with the settings in their places. What no file of this language can hold is a bug of ours. */
export function writtenFile(
  language: ConfigLanguage,
  frame: string,
  lines: readonly SettingLine[],
  words: Words,
): string {
  const places: Record<string, string> = {};
  for (const line of lines) {
    const place = line.place ?? 'lines';
    places[place] = (places[place] ?? '') + writtenLine(language, line, words) + language.lineEnd;
  }
  return frame.replace(/\{([a-z]{1,16})\}/g, (_, place: string) => places[place] ?? '');
}

function writtenLine(language: ConfigLanguage, line: SettingLine, words: Words): string {
  const version = words['version'];
  const own =
    version === undefined ? words : { ...words, version: line.version?.(version) ?? version };
  const shape = line.written ?? language.line;
  const value = safe(language, shape, filled(line.value, own));
  const around = Object.fromEntries(
    Object.entries(own).map(([word, text]) => [word, safe(language, shape, text)]),
  );
  return filled(shape, { ...around, name: filled(line.name, own), value });
}

function safe(language: ConfigLanguage, shape: string, text: string): string {
  if (language.escape === 'xml') return xmlText(text);
  assert(isPrintable(text) && text.trim() === text && text !== '', 'no value for a plain line');
  const after = shape.charAt(shape.indexOf('{value}') + '{value}'.length);
  assert(after === '' || !text.includes(after), `a plain value cannot hold ${after}`);
  return text;
}

/** The words that a file gives to these settings; undefined where it says none, or says otherwise. */
export function readLines(
  language: ConfigLanguage,
  lines: readonly SettingLine[],
  body: string,
): Words | undefined {
  const words: Record<string, string> = {};
  for (const line of lines) {
    const text = lineReader(language, line).exec(body)?.groups?.['value'];
    if (text === undefined) continue;
    const found = valueReader(line.value).exec(language.escape === 'xml' ? fromXml(text) : text);
    // A switch that stands otherwise makes the rest of no effect.
    if (!found) return undefined;
    Object.assign(words, found.groups);
  }
  return Object.keys(words).length === 0 ? undefined : words;
}

function lineReader(language: ConfigLanguage, line: SettingLine): RegExp {
  const parts = (line.written ?? language.line).split(/\{([A-Za-z]+)\}/);
  const shape = parts.map((part, at) => {
    if (at % 2 === 0) return literal(part);
    if (part === 'name') return literal(line.name);
    const end = (parts[at + 1] ?? '').charAt(0);
    const text = `[^${end === '' ? '' : literal(end)}\\r\\n]*`;
    return part === 'value' ? `(?<value>${text})` : text;
  });
  return new RegExp(language.escape === 'plain' ? `^${shape.join('')}\\r?$` : shape.join(''), 'm');
}

function valueReader(template: string): RegExp {
  const parts = template.split(/\{([A-Za-z]+)\}/);
  const shape = parts.map((part, at) => {
    if (at % 2 === 0) return literal(part);
    if (part === 'root') return '(?<root>[a-z]{3,6}:\\/\\/[^/\\s]*)';
    const end = (parts[at + 1] ?? '').charAt(0);
    return `(?<${part}>[^${end === '' ? '\\r\\n' : literal(end)}]*)`;
  });
  return new RegExp(`^${shape.join('')}$`);
}
