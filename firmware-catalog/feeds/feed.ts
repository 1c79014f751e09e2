import type { FaultRule } from '@ringwave/protocol/faults';
import type { Problem } from '../problems.ts';

/** What can be wrong with a feed as a whole; what it gave before stays in force meanwhile. */
export const FEED_FAULTS = {
  'feed-unreachable': {
    retry: 'with-backoff',
    advice: 'Check the address of the feed and the way there; it is asked again by itself.',
  },
  'feed-too-slow': {
    retry: 'with-backoff',
    advice: 'The feed did not end in time; it is asked again by itself.',
  },
  'feed-refused': {
    retry: 'with-backoff',
    advice: 'The server of the feed refuses; check address and access there.',
  },
  'feed-too-long': {
    retry: 'with-backoff',
    advice: 'The feed is longer than is read; follow a narrower list.',
  },
  'feed-redirected-away': {
    retry: 'with-backoff',
    advice: 'The feed points to another host; if that is right, follow the new address.',
  },
  'feed-redirected-inside': {
    retry: 'with-backoff',
    advice:
      'The feed leads to an address inside a network; if that is a mirror of yours, follow it there.',
  },
  'feed-shape-changed': {
    retry: 'with-backoff',
    advice: 'The feed no longer has the shape this version reads; compare it with the last run.',
  },
} as const satisfies Record<string, FaultRule>;
export type FeedFault = keyof typeof FEED_FAULTS;

export interface FeedRead<Item> {
  readonly items: readonly Item[];
  /** Further parts of this feed (pages, sub-lists), read by `read` like the first; absolute or relative. */
  readonly more?: readonly string[];
  /** Addresses of further documents that hold one item each, absolute or relative to the feed. */
  readonly links: readonly string[];
  /** Entries that could not be read; the others still count. */
  readonly problems: readonly Problem[];
  /** It has more entries than are read: none of them counts, and the feed ends as `feed-too-long`. */
  readonly isTooLong?: true;
}

/** The answer to a document with more entries than are read. */
export const TOO_LONG = { items: [], links: [], problems: [], isTooLong: true } as const;

/** One document as it came. */
export interface FeedDocument {
  /** Where it was found, after redirects; addresses inside are relative to it. */
  readonly url: string;
  readonly body: string;
}

/**
 * A kind of feed: pure reading, always these five functions. One value per file in this folder; what
 * needs settings (selectors, a vendor) is made by a function that takes them.
 */
export interface Feed<Item> {
  readonly kind: string;
  /** The Accept header. */
  readonly accept: string;
  /** Items kept of such a feed; absent: `feedEntriesMax`. */
  readonly entriesMax?: number;
  /** Bytes of one document, inflated; absent: what the follower reads of any feed. */
  readonly bytesMax?: number;
  /** Where to begin, from the address that someone configured; most begin at that address. */
  begin(address: string): readonly string[];
  /** Undefined when the document as a whole is not of this kind. */
  read(document: FeedDocument): FeedRead<Item> | undefined;
  /** One document that the feed links to; it holds one item. */
  readLinked(document: FeedDocument): LinkedRead<Item>;
  keyOf(item: Item): string;
  /** What a new reading changes, for the run log; undefined when both say the same. */
  changed(before: Item, after: Item): string | undefined;
}

export type LinkedRead<Item> = { readonly item: Item } | { readonly problems: readonly Problem[] };

/** Begins where it was told. */
export const beginThere = (address: string): readonly string[] => [address];

/** For items that are plain data, where any difference counts. */
export const changedAtAll = (before: unknown, after: unknown): string | undefined =>
  JSON.stringify(before) === JSON.stringify(after) ? undefined : 'changed';

/** Entries read of one feed; a vendor has some thousands of releases in all. */
export const feedEntriesMax = 10_000;

/** The list in a feed's document: the list itself, or under its name in an object. */
export function entriesOf(body: string, name: string): readonly unknown[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return undefined;
  }
  const list: unknown = Array.isArray(value)
    ? value
    : (value as Record<string, unknown> | null)?.[name];
  return Array.isArray(list) ? list : undefined;
}

/** Reads entries one by one, none where there are more than `entriesMax`; when there are some and none can be read, the feed has another shape. */
export function readEntries<Item>(
  entries: readonly unknown[],
  parse: (entry: unknown) => LinkedRead<Item>,
  entriesMax: number = feedEntriesMax,
): FeedRead<Item> | undefined {
  if (entries.length > entriesMax) return TOO_LONG;
  const items: Item[] = [];
  const links: string[] = [];
  const problems: Problem[] = [];
  for (const [place, entry] of entries.entries()) {
    const link = linkOf(entry);
    if (link !== undefined) {
      links.push(link);
      continue;
    }
    const read = parse(entry);
    if ('item' in read) items.push(read.item);
    else problems.push(...read.problems.map((one) => ({ ...one, path: `[${place}].${one.path}` })));
  }
  const nothing = items.length === 0 && links.length === 0 && entries.length > 0;
  return nothing ? undefined : { items, links, problems };
}

/** An entry that is only `{ "manifest": "https://…" }` or the bare address. */
function linkOf(entry: unknown): string | undefined {
  if (typeof entry === 'string') return entry;
  if (typeof entry !== 'object' || entry === null) return undefined;
  const keys = Object.keys(entry);
  const link = (entry as Record<string, unknown>)['manifest'];
  return keys.length === 1 && typeof link === 'string' ? link : undefined;
}
