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
  'feed-shape-changed': {
    retry: 'with-backoff',
    advice: 'The feed no longer has the shape this version reads; compare it with the last run.',
  },
} as const satisfies Record<string, FaultRule>;
export type FeedFault = keyof typeof FEED_FAULTS;

export interface FeedRead<Item> {
  readonly items: readonly Item[];
  /** Addresses of further documents that hold one item each, absolute or relative to the feed. */
  readonly links: readonly string[];
  /** Entries that could not be read; the others still count. */
  readonly problems: readonly Problem[];
}

/** A kind of vendor feed: pure reading. One value per file in this folder. */
export interface Feed<Item> {
  readonly kind: string;
  /** The Accept header. */
  readonly accept: string;
  /** Undefined when the document as a whole is not of this kind. */
  read(body: string): FeedRead<Item> | undefined;
  readLinked(body: string): { readonly item: Item } | { readonly problems: readonly Problem[] };
  keyOf(item: Item): string;
}

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
  return Array.isArray(list) && list.length <= feedEntriesMax ? list : undefined;
}

/** Reads entries one by one; when there are some and none can be read, the feed has another shape. */
export function readEntries<Item>(
  entries: readonly unknown[],
  parse: (entry: unknown) => { readonly item: Item } | { readonly problems: readonly Problem[] },
): FeedRead<Item> | undefined {
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
