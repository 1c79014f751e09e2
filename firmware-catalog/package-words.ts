// What the words about a package of phone firmware say: whose it is, for which models, and what for. Written
// for descriptions like "Firmware for Cisco 7941G, 7941G-GE and 7961G"; what they do not say stays unknown.

import type { ImageKind } from './announcement.ts';
import { KNOWN_VENDORS } from './vendors/all.ts';

export interface PackageWords {
  /** Undefined where no known vendor is named. */
  readonly vendor: string | undefined;
  readonly models: readonly string[];
  readonly kind: ImageKind;
}

/** Characters of a description that are read; the longest known one names ten phones. */
const descriptionLengthMax = 400;
const modelsMax = 64;

/** Longer names first, so that `Alcatel-Lucent` is not read as `Alcatel`. */
const vendorNames = KNOWN_VENDORS.flatMap(({ name }) => name.split('/')).sort(
  (a, b) => b.length - a.length,
);

/** The vendor whose name stands in a text as a word of its own; undefined when none does. */
export function vendorIn(text: string): string | undefined {
  const lower = ` ${text.toLowerCase().replaceAll(/[^a-z0-9-]+/g, ' ')} `;
  const written = vendorNames.find((name) => lower.includes(` ${name.toLowerCase()} `));
  if (written !== undefined) return written;
  const part = vendorNames.find((name) =>
    lower.replaceAll('-', ' ').includes(` ${name.toLowerCase()} `),
  );
  return part;
}

export function readPackageWords(description: string, packageName: string): PackageWords {
  const text = description.slice(0, descriptionLengthMax);
  const vendor = vendorIn(text);
  const models = modelsAfter(text, vendor);
  return { vendor, models, kind: kindOf(text, packageName.slice(0, descriptionLengthMax), models) };
}

/** The first that fits; a package that holds the application beside its languages is firmware. */
const KIND_WORDS: readonly (readonly [ImageKind, RegExp])[] = [
  ['firmware', /\b(?:application|software) and language/i],
  ['language', /\b(?:languages?|locales?|lang|userlocale|networklocale)\b/i],
  ['ringtone', /\bring ?tones?\b/i],
  ['bootloader', /\b(?:boot ?rom|boot ?block|boot ?loader|upgrader|updater)\b/i],
  ['stepping-stone', /\b(?:transition|stepping|intermediate)\b/i],
  ['expansion-module', /\b(?:extension|expansion)\b.*\bmodule\b|\bUXMC?\b/i],
  ['handset', /\bhandsets?\b/i],
];

/** Yealink's cordless handsets by number; they are updated through their base and number on their own. */
const HANDSET = /^(?:W\d\d[HR]|CP930W)$/;

function kindOf(description: string, packageName: string, models: readonly string[]): ImageKind {
  const words = `${description} ${packageName.replaceAll(/[_-]/g, ' ')}`;
  const found = KIND_WORDS.find(([, pattern]) => pattern.test(words))?.[0];
  if (found !== undefined) return found;
  return models.length > 0 && models.every((model) => HANDSET.test(model)) ? 'handset' : 'firmware';
}

/** Words that stand among models and are none. */
const FILLING = new Set(
  'and or for et ou pour the series serie série deskphone deskphones phone phones base bases handset dect de le poste linkvil mode'.split(
    ' ',
  ),
);

/** A model has a digit; one with an X in place of a digit is a whole series (`T3X`, `GRP261x`, `SPA9X2`). */
const isModel = (word: string): boolean =>
  /^[A-Za-z0-9][A-Za-z0-9_+-]{0,29}$/.test(word) &&
  /\d/.test(word) &&
  !/\d[xX]+[A-Za-z]?$|\dX[A-Z]?$|\d[xX]\d|^[A-Z]\dX/.test(word);

function modelsAfter(text: string, vendor: string | undefined): string[] {
  const at = vendor === undefined ? -1 : text.toLowerCase().indexOf(firstWord(vendor));
  if (at < 0) return [];
  const models: string[] = [];
  for (const word of wordsOf(text.slice(at).replace(/^\S+/, ''))) {
    if (/^s[eé]ries?$/i.test(word)) models.pop();
    else if (!takeWord(models, word) && !FILLING.has(word.toLowerCase())) break;
    if (models.length >= modelsMax) break;
  }
  return [...new Set(models)];
}

const firstWord = (vendor: string): string => vendor.toLowerCase().split('-')[0] ?? '';

/** `T53(W)` becomes `T53 /W`, as `T58A/V` is written too; longer remarks in brackets go. */
const wordsOf = (text: string): string[] =>
  text
    .replaceAll(/\(([A-Z])\)/g, ' /$1')
    .replaceAll(/\([^)]*\)?/g, ' ')
    .replaceAll(/([A-Z]\d+[A-Z])-(?=[A-Z]\d+[A-Z]\b)/g, '$1 ')
    .replaceAll('IP PRO', 'IP_PRO')
    .replaceAll(/\/(?=[A-Z0-9]{2})/g, ' ')
    .replaceAll(/\/(?=[A-Z]\b)/g, ' /')
    .split(/[\s,;&\uff0c]+/)
    .filter((word) => word !== '');

/** Whether the word is a model, or belongs to the models before it. */
function takeWord(models: string[], word: string): boolean {
  const last = models.at(-1);
  if (last !== undefined && word === 'E2') models[models.length - 1] = `${last}_${word}`;
  else if (last === undefined || isModel(word)) return isModel(word) && models.push(word) > 0;
  // `N670 and N870 IP PRO`: the surname of all.
  else if (word === 'IP_PRO') {
    for (const [place, model] of models.entries()) models[place] = `${model.split(' ')[0]} IP PRO`;
  } else if (/^\/[A-Z]$/.test(word)) models.push(`${last.replace(/[A-Z]+$/, '')}${word.slice(1)}`);
  else if (word === 'CT') models[models.length - 1] = `${last} ${word}`;
  else if (word === 'Pro') models[models.length - 1] = `${last}${word}`;
  // A hardware revision (`X6 1.2`) is no model of its own.
  else return /^\d\.\d$/.test(word);
  return true;
}
