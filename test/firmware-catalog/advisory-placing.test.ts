import type { AdvisoryClaim, ClaimedProduct } from '@ringwave/firmware-catalog/advisory-claim';
import {
  type PlacedAdvisory,
  placeAdvisories,
  placeOne,
} from '@ringwave/firmware-catalog/advisory-placing';
import { readAdvisoryRecords } from '@ringwave/firmware-catalog/advisory-record';
import { test } from 'tap';

const record = (fields: Record<string, unknown>) => ({
  cve: 'CVE-2024-1000',
  vendor: 'Cisco',
  models: ['8841'],
  affected: '< 14.2(1)',
  fixedIn: ['14.2(1)'],
  source: 'https://www.cve.org/CVERecord?id=CVE-2024-1000',
  ...fields,
});

const placed = (fields: Record<string, unknown>): PlacedAdvisory =>
  placeAdvisories(readAdvisoryRecords([record(fields)]).claims)[0] as PlacedAdvisory;

const lines = ({ placements }: PlacedAdvisory): string[] =>
  placements.map(({ vendor, products, except, range, fixedIn }) => {
    const names = products.map(({ name }) => name).join(' ');
    const left = except.map(({ name }) => ` -${name}`).join('');
    const end = range?.below?.version ?? range?.atMost?.version ?? JSON.stringify(range);
    return `${vendor} ${names}${left} to ${end}, fixed ${fixedIn.map(({ version }) => version).join(' ')}`;
  });

const claim = (fields: Partial<AdvisoryClaim>): AdvisoryClaim => ({
  id: 'CVE-2024-1000',
  issuer: 'mitel',
  products: [],
  scores: [],
  source: 'https://example.net/1',
  ...fields,
});

const product = (fields: Partial<ClaimedProduct>): ClaimedProduct => ({
  vendor: 'Mitel',
  product: '6930',
  versions: '<= 6.3.3',
  ...fields,
});

test('each clause goes to the products that it names, with the fix that is theirs', (t) => {
  const advisory = placed({
    models: ['7841', '8851', '8821', '8831'],
    affected: '7800/8800 desk < 11.7(1); 8821 < 11.0(5)SR3; 8831 < 10.3(1)SR6',
    fixedIn: ['11.7(1) (7800/8800 desk)', '11.0(5)SR3 (8821)', '10.3(1)SR6 (8831)'],
  });
  t.same(lines(advisory), [
    'Cisco 7841 8851 to 11.7(1), fixed 11.7(1)',
    'Cisco 8821 to 11.0(5)SR3, fixed 11.0(5)SR3',
    'Cisco 8831 to 10.3(1)SR6, fixed 10.3(1)SR6',
  ]);
  t.same(advisory.reviews, []);
  t.end();
});

test('words before a range that name no product leave it to all products of the record', (t) => {
  const advisory = placed({
    vendor: 'Polycom',
    models: ['SoundPoint IP 650'],
    affected: 'UCS 4.0.11 and earlier',
    fixedIn: [],
  });
  t.same(lines(advisory), ['Polycom SPIP650 to 4.0.11, fixed ']);
  t.end();
});

test('a clause for fewer models takes them out of the series beside it', (t) => {
  const advisory = placed({
    vendor: 'Mitel',
    models: ['6900 series'],
    affected: '6800/6900 <= 6.3 SP3 HF4; 6970 <= 5.1.1 SP8',
    fixedIn: [],
  });
  t.same(lines(advisory), [
    'Mitel 6900 series -6970 to 6.3.SP3.HF4, fixed ',
    'Mitel 6970 to 5.1.1.SP8, fixed ',
  ]);
  t.end();
});

test('management software and tools are named as no phones, and not reviewed', (t) => {
  const advisory = placed({ vendor: 'Yealink', models: ['Device Management Platform'] });
  t.equal(advisory.class, 'management');
  t.match(advisory.notPhones, [{ wording: 'Yealink Device Management Platform' }]);
  t.same([advisory.placements, advisory.reviews], [[], []]);
  t.equal(placed({ vendor: 'Yealink', models: ['Config Encrypt Tool (RSA)'] }).class, 'tooling');
  t.end();
});

test('what cannot be placed is reviewed with its wording and the reason', (t) => {
  const unknown = placed({ models: ['Toaster 9'] });
  t.match(unknown.reviews, [
    { wording: 'Cisco Toaster 9', about: 'product', vendor: 'Cisco', reason: /no model, series/ },
  ]);
  const unread = placed({ affected: 'some builds of spring' });
  t.match(unread.reviews, [{ wording: 'some builds of spring', about: 'range' }]);
  const elsewhere = placed({ affected: '7800 < 11.7(1)' });
  t.match(elsewhere.reviews, [{ wording: '7800 < 11.7(1)', reason: 'gives no range for 8841' }]);
  const foreign = placed({ affected: 'Toaster < 11.7(1)' });
  t.match(foreign.reviews, [{ reason: /the range is for "Toaster"/ }]);
  t.end();
});

test('claims about one vulnerability stand side by side, each score with its issuer', (t) => {
  const [advisory, ...more] = placeAdvisories([
    claim({
      products: [product({})],
      scores: [{ issuer: 'mitel', system: 'cvss-3.1', score: 9.8 }],
    }),
    claim({
      issuer: 'nvd',
      products: [
        product({ vendor: 'mitel', product: '6930_firmware', versions: { atMost: '6.4' } }),
      ],
      scores: [{ issuer: 'cisa-adp', system: 'cvss-3.1', score: 6.5 }],
      source: 'https://example.net/2',
    }),
    claim({
      issuer: 'cisa-kev',
      exploited: { dueOn: '2025-03-05' },
      source: 'https://example.net/3',
    }),
    claim({ issuer: 'first-epss', likelihood: { chance: 0.2, percentile: 0.9, on: '2025-08-25' } }),
  ]);
  t.same(more, []);
  t.same(
    advisory?.placements.map(({ issuer, range }) => [issuer, range?.atMost?.version]),
    [
      ['mitel', '6.3.3'],
      ['nvd', '6.4'],
    ],
  );
  t.same(
    advisory?.scores.map(({ issuer, score }) => [issuer, score]),
    [
      ['mitel', 9.8],
      ['cisa-adp', 6.5],
    ],
  );
  t.same(advisory?.exploited, { dueOn: '2025-03-05', issuer: 'cisa-kev' });
  t.equal(advisory?.likelihood?.chance, 0.2);
  t.equal(advisory?.sources.length, 3);
  t.end();
});

test('records that are none are named by place, and the others still count', (t) => {
  const { claims, problems } = readAdvisoryRecords([
    record({}),
    { cve: 7 },
    record({ cvss: 9.8, scoreBasis: 'vendor-v3.1 (CISA-ADP says 6.5)', kev: true, extra: 1 }),
  ]);
  t.equal(claims.length, 2);
  t.same(
    problems.map(({ path }) => path),
    ['[1].vendor', '[1].models', '[1].cve'],
  );
  t.same(
    claims[1]?.scores.map(({ issuer, score }) => [issuer, score]),
    [
      ['vendor', 9.8],
      ['cisa-adp', 6.5],
    ],
  );
  t.match(readAdvisoryRecords('<xml>').problems, [{ reason: 'is no list of advisories' }]);
  t.end();
});

test('a product beyond the bound of one claim is told, not lost in silence', (t) => {
  const products = Array.from({ length: 2001 }, () => product({}));
  t.match(placeOne('CVE-2024-1000', [claim({ products })]).reviews, [{ wording: '2001 products' }]);
  t.end();
});

test('10,000 claims are placed within seconds', (t) => {
  const claims = Array.from({ length: 10_000 }, (_, place) =>
    claim({
      id: `CVE-2024-${10_000 + place}`,
      products: [product({ versions: `< 6.3.${place}` })],
    }),
  );
  const before = performance.now();
  t.equal(placeAdvisories(claims).length, 10_000);
  t.ok(performance.now() - before < 5000);
  t.end();
});
