// What the name of an image says about it, over all vendors' ways to name images.

import type { ImageKind } from '../announcement.ts';
import { compareVersions } from '../version.ts';
import { knowledgeOf, KNOWN_VENDORS } from './all.ts';
import type { ImageName, LineFacts } from './line-facts.ts';
import type { VendorName } from './profile.ts';

/** Characters of a name that are read; file systems carry no longer ones. */
export const imageNameLengthMax = 255;

export interface ImageNameRead {
  readonly vendor: VendorName;
  /** As the vendor writes versions; null where the name tells none (`6739i.st`). */
  readonly version: string | null;
  /** As `identify` spells them, a small `x` for any digit; absent where the name tells none. */
  readonly models?: readonly string[];
  readonly family?: string;
  readonly hardware?: string;
  readonly kind: ImageKind;
}

interface Reader {
  readonly vendor: VendorName;
  readonly name: ImageName;
}

const readersOf = (vendor: VendorName, lines: readonly LineFacts[]): Reader[] => {
  const names = lines.flatMap(({ imageNames }) => (imageNames === 'unknown' ? [] : imageNames));
  return [...new Set(names)].map((name) => ({ vendor, name }));
};

const READERS: ReadonlyMap<VendorName, readonly Reader[]> = new Map(
  KNOWN_VENDORS.map(({ name, lines }) => [name, readersOf(name, lines)]),
);

/** Names that tell their maker. */
const OWN_NAMES = [...READERS.values()].flat().filter(({ name }) => name.isShared !== true);

/**
 * Undefined for a name that no vendor gives to an image, or that several vendors do and `vendor` does not
 * choose between. Takes time linear in the name's length.
 */
export function readImageName(fileName: string, vendor?: string): ImageNameRead | undefined {
  if (fileName.length > imageNameLengthMax) return undefined;
  if (vendor !== undefined) {
    const readers = READERS.get(knowledgeOf(vendor)?.name ?? '') ?? [];
    return firstRead(readers, fileName);
  }
  const first = firstRead(OWN_NAMES, fileName);
  const others = OWN_NAMES.filter((reader) => reader.vendor !== first?.vendor);
  return first && firstRead(others, fileName) === undefined ? first : undefined;
}

function firstRead(readers: readonly Reader[], fileName: string): ImageNameRead | undefined {
  for (const { vendor, name } of readers) {
    const found = name.pattern.exec(fileName);
    if (found) return { vendor, ...told(name, found.groups ?? {}) };
  }
  return undefined;
}

type Groups = Readonly<Record<string, string | undefined>>;

function told(name: ImageName, groups: Groups): Omit<ImageNameRead, 'vendor'> {
  const { version, family, hardware } = groups;
  const models = groups['models'] === undefined ? [] : modelsIn(name, groups['models']);
  return {
    version: version === undefined ? null : (name.version?.(version) ?? version),
    ...(models.length === 0 ? {} : { models }),
    ...(family === undefined ? {} : { family }),
    ...(hardware === undefined ? {} : { hardware }),
    kind: name.kind ?? 'firmware',
  };
}

const modelsIn = (name: ImageName, written: string): readonly string[] =>
  name.models?.(written) ?? written.split(/[(),]/).filter((word) => word !== '');

/** What a name says otherwise than a release or an announcement that carries it. */
export interface NameDoubt {
  readonly about: 'version' | 'models';
  readonly declared: string;
  readonly inName: string;
}

/** Empty where name and declaration agree, and where the name says nothing that could be compared. */
export function nameDoubts(
  fileName: string,
  declared: {
    readonly vendor: string;
    readonly version: string;
    readonly models: readonly string[];
  },
): NameDoubt[] {
  const read = readImageName(fileName, declared.vendor);
  if (!read) return [];
  const doubts: NameDoubt[] = [];
  const { version: inName, family } = read;
  if (inName !== null && !sameVersion({ inName, family }, declared)) {
    doubts.push({ about: 'version', declared: declared.version, inName });
  }
  const foreign = read.models ? declared.models.filter((model) => !isNamed(model, read)) : [];
  // A release for many models in many files is not in doubt because one file is for some of them.
  if (foreign.length > 0 && foreign.length === declared.models.length) {
    const named = (read.models ?? []).join(', ');
    doubts.push({ about: 'models', declared: foreign.join(', '), inName: named });
  }
  return doubts;
}

function sameVersion(
  { inName, family }: { inName: string; family: string | undefined },
  { vendor, version, models }: { vendor: string; version: string; models: readonly string[] },
): boolean {
  // The same numbers in another family are another image: 66.81.0.110 is no 68.81.0.110.
  if (family !== undefined && !version.startsWith(`${family}.`)) return false;
  if (version.startsWith(`${inName}.`)) return true;
  const [model] = models;
  const about = model === undefined ? {} : { model };
  return compareVersions(vendor, inName, version, about) === 'same';
}

/** By its own name, by that of its series, or because its image family is that of the name. */
function isNamed(model: string, { vendor, models = [], family }: ImageNameRead): boolean {
  if (models.some((named) => covers(named, model))) return true;
  const lines = knowledgeOf(vendor)?.lines ?? [];
  return lines.some(({ families }) => {
    if (families === 'unknown' || family === undefined) return false;
    return Object.hasOwn(families, family) && (families[family] ?? []).includes(model);
  });
}

/** `GXP16xx` and `GXP1600` cover GXP1625, `T23` the T23G; marks between letters and digits do not count. */
function covers(named: string, model: string): boolean {
  const [pattern, text] = [named, model].map((word) => word.replace(/[\s_-]/g, ''));
  if (pattern === undefined || text === undefined || text.length < pattern.length) return false;
  return pattern
    .replace(/00$/, 'xx')
    .split('')
    .every((sign, at) => {
      const other = text.charAt(at);
      return sign === 'x' ? /[\dx]/i.test(other) : sign.toLowerCase() === other.toLowerCase();
    });
}
