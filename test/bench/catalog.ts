// Identification and order of versions on one core, beside a bare regular expression and semver.compare in
// the same run. Prints one JSON line; ratios say how many of ours go into one of the peer's.

import { performance } from 'node:perf_hooks';
import { identify } from '@ringwave/firmware-catalog/identify';
import type { ProvisioningRequest } from '@ringwave/firmware-catalog/vendors/profile';
import { compareVersions } from '@ringwave/firmware-catalog/version';
import semver from 'semver';

const roundMs = 700;

/** A second's worth of calls through a list of cases; gives calls a second. */
function rate<Case>(cases: readonly Case[], call: (one: Case) => unknown): number {
  let kept = 0;
  const run = (lengthMs: number): number => {
    let calls = 0;
    const start = performance.now();
    while (performance.now() - start < lengthMs) {
      for (const one of cases) if (call(one)) kept += 1;
      calls += cases.length;
    }
    return (calls / (performance.now() - start)) * 1000;
  };
  run(roundMs / 2);
  const perSecond = run(roundMs);
  if (kept === 0) throw new Error('every call answered nothing: the measure means nothing');
  return Math.round(perSecond);
}

const requests: readonly ProvisioningRequest[] = [
  { userAgent: 'Yealink SIP-T46S 66.86.0.15 80:5e:c0:12:34:56', path: '/805ec0123456.cfg' },
  {
    userAgent: 'FileTransport PolyCCX-CCX_500-UA/9.4.1.0508 (SN:64167f9f4c90) Type/Application',
    path: '/64167f9f4c90.cfg',
  },
  { userAgent: 'Cisco/SPA508G-7.4.8a (0002FDFF2103)(CBT141400UK)', path: '/spa508G.cfg' },
  {
    userAgent: 'Grandstream Model HW GXV3350  V1.3A SW 1.0.1.8 DevId c074ad150b88',
    path: '/cfgc074ad150b88.xml',
  },
  {
    userAgent:
      'Mozilla/4.0 (compatible; snomD785-SIP 10.1.33.33 2010.12-00004-g9ba52f5 000413922D24 SXM:0 UXM:0)',
    path: '/snomD785-000413922D24.htm',
  },
  { userAgent: 'Fanvil X5U-V2 2.12.16.17 0c383e32c10d', path: '/0c383e32c10d.cfg' },
  { userAgent: 'Mitel6930 MAC:14-00-E9-1E-DB-52 V:6.4.0.140-SIP', path: '/1400E91EDB52.cfg' },
  { userAgent: 'N870 IP PRO/83.V2.11.0+build.a546b91;7C2F80E0D605', path: '/7c2f80e0d605.xml' },
  {
    userAgent: 'Mozilla/4.0 (compatible; MSIE 6.0) AVAYA/J179-4.2.0 (MAC:c81fea556890)',
    path: '/J100Supgrade.txt',
  },
  { userAgent: 'curl/8.5.0', path: '/000000000000.cfg' },
  { protocol: 'tftp', path: 'SEP001873A1B2C3.cnf.xml' },
  { protocol: 'tftp', path: '/y000000000066.cfg' },
  { protocol: 'tftp', path: '0c383e2397f4.cfg' },
];

const about = { model: 'T41S' };
const pairs: readonly (readonly [string, string, string, { model?: string }?])[] = [
  ['Yealink', '68.81.0.110', '66.82.0.20', about],
  ['Polycom', '5.0.0.6874', '5.1.1.2986'],
  ['Cisco', '9-4-2SR1-1S', '9-4-2SR3-1S'],
  ['Cisco', '12-0-7MPP0001-245', '12-0-7MPP0201-66'],
  ['Cisco', '7.4.8a', '7.4.9c'],
  ['Grandstream', '1.0.4.33', '1.0.4.138'],
  ['Snom', '8.9.3.80', '10.1.215.13'],
  ['Fanvil', 'P0.18.23.79-2.4.5', 'P0.18.23.89-2.4.5.2'],
  ['Mitel', '6.4.0.140', '6.4.0.4006'],
  ['Gigaset', '83.V2.49.1', '83.V2.62.1'],
  ['Avaya', '4.0.14.0.6', '4.1.3.0.6'],
];

const bare = /^(\S+) (?:SIP-)?(\S+) (\d+(?:\.\d+){2,3})(?: ([0-9a-f:]{12,17}))?$/i;
const threeParts: readonly (readonly [string, string])[] = [
  ['5.0.6874', '5.1.2986'],
  ['1.0.33', '1.0.138'],
  ['8.9.80', '10.1.215'],
];

const identified = rate(requests, (request) => identify(request).vendor);
const matched = rate(requests, ({ userAgent = 'none' }) => bare.exec(userAgent));
const compared = rate(
  pairs,
  ([vendor, a, b, context]) => compareVersions(vendor, a, b, context) === 'older',
);
const cisco = rate(
  pairs.slice(2, 5),
  ([vendor, a, b]) => compareVersions(vendor, a, b) === 'older',
);
const semvers = rate(threeParts, ([a, b]) => semver.compare(a, b) < 0);
/** Versions that were never met before: nothing is remembered of them. */
let fresh = 0;
const unmet = rate([0], () => {
  fresh += 1;
  return (
    compareVersions(
      'Cisco',
      `9-${fresh % 900}-${(fresh >> 8) % 900}SR1-${fresh}S`,
      '9-4-2SR3-1S',
    ) !== 'same'
  );
});

process.stdout.write(
  `${JSON.stringify({
    bench: 'catalog',
    identifyPerSecond: identified,
    bareRegexPerSecond: matched,
    regexToIdentify: Number((matched / identified).toFixed(1)),
    comparePerSecond: compared,
    ciscoComparePerSecond: cisco,
    unmetCiscoComparePerSecond: unmet,
    semverPerSecond: semvers,
    compareToSemver: Number((compared / semvers).toFixed(2)),
  })}\n`,
);
