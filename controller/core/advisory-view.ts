import {
  advisoryExposure,
  type ExposureVerdict,
} from '@ringwave/firmware-catalog/advisory-exposure';
import type { PlacedAdvisory, Placement } from '@ringwave/firmware-catalog/advisory-placing';
import { type Priority, priorityOf } from '@ringwave/firmware-catalog/advisory-priority';
import { type EpochMs, laterBy } from '@ringwave/protocol/units';
import { advisoryBoard, type KnownAdvisory } from './advisory-board.ts';
import { evidenceHolds } from './compliance.ts';
import type { ControllerTables, Phone } from './state.ts';

/** An advisory as lists show it. */
export interface AdvisoryView {
  readonly id: string;
  readonly title: string | null;
  readonly class: PlacedAdvisory['class'];
  /** Where it is placed: the first of them. */
  readonly products: readonly string[];
  readonly scores: PlacedAdvisory['scores'];
  readonly exploited: NonNullable<PlacedAdvisory['exploited']> | null;
  readonly likelihood: NonNullable<PlacedAdvisory['likelihood']> | null;
  readonly priority: Priority;
  readonly reviews: PlacedAdvisory['reviews'];
  readonly sources: readonly string[];
  readonly knownAt: EpochMs | null;
}

export interface AdvisoryDetail extends AdvisoryView {
  readonly placements: readonly Placement[];
  readonly notPhones: PlacedAdvisory['notPhones'];
  readonly exposed: ExposedPhones;
}

export interface ExposedPhones {
  readonly models: readonly {
    readonly vendor: string;
    readonly model: string;
    readonly phones: Readonly<Record<ExposureVerdict, number>>;
  }[];
  /** Those that are not known to be safe, the exposed ones first; at most `phonesListedMax`. */
  readonly phones: readonly {
    readonly mac: string;
    readonly site: string;
    readonly vendor: string;
    readonly model: string;
    readonly version: string | null;
    readonly verdict: ExposureVerdict;
    readonly words: string;
  }[];
  readonly phonesLeftOut: number;
}

/** Phones listed of one advisory: what a person goes through; the report of compliance has all. */
export const phonesListedMax = 200;
/** Products and reviews shown in a list. */
const shownMax = 20;

export function advisoryViews(
  tables: ControllerTables,
  now: EpochMs,
  { isReview = false }: { readonly isReview?: boolean } = {},
): AdvisoryView[] {
  return [...advisoryBoard(tables).advisories.values()]
    .filter(({ placed }) => !isReview || placed.reviews.length > 0)
    .map((one) => viewOf(one, now))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

function viewOf({ placed, knownAt }: KnownAdvisory, now: EpochMs): AdvisoryView {
  const { id, title, class: kind, placements, scores, exploited, likelihood, reviews } = placed;
  const products = placements.flatMap((one) =>
    one.products.map(({ name }) => `${one.vendor} ${name}`),
  );
  return {
    id,
    title: title ?? null,
    class: kind,
    products: [...new Set(products)].slice(0, shownMax),
    scores,
    exploited: exploited ?? null,
    likelihood: likelihood ?? null,
    priority: priorityOf(placed, now, knownAt ?? now),
    reviews: reviews.slice(0, shownMax),
    sources: placed.sources.slice(0, shownMax),
    knownAt: knownAt ?? null,
  };
}

export function advisoryDetail(
  tables: ControllerTables,
  id: string,
  now: EpochMs,
): AdvisoryDetail | undefined {
  const found = advisoryBoard(tables).advisories.get(id);
  if (!found) return undefined;
  const { placements, notPhones, reviews } = found.placed;
  const exposed = exposedPhones(tables, found.placed, now);
  return { ...viewOf(found, now), reviews, placements, notPhones, exposed };
}

const OPEN: readonly ExposureVerdict[] = ['exposed', 'exposed-unless', 'needs-review'];

/** One walk over the phones, for one advisory and on request alone; equal phones get one answer. */
function exposedPhones(
  tables: ControllerTables,
  advisory: PlacedAdvisory,
  now: EpochMs,
): ExposedPhones {
  const { index } = advisoryBoard(tables);
  const known = new Map<string, ReturnType<typeof advisoryExposure>>();
  const models = new Map<string, Mutable<ExposedPhones['models'][number]>>();
  const open: ExposedPhones['phones'][number][] = [];
  for (const phone of tables.phones.values()) {
    if (!index.about(phone).includes(advisory)) continue;
    const { vendor, model, hardware, mac, site } = phone;
    const version = shownVersion(phone, now);
    const key = JSON.stringify([vendor, model, hardware, version]);
    const about = { vendor, model, version, ...(hardware ? { hardware } : {}) };
    const exposure = known.get(key) ?? advisoryExposure(advisory, about);
    known.set(key, exposure);
    const { verdict, words } = exposure;
    const counted = models.get(`${vendor}\n${model}`) ?? { vendor, model, phones: noPhones() };
    models.set(`${vendor}\n${model}`, counted);
    counted.phones[verdict] += 1;
    if (OPEN.includes(verdict)) open.push({ mac, site, vendor, model, version, verdict, words });
  }
  open.sort((a, b) => OPEN.indexOf(a.verdict) - OPEN.indexOf(b.verdict));
  return {
    models: [...models.values()],
    phones: open.slice(0, phonesListedMax),
    phonesLeftOut: Math.max(open.length - phonesListedMax, 0),
  };
}

interface Mutable<Model extends ExposedPhones['models'][number]> {
  readonly vendor: Model['vendor'];
  readonly model: Model['model'];
  readonly phones: Record<ExposureVerdict, number>;
}

const noPhones = (): Record<ExposureVerdict, number> => ({
  exposed: 0,
  'exposed-unless': 0,
  'needs-review': 0,
  fixed: 0,
  'not-exposed': 0,
});

/** What a phone showed too long ago proves nothing about today. */
const shownVersion = ({ running }: Phone, now: EpochMs): string | null =>
  running && now <= laterBy(running.at, evidenceHolds) ? running.version : null;
