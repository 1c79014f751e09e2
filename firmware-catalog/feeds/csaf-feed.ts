// CSAF 2.0 providers (OASIS, section 7.1): provider-metadata.json names ROLIE feeds and folders, those name the
// documents, and each document has vulnerabilities with the products they affect.

import { type CsafDocument, readCsafDocument } from './csaf-document.ts';
import { changedAtAll, type Feed, type FeedRead, feedEntriesMax, TOO_LONG } from './feed.ts';
import { addressMax, fieldsOf, parsedObject, recordsOf, textOf } from './json-reading.ts';

/** Feeds and folders of one provider; the largest have one for each year. */
const distributionsMax = 100;

export const csafFeed: Feed<CsafDocument> = {
  kind: 'csaf',
  accept: 'application/json, text/plain;q=0.9, text/csv;q=0.9',
  begin: (address) => [beginning(address)],
  read: ({ url, body }) => readList(url, body),
  readLinked: ({ url, body }) => readCsafDocument(parsedObject(body), url),
  keyOf: ({ id, issuer }) => `${issuer} ${id}`,
  changed: changedAtAll,
};

/** A host alone means its well-known address, a folder its index. */
function beginning(address: string): string {
  if (!URL.canParse(address)) return address;
  const { pathname } = new URL(address);
  if (pathname === '/') return new URL('/.well-known/csaf/provider-metadata.json', address).href;
  return pathname.endsWith('/') ? new URL('index.txt', address).href : address;
}

function readList(url: string, body: string): FeedRead<CsafDocument> | undefined {
  const isText = !/^\s*[[{]/.test(body.slice(0, 100));
  if (isText) return readPaths(body);
  const value = parsedObject(body);
  if (!value) return undefined;
  if (Array.isArray(value['distributions'])) return readProvider(value['distributions'], url);
  const feed = fieldsOf(value['feed']);
  if (feed) return readRolie(feed);
  if (!fieldsOf(value['document'])) return undefined;
  const read = readCsafDocument(value, url);
  return 'item' in read
    ? { items: [read.item], links: [], problems: [] }
    : { items: [], links: [], problems: read.problems };
}

/** Every feed and every folder: a document that both name is fetched once. */
function readProvider(distributions: unknown, url: string): FeedRead<CsafDocument> {
  const more = recordsOf(distributions, distributionsMax).flatMap((one) => {
    const feeds = recordsOf(fieldsOf(one['rolie'])?.['feeds'], distributionsMax);
    const folder = textOf(one['directory_url'], addressMax);
    const index = folder === undefined ? [] : [inFolder(folder, url)];
    return [...feeds.flatMap((feed) => textOf(feed['url'], addressMax) ?? []), ...index];
  });
  return { items: [], more: [...new Set(more)], links: [], problems: [] };
}

const inFolder = (folder: string, url: string): string => {
  const base = folder.endsWith('/') ? folder : `${folder}/`;
  return URL.canParse(base, url) ? new URL('index.txt', new URL(base, url)).href : base;
};

function readRolie(feed: Readonly<Record<string, unknown>>): FeedRead<CsafDocument> | undefined {
  const entries = feed['entry'];
  if (!Array.isArray(entries)) return undefined;
  if (entries.length > feedEntriesMax) return TOO_LONG;
  const problems = [];
  const links: string[] = [];
  for (const [place, entry] of entries.entries()) {
    const link = linkOf(entry);
    if (link !== undefined) links.push(link);
    else {
      const reason = 'names no document';
      problems.push({ path: `feed.entry[${place}]`, reason, nextStep: 'Tell the provider.' });
    }
  }
  return { items: [], links, problems };
}

function linkOf(entry: unknown): string | undefined {
  const fields = fieldsOf(entry);
  const source = textOf(fieldsOf(fields?.['content'])?.['src'], addressMax);
  const own = recordsOf(fields?.['link'], 20).find(({ rel }) => rel === 'self');
  return source ?? textOf(own?.['href'], addressMax);
}

/** `index.txt` has one path a line; `changes.csv` has a path and an instant, both in quotes. */
function readPaths(body: string): FeedRead<CsafDocument> | undefined {
  const links: string[] = [];
  for (const line of body.split(/\r?\n/)) {
    const path = /^"?([^",\s]{1,2000}\.json)"?(?:,"?[^"]{0,60}"?)?\s*$/i.exec(line)?.[1];
    if (path === undefined && line.trim() !== '') return undefined;
    if (path !== undefined) links.push(path);
    if (links.length > feedEntriesMax) return TOO_LONG;
  }
  return { items: [], links, problems: [] };
}
