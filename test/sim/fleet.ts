import { parseRelease, type Release } from '@ringwave/firmware-catalog/release';
import { id, type Id, mac, type Mac } from '@ringwave/protocol/units';
import type { PhoneInput, Site } from '../../controller/core/state.ts';
import type { Random } from './random.ts';

// A small fleet by seed: real vendors, models and versions; one line has a stepping stone.

const ZONES = [
  'Europe/Lisbon',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'Pacific/Apia',
];

interface Line {
  readonly vendor: string;
  readonly model: string;
  readonly oui: string;
  readonly old: string;
  readonly target: string;
  readonly stone?: string;
  /** Builds of their own for each of these revisions. */
  readonly hardware?: readonly [string, string];
}

const LINES: readonly Line[] = [
  { vendor: 'Yealink', model: 'T46S', oui: '805ec0', old: '66.85.0.5', target: '66.86.0.15' },
  { vendor: 'Polycom', model: 'VVX410', oui: '64167f', old: '5.9.5.0614', target: '5.9.7.3480' },
  {
    vendor: 'Grandstream',
    model: 'GXP2170',
    oui: 'c074ad',
    old: '1.0.9.121',
    target: '1.0.11.57',
    stone: '1.0.11.3',
    hardware: ['1.4A', '2.0A'],
  },
  {
    vendor: 'Cisco',
    model: '8851-3PCC',
    oui: '00562b',
    old: '11-3-1MSR2-6',
    target: '12-0-1MPP0001-245',
  },
];

export interface SimPhone {
  readonly input: PhoneInput;
  readonly old: string;
  readonly target: string;
  /** From what it ran to its target, with the stone between them. */
  readonly versions: readonly string[];
}

export interface SimFleet {
  readonly sites: readonly Site[];
  readonly phones: readonly SimPhone[];
  readonly releases: readonly Release[];
  readonly targets: readonly Id[];
  /** The inventory says something else of a phone. */
  move(mac: Mac, input: PhoneInput): void;
}

export const asId = (text: string): Id => {
  const made = id(text);
  if (!made) throw new RangeError(`${text} is no id`);
  return made;
};

interface FleetSize {
  readonly sites: number;
  readonly phonesPerSite: number;
  /** The phones run the newer version, and are to go back. */
  readonly goesBack?: boolean;
}

export function simFleet(random: Random, { goesBack = false, ...size }: FleetSize): SimFleet {
  const sites = Array.from({ length: size.sites }, (_, place) => simSite(random, place));
  const phones = sites.flatMap((site, place) =>
    Array.from({ length: size.phonesPerSite }, (_, number) =>
      simPhone(random, site, place * 256 + number, goesBack),
    ),
  );
  const releases = LINES.flatMap((line) => releasesOf(line, goesBack));
  const targets = LINES.flatMap((line) => targetsOf(releases, line, goesBack));
  const move = (address: Mac, input: PhoneInput): void => {
    const place = phones.findIndex((one) => one.input.mac === address);
    const phone = phones[place];
    if (phone) phones[place] = { ...phone, input };
  };
  return { sites, phones, releases, targets, move };
}

function simSite(random: Random, place: number): Site {
  const startHour = random.whole(0, 23);
  const end = `${String((startHour + random.whole(2, 5)) % 24).padStart(2, '0')}:30`;
  return {
    id: asId(`site-${place}`),
    name: `Site ${place}`,
    zone: random.oneOf(ZONES),
    windows: [
      {
        days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'],
        start: `${String(startHour).padStart(2, '0')}:00`,
        end,
      },
    ],
    blackout: [],
    coverage: [{ id: asId('floor-1'), minUp: random.whole(1, 3) }],
    phonesUpdatingMax: random.whole(1, 5),
    wanBytesPerSecond: 0,
    credentialDaysMax: 90,
    // By the place, so that the seeds that taught something keep their dice.
    ...(place % 2 === 1 ? { phonesPerSwitchMax: 2, restartsPerMinuteMax: 3 } : {}),
    ...(place % 3 === 2 ? { registrationProves: true } : {}),
  };
}

function simPhone(random: Random, site: Site, number: number, goesBack: boolean): SimPhone {
  const line = random.oneOf(LINES);
  const address: Mac | undefined = mac(`${line.oui}${number.toString(16).padStart(6, '0')}`);
  if (!address) throw new RangeError('no MAC');
  const group = random.chance(0.5) ? { coverageGroup: asId('floor-1') } : {};
  const emergency = random.chance(0.08);
  const input = {
    switch: `sw-${number % 3}`,
    ...(number % 6 < 2 ? { pair: asId(`pair-${Math.floor(number / 6)}`) } : {}),
    mac: address,
    site: site.id,
    vendor: line.vendor,
    model: line.model,
    emergency,
    ...group,
    ...(line.hardware ? { hardware: line.hardware[number % 2] ?? '' } : {}),
  };
  const isThere = random.chance(0.1);
  if (goesBack) {
    const [old, target] = [isThere ? line.old : line.target, line.old];
    return { input, old, target, versions: [line.target, line.old] };
  }
  const versions = [line.old, ...(line.stone ? [line.stone] : []), line.target];
  return { input, old: isThere ? line.target : line.old, target: line.target, versions };
}

function releasesOf(line: Line, goesBack: boolean): Release[] {
  const ahead = line.stone ? [line.stone, line.target] : [line.target];
  const versions = goesBack ? [line.old, ...ahead] : ahead;
  return versions.flatMap((version) =>
    line.hardware
      ? line.hardware.map((revision) => releaseOf(line, version, revision))
      : [releaseOf(line, version)],
  );
}

function releaseOf(line: Line, version: string, revision?: string): Release {
  const floor =
    line.stone && version === line.target ? { requires: { fromAtLeast: line.stone } } : {};
  const build = `${line.model}-${version}${revision ?? ''}`;
  const parsed = parseRelease({
    schema: 'ringwave/release/1',
    vendor: line.vendor,
    version,
    models: [line.model],
    ...(revision ? { hardware: [revision] } : {}),
    images: [{ fileName: `${build}.img`, sha256: digestOf(build), lengthBytes: 30_000_000 }],
    severity: 'high',
    notes: '',
    ...floor,
  });
  if (!parsed.release) throw new Error(JSON.stringify(parsed.problems));
  return parsed.release;
}

/** Sixty-four digits that only have to differ. */
const digestOf = (text: string): string =>
  Buffer.from(text).toString('hex').padStart(64, '0').slice(-64);

function targetsOf(releases: readonly Release[], line: Line, goesBack: boolean): Id[] {
  const version = goesBack ? line.old : line.target;
  return releases
    .filter((one) => one.vendor === line.vendor && one.version === version)
    .map((one) => one.id);
}
