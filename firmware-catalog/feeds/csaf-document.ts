// One CSAF 2.0 document: its vulnerabilities become claims. Notes are text for people and are not read.

import { epochMs } from '@ringwave/protocol/units';
import type { AdvisoryClaim, ClaimedProduct, Score } from '../advisory-claim.ts';
import { type CsafProduct, readProductTree } from './csaf-products.ts';
import { scoreOf } from './cvss.ts';
import type { LinkedRead } from './feed.ts';
import {
  addressMax,
  fieldsOf,
  idMax,
  listOf,
  recordsOf,
  textOf,
  titleMax,
} from './json-reading.ts';

export interface CsafDocument {
  /** The issuer's number of the document: `cisco-sa-phone-dos-FPyjLV7A`. */
  readonly id: string;
  readonly issuer: string;
  /** One for each vulnerability. */
  readonly claims: readonly AdvisoryClaim[];
}

/** Vulnerabilities of a document; a bundle of a whole year has under a hundred. */
const vulnerabilitiesMax = 500;
/** Products named by one status. */
const namedMax = 5000;

type Fields = Readonly<Record<string, unknown>>;

export function readCsafDocument(value: Fields | undefined, url: string): LinkedRead<CsafDocument> {
  const document = fieldsOf(value?.['document']);
  const tracking = fieldsOf(document?.['tracking']);
  const id = textOf(tracking?.['id'], idMax);
  if (!value || !document || id === undefined) return wrong('document', 'is no CSAF document');
  const version = document['csaf_version'];
  if (version !== '2.0' && version !== '2.1') {
    return wrong('document.csaf_version', 'is neither 2.0 nor 2.1');
  }
  const publisher = textOf(fieldsOf(document['publisher'])?.['name'], idMax) ?? 'unnamed';
  const issuer = publisher.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  const list = value['vulnerabilities'];
  if (Array.isArray(list) && list.length > vulnerabilitiesMax) {
    return wrong('vulnerabilities', `has more than ${vulnerabilitiesMax} entries`);
  }
  const tree = readProductTree(value['product_tree']);
  if (!tree) return wrong('product_tree', 'is deeper or longer than is read');
  const about = {
    id,
    issuer,
    title: textOf(document['title'], titleMax),
    source: url.slice(0, addressMax),
    publishedAt: epochMs(Date.parse(textOf(tracking?.['initial_release_date'], 40) ?? '')),
  };
  const claims = recordsOf(list, vulnerabilitiesMax).map((one, place) =>
    claimOf(one, place, about, tree),
  );
  return { item: { id, issuer, claims } };
}

const wrong = (path: string, reason: string): LinkedRead<CsafDocument> => ({
  problems: [{ path, reason, nextStep: 'Read it at its issuer; nothing is placed from it.' }],
});

interface About {
  readonly id: string;
  readonly issuer: string;
  readonly title: string | undefined;
  readonly source: string;
  readonly publishedAt: AdvisoryClaim['publishedAt'] | undefined;
}

function claimOf(
  one: Fields,
  place: number,
  { id, issuer, title, source, publishedAt }: About,
  tree: ReadonlyMap<string, CsafProduct>,
): AdvisoryClaim {
  const other = textOf(recordsOf(one['ids'], 10)[0]?.['text'], idMax);
  const named = textOf(one['title'], titleMax) ?? title;
  return {
    id: textOf(one['cve'], idMax) ?? other ?? (place === 0 ? id : `${id}#${place + 1}`),
    issuer,
    ...(named === undefined ? {} : { title: named }),
    products: productsOf(one, tree),
    scores: scoresOf(one, issuer),
    source,
    ...(publishedAt === undefined ? {} : { publishedAt }),
  };
}

function scoresOf(one: Fields, issuer: string): Score[] {
  const found = recordsOf(one['scores'], 200).flatMap((score) =>
    [score['cvss_v4'], score['cvss_v3'], score['cvss_v2']].flatMap(
      (cvss) => scoreOf(issuer, cvss) ?? [],
    ),
  );
  return [...new Map(found.map((score) => [JSON.stringify(score), score])).values()];
}

const STATUSES = {
  known_affected: 'affected',
  first_affected: 'affected',
  last_affected: 'affected',
  known_not_affected: 'not-affected',
  first_fixed: 'fixed',
  fixed: 'fixed',
  under_investigation: 'under-investigation',
} as const;

type Status = (typeof STATUSES)[keyof typeof STATUSES];

interface Group {
  readonly status: Status;
  readonly named: CsafProduct;
  readonly exactly: string[];
}

/** Versions of one product that are listed one by one are one range; fixed versions go to the product they mend. */
function productsOf(one: Fields, tree: ReadonlyMap<string, CsafProduct>): ClaimedProduct[] {
  const byStatus = fieldsOf(one['product_status']);
  const groups = new Map<string, Group>();
  for (const [key, status] of Object.entries(STATUSES)) {
    for (const productId of listOf(byStatus?.[key], namedMax)) {
      add(groups, status, tree.get(String(productId)) ?? unnamed(productId));
    }
  }
  const mends = new Map<string, string[]>();
  const affected = new Set<string>();
  for (const { status, named, exactly } of groups.values()) {
    if (status === 'affected') affected.add(nameOf(named));
    if (status === 'fixed')
      mends.set(nameOf(named), [...(mends.get(nameOf(named)) ?? []), ...exactly]);
  }
  const remedies = remediesOf(one);
  return [...groups.values()].flatMap((group) => {
    const name = nameOf(group.named);
    if (group.status === 'fixed' && affected.has(name)) return [];
    const fixes = group.status === 'affected' ? [...(mends.get(name) ?? []), ...remedies] : [];
    return [claimed(group, fixes)];
  });
}

const nameOf = ({ vendor, product }: CsafProduct): string => `${vendor}\n${product}`;

/** A number that the tree does not explain is kept, so that a person sees it. */
const unnamed = (productId: unknown): CsafProduct => ({
  vendor: '',
  product: `product ${String(productId).slice(0, 100)} that the document does not name`,
});

function add(groups: Map<string, Group>, status: Status, named: CsafProduct): void {
  const { vendor, product, version, range } = named;
  const key = JSON.stringify([status, vendor, product, version === undefined, range]);
  const group = groups.get(key) ?? { status, named, exactly: [] };
  groups.set(key, group);
  if (version !== undefined) group.exactly.push(version);
}

function claimed({ status, named, exactly }: Group, fixedIn: readonly string[]): ClaimedProduct {
  const { vendor, product, range, cpe } = named;
  const versions = exactly.length > 0 ? { exactly } : (range ?? { all: true as const });
  return {
    vendor,
    product,
    versions,
    status,
    ...(cpe === undefined ? {} : { cpe }),
    ...(fixedIn.length === 0 ? {} : { fixedIn }),
  };
}

/** What the issuer writes of fixes; the version in it is read where the wording is plain. */
function remediesOf(one: Fields): string[] {
  return recordsOf(one['remediations'], 200).flatMap(({ category, details }) => {
    const words = category === 'vendor_fix' ? textOf(details, 300) : undefined;
    return words === undefined
      ? []
      : [words.replace(/^(?:please )?(?:update|upgrade) to /i, '').replace(/\.$/, '')];
  });
}
