// Which phones of a record a clause of its versions is about, and which of its fixes are theirs.

import {
  isOfProduct,
  modelKey,
  type NamedProduct,
  namesOf,
  type ProductReading,
  readProduct,
  saysNothing,
} from './product-alias.ts';
import type { FixedIn, RangeClause, VersionBound } from './version-wording.ts';

export type Phones = Extract<ProductReading, { kind: 'phones' }>;
export interface Scope extends Pick<Phones, 'products' | 'except' | 'firmware'> {
  /** How many known models the clause's own words mean; a clause without product words means all. */
  readonly width: number;
}

export interface ScopedClause {
  readonly clause: RangeClause;
  readonly scope: Scope;
}

/** The phones that a clause is about: undefined for those of other products, a reason where nobody can tell. */
export function scopeOf(
  clause: RangeClause,
  phones: Phones,
  vendor: string,
): Scope | string | undefined {
  const all: Scope = { ...phones, width: Number.POSITIVE_INFINITY };
  if (clause.products === '') return all;
  const firmware = firmwareAlone(clause.products, phones.vendor);
  if (firmware !== undefined) {
    return firmware === 'sip' ? all : { ...all, firmware };
  }
  if (saysNothing(vendor, clause.products)) return all;
  const read = readProduct(vendor, clause.products);
  if (read.kind !== 'phones') {
    const reason = read.kind === 'unknown' ? read.reason : 'is no phone';
    return `the range is for ${JSON.stringify(clause.products)}: ${reason}`;
  }
  const products = overlap(phones, read);
  if (products.length === 0) return undefined;
  const alone = read.firmware ?? phones.firmware;
  const except = [...phones.except, ...read.except];
  return {
    products,
    except,
    width: widthOf(read),
    ...(alone === undefined ? {} : { firmware: alone }),
  };
}

/** `MiNet`, `NOE`, `SIP` before a range: the phones stay those of the record, their firmware is said. */
function firmwareAlone(words: string, vendor: string): string | undefined {
  const word = words.toLowerCase().replace(/[.\s]/g, '');
  return word === 'sip' || namesOf(vendor)?.otherFirmware?.includes(word) ? word : undefined;
}

/** What two readings of one vendor share; the narrower name of the two is kept. */
function overlap(a: Phones, b: Phones): NamedProduct[] {
  if (a.vendor !== b.vendor) return [];
  const shared: NamedProduct[] = [];
  for (const one of a.products) {
    for (const other of b.products) {
      if (one.name === other.name || holds(a.vendor, other, one)) shared.push(one);
      else if (holds(a.vendor, one, other)) shared.push(other);
    }
  }
  return distinct(shared);
}

const holds = (vendor: string, wide: NamedProduct, narrow: NamedProduct): boolean =>
  narrow.models.length > 0 &&
  narrow.models.every((model) => isOfProduct(vendor, wide, modelKey(model)));

/**
 * The other clauses that speak alone for some of these phones: `6900w` beside `6900`. One that says `also` adds to
 * what the wider clause says.
 */
export function takenOut(
  vendor: string,
  mine: ScopedClause,
  all: readonly ScopedClause[],
): NamedProduct[] {
  return all
    .filter((other) => other !== mine && !/\balso\b/i.test(other.clause.products))
    .filter(({ scope }) => scope.firmware === mine.scope.firmware && scope.width < mine.scope.width)
    .flatMap(({ scope }) => scope.products)
    .filter((one) =>
      mine.scope.products.some((own) => own.name === one.name || holds(vendor, own, one)),
    );
}

const widthOf = ({ products }: Phones): number => products.flatMap(({ models }) => models).length;

/**
 * The fixes for these phones: the one that the range ends below; otherwise those that name the fewest models with
 * them, and those that name none.
 */
export function fixesFor(
  fixes: readonly FixedIn[],
  { scope, clause }: ScopedClause,
  vendor: string,
): { readonly fixedIn: readonly VersionBound[]; readonly fixWords: readonly string[] } {
  const end = clause.range.below?.version;
  const mends = fixes.flatMap(({ bound }) => (bound && bound.version === end ? [bound] : []));
  if (mends.length > 0) return { fixedIn: mends.slice(0, 1), fixWords: [] };
  const fixedIn: VersionBound[] = [];
  const fixWords: string[] = [];
  const named: { readonly bound: VersionBound; readonly width: number }[] = [];
  for (const { bound, products, words } of fixes) {
    const read = bound && products !== '' ? readProduct(vendor, products) : undefined;
    if (!bound || read?.kind === 'unknown') fixWords.push(words);
    else if (!read) fixedIn.push(bound);
    else if (read.kind === 'phones' && isFor(read, scope)) {
      named.push({ bound, width: widthOf(read) });
    }
  }
  const least = Math.min(...named.map(({ width }) => width));
  const own = named.filter(({ width }) => width === least).map(({ bound }) => bound);
  return { fixedIn: [...fixedIn, ...own], fixWords };
}

const isFor = (read: Phones, scope: Scope): boolean =>
  scope.products.every((one) =>
    read.products.some((other) => one.name === other.name || holds(read.vendor, other, one)),
  );

const distinct = (products: readonly NamedProduct[]): NamedProduct[] => [
  ...new Map(products.map((one) => [one.name, one])).values(),
];
