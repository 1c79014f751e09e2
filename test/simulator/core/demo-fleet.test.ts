import { exposure, parseAdvisory } from '@ringwave/firmware-catalog/advisory';
import { parseRelease, type Release } from '@ringwave/firmware-catalog/release';
import { upgradePath } from '@ringwave/firmware-catalog/upgrade-path';
import { profileOf } from '@ringwave/firmware-catalog/vendors/all';
import { test } from 'tap';
import { bodyOf, PhonesBody, SiteBody } from '../../../controller/io/rest/inputs.ts';
import { rolloutFrom } from '../../../controller/io/rest/rollout-inputs.ts';
import { demoReleases, imagesOf } from '../../../simulator/core/demo-firmware.ts';
import { demoFleet } from '../../../simulator/core/demo-fleet.ts';
import { demoImageDigest } from '../../../simulator/core/demo-image.ts';

const fleet = demoFleet({ seed: 1 });
const releases: readonly Release[] = fleet.releases.flatMap(
  ({ manifest }) => parseRelease(manifest).release ?? [],
);

/** Where this phone of the fleet is to go, and over what. */
const pathOf = ({ body: { vendor, model }, version: running }: (typeof fleet.phones)[number]) => {
  const target = releases.find(
    (one) => fleet.rollout.releases.includes(one.id) && one.models.includes(model),
  )!;
  return upgradePath({ vendor, model, running, target, releases });
};

test('the same seed gives the same fleet, and another seed another one', (t) => {
  t.equal(JSON.stringify(demoFleet({ seed: 1 })), JSON.stringify(fleet));
  t.not(JSON.stringify(demoFleet({ seed: 2 }).phones), JSON.stringify(fleet.phones));
  t.end();
});

test('the fleet is sixty phones of four vendors at three sites, each a phone of its own', (t) => {
  const count = (key: (phone: (typeof fleet.phones)[number]) => string) => {
    const counts: Record<string, number> = {};
    for (const phone of fleet.phones) counts[key(phone)] = (counts[key(phone)] ?? 0) + 1;
    return counts;
  };
  t.same(
    count(({ body }) => body.site),
    { lisbon: 20, berlin: 20, 'new-york': 20 },
  );
  t.same(Object.keys(count(({ body }) => body.vendor)).sort(), [
    'Cisco',
    'Grandstream',
    'Polycom',
    'Yealink',
  ]);
  for (const key of ['mac', 'extension'] as const) {
    t.equal(new Set(fleet.phones.map(({ body }) => body[key])).size, 60, key);
  }
  t.equal(new Set(fleet.phones.map(({ localAddress }) => localAddress)).size, 60);
  for (const { body } of fleet.phones) {
    const { ouis } = profileOf(body.vendor)!;
    t.ok(
      ouis.includes(body.mac.replaceAll(':', '').slice(0, 6)),
      `${body.mac} is ${body.vendor}’s`,
    );
  }
  t.same(
    fleet.phones.filter(({ body }) => body.emergency).map(({ place }) => place),
    ['Lobby', 'Lift', 'Lobby', 'Lift', 'Lobby', 'Lift'],
  );
  t.same(fleet.sites[0]?.body.coverage, [
    { id: 'floor-1', minUp: 7 },
    { id: 'floor-2', minUp: 7 },
  ]);
  t.end();
});

test('every manifest and the advisory are what the catalogue takes', async (t) => {
  for (const { manifest, id } of fleet.releases) {
    t.match(parseRelease(manifest), { release: { id, version: manifest.version } });
  }
  t.same(parseAdvisory(fleet.advisory).advisory, fleet.advisory);
  for (const release of demoReleases) {
    for (const [place, image] of imagesOf(release).entries()) {
      t.equal(await demoImageDigest(image), release.images[place]?.sha256, image.fileName);
    }
  }
});

test('the advisory concerns what its phones run, and no more what they are to run', (t) => {
  const { advisory } = fleet;
  const meant = (version: string) =>
    exposure(advisory, { vendor: 'Grandstream', model: 'GXP1630', version });
  t.same(['1.0.4.138', '1.0.7.13', '1.0.7.81'].map(meant), [
    'affected',
    'affected',
    'not-affected',
  ]);
  const affected = fleet.phones.filter(
    ({ body: { vendor, model }, version }) =>
      exposure(advisory, { vendor, model, version }) === 'affected',
  );
  t.equal(affected.length, fleet.phones.filter(({ body }) => body.vendor === 'Grandstream').length);
  t.end();
});

test('every phone has a way to its target; some need two steps and some none', (t) => {
  const hops = fleet.phones.map((phone) => {
    const path = pathOf(phone);
    return path.kind === 'path' ? path.hops.length : path.kind;
  });
  t.notOk(hops.includes('incomparable') || hops.includes('no-path'));
  t.ok(hops.includes(2), 'a stepping stone');
  t.ok(hops.includes('arrived'), 'there already');
  t.end();
});

test('sites, phones and rollout are what the controller’s REST interface takes', (t) => {
  for (const { body } of fleet.sites) t.same(bodyOf(SiteBody, body, 'site'), { value: body });
  const phones = fleet.phones.map(({ body }) => body);
  t.same(bodyOf(PhonesBody, phones, 'phones'), { value: phones });
  t.notOk('refusals' in rolloutFrom(fleet.rollout));
  t.end();
});

test('the smooth story holds no phone that cannot be updated; trouble is asked for', (t) => {
  const kinds = (scenario: 'smooth' | 'trouble') => [
    ...new Set(demoFleet({ seed: 1, scenario }).phones.map(({ habit }) => habit.kind)),
  ];
  const smooth = ['challenges', 'good', 'in-call', 'loses-packets', 'slow'];
  t.same(kinds('smooth').sort(), smooth);
  t.same(
    kinds('trouble').sort(),
    [...smooth, 'comes-back-old', 'unplugged', 'refuses-image'].sort(),
  );
  t.end();
});

test('sites and phones scale, and no two phones share an address', (t) => {
  const large = demoFleet({ seed: 3, sites: 25, phones: 10_000 });
  t.equal(large.sites.length, 25);
  t.equal(new Set(large.sites.map(({ id }) => id)).size, 25);
  t.equal(new Set(large.phones.map(({ body }) => body.mac)).size, 10_000);
  t.equal(new Set(large.phones.map(({ localAddress }) => localAddress)).size, 10_000);
  const one = demoFleet({ seed: 3, sites: 1, phones: 5 });
  t.same(
    one.rollout.waves.map(({ name }) => name),
    ['Canary in Lisbon', 'Half of the rest'],
    'no phone is left for a third wave',
  );
  t.end();
});

test('a small fleet has no wave that takes no phone', (t) => {
  const wavesOf = (sites: number, phones: number) =>
    demoFleet({ seed: 1, sites, phones }).rollout.waves.map(({ name }) => name);
  t.same(wavesOf(1, 1), ['Canary in Lisbon']);
  t.same(wavesOf(1, 6), ['Canary in Lisbon', 'Half of the rest', 'Everyone else']);
  t.same(wavesOf(2, 2), ['Canary in Lisbon', 'Everyone else']);
  t.same(wavesOf(3, 3), ['Canary in Lisbon', 'Lisbon and Berlin', 'Everyone else']);
  t.end();
});
