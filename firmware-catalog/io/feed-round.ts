// One walk over a feed: where it begins, its further parts, and the documents it links to.

import {
  FEED_FAULTS,
  type Feed,
  type FeedFault,
  feedEntriesMax,
  type FeedRead,
} from '../feeds/feed.ts';
import type { Problem } from '../problems.ts';
import { laterBy, ms, type EpochMs } from '@ringwave/protocol/units';
import type { HostManners } from './host-manners.ts';
import type { OwnHosts } from './own-hosts.ts';
import {
  type Fetched,
  type FetchLimits,
  parseUrl,
  politeFetch,
  type Resolve,
  type Validators,
} from './polite-fetch.ts';

/** What is known of one part of a feed, so that a part that did not change need not be read again. */
export interface PageState {
  readonly validators: Validators;
  /** Addresses as the part named them, made absolute. */
  readonly more: readonly string[];
  readonly links: readonly string[];
}

export interface Known {
  /** Parts of the feed, by address. */
  readonly pages: Readonly<Record<string, PageState>>;
  /** Validators of documents the feed links to, by address; the one asked longest ago comes first. */
  readonly linked: Readonly<Record<string, Validators>>;
}

export interface RoundParts<Item> {
  readonly feed: Feed<Item>;
  readonly begin: readonly string[];
  readonly limits: FetchLimits;
  readonly known: Known;
  readonly own: OwnHosts;
  readonly manners: HostManners;
  readonly now: EpochMs;
  readonly resolve?: Resolve;
}

export interface Round<Item> extends Known {
  readonly items: readonly Item[];
  readonly problems: readonly Problem[];
  readonly bytes: number;
  /** Whether any document came; else all are as they were. */
  readonly isNew: boolean;
}

export interface RoundFault {
  readonly fault: FeedFault;
  readonly detail: string;
  readonly retryAfterMs?: number;
  readonly bytes: number;
}

/** Parts read in one run: NVD's whole list has some 170 pages of 2,000, its changes of a day one. */
const pagesPerRun = 200;
/** Linked documents fetched in one run, so that a feed cannot make us knock on a host all day. */
const linksPerRun = 200;
/** Bytes of one run over all its documents, inflated. */
const bytesPerRun = 512 * 1024 ** 2;
/** Time of one run; what is left over is read by the next. */
const runMsMax = 15 * 60_000;
/** Problems told of one run. */
const problemsPerRun = 1000;

/** A walk under way: it gathers, and stops at its bounds. */
export class FeedWalk<Item> {
  readonly #parts: RoundParts<Item>;
  readonly #endAt = performance.now() + runMsMax;
  readonly #items: Item[] = [];
  readonly #problems: Problem[] = [];
  readonly #pages: Record<string, PageState> = {};
  #bytes = 0;
  #isNew = false;

  constructor(parts: RoundParts<Item>) {
    this.#parts = parts;
  }

  /** A fault only where the feed could not be begun: what breaks further on is a problem beside what was good. */
  async walk(): Promise<Round<Item> | RoundFault> {
    const { begin } = this.#parts;
    const links = new Set<string>();
    const queue = [...begin];
    let wrong: RoundFault | undefined;
    let good = 0;
    for (let place = 0; place < queue.length; place += 1) {
      const address = queue[place] ?? '';
      if (place >= pagesPerRun || this.#isSpent()) {
        this.#problem(address, 'feed-too-long', 'the rest is read no further in this run');
        break;
      }
      const page = await this.#page(address);
      if ('fault' in page) {
        if (place < begin.length) wrong ??= { ...page, bytes: this.#bytes };
        else this.#keepPage(address, queue, links);
        this.#problem(address, page.fault, page.detail);
        continue;
      }
      good += 1;
      this.#takePage(address, page, { queue, links });
    }
    if (wrong && good === 0) return wrong;
    const linked = await this.#followLinks(links);
    const [items, problems, pages] = [this.#items, this.#problems, this.#pages];
    return { items, problems, pages, linked, bytes: this.#bytes, isNew: this.#isNew };
  }

  #isSpent(): boolean {
    return this.#bytes > bytesPerRun || performance.now() > this.#endAt;
  }

  #takePage(
    address: string,
    page: PageState,
    { queue, links }: { queue: string[]; links: Set<string> },
  ): void {
    this.#pages[address] = page;
    const listed = new Set(queue);
    for (const more of page.more) {
      if (!listed.has(more) && queue.length <= pagesPerRun) queue.push(more);
      listed.add(more);
    }
    for (const link of page.links) links.add(link);
  }

  /** What a part said before it broke still leads on. */
  #keepPage(address: string, queue: string[], links: Set<string>): void {
    const before = this.#known(address);
    if (before) this.#takePage(address, { ...before, validators: {} }, { queue, links });
  }

  async #page(address: string): Promise<PageState | Omit<RoundFault, 'bytes'>> {
    const before = this.#known(address);
    const got = await this.#fetch(address, before?.validators ?? {});
    if (got.kind === 'fault') return got;
    if (got.kind === 'unchanged') return before ?? { validators: {}, more: [], links: [] };
    const read = this.#parts.feed.read({ url: got.url, body: got.body });
    if (!read) {
      const began = JSON.stringify(got.body.slice(0, 80));
      return { fault: 'feed-shape-changed', detail: `it began: ${began}` };
    }
    const entriesMax = this.#parts.feed.entriesMax ?? feedEntriesMax;
    if (read.isTooLong || this.#items.length + read.items.length > entriesMax) {
      return { fault: 'feed-too-long', detail: `it has more than ${entriesMax} entries` };
    }
    this.#isNew = true;
    return this.#readPage(read, { url: got.url, validators: got.validators });
  }

  #readPage(
    { items, more = [], links, problems }: FeedRead<Item>,
    { url, validators }: { url: string; validators: Validators },
  ): PageState {
    for (const item of items) this.#items.push(item);
    for (const problem of problems) this.#tell(problem);
    const absolute = (all: readonly string[]): string[] =>
      all.slice(0, feedEntriesMax).map((one) => parseUrl(one, new URL(url))?.href ?? one);
    return { validators, more: absolute(more), links: absolute(links) };
  }

  #known(address: string): PageState | undefined {
    const { pages } = this.#parts.known;
    return Object.hasOwn(pages, address) ? pages[address] : undefined;
  }

  async #followLinks(links: ReadonlySet<string>): Promise<Record<string, Validators>> {
    const { known } = this.#parts;
    const order = [...bySeen(links, known.linked)];
    // Those asked now go to the end, so that the next run begins with those asked longest ago.
    const linked = Object.fromEntries(
      Object.entries(known.linked).filter(([address]) => links.has(address)),
    );
    for (const address of order.slice(0, linksPerRun)) {
      if (this.#isSpent()) break;
      const before = Object.hasOwn(linked, address) ? linked[address] : undefined;
      const after = await this.#followLink(address, before ?? {});
      delete linked[address];
      if (after) linked[address] = after;
    }
    return linked;
  }

  /** What to keep of the document; undefined where it is to be asked for anew. */
  async #followLink(address: string, before: Validators): Promise<Validators | undefined> {
    const got = await this.#fetch(address, before);
    if (got.kind === 'fault') this.#problem(address, got.fault, got.detail);
    if (got.kind === 'fault') return undefined;
    if (got.kind === 'unchanged') return before;
    this.#isNew = true;
    const read = this.#parts.feed.readLinked({ url: got.url, body: got.body });
    if ('item' in read) this.#items.push(read.item);
    else {
      for (const one of read.problems) this.#tell({ ...one, path: `${address}: ${one.path}` });
    }
    return got.validators;
  }

  async #fetch(address: string, known: Validators): Promise<Fetched> {
    const { feed, limits, own, manners, now, resolve } = this.#parts;
    const at = parseUrl(address);
    if (!at || !own.has(at)) return away(address, at);
    const rest = manners.restingUntil(at.host, now);
    if (rest !== undefined) return resting(rest, now);
    const bytesMax = feed.bytesMax ?? limits.bytesMax;
    const parts = { accept: feed.accept, known, limits: { ...limits, bytesMax }, own, now };
    const got = await manners.inTurn(at.host, () =>
      politeFetch(at.href, resolve ? { ...parts, resolve } : parts),
    );
    if (got.kind === 'body') this.#bytes += got.bytes;
    if (got.kind === 'fault' && got.retryAfterMs !== undefined) {
      manners.rest(at.host, laterBy(now, ms(got.retryAfterMs)));
    }
    return got;
  }

  #problem(address: string, fault: FeedFault, detail: string): void {
    const nextStep = FEED_FAULTS[fault].advice;
    this.#tell({ path: address.slice(0, 200), reason: `${fault}: ${detail}`, nextStep });
  }

  #tell(problem: Problem): void {
    if (this.#problems.length < problemsPerRun) this.#problems.push(problem);
  }
}

const resting = (until: EpochMs, now: EpochMs): Fetched => ({
  kind: 'fault',
  fault: 'feed-refused',
  detail: 'the host asked to be left alone for a while',
  retryAfterMs: until - now,
});

const away = (address: string, at: URL | undefined): Fetched =>
  at
    ? { kind: 'fault', fault: 'feed-redirected-away', detail: 'leads to another host' }
    : {
        kind: 'fault',
        fault: 'feed-unreachable',
        detail: `${address.slice(0, 200)} is no http or https address`,
      };

/** Documents never seen come first, so that a long list is read to its end over several runs. */
function* bySeen(links: ReadonlySet<string>, linked: Known['linked']): Iterable<string> {
  for (const link of links) if (!Object.hasOwn(linked, link)) yield link;
  for (const link of Object.keys(linked)) if (links.has(link)) yield link;
}
