import { parseRelease } from '@ringwave/firmware-catalog/release';
import { id, type EpochMs, type Id, type Mac } from '@ringwave/protocol/units';
import { type ControllerTables, emptyTables, type Site } from '../../controller/core/state.ts';

// A large fleet straight in the controller's tables: so many sites of so many phones, real vendors and versions.

const ZONES = [
  'Europe/Lisbon',
  'Europe/Berlin',
  'Europe/London',
  'Europe/Warsaw',
  'America/New_York',
  'America/Chicago',
  'America/Denver',
  'America/Los_Angeles',
  'America/Sao_Paulo',
  'Asia/Tokyo',
  'Asia/Kathmandu',
  'Asia/Singapore',
  'Asia/Kolkata',
  'Australia/Sydney',
  'Australia/Lord_Howe',
  'Africa/Casablanca',
  'Africa/Johannesburg',
  'Pacific/Apia',
  'Pacific/Auckland',
  'Atlantic/Azores',
];

const LINES = [
  { vendor: 'Yealink', model: 'T46S', oui: '80:5e:c0', old: '66.85.0.5', target: '66.86.0.15' },
  { vendor: 'Polycom', model: 'VVX410', oui: '64:16:7f', old: '5.9.5.0614', target: '5.9.7.3480' },
  {
    vendor: 'Grandstream',
    model: 'GXP2170',
    oui: 'c0:74:ad',
    old: '1.0.11.3',
    target: '1.0.11.57',
  },
  {
    vendor: 'Cisco',
    model: '8851-3PCC',
    oui: '00:56:2b',
    old: '11-3-1MSR2-6',
    target: '12-0-1MPP0001-245',
  },
] as const;

export const releases = LINES.map(({ vendor, model, target }, nth) => {
  const { release, problems } = parseRelease({
    schema: 'ringwave/release/1',
    vendor,
    version: target,
    models: [model],
    images: [
      {
        fileName: `${model}-${target}.img`,
        sha256: String(nth).repeat(64),
        lengthBytes: 30_000_000,
      },
    ],
    severity: 'high',
    notes: '',
  });
  if (!release) throw new Error(JSON.stringify(problems));
  return release;
});

const macOf = (oui: string, number: number): Mac =>
  `${oui}:${number
    .toString(16)
    .padStart(6, '0')
    .replace(/(..)(..)(..)/, '$1:$2:$3')}` as Mac;

const asId = (text: string): Id => id(text) ?? ('x' as Id);

function siteOf(nth: number): Site {
  const start = 18 + (nth % 4);
  return {
    id: asId(`site-${nth}`),
    name: `Site ${nth}`,
    zone: ZONES[nth % ZONES.length] ?? 'UTC',
    windows: [
      {
        days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'],
        start: `${start}:00`,
        end: `0${(start + 9) % 24}:00`,
      },
    ],
    blackout: [],
    coverage: [{ id: asId('floor'), minUp: 3 }],
    phonesUpdatingMax: 5,
    wanBytesPerSecond: 0,
    credentialDaysMax: 90,
  };
}

/** Every phone seen an hour ago on its old version; one in twenty is an emergency phone, half are in a group. */
export function bigFleet(
  { sites, phonesPerSite }: { sites: number; phonesPerSite: number },
  now: EpochMs,
): ControllerTables {
  const tables = emptyTables();
  for (const release of releases) {
    tables.releases.set(release.id, release);
    const step = { at: now, who: 'bench', why: 'bench' };
    tables.lives.set(release.id, {
      state: 'approved',
      steps: [{ ...step, to: 'approved' }],
    } as never);
  }
  for (let nth = 0; nth < sites; nth += 1) {
    const site = siteOf(nth);
    tables.sites.set(site.id, site);
    const roster: Mac[] = [];
    for (let place = 0; place < phonesPerSite; place += 1) {
      const number = nth * phonesPerSite + place;
      const line = LINES[number % LINES.length] ?? LINES[0];
      const mac = macOf(line.oui, number);
      roster.push(mac);
      tables.phones.set(mac, {
        mac,
        site: site.id,
        vendor: line.vendor,
        model: line.model,
        emergency: place % 20 === 7,
        ...(place % 2 === 0 ? { coverageGroup: asId('floor') } : {}),
        running: { version: line.old, at: (now - 3_600_000) as EpochMs, source: 'http-request' },
        seenAt: (now - 3_600_000) as EpochMs,
        address: '10.0.0.9',
        credentialGeneration: 1,
      });
    }
    tables.rosters.set(site.id, roster);
    const agent = { site: site.id, enrolledAt: now, passwordHash: '', imageTokenHash: '' };
    tables.agents.set(site.id, { ...agent, cursor: { epoch: nth + 1, seq: 0 } });
  }
  tables.counters.set('epoch', sites);
  return tables;
}
