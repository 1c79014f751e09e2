// Whether one phone is exposed to one placed advisory: its range in the vendor's own order, and the phone's
// configuration. What cannot be told needs review; nothing unknown ever counts as safe.

import type { Placement, PlacedAdvisory, Review } from './advisory-placing.ts';
import { orderAgainst, type PhoneVersion } from './bound-order.ts';
import { isOfProduct, isSameMake, modelKey } from './product-alias.ts';
import type { Order } from './vendors/profile.ts';
import type { Condition, VersionBound, VersionRange } from './version-wording.ts';

export interface ExposedPhone {
  readonly vendor: string;
  readonly model: string;
  /** null: no version was seen yet. */
  readonly version: string | null;
  readonly hardware?: string;
}

/** What was read back of a phone's settings, by the names that conditions use: `ice`, `web-access`. */
export type ConfigEvidence = Readonly<Record<string, 'on' | 'off'>>;

/** `exposed-unless`: the version is in range, and a condition stands on evidence that is missing. */
export type ExposureVerdict =
  | 'exposed'
  | 'exposed-unless'
  | 'needs-review'
  | 'fixed'
  | 'not-exposed';

export interface AdvisoryExposure {
  readonly verdict: ExposureVerdict;
  readonly words: string;
  /** Whose placement decided; absent where none names the phone. */
  readonly issuer?: string;
}

/** The graver verdict of two placements stands. */
const GRAVITY: readonly ExposureVerdict[] = [
  'exposed',
  'exposed-unless',
  'needs-review',
  'fixed',
  'not-exposed',
];

export function advisoryExposure(
  advisory: PlacedAdvisory,
  phone: ExposedPhone,
  evidence: ConfigEvidence = {},
): AdvisoryExposure {
  const verdicts = advisory.placements
    .filter((placement) => isPlacedOn(placement, phone))
    .flatMap((placement) => {
      const verdict = verdictOf(placement, phone, evidence);
      return verdict ? [{ ...verdict, issuer: placement.issuer, status: placement.status }] : [];
    });
  const graver = [...verdicts].sort((a, b) => gravity(a.verdict) - gravity(b.verdict))[0];
  if (!graver || graver.verdict === 'not-exposed') return safeUnlessOpen(advisory, phone, graver);
  const denier = verdicts.find(({ status }) => status === 'not-affected');
  const { verdict, words, issuer } = graver;
  if (denier === undefined || !verdict.startsWith('exposed')) return { verdict, words, issuer };
  const both = `${issuer} says exposed (${words}), ${denier.issuer} says it is not affected`;
  return { verdict: 'needs-review', words: both, issuer };
}

const gravity = (verdict: ExposureVerdict): number => GRAVITY.indexOf(verdict);

export function isPlacedOn(
  { vendor, products, except }: Pick<Placement, 'vendor' | 'products' | 'except'>,
  phone: Pick<ExposedPhone, 'vendor' | 'model'>,
): boolean {
  if (!isSameMake(vendor, phone.vendor)) return false;
  const key = modelKey(phone.model);
  return (
    products.some((one) => isOfProduct(vendor, one, key)) &&
    !except.some((one) => isOfProduct(vendor, one, key))
  );
}

/** A part of the advisory that nobody could place or read keeps a phone that it may mean from being called safe. */
function safeUnlessOpen(
  { reviews, placements }: PlacedAdvisory,
  { vendor, model }: ExposedPhone,
  safe: AdvisoryExposure | undefined,
): AdvisoryExposure {
  const open = reviews.find((one) => isOpenFor(one, { vendor, model }, placements.length > 0));
  if (open) {
    const words = `${JSON.stringify(open.wording)} may mean this phone: ${open.reason}`;
    return { verdict: 'needs-review', words, issuer: open.issuer };
  }
  if (!safe) return { verdict: 'not-exposed', words: `it names no ${vendor} ${model}` };
  const { verdict, words, issuer } = safe;
  return { verdict, words, ...(issuer === undefined ? {} : { issuer }) };
}

/** Whether an unplaced part may mean a phone; one without any vendor may, where nothing else was placed. */
export function isOpenFor(
  { about, vendor, products }: Review,
  phone: Pick<ExposedPhone, 'vendor' | 'model'>,
  isPlaced: boolean,
): boolean {
  if (about === 'model') return false;
  if (vendor === undefined) return !isPlaced;
  return (
    isPlacedOn({ vendor, products: products ?? [], except: [] }, phone) ||
    (!products && isSameMake(vendor, phone.vendor))
  );
}

type Verdict = Pick<AdvisoryExposure, 'verdict' | 'words'>;

/** Undefined where the placement says nothing of this version. */
function verdictOf(
  placement: Placement,
  phone: ExposedPhone,
  evidence: ConfigEvidence,
): Verdict | undefined {
  const { status, range, isPartial } = placement;
  const { version, vendor: _, ...rest } = phone;
  if (status === 'under-investigation') return needsReview('its issuer still looks into it');
  if (version === null) {
    const isAll = range?.all === true && status === 'affected';
    return isAll
      ? conditioned(placement, evidence, 'every version')
      : needsReview('no version of it was seen');
  }
  const known = { ...rest, version, vendor: placement.vendor };
  if (status === 'not-affected') return denied(known, range);
  const fix = fixOf(known, placement.fixedIn);
  if (fix.is === 'fixed')
    return { verdict: 'fixed', words: `${version} has the fix of ${fix.bound}` };
  if (!range) return undefined;
  const inside = isInside(known, range);
  if (inside.is === 'unknown') return needsReview(inside.words);
  if (inside.is === 'outside') {
    return fix.is === 'behind'
      ? needsReview(
          `${version} is outside the range, and older than ${fix.bound}, the fix of its own branch`,
        )
      : outside(inside.words, isPartial);
  }
  if (isPartial && !isOnBranchOfRange(version, range)) {
    return needsReview(`${inside.words}, and other lines have ranges that are not given`);
  }
  return conditioned(placement, evidence, inside.words);
}

const needsReview = (words: string): Verdict => ({ verdict: 'needs-review', words });

const outside = (words: string, isPartial: true | undefined): Verdict =>
  isPartial
    ? needsReview(`${words}, and other lines have ranges that are not given`)
    : { verdict: 'not-exposed', words };

/** An issuer says that these versions are not affected; of others it says nothing. */
function denied(phone: PhoneVersion, range: VersionRange | undefined): Verdict | undefined {
  if (!range || isInside(phone, range).is !== 'inside') return undefined;
  return { verdict: 'not-exposed', words: `its issuer says that ${phone.version} is not affected` };
}

type Fix = { readonly is: 'fixed' | 'behind' | 'none'; readonly bound: string };

/**
 * Mended where the version has reached the fix of its own branch (its first two numbers), or every fix. A fix on
 * a newer branch mends none of the older ones.
 */
function fixOf(phone: PhoneVersion, fixedIn: readonly VersionBound[]): Fix {
  const orders = fixedIn.map((bound) => ({ bound, order: orderAgainst(phone, bound) }));
  const own = orders.filter(({ bound }) => isSameBranch(phone.version, bound));
  const reached = ({ order }: { order: string }): boolean => order === 'same' || order === 'newer';
  const hit = own.find(reached);
  if (hit) return { is: 'fixed', bound: hit.bound.version };
  const behind = own.find(({ order }) => order === 'older');
  if (behind) return { is: 'behind', bound: behind.bound.version };
  const last = orders.at(-1);
  return last && orders.every(reached)
    ? { is: 'fixed', bound: last.bound.version }
    : { is: 'none', bound: '' };
}

const branchOf = (version: string): string =>
  version
    .replace(/^[A-Za-z]+(?=\d)/, '')
    .split(/[.(_-]/, 2)
    .map(Number)
    .join('.');

const isSameBranch = (version: string, { version: bound, also = [] }: VersionBound): boolean =>
  [bound, ...also].some((spelling) => branchOf(spelling) === branchOf(version));

/** Of a partial range, only the versions with its own first number are surely meant. */
function isOnBranchOfRange(version: string, range: VersionRange): boolean {
  const bounds = [range.below, range.atMost, range.from, range.after, ...(range.exactly ?? [])];
  const first = branchOf(version).split('.')[0];
  return bounds.some((bound) => bound && branchOf(bound.version).split('.')[0] === first);
}

type Inside = { readonly is: 'inside' | 'outside' | 'unknown'; readonly words: string };

/** Whether a version is in a range; every bound must hold, and one that surely fails decides. */
export function isInside(phone: PhoneVersion, range: VersionRange): Inside {
  const { version } = phone;
  if (range.all) return { is: 'inside', words: 'every version is affected' };
  const { exactly, from } = range;
  if (exactly) return isListed(phone, exactly);
  // The version that a range begins with is named, also where its end is of another line.
  if (from && orderAgainst(phone, from) === 'same') {
    return { is: 'inside', words: `${version} is where the affected range begins` };
  }
  let unknown: string | undefined;
  const words: string[] = [];
  for (const [side, holds, sign] of SIDES) {
    const bound = range[side];
    if (!bound) continue;
    const order = orderAgainst(phone, bound);
    words.push(`${sign} ${bound.version}`);
    if (order === 'incomparable') unknown ??= bound.version;
    else if (!holds.includes(order)) {
      return { is: 'outside', words: `${version} is not ${sign} ${bound.version}` };
    }
  }
  return unknown === undefined
    ? { is: 'inside', words: `${version} is ${words.join(' and ')}` }
    : { is: 'unknown', words: `${version} and ${unknown} cannot be ordered` };
}

type Side = readonly ['from' | 'after' | 'below' | 'atMost', holds: readonly Order[], sign: string];

const SIDES: readonly Side[] = [
  ['from', ['same', 'newer'], 'at least'],
  ['after', ['newer'], 'newer than'],
  ['below', ['older'], 'older than'],
  ['atMost', ['older', 'same'], 'at most'],
] as const satisfies readonly (readonly [
  'from' | 'after' | 'below' | 'atMost',
  readonly string[],
  string,
])[];

function isListed(phone: PhoneVersion, exactly: readonly VersionBound[]): Inside {
  const orders = exactly.map((bound) => orderAgainst(phone, bound));
  const at = orders.indexOf('same');
  if (at >= 0) return { is: 'inside', words: `${phone.version} is named` };
  const open = orders.indexOf('incomparable');
  return open < 0
    ? { is: 'outside', words: `${phone.version} is none of the versions named` }
    : { is: 'unknown', words: `${phone.version} and ${exactly[open]?.version} cannot be ordered` };
}

/** In range: what the configuration shows decides, and what it does not show is said. */
function conditioned(placement: Placement, evidence: ConfigEvidence, words: string): Verdict {
  const missing: string[] = [];
  for (const condition of allConditions(placement)) {
    const state = stateOf(condition, evidence);
    if (state === 'fails') {
      return {
        verdict: 'not-exposed',
        words: `${words}, but the configuration shows that this does not hold: ${condition.words}`,
      };
    }
    if (state === 'unknown') missing.push(condition.words);
  }
  if (missing.length === 0) return { verdict: 'exposed', words };
  return {
    verdict: 'exposed-unless',
    words: `${words}; nothing shows whether this holds: ${missing.join('; ')}`,
  };
}

function allConditions({ conditions, firmware }: Placement): readonly Condition[] {
  if (firmware === undefined) return conditions;
  const words = `it runs ${firmware} firmware`;
  return [...conditions, { words, needs: [{ setting: `firmware-${firmware}`, is: 'on' }] }];
}

/** All needs must hold; one that fails by evidence is enough to say that the condition fails. */
function stateOf({ needs }: Condition, evidence: ConfigEvidence): 'holds' | 'fails' | 'unknown' {
  const states = needs.map(({ setting, is }) =>
    Object.hasOwn(evidence, setting) ? evidence[setting] === is : undefined,
  );
  if (states.includes(false)) return 'fails';
  return states.length === 0 || states.includes(undefined) ? 'unknown' : 'holds';
}
