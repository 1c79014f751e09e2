import type { Id, Mac } from '@ringwave/protocol/units';
import type { Phone, Site } from '../state.ts';
import { textTest } from './answer.ts';
import { labelIn } from './field-rules.ts';
import {
  folded,
  type FieldTest,
  isDenying,
  isPattern,
  type KnownTest,
  type Where,
} from './where.ts';

/** Where the phones of a selection can be at all; an absent set bounds nothing. */
export interface Bounds {
  readonly sites?: ReadonlySet<Id>;
  /** Lower-cased, as the language compares them. */
  readonly models?: ReadonlySet<string>;
  readonly macs?: ReadonlySet<Mac>;
}

/** So that a step walks the rosters that a selection can reach, and no others. */
export const bounds = (where: Where, sites: Iterable<Site>): Bounds =>
  bounded(where, true, [...sites]);

function bounded(where: Where, wanted: boolean, sites: readonly Site[]): Bounds {
  switch (where.kind) {
    case 'all':
      return wanted ? {} : nothing;
    case 'not':
      return bounded(where.part, !wanted, sites);
    case 'and':
    case 'or': {
      const parts = where.parts.map((part) => bounded(part, wanted, sites));
      return parts.reduce((where.kind === 'and') === wanted ? both : either);
    }
    default:
      return ofTest(where, wanted, sites);
  }
}

const nothing: Bounds = { sites: new Set(), models: new Set(), macs: new Set() };

const common = <T>(a?: ReadonlySet<T>, b?: ReadonlySet<T>): ReadonlySet<T> | undefined =>
  a && b ? a.intersection(b) : (a ?? b);
const joined = <T>(a?: ReadonlySet<T>, b?: ReadonlySet<T>): ReadonlySet<T> | undefined =>
  a && b ? a.union(b) : undefined;

const both = (a: Bounds, b: Bounds): Bounds =>
  made(common(a.sites, b.sites), common(a.models, b.models), common(a.macs, b.macs));
const either = (a: Bounds, b: Bounds): Bounds =>
  made(joined(a.sites, b.sites), joined(a.models, b.models), joined(a.macs, b.macs));

const made = (
  sites: ReadonlySet<Id> | undefined,
  models: ReadonlySet<string> | undefined,
  macs: ReadonlySet<Mac> | undefined,
): Bounds => ({
  ...(sites ? { sites } : {}),
  ...(models ? { models } : {}),
  ...(macs ? { macs } : {}),
});

function ofTest(test: FieldTest | KnownTest, wanted: boolean, sites: readonly Site[]): Bounds {
  const { field } = test;
  const valueOf = siteValue(test);
  if (valueOf) {
    const fitting = sites.filter((site) => holdsOf(test, valueOf(site)) === wanted);
    return { sites: new Set(fitting.map(({ id }) => id)) };
  }
  if (test.kind === 'known' || field.of !== 'field') return {};
  // What denies names what does not match: it bounds nothing, unless it is denied itself.
  if (isDenying(test.operator) === wanted || isPattern(test.operator)) return {};
  const named = test.values.map(({ text }) => text);
  if (field.name === 'model') return { models: new Set(named.map(folded)) };
  return field.name === 'mac' ? { macs: new Set(named as Mac[]) } : {};
}

function siteValue({
  field,
}: FieldTest | KnownTest): ((site: Site) => string | undefined) | undefined {
  if (field.of === 'site-label') return (site) => labelIn(site.labels, field.key);
  if (field.of !== 'field') return undefined;
  if (field.name === 'site') return (site) => site.id;
  if (field.name === 'site.name') return (site) => site.name;
  return field.name === 'site.zone' ? (site) => site.zone : undefined;
}

function holdsOf(test: FieldTest | KnownTest, value: string | undefined): boolean | undefined {
  if (test.kind === 'known') return (value !== undefined) === test.known;
  return value === undefined ? undefined : textTest(test)(value);
}

interface Inventory {
  readonly sites: { values(): Iterable<Site> };
  readonly phones: { get(mac: string): Phone | undefined };
  readonly rosters: {
    get(site: string): readonly Mac[] | undefined;
  };
}

/** The phones inside these bounds, site by site; MACs that are named are looked up and nothing is walked. */
export function* phonesWithin(where: Where, fleet: Inventory): Generator<Phone> {
  const { sites, models, macs } = bounds(where, fleet.sites.values());
  const reached = macs ?? macsOf(fleet, sites);
  for (const mac of reached) {
    const phone = fleet.phones.get(mac);
    if (!phone || (sites && !sites.has(phone.site))) continue;
    if (!models || models.has(folded(phone.model))) yield phone;
  }
}

function* macsOf(fleet: Inventory, sites: ReadonlySet<Id> | undefined): Generator<Mac> {
  const ids = sites ?? [...fleet.sites.values()].map(({ id }) => id);
  for (const site of ids) yield* fleet.rosters.get(site) ?? [];
}
