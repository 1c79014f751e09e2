// Advisories and CPE names call the same phone by many words. This reads them into models as `identify` spells
// them; what no alias knows stays a wording for a person to read.

import { PRODUCT_NAMES } from './product-aliases/all.ts';
import type { NotPhone, ProductNames } from './product-aliases/product-names.ts';
import { remembered } from './remembered.ts';

/** A model, series or line that was named, and the models of it that are known by name. */
export interface NamedProduct {
  /** `8851`, `8800 series`, `VVX`. */
  readonly name: string;
  readonly models: readonly string[];
  /** The model has the vendor's shape, and no list here has it: a person looks whether it exists. */
  readonly isUnlisted?: true;
}

export type ProductReading =
  | {
      readonly kind: 'phones';
      readonly vendor: string;
      readonly products: readonly NamedProduct[];
      readonly except: readonly NamedProduct[];
      /** Firmware other than SIP that alone is meant: `h323`. */
      readonly firmware?: string;
    }
  | {
      readonly kind: 'not-a-phone';
      readonly vendor: string;
      readonly name: string;
      readonly class: NotPhone['class'];
    }
  | { readonly kind: 'unknown'; readonly vendor?: string; readonly reason: string };

/** Characters of one product's wording; the longest seen, with all its models, has under 200. */
export const productWordingMax = 500;
/** Parts of one wording; a bulletin's cell lists a dozen models. */
const partsMax = 60;

const BY_NAME = new Map(PRODUCT_NAMES.flatMap((one) => one.names.map((name) => [name, one])));
const BY_VENDOR = new Map(
  PRODUCT_NAMES.flatMap((one) =>
    [one.vendor, ...(one.alsoVendors ?? [])].map((name) => [name.toLowerCase(), one]),
  ),
);

const squeezed = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, '');

/** A model without case and signs: `T19P_E2`, `T19P E2` and `t19p-e2` are one. */
export const modelKey = (model: string): string => squeezed(model).toUpperCase();

/** How advisories name this vendor's products; by any name it goes by, or as the catalogue spells it. */
export const namesOf = (vendor: string): ProductNames | undefined =>
  BY_NAME.get(squeezed(vendor.slice(0, 100))) ?? BY_VENDOR.get(vendor.toLowerCase());

/** Whether two vendor names are one make: a phone that says Aastra is Mitel's. */
export const isSameMake = (a: string, b: string): boolean =>
  a === b || (BY_VENDOR.get(a.toLowerCase()) ?? a) === (BY_VENDOR.get(b.toLowerCase()) ?? b);

/** Reads whom and what a wording means; linear in its length. */
export function readProduct(vendor: string, wording: string): ProductReading {
  if (wording.length > productWordingMax || vendor.length > 100) {
    return { kind: 'unknown', reason: `is longer than ${productWordingMax} characters` };
  }
  return readRemembered(`${vendor}\n${wording}`);
}

const readRemembered = remembered((joined: string): ProductReading => {
  const at = joined.indexOf('\n');
  const named = joined.slice(0, at);
  const wording = joined.slice(at + 1);
  const names = namesOf(named) ?? namedFirst(wording);
  if (!names) return { kind: 'unknown', reason: `vendor ${quoted(named)} is not known here` };
  return readWith(names, wording);
});

/** Records without a vendor may name it first: `Yealink SIP-T46S`. */
function namedFirst(wording: string): ProductNames | undefined {
  const [first = '', second = ''] = wording.split(/[\s_-]+/, 2);
  return BY_NAME.get(squeezed(first + second)) ?? BY_NAME.get(squeezed(first));
}

function readWith(names: ProductNames, wording: string): ProductReading {
  const plain = wording.toLowerCase().replace(/[_\\]/g, ' ');
  const other = names.notPhones?.find(({ words }) => words.test(plain));
  if (other) {
    return { kind: 'not-a-phone', vendor: names.vendor, name: other.name, class: other.class };
  }
  const { text, except } = withoutExceptions(plain);
  const firmware = names.otherFirmware?.find((word) => wordsOf(text).includes(word));
  const products = productsIn(names, text);
  const excepted = except === '' ? [] : productsIn(names, except);
  const unknown = [...products, ...excepted].find((one): one is string => typeof one === 'string');
  if (products.length === 0 || unknown !== undefined) {
    const reason =
      unknown === undefined
        ? `${quoted(wording)} names no model or series`
        : `${quoted(unknown)} is no model, series or line known of ${names.vendor}`;
    return { kind: 'unknown', vendor: names.vendor, reason };
  }
  return {
    kind: 'phones',
    vendor: names.vendor,
    products: products as NamedProduct[],
    except: excepted as NamedProduct[],
    ...(firmware === undefined ? {} : { firmware }),
  };
}

/** Words that name no product of the vendor, such as `UCS` or `firmware`, before a range that is for all. */
export function saysNothing(vendor: string, words: string): boolean {
  const names = namesOf(vendor);
  return names !== undefined && productsIn(names, words.toLowerCase()).length === 0;
}

const EXCEPT = /[\s(,]+(?:not|except(?:ing)?(?: for)?|excluding|without)\s+([^()]{1,200})\)?/;

function withoutExceptions(text: string): { text: string; except: string } {
  const found = EXCEPT.exec(text);
  if (!found) return { text, except: '' };
  const rest = `${text.slice(0, found.index)} ${text.slice(found.index + found[0].length)}`;
  return { text: rest, except: found[1] ?? '' };
}

/** Models and series parted by strokes, commas and `and`; what is not known stays text. */
function productsIn(names: ProductNames, text: string): (NamedProduct | string)[] {
  const parts = text.split(/\s*(?:[/,;&+]|\band\b|\bor\b)\s*/).slice(0, partsMax);
  const found: (NamedProduct | string)[] = [];
  let letters = '';
  for (const part of parts) {
    const read = readPart(names, part, letters);
    if (read === undefined) continue;
    found.push(read);
    letters = typeof read === 'string' ? letters : lettersBefore(names, part);
  }
  return found;
}

/** `Trio 8500/8800`: the word before the first number belongs to the second as well. */
const lettersBefore = (names: ProductNames, part: string): string =>
  /^[a-z]+/.exec(meaning(names, part).key)?.[0] ?? '';

/** Undefined for a part of filler words only. */
function readPart(
  names: ProductNames,
  part: string,
  letters: string,
): NamedProduct | string | undefined {
  const { key, line } = meaning(names, part);
  if (key === '' && line === '') return undefined;
  const spelled = /^\d/.test(key) ? [key, letters + key] : [key];
  const saysSeries = /\b(?:series|family|line)\b/.test(part);
  for (const one of spelled) {
    const read =
      lineOf(names, one, line) ??
      (saysSeries ? seriesOf(names, one) : undefined) ??
      listedModel(names, one) ??
      seriesOf(names, one);
    if (read) return read;
  }
  return shapedModel(names, spelled) ?? part.trim();
}

const FILLER: ReadonlySet<string> = new Set(
  `ip phone phones desk deskphone deskphones series model models firmware family line lines the all with for
   software conference handset handsets voip telephone telephones device devices also only versions version
   running using release releases image images base bases hd
   unspecified various multiple several certain`.split(/\s+/),
);

function meaning(names: ProductNames, part: string): { key: string; line: string } {
  let line = '';
  let key = '';
  for (const word of wordsOf(part)) {
    const narrows = names.lineWords?.[word];
    if (narrows !== undefined) line = narrows;
    else if (!isFiller(names, word)) key += names.spellings?.[word] ?? word;
  }
  return { key, line };
}

const isFiller = (names: ProductNames, word: string): boolean =>
  FILLER.has(word) ||
  names.filler?.includes(word) === true ||
  names.otherFirmware?.includes(word) === true ||
  (names.names.includes(word) && names.lines?.[word] === undefined);

const wordsOf = (text: string): string[] =>
  text
    .replace(/\bh\.323\b/g, 'h323')
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');

function lineOf(names: ProductNames, key: string, line: string): NamedProduct | undefined {
  const { lines } = names;
  const named = [key + line, key].find((one) => lines !== undefined && Object.hasOwn(lines, one));
  const found = named === undefined ? undefined : lines?.[named];
  return found && listed(names, found.name, found.has);
}

/** `7945G` is the 7945 with faster ports: one letter more than a listed model is that model's variant. */
function listedModel(names: ProductNames, key: string): NamedProduct | undefined {
  const wanted = key.toUpperCase();
  const known = KNOWN_MODELS.get(names);
  const model = known?.get(wanted);
  if (model !== undefined) return { name: model, models: [model] };
  const isVariant = names.shape.test(wanted) && known?.has(wanted.replace(/[A-Z]$/, '')) === true;
  return isVariant ? { name: wanted, models: [wanted] } : undefined;
}

function shapedModel(names: ProductNames, keys: readonly string[]): NamedProduct | undefined {
  const wanted = keys.map((key) => key.toUpperCase()).find((key) => names.shape.test(key));
  return wanted === undefined ? undefined : { name: wanted, models: [wanted], isUnlisted: true };
}

const KNOWN_MODELS = new Map(
  PRODUCT_NAMES.map((names) => [
    names,
    new Map(names.models.map((model) => [modelKey(model), model])),
  ]),
);

function seriesOf(names: ProductNames, key: string): NamedProduct | undefined {
  const series = seriesPattern(key);
  if (!series) return undefined;
  const found = listed(names, `${series.name} series`, series.has);
  return found.models.length > 0 ? found : undefined;
}

/** `GXP16xx`, `GXP1600`, `T4x`, `6900w`: digits that stand for any, then the letters that must follow. */
function seriesPattern(key: string): { name: string; has: RegExp } | undefined {
  const [, front, free, end = ''] =
    /^([a-z]{0,6}\d{1,3}?)(x{1,2}|0{1,2})([a-z]{0,2})$/.exec(key) ?? [];
  if (front === undefined || free === undefined) return undefined;
  const tail = end === '' ? '[A-Z]{0,3}\\d?' : end.toUpperCase();
  return {
    name: (front + free).toUpperCase() + end,
    has: new RegExp(`^${front.toUpperCase()}\\d{${free.length}}${tail}$`),
  };
}

const listed = (names: ProductNames, name: string, has: RegExp): NamedProduct => ({
  name,
  models: names.models.filter((model) => has.test(modelKey(model))),
});

/** Whether a model is of a product that was read of this vendor, also a model that no list has. */
export function isOfProduct(vendor: string, { name, models }: NamedProduct, key: string): boolean {
  if (models.some((model) => modelKey(model) === key)) return true;
  const names = namesOf(vendor);
  return (
    names?.shape.test(key) === true && patternOf(`${names.vendor}\n${name}`)?.test(key) === true
  );
}

const patternOf = remembered((joined: string): RegExp | null => {
  const [vendor = '', name = ''] = joined.split('\n');
  const names = namesOf(vendor);
  const line = Object.values(names?.lines ?? {}).find((one) => one.name === name);
  if (line) return line.has;
  return name.endsWith(' series')
    ? (seriesPattern(name.slice(0, -' series'.length).toLowerCase())?.has ?? null)
    : null;
});

const quoted = (text: string): string =>
  JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
