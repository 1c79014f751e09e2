import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseCpe } from '@ringwave/firmware-catalog/cpe';
import { csafFeed } from '@ringwave/firmware-catalog/feeds/csaf-feed';
import { epssFeed } from '@ringwave/firmware-catalog/feeds/epss-feed';
import type { Feed } from '@ringwave/firmware-catalog/feeds/feed';
import { kevFeed } from '@ringwave/firmware-catalog/feeds/kev-feed';
import { nvdFeed } from '@ringwave/firmware-catalog/feeds/nvd-feed';
import { FeedFollower } from '@ringwave/firmware-catalog/io/feed-follower';
import type { EpochMs } from '@ringwave/protocol/units';
import * as fc from 'fast-check';
import { type Test, test } from 'tap';

const noon = 1_790_000_000_000 as EpochMs;
const there = 'https://feeds.example.net/list.json';

const kevEntry = (cveID: string) => ({
  cveID,
  vendorProject: 'Cisco',
  product: 'IP Phones',
  vulnerabilityName: 'Cisco IP Phones web server code execution',
  dateAdded: '2021-11-03',
  dueDate: '2022-05-03',
});

const kev = JSON.stringify({ vulnerabilities: [kevEntry('CVE-2020-3161'), { cveID: 'none' }] });

const vector = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H';
const cvss = (baseScore: number) => ({ version: '3.1', baseScore, vectorString: vector });

const nvdEntry = (id: string) => ({
  cve: {
    id,
    published: '2024-05-01T10:00:00.000',
    descriptions: [{ lang: 'en', value: 'A flaw in a desk phone.' }],
    metrics: {
      cvssMetricV31: [
        { source: 'psirt@example.net', type: 'Secondary', cvssData: cvss(9.8) },
        { source: 'nvd@nist.gov', type: 'Primary', cvssData: cvss(7.5) },
      ],
    },
    configurations: [
      {
        operator: 'AND',
        nodes: [
          {
            operator: 'OR',
            negate: false,
            cpeMatch: [
              {
                vulnerable: true,
                criteria: 'cpe:2.3:o:yealink:sip-t46s_firmware:*:*:*:*:*:*:*:*',
                versionStartIncluding: '66.80.0.1',
                versionEndExcluding: '66.86.0.15',
              },
            ],
          },
          {
            operator: 'OR',
            negate: false,
            cpeMatch: [
              { vulnerable: false, criteria: 'cpe:2.3:h:yealink:sip-t46s:-:*:*:*:*:*:*:*' },
            ],
          },
        ],
      },
    ],
  },
});

const nvdPage = (startIndex: number, ids: readonly string[]) =>
  JSON.stringify({ startIndex, totalResults: 3, vulnerabilities: ids.map(nvdEntry) });

const epss = [
  '#model_version:v2025.03.14,score_date:2025-08-25T12:55:00Z',
  'cve,epss,percentile',
  'CVE-2020-3161,0.91234,0.99812',
  'CVE-1999-0001,0.01141,0.77712',
  'CVE-2024-1000,much,0.5',
  '',
].join('\n');

const branch = (category: string, name: string, inner: object) => ({ category, name, ...inner });

const csaf = {
  document: {
    csaf_version: '2.0',
    title: 'Denial of service in desk phones',
    publisher: { name: 'Example PSIRT' },
    tracking: { id: 'example-sa-1', initial_release_date: '2025-10-15T16:00:00Z' },
  },
  product_tree: {
    branches: [
      branch('vendor', 'Yealink', {
        branches: [
          branch('product_name', 'SIP-T46S', {
            branches: [
              branch('product_version_range', 'vers:generic/>=66.80.0.1|<66.86.0.15', {
                product: { product_id: 'P1', name: 'Yealink SIP-T46S' },
              }),
              branch('product_version', '66.86.0.15', {
                product: { product_id: 'P2', name: 'Yealink SIP-T46S 66.86.0.15' },
              }),
            ],
          }),
          branch('product_name', 'VP59', { product: { product_id: 'P3', name: 'Yealink VP59' } }),
        ],
      }),
    ],
    full_product_names: [
      {
        product_id: 'P4',
        name: 'Firmware',
        product_identification_helper: {
          cpe: 'cpe:2.3:o:snom:d785_firmware:10.1.33.33:*:*:*:*:*:*:*',
        },
      },
      { product_id: 'P5', name: 'Snom D785' },
    ],
    relationships: [
      {
        category: 'installed_on',
        product_reference: 'P2',
        relates_to_product_reference: 'P5',
        full_product_name: { product_id: 'P6', name: 'both' },
      },
    ],
  },
  vulnerabilities: [
    {
      cve: 'CVE-2025-1000',
      product_status: { known_affected: ['P1', 'P6'], fixed: ['P2'], known_not_affected: ['P3'] },
      scores: [{ products: ['P1'], cvss_v3: cvss(7.5) }],
      remediations: [{ category: 'vendor_fix', details: 'Upgrade to 66.86.0.20 or later.' }],
      notes: [{ category: 'description', text: '<script>alert(1)</script>' }],
    },
    { cve: 'CVE-2025-1001', product_status: { known_affected: ['P4', 'P9'] } },
  ],
};

const provider = {
  distributions: [
    { rolie: { feeds: [{ url: '/csaf/rolie.json', tlp_label: 'WHITE' }] } },
    { directory_url: '/csaf/white' },
  ],
};

const rolie = {
  feed: {
    entry: [
      { id: 'example-sa-1', content: { type: 'application/json', src: '/csaf/white/2025/1.json' } },
      { id: 'example-sa-2', link: [{ rel: 'self', href: '/csaf/white/2025/2.json' }] },
      { id: 'nothing' },
    ],
  },
};

/** What a feed makes of one document. */
const read = <Item>(feed: Feed<Item>, body: string, url = there) => feed.read({ url, body });

test('KEV gives who is attacked since when, and names the entry that has no CVE', (t) => {
  const found = read(kevFeed, kev);
  t.match(found?.items, [
    {
      id: 'CVE-2020-3161',
      issuer: 'cisa-kev',
      exploited: { since: Date.UTC(2021, 10, 3), dueOn: '2022-05-03' },
      products: [],
    },
  ]);
  t.match(found?.problems, [{ path: '[1].cveID', reason: 'names no CVE' }]);
  t.end();
});

test('EPSS keeps the CVEs of interest with their day, in one pass over 300,000 lines', (t) => {
  const found = read(
    epssFeed((cve) => cve !== 'CVE-1999-0001'),
    epss,
  );
  t.match(found?.items, [
    { id: 'CVE-2020-3161', likelihood: { chance: 0.91234, percentile: 0.99812, on: '2025-08-25' } },
  ]);
  t.match(found?.problems, [{ path: 'line 5' }]);
  const [comment, header] = epss.split('\n');
  const rows = Array.from({ length: 300_000 }, (_, place) => `CVE-2024-${10_000 + place},0.1,0.2`);
  const before = performance.now();
  const many = read(
    epssFeed(() => true),
    [comment, header, ...rows].join('\n'),
  );
  t.equal(many?.items.length, 10_000);
  t.match(many?.problems, [{ reason: /10000 CVEs are kept/ }]);
  t.ok(performance.now() - before < 5000);
  t.equal(
    read(
      epssFeed(() => true),
      `${header}\n${rows[0]}`,
    ),
    undefined,
    'without a day',
  );
  t.end();
});

test('NVD gives ranges of the firmware that is vulnerable and each score with its source', (t) => {
  const found = read(
    nvdFeed(),
    nvdPage(0, ['CVE-2024-1000', 'CVE-2024-1001']),
    `${there}?noRejected`,
  );
  t.match(found?.items[0], {
    products: [
      {
        vendor: 'yealink',
        product: 'sip-t46s_firmware',
        versions: { from: '66.80.0.1', below: '66.86.0.15' },
      },
    ],
    scores: [
      { issuer: 'psirt@example.net', score: 9.8, vector },
      { issuer: 'nvd@nist.gov', score: 7.5 },
    ],
  });
  t.equal(found?.items[0]?.products.length, 1);
  t.same(found?.more, [`${there}?noRejected=&startIndex=2`]);
  t.equal(read(nvdFeed(), nvdPage(2, ['CVE-2024-1002']))?.more, undefined, 'the last page');
  t.same(
    read(
      nvdFeed(() => false),
      nvdPage(2, ['CVE-2024-1002']),
    )?.items,
    [],
  );
  t.end();
});

test('a CSAF document gives a claim for each vulnerability, with ranges, fixes and what is not affected', (t) => {
  const found = csafFeed.readLinked({ url: there, body: JSON.stringify(csaf) });
  const item = 'item' in found ? found.item : undefined;
  t.match(item, { id: 'example-sa-1', issuer: 'example-psirt' });
  t.match(item?.claims[0], {
    id: 'CVE-2025-1000',
    title: 'Denial of service in desk phones',
    scores: [{ issuer: 'example-psirt', system: 'cvss-3.1', score: 7.5 }],
    products: [
      {
        vendor: 'Yealink',
        product: 'SIP-T46S',
        versions: '>=66.80.0.1, <66.86.0.15',
        fixedIn: ['66.86.0.15', '66.86.0.20 or later'],
      },
      { vendor: 'Snom', product: 'Snom D785', versions: { exactly: ['66.86.0.15'] } },
      { vendor: 'Yealink', product: 'VP59', status: 'not-affected' },
    ],
  });
  t.match(item?.claims[1]?.products, [
    { vendor: 'snom', product: 'd785_firmware' },
    { vendor: '', product: 'product P9 that the document does not name' },
  ]);
  t.notMatch(JSON.stringify(item), /script/, 'notes are not carried');
  t.end();
});

test('a CSAF provider leads to its feeds and folders, and those to documents', (t) => {
  t.same(csafFeed.begin('https://psirt.example.net/'), [
    'https://psirt.example.net/.well-known/csaf/provider-metadata.json',
  ]);
  t.same(csafFeed.begin('https://psirt.example.net/csaf/'), [
    'https://psirt.example.net/csaf/index.txt',
  ]);
  t.same(read(csafFeed, JSON.stringify(provider))?.more, [
    '/csaf/rolie.json',
    'https://feeds.example.net/csaf/white/index.txt',
  ]);
  const list = read(csafFeed, JSON.stringify(rolie));
  t.same(list?.links, ['/csaf/white/2025/1.json', '/csaf/white/2025/2.json']);
  t.match(list?.problems, [{ path: 'feed.entry[2]' }]);
  t.same(read(csafFeed, '2025/1.json\r\n2025/2.json\r\n')?.links, ['2025/1.json', '2025/2.json']);
  t.same(read(csafFeed, '"2025/1.json","2025-10-15T16:00:00Z"\n')?.links, ['2025/1.json']);
  t.equal(read(csafFeed, '<html>moved</html>'), undefined);
  t.end();
});

test('a list of a million is answered as too long, and a tree without end as deeper than is read', (t) => {
  const million = `{"vulnerabilities":[${'{},'.repeat(999_999)}{}]}`;
  t.equal(read(kevFeed, million)?.isTooLong, true);
  t.equal(read(nvdFeed(), million)?.isTooLong, true);
  t.equal(read(csafFeed, `{"feed":{"entry":[${'{},'.repeat(999_999)}{}]}}`)?.isTooLong, true);
  t.equal(read(csafFeed, 'a.json\n'.repeat(1_000_000))?.isTooLong, true);
  const deep = `${'{"branches":['.repeat(500)}${']}'.repeat(500)}`;
  const body = JSON.stringify({ document: csaf.document }).replace(
    /}$/,
    `,"product_tree":${deep}}`,
  );
  t.match(csafFeed.readLinked({ url: there, body }), {
    problems: [{ path: 'product_tree', reason: 'is deeper or longer than is read' }],
  });
  t.end();
});

const FEEDS: readonly Feed<unknown>[] = [kevFeed, nvdFeed(), csafFeed, epssFeed(() => true)];

const names = fc.constantFrom(
  'vulnerabilities',
  'cve',
  'id',
  'cveID',
  'configurations',
  'nodes',
  'cpeMatch',
  'criteria',
  'document',
  'tracking',
  'csaf_version',
  'product_tree',
  'branches',
  'product',
  '__proto__',
  'feed',
  'entry',
  'distributions',
  'metrics',
  'cvssMetricV31',
  'product_status',
  'scores',
);
const leaf = fc.oneof(
  fc.constantFrom('CVE-2024-1000', '2.0', 'cpe:2.3:o:a:b', null, 0),
  fc.string(),
);
const tangled = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 6 },
    leaf,
    fc.array(tie('value')),
    fc.dictionary(names, tie('value')),
  ),
})).value;

test('no document of the wrong shape stops a reader', (t) => {
  fc.assert(
    fc.property(
      fc.oneof(
        tangled.map((value) => JSON.stringify(value)),
        fc.string(),
      ),
      (body) => {
        for (const feed of FEEDS) {
          read(feed, body);
          feed.readLinked({ url: there, body });
        }
      },
    ),
    { numRuns: 1000, seed: 11 },
  );
  t.end();
});

test('CPE names are read in both forms, with escaped colons and the update', (t) => {
  t.same(parseCpe('cpe:2.3:h:cisco:ip_phone_8851:-:*:*:*:*:*:*:*'), {
    part: 'h',
    vendor: 'cisco',
    product: 'ip_phone_8851',
    version: '-',
  });
  t.match(parseCpe('cpe:2.3:o:a\\:b:c:11.7\\(1\\):sr1:*'), {
    vendor: 'a:b',
    version: '11.7(1)sr1',
  });
  t.match(parseCpe('cpe:/o:yealink:vp59_firmware:91.15.0.118'), { version: '91.15.0.118' });
  t.equal(parseCpe('cpe:2.3:x:a:b'), undefined);
  t.end();
});

/** A local server with the documents of one issuer. */
async function serving(t: Test, documents: Readonly<Record<string, string>>): Promise<string> {
  const server = createServer(({ url = '' }, response) => {
    const body = documents[url];
    response.writeHead(body === undefined ? 404 : 200).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('the four feeds are followed from a server to their ends', async (t) => {
  const second = { ...csaf, document: { ...csaf.document, tracking: { id: 'example-sa-2' } } };
  const origin = await serving(t, {
    '/.well-known/csaf/provider-metadata.json': JSON.stringify(provider),
    '/csaf/rolie.json': JSON.stringify(rolie),
    '/csaf/white/index.txt': '2025/1.json\n',
    '/csaf/white/2025/1.json': JSON.stringify(csaf),
    '/csaf/white/2025/2.json': JSON.stringify(second),
    '/kev.json': kev,
    '/cves': nvdPage(0, ['CVE-2024-1000', 'CVE-2024-1001']),
    '/cves?startIndex=2': nvdPage(2, ['CVE-2024-1002']),
    '/epss.csv': epss,
  });
  const follow = async <Item>(path: string, feed: Feed<Item>) => {
    const follower = new FeedFollower({ url: `${origin}${path}`, feed });
    t.match(await follower.runOnce(noon), { kind: 'read' }, path);
    return follower.state.items.map((item) => feed.keyOf(item));
  };
  t.same(await follow('/', csafFeed), ['example-psirt example-sa-1', 'example-psirt example-sa-2']);
  t.same(await follow('/kev.json', kevFeed), ['cisa-kev CVE-2020-3161']);
  t.same(await follow('/cves', nvdFeed()), [
    'nvd CVE-2024-1000',
    'nvd CVE-2024-1001',
    'nvd CVE-2024-1002',
  ]);
  t.same(
    await follow(
      '/epss.csv',
      epssFeed((cve) => cve === 'CVE-2020-3161'),
    ),
    ['first-epss CVE-2020-3161'],
  );
});
