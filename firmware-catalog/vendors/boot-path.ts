// Paths as line facts write them, filled with a phone's own words and read back from what a phone asks for.

import type { Mac } from '@ringwave/protocol/units';
import { remembered } from '../remembered.ts';
import { requestedFile } from '../requested-path.ts';

export interface PathPhone {
  readonly mac: Mac;
  readonly model: string;
}

/** What stands for a phone's own in paths and User-Agents: its model without spaces, its MAC in four forms. */
export function ownWords({ mac, model }: PathPhone): Readonly<Record<string, string>> {
  const bare = mac.replaceAll(':', '');
  return {
    mac: bare,
    MAC: bare.toUpperCase(),
    'mac:': mac,
    'MAC-': mac.replaceAll(':', '-').toUpperCase(),
    model: model.replaceAll(' ', ''),
    number: model.replace(/^[A-Za-z]+/, ''),
  };
}

/** Words in braces replaced once; what replaces them is not read again. Unknown words stay. */
export const filled = (template: string, words: Readonly<Record<string, string>>): string =>
  template.replace(/\{([A-Za-z:-]{1,12})\}/g, (whole, word: string) =>
    Object.hasOwn(words, word) ? (words[word] ?? whole) : whole,
  );

const SHAPES: Readonly<Record<string, string>> = {
  mac: '[0-9a-f]{12}',
  MAC: '[0-9A-F]{12}',
  model: '(?<model>[A-Za-z0-9][A-Za-z0-9 _.+-]{0,39})',
  number: '(?<number>[0-9A-Za-z]{1,12})',
};

export const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');

/** Reads a path of this pattern; the last segment decides, folders before it may be added by a server. */
export interface PathReader {
  readonly pattern: string;
  /** Undefined for another name; `model` where the path names one. */
  readonly read: (
    path: string,
  ) => { readonly mac: Mac | null; readonly model?: string } | undefined;
}

export const pathReader: (pattern: string) => PathReader = remembered(readerOf);

function readerOf(pattern: string): PathReader {
  const name = pattern.slice(pattern.lastIndexOf('/') + 1);
  const parts = name.split(/\{([A-Za-z]+)\}/);
  const shape = parts.map((part, at) => (at % 2 === 0 ? literal(part) : (SHAPES[part] ?? '')));
  const whole = new RegExp(`^${shape.join('')}$`);
  // `spa{number}` names the model SPA942: the letters before the number are part of it.
  const letters = /([A-Za-z]+)\{number\}/.exec(name)?.[1]?.toUpperCase() ?? '';
  return {
    pattern,
    read(path) {
      const file = requestedFile(path);
      const found = file && whole.exec(file.bareName);
      if (!found) return undefined;
      const { model, number } = found.groups ?? {};
      const named = model ?? (number === undefined ? undefined : `${letters}${number}`);
      return { mac: file.mac, ...(named === undefined ? {} : { model: named }) };
    },
  };
}
