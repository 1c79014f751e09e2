// FIRST's daily chances of attack (EPSS): one line for every CVE there is, after a comment with the day.
// `#model_version:v2025.03.14,score_date:2025-08-25T12:55:00Z`, then `cve,epss,percentile`.

import type { AdvisoryClaim } from '../advisory-claim.ts';
import type { Problem } from '../problems.ts';
import { beginThere, changedAtAll, type Feed } from './feed.ts';
import { addressMax, CVE_ID } from './json-reading.ts';

/** Claims kept of one file: phones have some hundred CVEs. */
export const likelihoodsKeptMax = 10_000;
/** Bytes of one file: 300,000 lines have 10 MiB, and their number grows by a tenth each year. */
export const epssBytesMax = 64 * 1024 ** 2;
/** Problems told of one file; a broken one has hundreds of thousands of lines. */
const problemsTold = 20;
/** Characters of a line; the longest real one has under 50. */
const lineLengthMax = 200;

/** `isOfInterest`: the CVEs whose chance is kept, of the 300,000 that the file has. */
export function epssFeed(isOfInterest: (cve: string) => boolean): Feed<AdvisoryClaim> {
  return {
    kind: 'epss',
    accept: 'text/csv',
    bytesMax: epssBytesMax,
    begin: beginThere,
    read: ({ url, body }) => readTable(url, body, isOfInterest),
    readLinked: () => ({
      problems: [{ path: '', reason: 'is no list', nextStep: 'Follow the CSV file itself.' }],
    }),
    keyOf: ({ id }) => `first-epss ${id}`,
    changed: changedAtAll,
  };
}

function readTable(url: string, body: string, isOfInterest: (cve: string) => boolean) {
  const lines = linesOf(body);
  const first = lines.next().value ?? '';
  const on = /^#(?:.{0,100},)?score_date:(\d{4}-\d{2}-\d{2})/.exec(first)?.[1];
  const header = first.startsWith('#') ? lines.next().value : first;
  // Without its day a chance cannot be told from an older one.
  if (on === undefined || header?.trim() !== 'cve,epss,percentile') return undefined;
  const items: AdvisoryClaim[] = [];
  const problems: Problem[] = [];
  let number = 2;
  for (const line of lines) {
    number += 1;
    const cve = line.slice(0, Math.max(line.indexOf(','), 0));
    if (line === '' || (cve !== '' && !isOfInterest(cve))) continue;
    const likelihood = likelihoodOf(cve, line, on);
    if (!likelihood) tell(problems, number, 'is not cve,epss,percentile');
    else if (items.length < likelihoodsKeptMax) items.push(claimOf(cve, likelihood, url));
    else {
      tell(problems, number, `and the rest were left: ${likelihoodsKeptMax} CVEs are kept`);
      break;
    }
  }
  return { items, links: [], problems };
}

/** One line at a time, so that the file is never held twice. */
function* linesOf(body: string): Generator<string, undefined> {
  let at = 0;
  while (at < body.length) {
    const found = body.indexOf('\n', at);
    const end = found < 0 ? body.length : found;
    yield body.slice(at, Math.min(end, at + lineLengthMax)).replace(/\r$/, '');
    at = end + 1;
  }
  return undefined;
}

type Likelihood = NonNullable<AdvisoryClaim['likelihood']>;

function likelihoodOf(cve: string, line: string, on: string): Likelihood | undefined {
  const [, epss, rank, more] = line.split(',', 4);
  const chance = portion(epss);
  const percentile = portion(rank);
  const isRead = CVE_ID.test(cve) && more === undefined;
  return isRead && chance !== undefined && percentile !== undefined
    ? { chance, percentile, on }
    : undefined;
}

function portion(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d(?:\.\d{1,12})?(?:e-\d{1,2})?$/i.test(text)) return undefined;
  const value = Number(text);
  return value <= 1 ? value : undefined;
}

const claimOf = (id: string, likelihood: Likelihood, url: string): AdvisoryClaim => ({
  id,
  issuer: 'first-epss',
  products: [],
  scores: [],
  likelihood,
  source: url.slice(0, addressMax),
});

function tell(problems: Problem[], line: number, reason: string): void {
  if (problems.length >= problemsTold) return;
  problems.push({
    path: `line ${line}`,
    reason,
    nextStep: 'Compare the file with the one at FIRST.',
  });
}
