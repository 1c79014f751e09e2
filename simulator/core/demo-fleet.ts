// The demo fleet as data: sites, phones, releases, an advisory and one rollout, in the shapes the
// controller's REST interface takes, and beside them what the simulator needs to bring the phones to life.
// The same seed gives the same fleet, to the byte.

import assert from 'node:assert/strict';
import { parseRelease } from '@ringwave/firmware-catalog/release';
import { fractionOf } from '@ringwave/protocol/keyed-hash';
import { type EpochMs, type Id, type Mac, mac } from '@ringwave/protocol/units';
import {
  demoAdvisory,
  demoLines,
  type DemoRelease,
  demoReleases,
  type FirmwareLine,
  manifestOf,
} from './demo-firmware.ts';
import { type DemoCity, demoCities } from './demo-sites.ts';
import { type Habit, good } from './habit.ts';

export interface DemoOptions {
  readonly seed: number;
  /** 1 to 200. */
  readonly sites?: number;
  /** 1 to 10,000, spread evenly. */
  readonly phones?: number;
  /** 'smooth': every phone that should be updated can be. 'trouble': some cannot. */
  readonly scenario?: DemoScenario;
}

export const demoScenarios = ['smooth', 'trouble'] as const;
export type DemoScenario = (typeof demoScenarios)[number];

/** Addresses 127.66.x.y tell 254 sites apart; more processes than this are no demonstration. */
export const demoSitesMax = 200;
export const demoPhonesMax = 10_000;

/** Tuesday, half an hour before the first window opens in Lisbon and Berlin. */
export const demoStartsAt = Date.UTC(2026, 10, 10, 0, 30) as EpochMs;

export interface DemoSite {
  readonly id: Id;
  /** What `PUT /sites/:id` takes. */
  readonly body: {
    readonly name: string;
    readonly zone: string;
    readonly windows: readonly { days: readonly Weekday[]; start: string; end: string }[];
    readonly coverage: readonly { id: Id; minUp: number }[];
    readonly phonesUpdatingMax: number;
    readonly credentialDaysMax: number;
  };
}

const everyDay = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
type Weekday = (typeof everyDay)[number];

export interface DemoPhone {
  /** One element of what `POST /phones` takes. */
  readonly body: {
    readonly mac: Mac;
    readonly site: Id;
    readonly vendor: string;
    readonly model: string;
    readonly extension: string;
    readonly emergency: boolean;
    readonly coverageGroup: Id;
  };
  /** Where it stands, for people. */
  readonly place: string;
  readonly version: string;
  readonly localAddress: string;
  readonly habit: Habit;
  readonly loginStyle: 'basic' | 'digest';
}

export interface DemoFleet {
  readonly seed: number;
  readonly scenario: DemoScenario;
  readonly startsAt: EpochMs;
  readonly sites: readonly DemoSite[];
  readonly phones: readonly DemoPhone[];
  readonly releases: readonly {
    readonly id: Id;
    readonly firmware: DemoRelease;
    /** What `POST /releases` and intake take. */
    readonly manifest: ReturnType<typeof manifestOf>;
  }[];
  readonly advisory: typeof demoAdvisory;
  readonly rollout: DemoRollout;
}

export interface DemoRollout {
  readonly id: Id;
  readonly name: string;
  readonly releases: readonly Id[];
  readonly waves: readonly {
    name: string;
    sites?: readonly Id[];
    count?: number;
    percent?: number;
  }[];
  readonly gate: {
    readonly successMin: number;
    readonly failuresMax: number;
    readonly minSample: number;
    readonly soakMinutes: number;
  };
  readonly attemptsMax: number;
  readonly rotateCredentials: boolean;
}

export function demoFleet(options: DemoOptions): DemoFleet {
  const { seed, sites: siteCount = 3, phones: phoneCount = 60, scenario = 'smooth' } = options;
  assert(siteCount >= 1 && siteCount <= demoSitesMax, `1 to ${demoSitesMax} sites`);
  assert(phoneCount >= siteCount && phoneCount <= demoPhonesMax, 'at least one phone a site');
  const cities = Array.from({ length: siteCount }, (_, place) => cityAt(place));
  const sizes = cities.map((_, place) => Math.floor((phoneCount + place) / siteCount)).reverse();
  const phones = cities.flatMap((city, site) => phonesOf(city, { seed, site, sizes, scenario }));
  const releases = demoReleases.map((firmware) => {
    const manifest = manifestOf(firmware);
    const { release, problems } = parseRelease(manifest);
    assert(release, JSON.stringify(problems));
    return { id: release.id, firmware, manifest };
  });
  return {
    seed,
    scenario,
    startsAt: demoStartsAt,
    sites: cities.map((city, site) => siteOf(city, sizes[site] ?? 0)),
    phones,
    releases,
    advisory: demoAdvisory,
    rollout: rolloutOf(cities, sizes, releases),
  };
}

function cityAt(place: number): DemoCity {
  const city = demoCities[place % demoCities.length];
  assert(city);
  const round = Math.floor(place / demoCities.length);
  if (round === 0) return city;
  return { ...city, id: `${city.id}-${round + 1}`, name: `${city.name} ${round + 1}` };
}

/** Phones of one floor; a floor is a coverage group. */
const floorSize = 10;

const floorAt = (place: number): Id => `floor-${Math.floor(place / floorSize) + 1}` as Id;

/** Three of ten may be down at once: seven people on every floor can still dial. */
function siteOf(city: DemoCity, size: number): DemoSite {
  const floors = Array.from({ length: Math.ceil(size / floorSize) }, (_, floor) => ({
    id: floorAt(floor * floorSize),
    minUp: Math.max(0, Math.min(floorSize, size - floor * floorSize) - 3),
  }));
  return {
    id: city.id as Id,
    body: {
      name: city.name,
      zone: city.zone,
      windows: [{ days: everyDay, start: city.start, end: city.end }],
      coverage: floors,
      phonesUpdatingMax: Math.min(100, Math.max(5, Math.ceil(size / 6))),
      credentialDaysMax: 90,
    },
  };
}

interface Block {
  readonly seed: number;
  /** Place of the site in the fleet. */
  readonly site: number;
  /** Phones of each site. */
  readonly sizes: readonly number[];
  readonly scenario: DemoScenario;
}

function phonesOf(city: DemoCity, block: Block): DemoPhone[] {
  const { seed, site, sizes, scenario } = block;
  const size = sizes[site] ?? 0;
  const before = sizes.slice(0, site).reduce((sum, one) => sum + one, 0);
  const emergencies = size > floorSize ? emergencyPlaces.length : 0;
  const order = shuffled(size - emergencies, `${seed} ${city.id}`);
  return Array.from({ length: size }, (_, place) => {
    const emergency = place < emergencies;
    const {
      line: name,
      habit,
      version,
    } = emergency ? plain : roleAt(order[place - emergencies] ?? 0, scenario);
    const line: FirmwareLine = demoLines[name];
    const key = [seed, city.id, place] as const;
    return {
      body: {
        mac: macOf(line, seed, before + place),
        site: city.id as Id,
        vendor: line.vendor,
        model: pick(line.models, ...key, 'model'),
        extension: `${site + 2}${String(place + 1).padStart(3, '0')}`,
        emergency,
        coverageGroup: floorAt(place),
      },
      place: placeName(place, emergency),
      version: version(line, key),
      localAddress: addressOf(site, place),
      habit,
      loginStyle: fractionOf(...key, 'login') < 0.5 ? 'digest' : 'basic',
    };
  });
}

/** From here a call for help must always be possible. */
const emergencyPlaces = ['Lobby', 'Lift'];

const placeName = (place: number, emergency: boolean): string =>
  (emergency ? emergencyPlaces[place] : undefined) ??
  `Floor ${Math.floor(place / floorSize) + 1}, desk ${(place % floorSize) + 1}`;

/** 127.66.site.n; a site beyond 254 phones goes on in the second number. */
const addressOf = (site: number, place: number): string =>
  `127.${66 + Math.floor(place / 254)}.${site + 1}.${(place % 254) + 1}`;

/** The lower half counts up from a seeded start, so that no two phones of a fleet share a MAC. */
function macOf(line: FirmwareLine, seed: number, place: number): Mac {
  const start = Math.floor(fractionOf(seed, line.oui) * 2 ** 24);
  const own = (start + place * 37) % 2 ** 24;
  const made = mac(`${line.oui}${own.toString(16).padStart(6, '0')}`);
  assert(made);
  return made;
}

type Key = readonly (string | number)[];

function pick<T>(from: readonly T[], ...key: Key): T {
  const found = from[Math.floor(fractionOf(...key) * from.length)];
  assert(found !== undefined);
  return found;
}

function shuffled(size: number, key: string): number[] {
  const ranked = Array.from({ length: size }, (_, place) => ({
    place,
    rank: fractionOf(key, place),
  }));
  return ranked.sort((a, b) => a.rank - b.rank).map(({ place }) => place);
}

interface Role {
  readonly line: keyof typeof demoLines;
  readonly habit: Habit;
  readonly version: (line: FirmwareLine, key: Key) => string;
}

const usual = (line: FirmwareLine, key: Key): string => pick(line.runs, ...key);
const tooOld = (line: FirmwareLine, key: Key): string => line.stone?.runs ?? usual(line, key);
const onTarget = (line: FirmwareLine): string => line.target.version;

const role = (line: Role['line'], habit: Habit = good, version: Role['version'] = usual): Role => ({
  line,
  habit,
  version,
});

const plain = role('yealink');

/** Twenty roles, handed out in seeded order: a site of twenty has the first eighteen once. */
const smoothRoles: readonly Role[] = [
  role('grandstream', { kind: 'challenges' }, tooOld),
  role('yealink', { kind: 'in-call', asks: 1 }),
  role('grandstream', { kind: 'loses-packets', share: 0.0001 }),
  role('polycom', { kind: 'slow', bytesPerSecond: 250_000 }),
  role('cisco', { kind: 'in-call', asks: 2 }),
  role('yealink', good, onTarget),
  role('grandstream'),
  role('cisco'),
  role('yealink'),
  role('polycom'),
  role('grandstream'),
  role('yealink'),
  role('polycom'),
  role('grandstream'),
  role('yealink', { kind: 'slow', bytesPerSecond: 120_000 }),
  role('cisco'),
  role('yealink'),
  role('polycom'),
  role('yealink'),
  role('yealink'),
];

/** What goes wrong in branches: each of these ends an update, and each in another way. */
const troubles: readonly Role[] = [
  ...smoothRoles.slice(0, 6),
  role('grandstream', { kind: 'refuses-image' }),
  role('cisco', { kind: 'comes-back-old' }),
  role('yealink', { kind: 'unplugged', afterLooks: 1 }),
  ...smoothRoles.slice(9),
];

const rolesOf: Record<DemoScenario, readonly Role[]> = { smooth: smoothRoles, trouble: troubles };

function roleAt(place: number, scenario: DemoScenario): Role {
  const roles = rolesOf[scenario];
  const found = roles[place % roles.length];
  assert(found);
  return found;
}

/** A few phones first, then two thirds of the sites, then everyone else. */
function rolloutOf(
  cities: readonly DemoCity[],
  sizes: readonly number[],
  releases: readonly { id: Id; firmware: DemoRelease }[],
): DemoRollout {
  const ids = cities.map(({ id }) => id as Id);
  const [first] = cities;
  assert(first);
  const second = ids.slice(0, Math.max(1, Math.floor((ids.length * 2) / 3)));
  const targets: readonly DemoRelease[] = Object.values(demoLines).map(({ target }) => target);
  return {
    id: 'demo' as Id,
    name: 'Firmware of November 2026',
    releases: releases.filter(({ firmware }) => targets.includes(firmware)).map(({ id }) => id),
    waves: thatTakePhones(new Map(ids.map((id, place) => [id, sizes[place] ?? 0])), [
      { name: `Canary in ${first.name}`, sites: [first.id as Id], count: 4 },
      ids.length === 1
        ? { name: 'Half of the rest', percent: 50 }
        : { name: secondName(cities, second), sites: second },
      { name: 'Everyone else' },
    ]),
    gate: { successMin: 0.95, failuresMax: 1, minSample: 10, soakMinutes: 5 },
    attemptsMax: 3,
    rotateCredentials: true,
  };
}

/** The controller refuses a wave that takes no phone, so a small fleet has fewer waves. */
function thatTakePhones(
  sizes: ReadonlyMap<Id, number>,
  waves: DemoRollout['waves'],
): DemoRollout['waves'] {
  const left = new Map(sizes);
  return waves.filter(({ sites = [...left.keys()], count, percent = 100 }) => {
    const there = sites.reduce((sum, site) => sum + (left.get(site) ?? 0), 0);
    const takes = Math.min(count ?? Math.ceil((there * percent) / 100), there);
    let open = takes;
    for (const site of sites) {
      const here = left.get(site) ?? 0;
      left.set(site, Math.max(0, here - open));
      open = Math.max(0, open - here);
    }
    return takes > 0;
  });
}

const secondName = (cities: readonly DemoCity[], second: readonly Id[]): string =>
  second.length > 3
    ? `First ${second.length} sites`
    : cities
        .slice(0, second.length)
        .map(({ name }) => name)
        .join(' and ');
