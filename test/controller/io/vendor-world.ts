import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';

// A vendor's site and the world's lists of vulnerabilities on loopback, with the validators that real ones give.

const image = Buffer.from('an image');
export const digest = createHash('sha256').update(image).digest('hex');

export interface World {
  readonly url: string;
  /** Documents by path; a test changes them as it goes. */
  readonly pages: Record<string, string>;
  /** `200 /page.html`, `304 /page.html` of each request since the last call. */
  asked(): string[];
}

export async function vendorWorld(t: Test): Promise<World> {
  const pages = documents();
  let asked: string[] = [];
  const server = createServer(({ url = '', headers }, response) => {
    const body = url === '/fw/T46S.rom' ? image : pages[url];
    const etag = `"${createHash('sha256')
      .update(body ?? '')
      .digest('hex')
      .slice(0, 16)}"`;
    const status = body === undefined ? 404 : headers['if-none-match'] === etag ? 304 : 200;
    asked.push(`${status} ${url}`);
    response.writeHead(status, { etag });
    response.end(status === 200 ? body : undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  pages['/releases.json'] = (pages['/releases.json'] ?? '').replace('http://HOST', url);
  return {
    url,
    pages,
    asked() {
      const all = asked;
      asked = [];
      return all;
    },
  };
}

/** One list of each kind, at its usual place there. */
export const feedsOf = ({ url }: World) => [
  { kind: 'releases', name: 'mirror', url: `${url}/releases.json` },
  {
    kind: 'page',
    name: 'downloads',
    url: `${url}/page.html`,
    vendor: 'Yealink',
    entry: '.fw',
    file: 'a',
    version: '.version',
    models: '.models',
  },
  { kind: 'csaf', name: 'acme', url: `${url}/csaf/` },
  { kind: 'kev', name: 'kev', url: `${url}/kev.json` },
  { kind: 'nvd', name: 'nvd', url: `${url}/nvd.json` },
  { kind: 'epss', name: 'epss', url: `${url}/epss.csv` },
];

export const phoneCve = 'CVE-2025-0001';

const documents = (): Record<string, string> => ({
  '/releases.json': JSON.stringify([
    {
      schema: 'ringwave/release/1',
      vendor: 'Yealink',
      version: '66.86.0.15',
      models: ['T46S'],
      images: [
        {
          fileName: 'T46S.rom',
          sha256: digest,
          lengthBytes: image.length,
          url: 'http://HOST/fw/T46S.rom',
        },
      ],
      severity: 'none',
      notes: '',
    },
  ]),
  '/page.html': page('66.86.0.15', '66.86.0.20'),
  '/csaf/index.txt': 'acme-1.json\n',
  '/csaf/acme-1.json': csaf(),
  '/kev.json': JSON.stringify({
    vulnerabilities: [
      {
        cveID: phoneCve,
        vulnerabilityName: 'Yealink',
        dateAdded: '2026-01-05',
        dueDate: '2026-01-26',
      },
      { cveID: 'CVE-2024-7777', vulnerabilityName: 'A router', dateAdded: '2026-01-05' },
    ],
  }),
  '/nvd.json': JSON.stringify({
    resultsPerPage: 3,
    startIndex: 0,
    totalResults: 3,
    vulnerabilities: [
      nvd(phoneCve, 'cpe:2.3:o:yealink:sip-t46s_firmware:*:*:*:*:*:*:*:*'),
      nvd('CVE-2024-7777', 'cpe:2.3:o:cisco:ios_xe:17.3.1:*:*:*:*:*:*:*'),
      nvd('CVE-2024-8888', 'cpe:2.3:a:nobody:editor:*:*:*:*:*:*:*:*'),
    ],
  }),
  '/epss.csv': [
    '#model_version:v2025.03.14,score_date:2026-01-10T00:00:00+0000',
    'cve,epss,percentile',
    'CVE-2024-7777,0.9,0.99',
    `${phoneCve},0.25,0.97`,
    '',
  ].join('\n'),
});

export const page = (...versions: readonly string[]): string =>
  versions
    .map(
      (version) =>
        `<div class="fw"><b class="version">${version}</b><i class="models">T46S</i><a href="/fw/T46S-${version}.rom">get</a></div>`,
    )
    .join('');

const nvd = (id: string, criteria: string) => ({
  cve: {
    id,
    descriptions: [{ lang: 'en', value: 'A flaw' }],
    published: '2025-05-01T00:00:00.000',
    metrics: {
      cvssMetricV31: [
        {
          source: 'nvd@nist.gov',
          cvssData: {
            version: '3.1',
            baseScore: 8.8,
            vectorString: 'CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H',
          },
        },
      ],
    },
    configurations: [
      {
        nodes: [{ cpeMatch: [{ vulnerable: true, criteria, versionEndExcluding: '66.86.0.10' }] }],
      },
    ],
  },
});

function csaf(): string {
  const product = {
    category: 'vendor',
    name: 'Yealink',
    branches: [
      {
        category: 'product_name',
        name: 'SIP-T46S',
        branches: [
          {
            category: 'product_version_range',
            name: 'vers:generic/<66.86.0.10',
            product: { name: 'Yealink SIP-T46S <66.86.0.10', product_id: 'P1' },
          },
        ],
      },
    ],
  };
  return JSON.stringify({
    document: {
      csaf_version: '2.0',
      title: 'Phones take orders',
      publisher: { name: 'Acme PSIRT' },
      tracking: { id: 'acme-1', initial_release_date: '2025-05-01T00:00:00Z' },
    },
    product_tree: { branches: [product] },
    vulnerabilities: [{ cve: phoneCve, product_status: { known_affected: ['P1'] } }],
  });
}
