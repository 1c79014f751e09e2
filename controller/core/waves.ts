import { isFor, type Release } from '@ringwave/firmware-catalog/release';
import { mayRollOut } from '@ringwave/firmware-catalog/release-life';
import { fractionOf } from '@ringwave/protocol/keyed-hash';
import type { Id, Mac } from '@ringwave/protocol/units';
import { orderKey, withPartners } from './pairs.ts';
import type { STRATA } from './rollout-state.ts';
import { labelIn } from './selection/field-rules.ts';
import type {
  ControllerDraft,
  Labels,
  Phone,
  Rollout,
  Selection,
  Stratum,
  WaveSpec,
} from './state.ts';

// Which phones a rollout means, which release each of them gets, and which wave takes it.

export interface Assignment {
  /** Wave index of a phone that some wave took. */
  readonly waveOf: (mac: Mac) => number;
  /** The phones of each wave, in the order in which they are released. */
  readonly members: readonly (readonly Phone[])[];
  /** Selected phones that no wave took. */
  readonly leftOut: readonly Phone[];
}

export const isSelected = (phone: Phone, selection: Selection): boolean =>
  selects(selection)(phone);

/** The selection as one test for many phones: lists become sets once. */
export function selects(selection: Selection): (phone: Phone) => boolean {
  const { sites, vendors, models, macs } = selection;
  const sets = {
    site: sites && new Set<string>(sites),
    vendor: vendors && new Set(vendors),
    model: models && new Set(models),
    mac: macs && new Set<string>(macs),
  };
  return (phone) =>
    (sets.site?.has(phone.site) ?? true) &&
    (sets.vendor?.has(phone.vendor) ?? true) &&
    (sets.model?.has(phone.model) ?? true) &&
    (sets.mac?.has(phone.mac) ?? true);
}

export type Fit =
  | { readonly kind: 'fits'; readonly release: Release }
  | { readonly kind: 'none' | 'several' | 'hardware-unknown'; readonly why: string };

/** The one release that fits a phone, or why there is none; asked of millions of phones of few kinds. */
export function fitter(releases: readonly Release[]): (phone: PhoneParts) => Fit {
  // Names are looked up as they are: to join them for a key takes longer than all three.
  const known = new Map<string, Map<string, Map<string | undefined, Fit>>>();
  return (phone) => {
    const ofVendor = known.get(phone.vendor) ?? new Map<string, Map<string | undefined, Fit>>();
    const ofModel = ofVendor.get(phone.model) ?? new Map<string | undefined, Fit>();
    const before = ofModel.get(phone.hardware);
    if (before) return before;
    const found = fitOf(phone, releases);
    ofModel.set(phone.hardware, found);
    ofVendor.set(phone.model, ofModel);
    known.set(phone.vendor, ofVendor);
    return found;
  };
}

type PhoneParts = Pick<Phone, 'vendor' | 'model' | 'hardware'>;

function fitOf(phone: PhoneParts, releases: readonly Release[]): Fit {
  const { vendor, model, hardware } = phone;
  const fitting = releases.filter((one) => isFor(one, phone));
  const [release, second] = fitting;
  const about = `a ${vendor} ${model}${hardware === undefined ? '' : ` with hardware ${hardware}`}`;
  if (release && !second) return { kind: 'fits', release };
  if (second) {
    const versions = fitting.map((one) => one.version).join(', ');
    return { kind: 'several', why: `Several releases fit ${about}: ${versions}` };
  }
  const bound = releases.some((one) => one.vendor === vendor && one.models.includes(model));
  if (bound && hardware === undefined) {
    const why = `The release for ${about} is bound to hardware revisions, and this phone's is not known`;
    return { kind: 'hardware-unknown', why };
  }
  const why = `No release of the rollout is for ${about}`;
  const written = releases
    .flatMap((one) => (one.vendor === vendor ? one.models : []))
    .find((one) => one !== model && one.toLowerCase() === model.trim().toLowerCase());
  return { kind: 'none', why: written ? `${why}; it writes the model ${written}` : why };
}

/** The one release of a rollout that fits this phone; undefined when none or several do. */
export function releaseFor(phone: PhoneParts, releases: readonly Release[]): Release | undefined {
  const found = fitOf(phone, releases);
  return found.kind === 'fits' ? found.release : undefined;
}

/** Whether a rollout may use a release, as target or as stepping stone; one in the lab only for phones picked by hand. */
export const mayUse =
  (
    { lives }: Pick<ControllerDraft, 'lives'>,
    { selection }: Pick<Rollout, 'selection'>,
  ): ((release: Id) => boolean) =>
  (release) =>
    mayRollOut(lives.get(release), { handPicked: selection.macs !== undefined });

export const usableReleases = (
  draft: Pick<ControllerDraft, 'releases' | 'lives'>,
  rollout: Pick<Rollout, 'selection'>,
): Release[] => {
  const may = mayUse(draft, rollout);
  return [...draft.releases.values()].filter(({ id }) => may(id));
};

/** Each wave takes from what the earlier ones left, in an order that depends only on rollout and phone. */
export function assignWaves(
  rollout: Id,
  phones: readonly Phone[],
  waves: readonly WaveSpec[],
  fleet: WaveFleet = blindFleet,
): Assignment {
  const chosen = new Map<Mac, number>();
  /** The wave that took all that were left: most phones of most rollouts, and none of them need be kept by name. */
  let rest = 0;
  let pool = inHashedOrder(rollout, phones);
  const members = waves.map((spec, index) => {
    const matching = hasSelection(spec) ? pool.filter(waveSelects(spec, fleet)) : pool;
    const taken = withPartners(takenBy(spec, matching, fleet), pool);
    if (taken.length === 0) return taken;
    if (taken.length === pool.length) {
      rest = index;
      pool = [];
      return taken;
    }
    for (const phone of taken) chosen.set(phone.mac, index);
    pool = pool.filter((phone) => !chosen.has(phone.mac));
    return taken;
  });
  return { waveOf: (mac) => chosen.get(mac) ?? rest, members, leftOut: pool };
}

const hasSelection = ({ sites, models, macs, where }: WaveSpec): boolean =>
  [sites, models, macs, where].some((one) => one !== undefined);

/** Rank and place are packed into one number each: a million of these are sorted in a tenth of a second. */
function inHashedOrder(rollout: Id, phones: readonly Phone[]): readonly Phone[] {
  const places = 2 ** Math.ceil(Math.log2(Math.max(phones.length, 2)));
  const ranks = 2 ** 53 / places;
  const packed = new Float64Array(phones.length);
  for (const [place, phone] of phones.entries()) {
    const rank = Math.floor(fractionOf(rollout, orderKey(phone)) * ranks);
    packed[place] = rank * places + place;
  }
  const ordered: Phone[] = [];
  for (const one of packed.sort()) {
    const phone = phones[one % places];
    if (phone) ordered.push(phone);
  }
  return ordered;
}

/** What a wave reads of the fleet beyond the phones themselves. */
export interface WaveFleet {
  /** A wave's own selection in words, as a test. */
  readonly matches: (where: string) => (phone: Phone) => boolean;
  readonly siteLabels: (phone: Phone) => Labels | undefined;
  /** It was seen, and an update leads from what it runs to its release: only such a phone tells anything of that. */
  readonly hasWay: (phone: Phone) => boolean;
}

/** For waves that ask for neither. */
const blindFleet: WaveFleet = {
  matches: () => () => false,
  siteLabels: () => undefined,
  hasWay: () => true,
};

export function waveSelects(
  { sites, models, macs, where }: WaveSpec,
  fleet: Pick<WaveFleet, 'matches'>,
): (phone: Phone) => boolean {
  const isListed = selects({
    ...(sites ? { sites } : {}),
    ...(models ? { models } : {}),
    ...(macs ? { macs } : {}),
  });
  if (where === undefined) return isListed;
  const matches = fleet.matches(where);
  return (phone) => isListed(phone) && matches(phone);
}

/** Of a part, phones that have a way to go come first: a canary of phones that are there already shows nothing. */
function takenBy(spec: WaveSpec, matching: readonly Phone[], fleet: WaveFleet): readonly Phone[] {
  if (spec.per) return ofEachStratum(spec.per, spec.count ?? 1, matching, fleet);
  if (spec.count !== undefined) return ofAll(spec.count, matching, fleet);
  if (spec.percent !== undefined)
    return ofAll(partOf(matching.length, spec.percent), matching, fleet);
  return matching;
}

/** Rounded up, so that no wave with a part is empty; a third of six is two, whatever floating point says. */
const partOf = (phones: number, percent: number): number =>
  Math.ceil((phones * percent) / 100 - 1e-9);

function ofAll(count: number, matching: readonly Phone[], { hasWay }: WaveFleet): Phone[] {
  const share = new Share(count);
  for (const [place, phone] of matching.entries()) {
    if (share.isFull) break;
    share.add(place, hasWay(phone));
  }
  return inOrder([share], matching);
}

/** So many of each combination that occurs. */
function ofEachStratum(
  per: readonly Stratum[],
  count: number,
  matching: readonly Phone[],
  fleet: WaveFleet,
): Phone[] {
  const shares = new Map<string, Share>();
  const [first, ...others] = per;
  for (const [place, phone] of matching.entries()) {
    let stratum = first === undefined ? '' : stratumOf(phone, first, fleet);
    for (const one of others) stratum += `\n${stratumOf(phone, one, fleet)}`;
    const known = shares.get(stratum);
    const share = known ?? new Share(count);
    if (!known) shares.set(stratum, share);
    if (!share.isFull) share.add(place, fleet.hasWay(phone));
  }
  return inOrder([...shares.values()], matching);
}

/** The places of up to so many phones, first in order first among those that have a way to go, then of the others. */
class Share {
  readonly #withWay: number[] = [];
  readonly #others: number[] = [];
  readonly #count: number;

  constructor(count: number) {
    this.#count = count;
  }

  get isFull(): boolean {
    return this.#withWay.length >= this.#count;
  }

  add(place: number, hasWay: boolean): void {
    const list = hasWay ? this.#withWay : this.#others;
    if (list.length < this.#count) list.push(place);
  }

  places(): number[] {
    return [...this.#withWay, ...this.#others.slice(0, this.#count - this.#withWay.length)];
  }
}

const inOrder = (shares: readonly Share[], matching: readonly Phone[]): Phone[] =>
  shares
    .flatMap((share) => share.places())
    .sort((a, b) => a - b)
    .flatMap((place) => matching[place] ?? []);

function stratumOf(phone: Phone, stratum: Stratum, fleet: WaveFleet): string {
  if (isOwn(stratum)) return phone[stratum] ?? '';
  const [of = '', key = ''] = stratum.split('.');
  const labels = of === 'site' ? fleet.siteLabels(phone) : phone.labels;
  return labelIn(labels, key) ?? '';
}

const isOwn = (stratum: Stratum): stratum is (typeof STRATA)[number] => !stratum.includes('.');

/** Ready-made orders of waves, by name. */
export const WAVE_PRESETS = {
  'canary-tenth-rest': [
    { name: 'canary', per: ['vendor', 'model', 'hardware', 'site.type'], count: 1 },
    { name: 'tenth', percent: 10, ifAny: true },
    { name: 'rest', ifAny: true },
  ],
} as const satisfies Record<string, readonly WaveSpec[]>;
export type WavePreset = keyof typeof WAVE_PRESETS;

/** So many waves of equal size: each takes its part of what is left. */
export const equalWaves = (count: number): WaveSpec[] =>
  Array.from({ length: count }, (_, place) => ({
    name: `part-${place + 1}`,
    ...(place + 1 < count ? { percent: 100 / (count - place) } : {}),
    ...(place > 0 ? { ifAny: true } : {}),
  }));
