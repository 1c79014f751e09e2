// The next hop of 1,000,000 phones of 200 models, beside one look into a Map for each phone in the same run;
// and the memory of a catalogue of 100,000 releases. Prints one JSON line.

import { performance } from 'node:perf_hooks';
import { parseRelease, type Release } from '@ringwave/firmware-catalog/release';
import { type PlannerQuestion, UpgradePlanner } from '@ringwave/firmware-catalog/upgrade-planner';

const phonesCount = 1_000_000;
const releasesCount = 100_000;
const rounds = 5;

/** Lines with and without rules of the catalogue; models are numbered within the vendor's shapes. */
const LINES: readonly [
  vendor: string,
  model: (n: number) => string,
  version: (n: number) => string,
][] = [
  ['Yealink', (n) => `T${20 + n}S`, (n) => `66.86.${Math.floor(n / 10)}.${5 * (n % 10) + 5}`],
  ['Polycom', (n) => `VVX${300 + n}`, (n) => `5.${Math.floor(n / 8)}.${n % 8}.${1000 + n}`],
  ['Cisco', (n) => `SPA5${n < 10 ? '0' : ''}${n}G`, (n) => `7.${3 + Math.floor(n / 10)}.${n % 10}`],
  ['Grandstream', (n) => `GXP${2100 + n}`, (n) => `1.0.${Math.floor(n / 10)}.${n % 10}`],
];
const modelsPerLine = 50;
const versionsPerModel = 30;

let made = 0;
function release(vendor: string, model: string, version: string): Release {
  made += 1;
  const { release: read, problems } = parseRelease({
    schema: 'ringwave/release/1',
    vendor,
    version,
    models: [model],
    images: [
      {
        fileName: `image ${made}`,
        sha256: made.toString(16).padStart(64, '0'),
        lengthBytes: 30_000_000,
        url: `https://vendor.example/firmware/${made}`,
      },
    ],
    severity: 'medium',
    notes: `Release ${made}: mends what the one before broke.`,
  });
  if (!read) throw new Error(JSON.stringify(problems));
  return read;
}

const kinds = LINES.flatMap(([vendor, model, version]) =>
  Array.from({ length: modelsPerLine }, (_, n) => {
    const releases = Array.from({ length: versionsPerModel }, (__, at) =>
      release(vendor, model(n), version(at)),
    );
    return { vendor, model: model(n), releases };
  }),
);

/** A fleet's phones lie in any order; a fixed stride makes the same order in each run. */
const phones: PlannerQuestion[] = Array.from({ length: phonesCount }, (_, n) => {
  const kind = kinds[(n * 7919) % kinds.length];
  const running = kind?.releases[(n * 104_729) % versionsPerModel];
  const target = kind?.releases.at(-1);
  if (!kind || !running || !target) throw new Error('no such kind');
  return { vendor: kind.vendor, model: kind.model, running: running.version, target };
});

function planned(): number {
  const planner = new UpgradePlanner(kinds.flatMap(({ releases }) => releases));
  const start = performance.now();
  let hops = 0;
  for (const phone of phones) if (planner.nextHop(phone)) hops += 1;
  if (hops < phonesCount * 0.9) throw new Error(`only ${hops} phones have a next hop`);
  return performance.now() - start;
}

function lookedUp(): number {
  const map = new Map(kinds.map(({ model, releases }) => [model, releases[0]]));
  const start = performance.now();
  let found = 0;
  for (const phone of phones) if (map.get(phone.model)) found += 1;
  if (found !== phonesCount) throw new Error('the peer found too little');
  return performance.now() - start;
}

const median = (times: readonly number[]): number =>
  [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;

const ours: number[] = [];
const peers: number[] = [];
for (let round = 0; round < rounds; round += 1) {
  ours.push(planned());
  peers.push(lookedUp());
}

const memory = (): number => {
  globalThis.gc?.();
  return process.memoryUsage().rss;
};
const before = memory();
const catalogue: Release[] = [];
for (let n = 0; catalogue.length < releasesCount; n += 1) {
  const [vendor, model, version] = LINES[n % LINES.length] ?? [];
  if (!vendor || !model || !version) continue;
  catalogue.push(release(vendor, model(n % modelsPerLine), version(n % 1000)));
}
const planner = new UpgradePlanner(catalogue);
const after = memory();
const led = phones.slice(0, 1000).filter((phone) => planner.nextHop(phone) !== undefined).length;
if (led < 800) throw new Error(`only ${led} of 1,000 phones have a next hop`);

process.stdout.write(
  `${JSON.stringify({
    bench: 'catalog-scale',
    nextHopMs: Math.round(median(ours)),
    mapLookupMs: Math.round(median(peers)),
    nextHopToMap: Number((median(ours) / median(peers)).toFixed(1)),
    phones: phonesCount,
    models: kinds.length,
    releases: catalogue.length,
    megabytes: Math.round((after - before) / 1024 ** 2),
  })}\n`,
);
