// What the files of vendors that are recognised but not yet served have in common.

import { type RequestedFile, stationMac } from '../requested-path.ts';
import type { AgentClaim, Order, PathClaim, Recogniser, VendorKnowledge } from './profile.ts';
import type { Mac } from '@ringwave/protocol/units';
import { recognise } from './recognition.ts';

/** A vendor that is recognised and ordered, and cannot be provisioned from here: it has no profile. */
export function knownOnly(
  vendor: Omit<Recogniser, 'vendor'> & {
    readonly name: VendorKnowledge['name'];
    readonly ouis: readonly string[];
    readonly compare: VendorKnowledge['compare'];
    readonly lines: VendorKnowledge['lines'];
  },
): VendorKnowledge {
  const { name, ouis, compare, lines, ...reads } = vendor;
  const recogniser: Recogniser = { vendor: name, ...reads };
  return {
    name,
    ouis,
    compare,
    lines,
    recogniser,
    identify: (request) => recognise([recogniser], request),
  };
}

const MAC_IN_TEXT =
  /(?<![0-9a-z:-])(?:[0-9a-f]{12}|[0-9a-f]{2}(?::[0-9a-f]{2}){5}|[0-9a-f]{2}(?:-[0-9a-f]{2}){5})(?![0-9a-z:-])/i;

/** The first MAC that stands alone in a text, however it is written; 11 or 13 digits are none. */
export function macIn(text: string): Mac | null {
  const found = MAC_IN_TEXT.exec(text)?.[0];
  return found === undefined ? null : stationMac(found);
}

/** Fields and marks of a version as phones print it: `2.12.22.2`, `V3.0.4.5`, `01.133`. */
const VERSION = /^v?(\d{1,4}(?:\.\d{1,5}){1,5})$/i;

/**
 * Reads `<brand> <model> <version> <mac>`, the form that Fanvil's, Htek's, Sangoma's and their like's
 * phones share: words in this order, the MAC anywhere, the version with or without a V. Undefined
 * without a model of the vendor's shape.
 */
export function brandWords(
  userAgent: string,
  brand: RegExp,
  modelShape: RegExp,
  ownForm: RegExp = VERSION,
): (AgentClaim & { readonly model: string }) | undefined {
  const word = brand.exec(userAgent)?.[0];
  if (word === undefined) return undefined;
  const model: string[] = [];
  let version: string | null = null;
  let mac: Mac | null = null;
  for (const part of userAgent.slice(word.length).split(/\s+/, wordsMax)) {
    const number = VERSION.exec(part)?.[1] ?? ownForm.exec(part)?.[1];
    if (number !== undefined) version ??= number;
    else if (MAC_IN_TEXT.test(part)) mac ??= macIn(part);
    else if (part !== '' && version === null) model.push(part);
  }
  const named = model.join(' ');
  return modelShape.test(named) ? { model: named, version, mac } : undefined;
}

/** Words of a User-Agent that are read; brand, model of two words, version and MAC are five. */
const wordsMax = 12;

/** `<mac>.cfg` and the like, of a vendor's own MAC prefix: a name that many makers share. */
export const ownPhoneFile =
  (ouis: readonly string[], shape: RegExp) =>
  (file: RequestedFile): PathClaim | undefined =>
    file.prefix !== null && ouis.includes(file.prefix) && shape.test(file.bareName)
      ? { model: null, ownName: false }
      : undefined;

/** For makers of whose numbering nothing is known: equal text only. */
export const equalOnly = (a: string, b: string): Order =>
  a.trim() !== '' && a.trim() === b.trim() ? 'same' : 'incomparable';
