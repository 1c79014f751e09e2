import {
  advisoryExposure,
  type ConfigEvidence,
  isInside,
} from '@ringwave/firmware-catalog/advisory-exposure';
import { indexAdvisories } from '@ringwave/firmware-catalog/advisory-index';
import { type PlacedAdvisory, placeAdvisories } from '@ringwave/firmware-catalog/advisory-placing';
import { readAdvisoryRecords } from '@ringwave/firmware-catalog/advisory-record';
import * as fc from 'fast-check';
import { type Test, test } from 'tap';

function placed(vendor: string, models: string[], affected: string, fixedIn: string[] = []) {
  const record = { cve: 'CVE-2024-1000', vendor, models, affected, fixedIn, source: '' };
  return placeAdvisories(readAdvisoryRecords([record]).claims)[0] as PlacedAdvisory;
}

type Row = readonly [phone: string, verdict: string, words: RegExp];

function expect(
  t: Test,
  advisory: PlacedAdvisory,
  rows: readonly Row[],
  evidence: ConfigEvidence = {},
) {
  for (const [phone, verdict, words] of rows) {
    const [vendor = '', model = '', version = ''] = phone.split('/');
    const seen = { vendor, model, version: version === '' ? null : version };
    t.match(advisoryExposure(advisory, seen, evidence), { verdict, words }, phone);
  }
}

test('a phone is exposed by its version in its vendor’s own order', (t) => {
  const desk = placed('Cisco', ['8800 series (not 8821)'], '< 11.7(1)', ['11.7(1)']);
  expect(t, desk, [
    ['Cisco/8851/11.0(1)SR1', 'exposed', /11\.0\(1\)SR1 is older than 11\.7\(1\)/],
    ['Cisco/8851/11.7(1)', 'fixed', /has the fix of 11\.7\(1\)/],
    [
      'Cisco/8851/12-0-7MPP0201-66',
      'needs-review',
      /12-0-7MPP0201-66 and 11\.7\(1\) cannot be ordered/,
    ],
    ['Cisco/8851/', 'needs-review', /no version of it was seen/],
    ['Cisco/8821/11.0(5)', 'not-exposed', /names no Cisco 8821/],
    ['Snom/D785/10.1.33.33', 'not-exposed', /names no Snom D785/],
  ]);
  t.end();
});

test('a bound with two spellings, or a loose one, decides only where it surely does', (t) => {
  expect(t, placed('Mitel', ['6930'], '<= R6.4.0.HF1 (R6.4.0.136)', ['R6.4.0.HF2 (R6.4.0.137)']), [
    ['Mitel/6930/6.4.0.136', 'exposed', /at most R6\.4\.0\.HF1/],
    ['Mitel/6930/6.4.0.137', 'fixed', /R6\.4\.0\.HF2/],
    ['Mitel/6930/6.3.3.1000', 'exposed', /at most/],
  ]);
  expect(t, placed('Mitel', ['6930', '6867i'], '<= 6.3 SP3 HF4'), [
    ['Mitel/6930/6.3.3.1000', 'needs-review', /6\.3\.3\.1000 and 6\.3\.SP3\.HF4 cannot be ordered/],
    ['Mitel/6930/6.2.0.100', 'exposed', /at most/],
    ['Aastra/6867i/6.4.0.100', 'not-exposed', /is not at most/],
  ]);
  expect(t, placed('Cisco', ['7841'], '<= 14.2'), [
    ['Cisco/7841/14.1(1)SR2', 'exposed', /at most 14\.2/],
    ['Cisco/7841/14.2(1)', 'needs-review', /cannot be ordered/],
    ['Cisco/7841/14.3(1)', 'not-exposed', /is not at most 14\.2/],
  ]);
  t.end();
});

test('fixes on several branches mend each its own branch, and the newest what comes after', (t) => {
  const fixes = ['1.8.2.0', '1.11.3.0', '2.0.14.0'];
  expect(t, placed('Unify', ['OpenScape CP'], '1.10.4.3 and earlier on three branches', fixes), [
    ['Unify/CP600/1.8.1.0', 'exposed', /at most 1\.10\.4\.3/],
    ['Unify/CP600/1.8.2.0', 'fixed', /1\.8\.2\.0/],
    ['Unify/CP600/1.9.0.0', 'exposed', /at most/],
    ['Unify/CP600/1.11.2.0', 'needs-review', /older than 1\.11\.3\.0, the fix of its own branch/],
    ['Unify/CP600/2.1.0.0', 'fixed', /2\.0\.14\.0/],
  ]);
  t.end();
});

test('a condition is decided by what the configuration shows, and by nothing else', (t) => {
  const ice = placed('HP Poly', ['VVX 450'], 'VVX < 6.4.8; only with ICE enabled', ['6.4.8 (VVX)']);
  const phone = 'Polycom/VVX450/6.4.7.1181';
  expect(t, ice, [[phone, 'exposed-unless', /nothing shows whether this holds: only with ICE/]]);
  expect(t, ice, [[phone, 'exposed', /older than 6\.4\.8/]], { ice: 'on' });
  expect(t, ice, [[phone, 'not-exposed', /does not hold: only with ICE/]], { ice: 'off' });
  const either = placed('HP Poly', ['VVX 450'], '< 6.4.8; if telnet or SSH enabled');
  expect(t, either, [[phone, 'exposed-unless', /telnet or SSH/]], { ssh: 'off', telnet: 'on' });
  const other = placed('Mitel', ['6930'], 'MiNet <= 1.8 (1.8.0.12)');
  expect(t, other, [['Mitel/6930/1.7.0.1', 'exposed-unless', /minet firmware/]]);
  t.end();
});

test('a range that is not the whole truth decides on its own line of versions alone', (t) => {
  expect(
    t,
    placed('Cisco', ['7800 series', '8821'], '< 12.7(1) (other lines differ)', ['12.7(1)']),
    [
      ['Cisco/7841/12.6(1)', 'exposed', /older than/],
      ['Cisco/7841/12.7(1)SR1', 'fixed', /12\.7\(1\)/],
      ['Cisco/8821/11.0(5)SR1', 'needs-review', /other lines have ranges that are not given/],
    ],
  );
  t.end();
});

test('listed versions are affected, others are not, and a range begins with its first', (t) => {
  expect(t, placed('Grandstream', ['GXP2135'], '1.0.9.129, 1.0.11.74'), [
    ['Grandstream/GXP2135/1.0.11.74', 'exposed', /is named/],
    ['Grandstream/GXP2135/1.0.11.80', 'not-exposed', /none of the versions named/],
  ]);
  expect(t, placed('Yealink', ['VP59'], '91.15.0.118 up to < 122.15.0.142', ['122.15.0.142']), [
    ['Yealink/VP59/91.15.0.118', 'exposed', /where the affected range begins/],
    ['Yealink/VP59/91.15.0.120', 'needs-review', /cannot be ordered/],
    ['Yealink/VP59/122.15.0.142', 'fixed', /122\.15\.0\.142/],
  ]);
  t.end();
});

test('an advisory that nobody could place keeps the vendor’s phones under review, and no others', (t) => {
  expect(t, placed('Yealink', ['SIP phones (unspecified)'], 'firmware dated up to 2019-08-04'), [
    ['Yealink/T46S/66.84.0.15', 'needs-review', /may mean this phone/],
    ['Snom/D785/10.1.33.33', 'not-exposed', /names no Snom/],
  ]);
  expect(t, placed('n/a', ['n/a'], 'n/a'), [['Snom/D785/10.1.33.33', 'needs-review', /may mean/]]);
  t.end();
});

test('a range that nobody could read keeps under review the phones it is for', (t) => {
  expect(t, placed('Avaya', ['J100 series'], 'firmware before the June 2019 image'), [
    ['Avaya/J179/4.1.3.0.6', 'needs-review', /by date and not by version/],
    ['Avaya/9608/7.1.0.0', 'not-exposed', /names no Avaya 9608/],
  ]);
  t.end();
});

test('where issuers disagree whether a version is affected, a person decides', (t) => {
  const about = { id: 'CVE-2024-1000', scores: [], source: '' };
  const one = { vendor: 'Snom', product: 'D785', versions: { below: '10.1.50.0' } };
  const [advisory] = placeAdvisories([
    { ...about, issuer: 'nvd', products: [one] },
    {
      ...about,
      issuer: 'snom',
      products: [{ ...one, versions: { exactly: ['10.1.33.33'] }, status: 'not-affected' }],
    },
  ]);
  expect(t, advisory as PlacedAdvisory, [
    ['Snom/D785/10.1.33.33', 'needs-review', /nvd says exposed .* snom says it is not affected/],
    ['Snom/D785/10.1.33.30', 'exposed', /older than/],
  ]);
  t.end();
});

const ladder = [
  '11.0(1)',
  '11.5(1)SR1',
  '11.7(1)',
  '12.0(1)',
  '12.1(1)SR1',
  '12.5(1)',
  '12.7(1)',
  '14.0(1)',
  '14.2(1)SR3',
];

test('along a vendor’s versions a range is one stretch: never in, out and in again', (t) => {
  const rung = fc.integer({ min: 0, max: ladder.length - 1 });
  fc.assert(
    fc.property(rung, rung, fc.boolean(), (from, to, isOpen) => {
      const range = {
        from: { version: ladder[from] ?? '' },
        [isOpen ? 'below' : 'atMost']: { version: ladder[to] ?? '' },
      };
      const inside = ladder.map(
        (version) => isInside({ vendor: 'Cisco', model: '8841', version }, range).is === 'inside',
      );
      const wanted = ladder.map((_, at) => at >= from && (isOpen ? at < to : at <= to));
      // The version where a range begins is named, even where the range is empty otherwise.
      wanted[from] = true;
      return inside.join() === wanted.join();
    }),
    { seed: 3 },
  );
  t.end();
});

test('a fleet of 100,000 phones is held against 100 advisories within seconds', (t) => {
  const records = Array.from({ length: 100 }, (_, place) => ({
    cve: `CVE-2024-${1000 + place}`,
    vendor: place % 2 ? 'Cisco' : 'Grandstream',
    models: place % 2 ? ['8800 series'] : ['GXP16xx'],
    affected: place % 2 ? `< 14.${place % 7}(1)` : `< 1.0.7.${place}`,
  }));
  const index = indexAdvisories(placeAdvisories(readAdvisoryRecords(records).claims));
  const before = performance.now();
  let exposed = 0;
  for (let place = 0; place < 100_000; place += 1) {
    const phone = { vendor: 'Grandstream', model: 'GXP1630', version: `1.0.7.${place % 300}` };
    exposed += index.exposures(phone).filter(({ verdict }) => verdict === 'exposed').length;
  }
  t.ok(performance.now() - before < 5000);
  // Of versions 0 to 299 each bound 0, 2 to 98 has as many below it; 333 rounds of 300, then 100 more.
  t.equal(exposed, 2450 * 334);
  t.equal(index.about({ vendor: 'Snom', model: 'D785' }).length, 0);
  t.end();
});
