// Places what issuers say about one vulnerability on models and ranges. Claims stand side by side, each with its
// issuer; what cannot be placed is reviewed by a person, and the reason is said.

import type { AdvisoryClaim, ClaimedProduct, ClaimedRange, Score } from './advisory-claim.ts';
import { fixesFor, type Phones, type ScopedClause, scopeOf, takenOut } from './clause-scope.ts';
import { type NamedProduct, readProduct } from './product-alias.ts';
import type { NotPhone } from './product-aliases/product-names.ts';
import {
  type Condition,
  type FixedIn,
  readFixed,
  readVersions,
  type VersionBound,
  type VersionRange,
  type VersionReading,
} from './version-wording.ts';

export interface Placement {
  readonly issuer: string;
  readonly vendor: string;
  readonly products: readonly NamedProduct[];
  /** Not these, though a series above would hold them. */
  readonly except: readonly NamedProduct[];
  /** Firmware other than SIP that alone is meant: `h323`. */
  readonly firmware?: string;
  readonly status: 'affected' | 'not-affected' | 'fixed' | 'under-investigation';
  /** Absent for `fixed`: then `fixedIn` says it all. */
  readonly range?: VersionRange;
  readonly isPartial?: true;
  readonly fixedIn: readonly VersionBound[];
  /** What is said of a fix without a version that can be read. */
  readonly fixWords: readonly string[];
  readonly conditions: readonly Condition[];
}

export interface Review {
  readonly issuer: string;
  readonly wording: string;
  readonly reason: string;
  /** Whose phones may be meant, where that much is known. */
  readonly vendor?: string;
  /** Which of them, where that is known too; absent: any of the vendor's. */
  readonly products?: readonly NamedProduct[];
  /** `model`: it was placed, and a person should look whether the model exists. */
  readonly about: 'product' | 'range' | 'model';
}

export interface NotAPhone {
  readonly issuer: string;
  readonly wording: string;
  readonly name: string;
  readonly class: NotPhone['class'];
  /** As written: nothing here orders the versions of what is no phone. */
  readonly versions: string;
}

export interface PlacedAdvisory {
  readonly id: string;
  readonly title?: string;
  /** What it is about: `phone` as soon as one phone is placed. */
  readonly class: 'phone' | NotPhone['class'] | 'unknown';
  readonly placements: readonly Placement[];
  readonly reviews: readonly Review[];
  readonly notPhones: readonly NotAPhone[];
  /** Each with its issuer; never averaged. */
  readonly scores: readonly Score[];
  readonly exploited?: NonNullable<AdvisoryClaim['exploited']> & { readonly issuer: string };
  readonly likelihood?: NonNullable<AdvisoryClaim['likelihood']>;
  readonly sources: readonly string[];
}

/** Products placed of one claim, and reviews kept of one vulnerability; larger ones are named as cut. */
export const productsPlacedMax = 2000;
const reviewsMax = 200;

/** Puts claims of many vulnerabilities together, in the order in which each was first named. */
export function placeAdvisories(claims: readonly AdvisoryClaim[]): PlacedAdvisory[] {
  const byId = new Map<string, AdvisoryClaim[]>();
  for (const claim of claims) {
    const beside = byId.get(claim.id);
    if (beside) beside.push(claim);
    else byId.set(claim.id, [claim]);
  }
  return [...byId].map(([id, beside]) => placeOne(id, beside));
}

interface Found {
  readonly placements: Map<string, Placement>;
  readonly reviews: Map<string, Review>;
  readonly notPhones: Map<string, NotAPhone>;
}

/** Claims about one vulnerability, side by side. */
export function placeOne(id: string, claims: readonly AdvisoryClaim[]): PlacedAdvisory {
  const found: Found = { placements: new Map(), reviews: new Map(), notPhones: new Map() };
  for (const claim of claims) placeClaim(claim, found);
  const notPhones = [...found.notPhones.values()];
  const title = claims.find((claim) => claim.title !== undefined)?.title;
  const exploitedBy = claims.find((claim) => claim.exploited !== undefined);
  const likelihood = latestLikelihood(claims);
  return {
    id,
    ...(title === undefined ? {} : { title }),
    class: found.placements.size > 0 ? 'phone' : (notPhones[0]?.class ?? 'unknown'),
    placements: [...found.placements.values()],
    reviews: [...found.reviews.values()],
    notPhones,
    scores: distinct(claims.flatMap((claim) => claim.scores)),
    ...(exploitedBy?.exploited
      ? { exploited: { ...exploitedBy.exploited, issuer: exploitedBy.issuer } }
      : {}),
    ...(likelihood ? { likelihood } : {}),
    sources: [...new Set(claims.map((claim) => claim.source))],
  };
}

const distinct = <One>(list: readonly One[]): One[] => [
  ...new Map(list.map((one) => [JSON.stringify(one), one])).values(),
];

const latestLikelihood = (claims: readonly AdvisoryClaim[]) =>
  claims
    .flatMap(({ likelihood }) => (likelihood ? [likelihood] : []))
    .sort((a, b) => (a.on < b.on ? 1 : a.on > b.on ? -1 : 0))[0];

function placeClaim(claim: AdvisoryClaim, found: Found): void {
  const { issuer } = claim;
  for (const product of claim.products.slice(0, productsPlacedMax)) {
    placeProduct(issuer, product, found);
  }
  if (claim.products.length > productsPlacedMax) {
    const wording = `${claim.products.length} products`;
    const reason = `only ${productsPlacedMax} products of one claim are placed`;
    review(found, { issuer, wording, reason, about: 'product' });
  }
}

function placeProduct(issuer: string, product: ClaimedProduct, found: Found): void {
  const reading = readProduct(product.vendor, product.product);
  const wording = `${product.vendor} ${product.product}`.trim();
  if (reading.kind === 'unknown') {
    const { reason } = reading;
    const vendor = reading.vendor ?? product.vendor.trim().slice(0, 100);
    // `n/a` may be anyone; a vendor that is named and not known here makes none of the phones known here.
    const whose = /^(?:|n\/a|unknown|unspecified|\*|-)$/i.test(vendor) ? {} : { vendor };
    return review(found, { issuer, wording, reason, ...whose, about: 'product' });
  }
  if (reading.kind === 'not-a-phone') {
    const { name, class: kind } = reading;
    found.notPhones.set(`${issuer}\n${wording}`, {
      issuer,
      wording,
      name,
      class: kind,
      versions: wordingOf(product),
    });
    return;
  }
  for (const { name, isUnlisted } of reading.products) {
    if (isUnlisted) {
      const reason = `${name} has the shape of a model of ${reading.vendor} and is on no list here`;
      review(found, { issuer, wording, reason, vendor: reading.vendor, about: 'model' });
    }
  }
  placePhones(issuer, product, reading, found);
}

function placePhones(issuer: string, product: ClaimedProduct, phones: Phones, found: Found): void {
  const { vendor } = phones;
  const versions = versionsOf(product);
  const unread = (wording: string, reason: string) =>
    review(found, { issuer, wording, reason, vendor, products: phones.products, about: 'range' });
  for (const { wording, reason } of versions.unread) unread(wording, reason);
  const meant: ScopedClause[] = [];
  for (const clause of versions.clauses) {
    const scope = scopeOf(clause, phones, product.vendor);
    if (typeof scope === 'string') unread(wordingOf(product), scope);
    else if (scope) meant.push({ clause, scope });
  }
  if (meant.length === 0 && versions.clauses.length > 0) {
    unread(wordingOf(product), `gives no range for ${product.product}`);
  }
  const conditions = [...versions.conditions, ...statedConditions(product.condition)];
  for (const one of meant) {
    const { firmware } = one.scope;
    const others = takenOut(vendor, one, meant);
    const products = one.scope.products.filter(({ name }) =>
      others.every((other) => other.name !== name),
    );
    if (products.length === 0) continue;
    keep(found, {
      issuer,
      vendor,
      products,
      except: [...one.scope.except, ...others],
      ...(firmware === undefined ? {} : { firmware }),
      ...verdictOf(product, one),
      conditions: one.clause.condition ? [...conditions, one.clause.condition] : conditions,
    });
  }
}

function verdictOf(product: ClaimedProduct, meant: ScopedClause) {
  const { clause } = meant;
  const { status = 'affected', fixedIn = [], vendor } = product;
  const isFixed = status === 'fixed';
  return {
    status,
    ...(isFixed ? {} : { range: clause.range }),
    ...(clause.isPartial ? { isPartial: true as const } : {}),
    ...fixesFor(isFixed ? fixedAs(clause.range) : fixedIn.map(readFixed), meant, vendor),
  };
}

const wordingOf = ({ versions }: ClaimedProduct): string =>
  (typeof versions === 'string' ? versions : JSON.stringify(versions)).slice(0, 200);

/** A status `fixed` names the versions that are mended. */
const fixedAs = ({ exactly, from }: VersionRange): FixedIn[] =>
  [...(exactly ?? []), ...(from ? [from] : [])].map((bound) => ({
    bound,
    products: '',
    words: bound.version,
  }));

function statedConditions(words: string | undefined): Condition[] {
  if (words === undefined) return [];
  const read = readVersions(words);
  return read.conditions.length > 0 ? [...read.conditions] : [{ words, needs: [] }];
}

function versionsOf({ versions }: ClaimedProduct): VersionReading {
  if (typeof versions === 'string') return readVersions(versions);
  const range = boundsOf(versions);
  const isEmpty = Object.keys(range).length === 0;
  const reason = 'the record gives no version';
  return {
    clauses: isEmpty ? [] : [{ products: '', range }],
    conditions: [],
    unread: isEmpty ? [{ wording: 'no version', reason }] : [],
  };
}

function boundsOf({ from, after, below, atMost, exactly, all }: ClaimedRange): VersionRange {
  const bound = (version: string): VersionBound => ({ version });
  return {
    ...(from === undefined ? {} : { from: bound(from) }),
    ...(after === undefined ? {} : { after: bound(after) }),
    ...(below === undefined ? {} : { below: bound(below) }),
    ...(atMost === undefined ? {} : { atMost: bound(atMost) }),
    ...(exactly === undefined ? {} : { exactly: exactly.map(bound) }),
    ...(all ? { all } : {}),
  };
}

/** Products of one record with the same range are one placement. */
function keep(found: Found, placement: Placement): void {
  const { products, ...rest } = placement;
  const key = JSON.stringify(rest);
  const before = found.placements.get(key)?.products ?? [];
  found.placements.set(key, { ...placement, products: distinct([...before, ...products]) });
}

function review(found: Found, one: Review): void {
  if (found.reviews.size < reviewsMax) found.reviews.set(JSON.stringify(one), one);
}
