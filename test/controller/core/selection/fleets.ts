import * as fc from 'fast-check';
import type { FleetReader } from '../../../../controller/core/selection/match.ts';
import {
  type Phone,
  type Progress,
  progressKey,
  type Site,
} from '../../../../controller/core/state.ts';
import type { EpochMs, Id, Mac } from '@ringwave/protocol/units';
import { PHONE_PHASES } from '@ringwave/protocol/phases';
import { siteOf } from '../desk.ts';

// Small fleets and selections made by chance, from few words, so that much matches and much is missing.

export const now = Date.UTC(2026, 2, 2, 1) as EpochMs;
const hour = 3_600_000;

export interface Fleet extends FleetReader {
  readonly sites: Map<string, Site>;
  readonly phones: Map<string, Phone>;
  readonly progress: Map<string, Progress>;
  readonly rollouts: Map<string, { readonly id: string }>;
  readonly rosters: Map<string, readonly Mac[]>;
}

const LABELS = ['room', 'floor', 'region', 'constructor'];
const TEXTS = ['EU', 'eu', 'US', 'a b', 'İ', '50%', 'x_y', '"q"', 'ΟΔΟΣ', 'οδοςα'];
const MODELS = ['T46S', 't46s', 'T48S', 'T54W', 'D785', 'İX'];
const VERSIONS = ['66.86.0.15', '66.85.0.5', '66.86.0.160', '70.84.0.10', '10.1.54.12', 'odd'];
const SITES = ['lisbon', 'porto', 'faro'];
const ROLLOUTS = ['r1', 'r2'];

const labels = fc.dictionary(fc.constantFrom(...LABELS), fc.constantFrom(...TEXTS), { maxKeys: 3 });

const phone = (number: number): fc.Arbitrary<Phone> =>
  fc
    .record(
      {
        site: fc.constantFrom(...SITES) as unknown as fc.Arbitrary<Id>,
        vendor: fc.constantFrom('Yealink', 'yealink', 'Snom', 'Acme'),
        model: fc.constantFrom(...MODELS),
        emergency: fc.boolean(),
        hardware: fc.constantFrom('66.0', '70.0'),
        extension: fc.constantFrom('100', '2001'),
        coverageGroup: fc.constantFrom('floor-1', 'floor-2') as unknown as fc.Arbitrary<Id>,
        running: fc.record({
          version: fc.constantFrom(...VERSIONS),
          at: fc.constant(now),
          source: fc.constant('http-request'),
        }),
        seenAt: fc.constantFrom(0, 1, 24, 25, 200).map((ago) => (now - ago * hour) as EpochMs),
        credential: fc.record({
          generation: fc.constant(1),
          state: fc.constant('proven' as const),
          at: fc.constant(now),
          provenAt: fc.constantFrom(1, 2000).map((ago) => (now - ago * hour) as EpochMs),
        }),
        labels,
      },
      { requiredKeys: ['site', 'vendor', 'model', 'emergency'] },
    )
    .map((own) => ({
      ...own,
      mac: `80:5e:c0:00:00:${number.toString(16).padStart(2, '0')}` as Mac,
      credentialGeneration: 1,
    }));

const standing = fc.record({
  phase: fc.constantFrom(...PHONE_PHASES),
  rollout: fc.constantFrom(...ROLLOUTS) as unknown as fc.Arbitrary<Id>,
  place: fc.nat(19),
});

export const fleets: fc.Arbitrary<Fleet> = fc
  .record({
    sites: fc.tuple(...SITES.map((id) => labels.map((own) => siteOf(id, { labels: own })))),
    phones: fc
      .integer({ min: 0, max: 20 })
      .chain((count) => fc.tuple(...Array.from({ length: count }, (_, number) => phone(number)))),
    standings: fc.array(standing, { maxLength: 12 }),
  })
  .map(({ sites, phones, standings }) => fleetOf(sites, phones, standings));

/** A fleet of these, every phone that stands in a rollout as it is said. */
export function fleetOf(
  sites: readonly Site[],
  phones: readonly Phone[],
  standings: readonly { phase: Progress['phase']; rollout: Id; place: number }[] = [],
): Fleet {
  const progress = standings.flatMap(({ phase, rollout, place }): [string, Progress][] => {
    const found = phones[place];
    if (!found) return [];
    const { mac, site } = found;
    const rest = { wave: 0, attempt: 0, at: now, hops: [], target: '66.86.0.15' };
    return [[progressKey(rollout, mac), { rollout, mac, site, phase, ...rest }]];
  });
  return {
    sites: new Map(sites.map((one) => [one.id, one])),
    phones: new Map(phones.map((one) => [one.mac, one])),
    progress: new Map(progress),
    rollouts: new Map(ROLLOUTS.map((id) => [id, { id }])),
    rosters: new Map(
      sites.map(({ id }) => [id, phones.flatMap(({ mac, site }) => (site === id ? [mac] : []))]),
    ),
  };
}

const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;
const texts = (...words: string[]): fc.Arbitrary<string> => fc.constantFrom(...words).map(quoted);
const listed = (value: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(fc.constantFrom('in', 'not in'), fc.array(value, { minLength: 1, maxLength: 3 }))
    .map(([operator, values]) => `${operator} (${values.join(', ')})`);
const compared = (value: fc.Arbitrary<string>, ...operators: string[]): fc.Arbitrary<string> =>
  fc.tuple(fc.constantFrom(...operators), value).map((pair) => pair.join(' '));
const patterns = fc
  .array(fc.constantFrom('*', 't4', 'e', 'u', 's', '0', 'a', '%', '_', ' ', 'ΔΟΣ', 'ς'), {
    minLength: 1,
    maxLength: 4,
  })
  .map((pieces) => quoted(pieces.join('')));

const asked = (field: string, value: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .oneof(
      compared(value, '=', '!='),
      listed(value),
      compared(patterns, '~', 'not ~', 'like'),
      fc.constantFrom('is unknown', 'is not unknown'),
    )
    .map((rest) => `${field} ${rest}`);

const ages = compared(fc.constantFrom('1h', '24h', '1d', '30d', '90min'), '<', '<=', '>', '>=');
const versions = fc.constantFrom(...VERSIONS);
const standingIn = fc
  .tuple(
    fc.constantFrom(...ROLLOUTS),
    fc.oneof(compared(fc.constantFrom('done', 'failed'), '=', '!='), listed(fc.constant('held'))),
  )
  .map(([rollout, phase]) => `(rollout = ${rollout} and not phase ${phase})`);

const tests = fc.oneof(
  asked('vendor', texts('YEALINK', 'Snom')),
  asked('model', texts(...MODELS)),
  asked('hardware', texts('66.0', '70.0')),
  asked('extension', texts('100', '9')),
  asked('group', texts('floor-1')),
  asked('site', texts(...SITES)),
  asked('site.name', texts('Lisbon', 'porto')),
  asked('site.zone', texts('europe/lisbon')),
  ...LABELS.flatMap((key) => [
    asked(`label.${key}`, texts(...TEXTS)),
    asked(`site.${key}`, texts(...TEXTS)),
  ]),
  compared(fc.constantFrom('yes', 'no'), '=', '!=').map((rest) => `emergency ${rest}`),
  fc.constantFrom('80:5e:c0:00:00:01', '805EC0000002').map((mac) => `mac = ${mac}`),
  fc.constantFrom('80-5e*', '805ec000000*', '*').map((start) => `mac ~ ${start}`),
  compared(versions, '=', '!=', '<', '<=', '>', '>=').map((rest) => `running ${rest}`),
  listed(versions).map((rest) => `running ${rest}`),
  fc.constantFrom('running is unknown', 'has running', 'running ~ "66.86*"'),
  fc.tuple(fc.constantFrom('seen', 'credential'), ages).map((pair) => pair.join(' ')),
  asked('rollout', texts(...ROLLOUTS)),
  standingIn,
  fc.constant('all'),
);

/** Texts of selections, nested as people nest them. */
export const selectionTexts: fc.Arbitrary<string> = fc.letrec<{ whole: string }>((tie) => ({
  whole: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tests,
    tie('whole').map((inside) => `not (${inside})`),
    fc
      .tuple(fc.constantFrom('and', 'or'), fc.array(tie('whole'), { minLength: 2, maxLength: 3 }))
      .map(([word, parts]) => parts.map((part) => `(${part})`).join(` ${word} `)),
  ),
})).whole;
