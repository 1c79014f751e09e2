import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAdvisory } from '@ringwave/firmware-catalog/advisory';
import { readAdvisoryRecords } from '@ringwave/firmware-catalog/advisory-record';
import { formOf, shutForm } from '@ringwave/firmware-catalog/bundle';
import { chooseFeed } from '@ringwave/firmware-catalog/feed-settings';
import { csafFeed } from '@ringwave/firmware-catalog/feeds/csaf-feed';
import { epssFeed } from '@ringwave/firmware-catalog/feeds/epss-feed';
import type { Feed } from '@ringwave/firmware-catalog/feeds/feed';
import { kevFeed } from '@ringwave/firmware-catalog/feeds/kev-feed';
import { nvdFeed } from '@ringwave/firmware-catalog/feeds/nvd-feed';
import { releaseFeed } from '@ringwave/firmware-catalog/feeds/release-feed';
import { identifyWithSources } from '@ringwave/firmware-catalog/identify';
import { parseRelease } from '@ringwave/firmware-catalog/release';
import { readReleaseRecords } from '@ringwave/firmware-catalog/release-records';
import { requestedFile } from '@ringwave/firmware-catalog/requested-path';
import { parseRules } from '@ringwave/firmware-catalog/upgrade-rule';
import { KNOWN_VENDORS } from '@ringwave/firmware-catalog/vendors/all';
import { readImageName } from '@ringwave/firmware-catalog/vendors/image-name';
import { compareVersions } from '@ringwave/firmware-catalog/version';
import { readVersions } from '@ringwave/firmware-catalog/version-wording';
import { readWazoPkgs } from '@ringwave/firmware-catalog/wazo-pkgs';
import { test } from 'tap';

// Every reader of bytes from outside, fed with what almost is right: texts of the real shape, cut, doubled,
// spliced and flipped. It must give a value or a refusal, in time. Seeds that ever failed are kept and run first.

/** Milliseconds of all fresh seeds together. */
const roundMs = 6000;
/** Milliseconds of one reading of at most `lengthMax` characters; twenty times what the slowest takes on a busy machine. */
const readingMsMax = 2000;
const lengthMax = 40_000;

interface Parser {
  readonly name: string;
  readonly samples: readonly string[];
  readonly read: (text: string) => unknown;
}

const manifest = JSON.stringify({
  schema: 'ringwave/release/1',
  vendor: 'Yealink',
  version: '66.86.0.15',
  models: ['T46S'],
  images: [{ fileName: 'T46S-66.86.0.15.rom', sha256: 'ab'.repeat(32), lengthBytes: 5 }],
  severity: 'high',
  notes: '',
  requires: { fromAtLeast: '66.84.0.10' },
});

const asFeed =
  (feed: Feed<unknown>) =>
  (body: string): unknown => [
    feed.read({ url: 'https://vendor.example/feed', body }),
    feed.readLinked({ url: 'https://vendor.example/document', body }),
  ];

const chosen = (settings: object): Feed<unknown> => {
  const choice = chooseFeed(settings);
  if (!('feed' in choice)) throw new Error(JSON.stringify(choice));
  return choice.feed;
};

const csaf = JSON.stringify({
  document: {
    category: 'csaf_security_advisory',
    csaf_version: '2.0',
    title: 'Phones',
    publisher: { name: 'Cisco PSIRT', category: 'vendor', namespace: 'https://cisco.com' },
    tracking: { id: 'cisco-sa-1', current_release_date: '2026-01-05T10:00:00Z' },
  },
  product_tree: {
    branches: [
      {
        category: 'vendor',
        name: 'Cisco',
        branches: [
          {
            category: 'product_name',
            name: 'IP Phone 8851',
            product: { product_id: 'P1', name: 'Cisco IP Phone 8851 12.0.4' },
          },
        ],
      },
    ],
  },
  vulnerabilities: [{ cve: 'CVE-2026-0001', product_status: { known_affected: ['P1'] } }],
});

const nvd = JSON.stringify({
  resultsPerPage: 1,
  startIndex: 0,
  totalResults: 1,
  format: 'NVD_CVE',
  version: '2.0',
  vulnerabilities: [
    {
      cve: {
        id: 'CVE-2026-0001',
        metrics: { cvssMetricV31: [{ source: 'nvd@nist.gov', cvssData: { baseScore: 9.8 } }] },
        configurations: [
          {
            nodes: [
              {
                cpeMatch: [
                  {
                    vulnerable: true,
                    criteria: 'cpe:2.3:o:yealink:sip-t46s_firmware:*:*:*:*:*:*:*:*',
                    versionEndExcluding: '66.86.0.15',
                  },
                ],
              },
            ],
          },
        ],
      },
    },
  ],
});

const PARSERS: readonly Parser[] = [
  { name: 'manifest', samples: [manifest], read: parseRelease },
  { name: 'release-feed', samples: [`[${manifest}]`], read: asFeed(releaseFeed) },
  {
    name: 'rules',
    samples: [
      '{"schema":"ringwave/constraints/1","rules":[{"id":"a","kind":"floor","vendor":"Snom","models":["D7*"],"to":{"from":"10.0"},"needs":{"from":"8.9"},"reason":"x","source":"y"}]}',
    ],
    read: parseRules,
  },
  {
    name: 'advisory',
    samples: [
      '{"id":"A-1","vendor":"Snom","models":["D785"],"affected":{"below":"10.1.198.19"},"severity":"high","source":"x","title":"y"}',
    ],
    read: parseAdvisory,
  },
  {
    name: 'syndication',
    samples: [
      '<?xml version="1.0"?><rss version="2.0"><channel><item><title>Firmware 66.86.0.15 for T46S</title><link>/n</link><enclosure url="/fw/a.rom" length="5"/><description>&lt;b&gt;x&amp;amp;</description></item></channel></rss>',
      '<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>Firmware 1.0 for T46S</title><link rel="enclosure" href="/a.rom"/><content type="html"><![CDATA[<i>x</i>]]></content></entry></feed>',
    ],
    read: asFeed(
      chosen({
        kind: 'syndication',
        vendor: 'Yealink',
        rules: [{ in: 'title', form: 'Firmware {version} for {models}' }],
      }),
    ),
  },
  {
    name: 'page',
    samples: [
      '<html><script>x</script><table><tr class="fw"><td class="v">66.86.0.15</td><td><a href="/T46S-66.86.0.15.rom">get</a></td></tr></table></html>',
    ],
    read: asFeed(
      chosen({ kind: 'page', vendor: 'Yealink', entry: 'tr.fw', file: 'a', version: '.v' }),
    ),
  },
  {
    name: 'directory',
    samples: [
      '<html><head><title>Index of /fw</title></head><body><pre><a href="../">../</a>\n<a href="T46S-66.86.0.15.rom">T46S-66.86.0.15.rom</a> 05-Jan-2026 10:00 23192144</pre></body></html>',
    ],
    read: asFeed(chosen({ kind: 'directory', vendor: 'Yealink' })),
  },
  {
    name: 'wazo-pkgs',
    samples: [
      '[pkg_T46S-fw]\ndescription: Firmware for Yealink T46S\nversion: 66.86.0.15\nfiles: T46S-fw\ninstall: yealink-fw\n\n[file_T46S-fw]\nurl: http://x.example/T46S-66.86.0.15.rom\nsize: 23192144\nsha1sum: 0123456789012345678901234567890123456789\n',
    ],
    read: (text) => readWazoPkgs(text, { source: 'xivo-yealink/pkgs.db' }),
  },
  {
    name: 'csaf',
    samples: [
      csaf,
      '{"feed":{"id":"x","entry":[{"id":"a","link":[{"rel":"self","href":"a.json"}]}]}}',
      '{"canonical_url":"https://x.example/provider-metadata.json","distributions":[{"rolie":{"feeds":[{"url":"https://x.example/f.json"}]}}]}',
      'white/2026/a.json\nwhite/2026/b.json\n',
    ],
    read: asFeed(csafFeed),
  },
  { name: 'nvd', samples: [nvd], read: asFeed(nvdFeed()) },
  {
    name: 'kev',
    samples: [
      '{"catalogVersion":"2026.01.05","vulnerabilities":[{"cveID":"CVE-2020-3161","vendorProject":"Cisco","product":"IP Phones","dateAdded":"2021-11-03","dueDate":"2022-05-03"}]}',
    ],
    read: asFeed(kevFeed),
  },
  {
    name: 'epss',
    samples: [
      '#model_version:v2025.03.14,score_date:2026-01-05T00:00:00+0000\ncve,epss,percentile\nCVE-2020-3161,0.5,0.99\n',
    ],
    read: asFeed(epssFeed(() => true)),
  },
  {
    name: 'release-records',
    samples: [
      '[{"vendor":"Snom","models":["D785"],"version":"10.1.198.19","kind":"firmware","files":[{"name":"snomD785-10.1.198.19-SIP-r.bin","size":5,"sha1":"0123456789012345678901234567890123456789"}],"description":"x","source":"y"}]',
    ],
    read: (text) => readReleaseRecords(json(text)),
  },
  {
    name: 'advisory-records',
    samples: [
      '[{"cve":"CVE-2026-0001","vendor":"Mitel","models":["6900 series"],"affected":"<= R6.4.0.SP4 (R6.4.0.4006)","fixedIn":["R6.4.0.SP5"],"cvss":9.8,"kev":false,"source":"x","class":"phone","note":""}]',
    ],
    read: (text) => readAdvisoryRecords(json(text)),
  },
  {
    name: 'version-wording',
    samples: [
      'VVX < 6.4.8; Trio 8300 < 8.1.7; only with ICE enabled',
      '1.0.9.129, 1.0.11.74',
      '<= R6.4.0.HF1 (R6.4.0.136)',
    ],
    read: readVersions,
  },
  {
    name: 'user-agent',
    samples: [
      'Yealink SIP-T46S 66.86.0.15 80:5e:c0:12:34:56',
      'FileTransport PolyVVX-VVX_411-UA/6.4.7.1181 (SN:64167f000411) Type/Application',
      'Mozilla/4.0 (compatible; snomD785-SIP 10.1.33.33 2010.12-00004-g9ba52f5 000413922D24 SXM:0 UXM:0)',
      'Mitel6930 MAC:14-00-E9-1E-DB-52 V:6.4.0.140-SIP',
      'Cisco/SPA508G-7.4.8a (0002FDFF2103)(CBT141400UK)',
    ],
    read: (text) =>
      identifyWithSources({
        userAgent: text,
        sipUserAgent: text,
        dhcpClass: text,
        path: `/${text}`,
      }),
  },
  {
    name: 'path',
    samples: [
      '/805ec0123456.cfg',
      '/snomD785-000413922D24.htm',
      'SEP001873A1B2C3.cnf.xml',
      '/y000000000028.cfg',
      '/a/../%2e%2e/b',
    ],
    read: (text) => [requestedFile(text), identifyWithSources({ path: text })],
  },
  {
    name: 'image-name',
    samples: [
      'T46S(T48S,T42S,T41S)-66.86.0.15.rom',
      'x5upro-fanvil-release-ff01-6907-2.12.22.2.z',
      'SIP45.9-4-2SR3-1S.loads',
    ],
    read: (text) => [
      readImageName(text),
      ...KNOWN_VENDORS.map(({ name }) => readImageName(text, name)),
    ],
  },
  {
    name: 'version',
    samples: [
      '66.86.0.15',
      '9-4-2SR3-1S',
      '12-0-7MPP0201-66',
      '83.V2.11.0+build.a546b91',
      'P0.18.23.89-2.4.5.2',
      'R6.4.0.HF2',
    ],
    read: (text) =>
      KNOWN_VENDORS.map(({ name }) => [
        compareVersions(name, text, '1.2.3'),
        compareVersions(name, text, text),
      ]),
  },
  {
    name: 'bundle-head',
    samples: [
      'PK\u0003\u0004',
      '\u001f\u008b\u0008',
      `${'a'.repeat(257)}ustar`,
      '7z\u00bc\u00af\u0027\u001c',
    ],
    read: (text) => [formOf(Buffer.from(text, 'latin1')), shutForm(Buffer.from(text, 'latin1'))],
  },
];

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A small generator of our own, so that a seed means the same text for ever (mulberry32). */
function seeded(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const ODD = [
  '\0',
  '\ufeff',
  '\ud800',
  '"',
  '\\',
  '<!DOCTYPE x [',
  '&#1114112;',
  '&x;',
  '1e999',
  '__proto__',
  ']]>',
  '-->',
  '%00',
  '\r\n',
  '{}',
  '[]',
  'null',
  '9'.repeat(40),
  'A'.repeat(300),
  '(((((((((',
  '........',
  '-1',
];

/** One to eight changes, each where the seed says. */
function mutated(samples: readonly string[], seed: number): string {
  const below = seeded(seed);
  const pick = (list: readonly string[]): string => list[below(list.length)] ?? '';
  let text = pick(samples);
  for (let changes = 1 + below(8); changes > 0; changes -= 1) {
    const [at, length] = [below(text.length + 1), below(24)];
    const [before, part, after] = [
      text.slice(0, at),
      text.slice(at, at + length),
      text.slice(at + length),
    ];
    const made = [
      () => before + after,
      () => before + part.repeat(2 + below(200)) + after,
      () => before + pick(ODD) + part + after,
      () => before + String.fromCharCode(below(0x3000)) + after,
      () => before + pick(samples).slice(below(60)) + after,
      () => after + part + before,
      () => before,
    ][below(7)];
    text = (made?.() ?? text).slice(0, lengthMax);
  }
  return text;
}

/** Undefined when the parser ends well and in time; else what it did. */
function fault({ samples, read }: Parser, seed: number): string | undefined {
  const text = mutated(samples, seed);
  const start = performance.now();
  try {
    read(text);
  } catch (error) {
    return `threw ${String(error)}`;
  }
  const took = performance.now() - start;
  return took <= readingMsMax
    ? undefined
    : `took ${Math.round(took)} ms for ${text.length} characters`;
}

test('readers take what is right: the samples that are changed below are worth changing', (t) => {
  for (const { name, samples, read } of PARSERS) {
    for (const sample of samples) t.doesNotThrow(() => read(sample), name);
  }
  t.ok(parseRelease(manifest).release);
  t.end();
});

test('seeds that once failed stay mended', (t) => {
  const kept = readFileSync(join(import.meta.dirname, 'fuzz-seeds.txt'), 'utf8');
  for (const line of kept.split('\n').filter((text) => text !== '' && !text.startsWith('#'))) {
    const [name = '', seed = ''] = line.split(/\s+/);
    const parser = PARSERS.find((one) => one.name === name);
    if (parser) t.equal(fault(parser, Number(seed)), undefined, line);
    else t.fail(`no reader is called ${name}`);
  }
  t.end();
});

test('whatever comes, every reader gives a value or a refusal, in time', (t) => {
  const end = performance.now() + roundMs;
  let readings = 0;
  for (let seed = 1; performance.now() < end; seed += 1) {
    for (const parser of PARSERS) {
      const wrong = fault(parser, seed);
      readings += 1;
      if (wrong !== undefined)
        t.fail(`${parser.name} ${seed}: ${wrong}; keep it in fuzz-seeds.txt`);
    }
    if (t.counts.fail > 10) break;
  }
  t.ok(readings > 1000, `${readings} readings`);
  t.comment(`${readings} readings of ${PARSERS.length} readers`);
  t.end();
});
