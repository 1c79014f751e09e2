import { type EpochMs, laterBy, ms } from '@ringwave/protocol/units';
import { FEED_FAULTS, type Feed, type FeedFault, feedEntriesMax } from '../feeds/feed.ts';
import type { Problem } from '../problems.ts';
import {
  type FetchLimits,
  isSameHost,
  parseUrl,
  politeFetch,
  type Validators,
} from './polite-fetch.ts';

export interface FeedState<Item> {
  /** Everything that was ever read well, by key; a feed that breaks takes nothing away. */
  readonly items: readonly Item[];
  readonly validators: Validators;
  /** Validators of documents the feed links to, by address. */
  readonly linked: Readonly<Record<string, Validators>>;
  readonly failures: number;
  /** Not asked again before this instant. */
  readonly notBefore?: EpochMs;
  readonly lastGoodAt?: EpochMs;
}

export type FeedRun<Item> =
  | {
      readonly kind: 'read';
      readonly at: EpochMs;
      /** New, or changed since the last run. */
      readonly added: readonly Item[];
      readonly problems: readonly Problem[];
    }
  | { readonly kind: 'unchanged'; readonly at: EpochMs }
  | { readonly kind: 'backing-off'; readonly at: EpochMs; readonly until: EpochMs }
  | {
      readonly kind: 'failed';
      readonly at: EpochMs;
      readonly fault: FeedFault;
      readonly detail: string;
      readonly advice: string;
      readonly until: EpochMs;
    };

export interface FollowerParts<Item> {
  readonly url: string;
  readonly feed: Feed<Item>;
  readonly limits?: Partial<FetchLimits>;
  /** What an earlier process kept of `state`. */
  readonly state?: FeedState<Item>;
}

/** 30 s: a list is small. 16 MiB: ten thousand entries. 3 redirects: moved, https, trailing slash. */
const usual: FetchLimits = { timeoutMs: 30_000, bytesMax: 16 * 1024 ** 2, redirectsMax: 3 };
/** Linked documents fetched in one run, so that a feed cannot make us knock on a host all day. */
const linksPerRun = 200;
/** Runs kept in the log: some days of an hourly feed. */
const runsKept = 100;
/** First wait after a failure, doubled with each further one up to six hours. */
const firstWaitMs = 60_000;
const longestWaitMs = 6 * 3_600_000;

/**
 * Follows one feed. The caller decides when (`runOnce` on a schedule); the follower asks conditionally,
 * backs off after failures, and keeps the last good state whatever comes.
 */
export class FeedFollower<Item> {
  readonly #url: string;
  readonly #feed: Feed<Item>;
  readonly #limits: FetchLimits;
  readonly #runs: FeedRun<Item>[] = [];
  #state: FeedState<Item>;

  constructor({ url, feed, limits = {}, state }: FollowerParts<Item>) {
    this.#url = url;
    this.#feed = feed;
    this.#limits = { ...usual, ...limits };
    this.#state = state ?? { items: [], validators: {}, linked: {}, failures: 0 };
  }

  get state(): FeedState<Item> {
    return this.#state;
  }

  /** The latest runs, oldest first. */
  get runs(): readonly FeedRun<Item>[] {
    return this.#runs;
  }

  async runOnce(now: EpochMs): Promise<FeedRun<Item>> {
    const { notBefore } = this.#state;
    const early = notBefore !== undefined && now < notBefore;
    const run = early
      ? ({ kind: 'backing-off', at: now, until: notBefore } as const)
      : await this.#ask(now);
    this.#runs.push(run);
    if (this.#runs.length > runsKept) this.#runs.shift();
    return run;
  }

  async #ask(now: EpochMs): Promise<FeedRun<Item>> {
    const { validators: known } = this.#state;
    const { accept } = this.#feed;
    const fetched = await politeFetch(this.#url, { accept, known, limits: this.#limits });
    if (fetched.kind === 'fault') return this.#failed(now, fetched.fault, fetched.detail);
    if (fetched.kind === 'unchanged') {
      this.#state = wellAt(this.#state, now);
      return { kind: 'unchanged', at: now };
    }
    const read = this.#feed.read({ url: this.#url, body: fetched.body });
    if (!read)
      return this.#failed(now, 'feed-shape-changed', `it began: ${fetched.body.slice(0, 80)}`);
    const followed = await this.#followLinks(read.links);
    const { items, added } = this.#merged([...read.items, ...followed.items]);
    // With a link missing the list is asked for again in full, or its absence would never be noticed.
    const validators = followed.isComplete ? fetched.validators : {};
    this.#state = { ...wellAt(this.#state, now), items, validators, linked: followed.linked };
    return { kind: 'read', at: now, added, problems: [...read.problems, ...followed.problems] };
  }

  #failed(now: EpochMs, fault: FeedFault, detail: string): FeedRun<Item> {
    const failures = this.#state.failures + 1;
    const wait = Math.min(firstWaitMs * 2 ** Math.min(failures - 1, 20), longestWaitMs);
    const until = laterBy(now, ms(wait));
    this.#state = { ...this.#state, failures, notBefore: until };
    return { kind: 'failed', at: now, fault, detail, advice: FEED_FAULTS[fault].advice, until };
  }

  /** New items replace earlier ones of the same key; what a feed no longer lists is not forgotten. */
  #merged(read: readonly Item[]): { items: Item[]; added: Item[] } {
    const byKey = new Map(this.#state.items.map((item) => [this.#feed.keyOf(item), item]));
    const added: Item[] = [];
    for (const item of read) {
      const key = this.#feed.keyOf(item);
      const earlier = byKey.get(key);
      if (earlier !== undefined && this.#feed.changed(earlier, item) === undefined) continue;
      if (earlier === undefined && byKey.size >= feedEntriesMax) continue;
      byKey.set(key, item);
      added.push(item);
    }
    return { items: [...byKey.values()], added };
  }

  async #followLinks(links: readonly string[]): Promise<Followed<Item>> {
    // Documents never seen come first, so that a long list is read to its end over several runs.
    const [unseen, seen] = bySeen(links, this.#state.linked);
    const linked = Object.fromEntries(seen.map((link) => [link, this.#state.linked[link] ?? {}]));
    const items: Item[] = [];
    const problems: Problem[] = [];
    let missed = Math.max(0, unseen.length - linksPerRun);
    for (const link of [...unseen, ...seen].slice(0, linksPerRun)) {
      const got = await this.#followLink(link);
      if ('fault' in got) {
        missed += 1;
        problems.push(got.fault);
      } else if (got.kind === 'body') {
        const read = this.#feed.readLinked({ url: link, body: got.body });
        if ('item' in read) items.push(read.item);
        else
          problems.push(...read.problems.map((one) => ({ ...one, path: `${link}: ${one.path}` })));
        linked[link] = got.validators;
      }
    }
    return { items, problems, linked, isComplete: missed === 0 };
  }

  async #followLink(link: string) {
    const base = parseUrl(this.#url);
    const at = base && parseUrl(link, base);
    if (!base || !at || !isSameHost(base, at)) {
      return { fault: linkProblem(link, 'leads to another host', 'feed-redirected-away') };
    }
    const known = this.#state.linked[link] ?? {};
    const { accept } = this.#feed;
    const got = await politeFetch(at.href, { accept, known, limits: this.#limits });
    return got.kind === 'fault' ? { fault: linkProblem(link, got.detail, got.fault) } : got;
  }
}

interface Followed<Item> {
  readonly items: readonly Item[];
  readonly problems: readonly Problem[];
  readonly linked: Readonly<Record<string, Validators>>;
  readonly isComplete: boolean;
}

function bySeen(
  links: readonly string[],
  linked: FeedState<unknown>['linked'],
): [unseen: string[], seen: string[]] {
  const distinct = [...new Set(links)];
  const isSeen = (link: string): boolean => Object.hasOwn(linked, link);
  return [distinct.filter((link) => !isSeen(link)), distinct.filter(isSeen)];
}

const linkProblem = (link: string, detail: string, fault: FeedFault): Problem => ({
  path: link.slice(0, 200),
  reason: `${fault}: ${detail}`,
  nextStep: FEED_FAULTS[fault].advice,
});

function wellAt<Item>(state: FeedState<Item>, now: EpochMs): FeedState<Item> {
  const { notBefore: _, ...rest } = state;
  return { ...rest, failures: 0, lastGoodAt: now };
}
