// NVD's CVE API 2.0: pages of vulnerabilities with scores by several issuers and CPE ranges (NVD vulnerability API,
// schemas cve_api_json_2.0 and CVSS).

import { epochMs } from '@ringwave/protocol/units';
import type { AdvisoryClaim, ClaimedProduct, ClaimedRange, Score } from '../advisory-claim.ts';
import { parseCpe } from '../cpe.ts';
import { scoreOf } from './cvss.ts';
import {
  beginThere,
  changedAtAll,
  type Feed,
  type LinkedRead,
  readEntries,
  TOO_LONG,
} from './feed.ts';
import {
  addressMax,
  CVE_ID,
  fieldsOf,
  idMax,
  parsedObject,
  recordsOf,
  textOf,
  titleMax,
} from './json-reading.ts';

/** Vulnerabilities of one page: the API gives at most 2,000. */
export const pageEntriesMax = 2000;
/** CPE matches read of one vulnerability; those of a whole product line have some hundred. */
export const matchesMax = 2000;
/** Pages asked for in one run, of 2,000 each. */
const pagesMax = 200;

/** `isOfInterest`: the claims that are kept, of the 340,000 that the whole list has; absent: all. */
export function nvdFeed(
  isOfInterest: (claim: AdvisoryClaim) => boolean = () => true,
): Feed<AdvisoryClaim> {
  return {
    kind: 'nvd',
    accept: 'application/json',
    begin: beginThere,
    read({ url, body }) {
      const page = parsedObject(body);
      const list = page?.['vulnerabilities'];
      if (!page || !Array.isArray(list)) return undefined;
      if (list.length > pageEntriesMax) return TOO_LONG;
      const read = readEntries(list, (entry) => claimOf(entry, url));
      const next = nextPage(page, list.length, url);
      const items = read?.items.filter(isOfInterest) ?? [];
      return read && { ...read, items, ...(next === undefined ? {} : { more: [next] }) };
    },
    readLinked: ({ url, body }) => claimOf(parsedObject(body), url),
    keyOf: ({ id }) => `nvd ${id}`,
    changed: changedAtAll,
  };
}

/** The address of the page after this one; undefined at the last. */
function nextPage(page: Readonly<Record<string, unknown>>, count: number, url: string) {
  const { startIndex, totalResults } = page;
  if (!Number.isSafeInteger(startIndex) || !Number.isSafeInteger(totalResults)) return undefined;
  const next = (startIndex as number) + count;
  const isLast = count === 0 || next >= (totalResults as number);
  if (isLast || next > pagesMax * pageEntriesMax || !URL.canParse(url)) return undefined;
  const address = new URL(url);
  address.searchParams.set('startIndex', String(next));
  return address.href;
}

function claimOf(value: unknown, url: string): LinkedRead<AdvisoryClaim> {
  const entry = fieldsOf(value);
  const cve = fieldsOf(entry?.['cve']) ?? entry;
  const id = textOf(cve?.['id'], idMax);
  if (!cve || id === undefined || !CVE_ID.test(id)) return wrong('cve.id', 'names no CVE');
  const title = textOf(english(cve['descriptions']), titleMax);
  const publishedAt = epochMs(Date.parse(`${textOf(cve['published'], 40)}Z`.replace(/ZZ$/, 'Z')));
  const exploited = exploitedOf(cve);
  return {
    item: {
      id,
      issuer: 'nvd',
      ...(title === undefined ? {} : { title }),
      // A rejected number keeps its place, so that what was placed before is taken back.
      products: cve['vulnStatus'] === 'Rejected' ? [] : productsOf(cve['configurations']),
      scores: scoresOf(cve['metrics']),
      ...(exploited ? { exploited } : {}),
      source: sourceOf(id, url),
      ...(publishedAt === undefined ? {} : { publishedAt }),
    },
  };
}

const wrong = (path: string, reason: string): LinkedRead<AdvisoryClaim> => ({
  problems: [{ path, reason, nextStep: 'Look it up at NVD; nothing is placed from it.' }],
});

const sourceOf = (id: string, url: string): string =>
  url.includes('nist.gov') ? `https://nvd.nist.gov/vuln/detail/${id}` : url.slice(0, addressMax);

const english = (descriptions: unknown): unknown =>
  recordsOf(descriptions, 50).find(({ lang }) => lang === 'en')?.['value'];

/** NVD repeats CISA's list beside the vulnerability. */
function exploitedOf(cve: Readonly<Record<string, unknown>>): AdvisoryClaim['exploited'] {
  const added = textOf(cve['cisaExploitAdd'], 10);
  if (added === undefined) return undefined;
  const since = epochMs(Date.parse(`${added}T00:00:00Z`));
  const dueOn = textOf(cve['cisaActionDue'], 10);
  return { ...(since === undefined ? {} : { since }), ...(dueOn === undefined ? {} : { dueOn }) };
}

const METRICS = ['cvssMetricV40', 'cvssMetricV31', 'cvssMetricV30', 'cvssMetricV2'];

/** Each metric names its source: an address of the CNA, CISA's or NVD's own. */
function scoresOf(metrics: unknown): Score[] {
  const byName = fieldsOf(metrics);
  return METRICS.flatMap((name) =>
    recordsOf(byName?.[name], 50).flatMap((metric) => {
      const score = scoreOf(textOf(metric['source'], idMax) ?? 'nvd', metric['cvssData']);
      return score ? [score] : [];
    }),
  );
}

function productsOf(configurations: unknown): ClaimedProduct[] {
  const products: ClaimedProduct[] = [];
  for (const configuration of recordsOf(configurations, matchesMax)) {
    const nodes = recordsOf(configuration['nodes'], matchesMax);
    if (configuration['negate'] === true || nodes.some(({ negate }) => negate === true)) {
      products.push({ vendor: '', product: 'a negated configuration', versions: 'not read' });
      continue;
    }
    const matches = nodes.flatMap((node) => recordsOf(node['cpeMatch'], matchesMax));
    const isBoth = configuration['operator'] === 'AND';
    products.push(...productsOfMatches(matches, isBoth));
  }
  return products.slice(0, matchesMax);
}

type Match = Readonly<Record<string, unknown>>;

/**
 * Firmware is vulnerable, hardware only where it runs. A firmware whose name is not that of the hardware (one
 * image for a series) concerns each of the hardware's models.
 */
function productsOfMatches(matches: readonly Match[], isBoth: boolean): ClaimedProduct[] {
  const platforms = isBoth ? matches.filter(({ vulnerable }) => vulnerable === false) : [];
  return matches.flatMap((match) => {
    if (match['vulnerable'] === false) return [];
    const product = productOf(match, match);
    if (!product) return [];
    const own = platforms.filter((platform) => isSameName(platform, product.product));
    if (platforms.length === 0 || own.length > 0) return [product];
    return platforms.slice(0, 100).flatMap((platform) => productOf(platform, match) ?? []);
  });
}

const bare = (product: string): string => product.toLowerCase().replace(/[_ ]firmware$/, '');

function isSameName(platform: Match, product: string): boolean {
  const cpe = parseCpe(textOf(platform['criteria'], addressMax) ?? '');
  return cpe !== undefined && bare(cpe.product) === bare(product);
}

/** The product that one match names, with the versions that another gives. */
function productOf(named: Match, ranged: Match): ClaimedProduct | undefined {
  const criteria = textOf(named['criteria'], addressMax) ?? '';
  const cpe = parseCpe(criteria);
  const version = parseCpe(textOf(ranged['criteria'], addressMax) ?? '')?.version ?? '*';
  if (!cpe) return { vendor: '', product: criteria.slice(0, 200), versions: 'not read' };
  return {
    vendor: cpe.vendor,
    product: cpe.product,
    cpe: criteria,
    versions: rangeOf(ranged, version),
  };
}

function rangeOf(match: Match, version: string): ClaimedRange {
  const bound = (name: string): string | undefined => textOf(match[name], 80);
  const from = bound('versionStartIncluding');
  const after = bound('versionStartExcluding');
  const below = bound('versionEndExcluding');
  const atMost = bound('versionEndIncluding');
  if ([from, after, below, atMost].every((one) => one === undefined)) {
    return version === '*' || version === '-' ? { all: true } : { exactly: [version] };
  }
  return {
    ...(from === undefined ? {} : { from }),
    ...(after === undefined ? {} : { after }),
    ...(below === undefined ? {} : { below }),
    ...(atMost === undefined ? {} : { atMost }),
  };
}
