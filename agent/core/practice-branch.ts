import { profileOf } from '@ringwave/firmware-catalog/vendors/all';
import type { Plan, PlanPhone } from '@ringwave/protocol/messages';
import { days, type EpochMs, hours, type Id, laterBy, type Mac } from '@ringwave/protocol/units';

// The branch that an agent practises on: phones of all makers, and what they ask for when the power is back.

export const practiceSite = 'practice' as Id;

/** Vendor, model, version and the beginning of a MAC. */
const kinds = [
  ['Yealink', 'T46S', '66.86.0.15', '001565'],
  ['Polycom', 'VVX411', '6.4.6.2656', '64167f'],
  ['Cisco', '8851', '12-0-7MPP0201-66', '00562b'],
  ['Grandstream', 'GXP2170', '1.0.11.57', '000b82'],
  ['Snom', 'D785', '10.1.198.19', '000413'],
  ['Mitel', '6867i', '6.2.0.1012', '08000f'],
  ['Yealink', 'T54W', '96.86.0.70', '805e0c'],
  ['Cisco', 'SPA504G', '7.4.9c', '002699'],
  ['Panasonic', 'KX-UT123', '01.133', '0080f0'],
  ['Linksys', 'SPA942', '6.1.5(a)', '000e08'],
  ['Htek', 'UC926', '2.0.4.2', '001fc1'],
  ['Aastra', '6731i', '3.3.1.4365', '00085d'],
  ['Panasonic', 'KX-HDV230', '07.161', 'bcc342'],
  ['Gigaset', 'N870 IP PRO', '83.V2.11.0', '7c2f80'],
  ['Sipura', 'SPA841', '3.1.4', '001217'],
] as const;

type Kind = (typeof kinds)[number];

/** Phones of each kind. */
const phonesOfKind = 16;
/** How often each asks: the first time it is new to the box, then it is known. */
const boots = 2;

export interface PracticeWish {
  /** With its leading slash. */
  readonly path: string;
  /** Of its request over HTTP; each maker writes them in an order of its own. */
  readonly headers: Readonly<Record<string, string>>;
  readonly protocol: 'http' | 'tftp';
}

const macOf = ([, , , oui]: Kind, nth: number): Mac =>
  `${oui}${nth.toString(16).padStart(6, '0')}`.replace(/..(?!$)/g, '$&:') as Mac;

/**
 * With more or less of what an operator may say of a phone: what the engine has made of code for one form of an object is
 * thrown away at the next one, until it has met several.
 */
function phoneOf(kind: Kind, nth: number): PlanPhone {
  const [vendor, model, version] = kind;
  const says = (place: number): boolean => (nth >> place) % 2 === 1;
  return {
    mac: macOf(kind, nth),
    vendor,
    model,
    ...(says(0) && { extension: String(1000 + nth) }),
    emergency: false,
    ...(says(1) && { coverageGroup: 'desk' }),
    ...(says(2) && { switch: 'first floor' }),
    credentialGeneration: 1,
    ...(says(0) && { lastSeen: { version, address: '127.0.0.1', at: 0 } }),
  };
}

/** The phones are not to be updated, and may not: no window opens while somebody practises. */
export function practicePlan(now: EpochMs): Plan {
  return {
    kind: 'plan',
    site: practiceSite,
    revision: 1,
    parent: 0,
    zone: 'UTC',
    startUntil: laterBy(now, days(7)),
    openings: [{ start: laterBy(now, hours(24)), end: laterBy(now, hours(28)) }],
    phonesUpdatingMax: 5,
    wanBytesPerSecond: 0,
    coverage: [{ id: 'desk', minUp: 1 }],
    pausedRollouts: [],
    releases: [],
    phones: kinds.flatMap((kind) =>
      Array.from({ length: phonesOfKind }, (_, nth) => phoneOf(kind, nth)),
    ),
  };
}

function headersOf(userAgent: string, order: number): Record<string, string> {
  const lines = [
    ['Host', '127.0.0.1'],
    ['User-Agent', userAgent],
    ['Accept', '*/*'],
    ['Connection', 'close'],
    ['Accept-Language', 'en'],
    ['Accept-Encoding', 'identity'],
  ];
  const first = order % lines.length;
  return Object.fromEntries([...lines.slice(first), ...lines.slice(0, first)]);
}

/** Phones of all kinds by turns, as they come when the power is back. */
export function* practiceWishes(): Generator<PracticeWish> {
  for (let nth = 0; nth < phonesOfKind * boots; nth += 1) {
    for (const [order, kind] of kinds.entries()) {
      const [vendor, model, version] = kind;
      const phone = { mac: macOf(kind, nth % phonesOfKind), model };
      const profile = profileOf(vendor);
      const headers = headersOf(profile?.userAgent({ ...phone, version }) ?? '', order);
      for (const { path, protocol } of profile?.bootFiles(phone) ?? [])
        yield { path, headers, protocol };
    }
  }
}
