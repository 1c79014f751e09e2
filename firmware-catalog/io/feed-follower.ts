import { fractionOf } from '@ringwave/protocol/keyed-hash';
import { type EpochMs, laterBy, ms } from '@ringwave/protocol/units';
import { FEED_FAULTS, type Feed, type FeedFault, feedEntriesMax } from '../feeds/feed.ts';
import type { Problem } from '../problems.ts';
import { FeedWalk, type Known, type Round, type RoundFault } from './feed-round.ts';
import { HostManners } from './host-manners.ts';
import { OwnHosts } from './own-hosts.ts';
import { type FetchLimits, parseUrl, type Resolve } from './polite-fetch.ts';

/** Plain JSON, so that another process can go on from it. */
export interface FeedState<Item> extends Known {
  /** Everything that was ever read well, by key; a feed that breaks takes nothing away. */
  readonly items: readonly Item[];
  readonly failures: number;
  /** Not asked again before this instant. */
  readonly notBefore?: EpochMs;
  readonly lastGoodAt?: EpochMs;
  /** Whether the configured host lay inside the network when it was first reached. */
  readonly isInside?: boolean;
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

/** One line of the run log. */
export interface FeedLogEntry {
  readonly at: EpochMs;
  /** The kind of feed. */
  readonly feed: string;
  readonly outcome: FeedRun<unknown>['kind'];
  readonly fault?: FeedFault;
  /** Items that were new, that say something else than before, and entries that could not be read. */
  readonly added: number;
  readonly changed: number;
  readonly refused: number;
  readonly durationMs: number;
  readonly bytes: number;
}

export interface FollowerParts<Item> {
  readonly url: string;
  readonly feed: Feed<Item>;
  readonly limits?: Partial<FetchLimits>;
  /** What an earlier process kept of `state`. */
  readonly state?: FeedState<Item>;
  /** Shared by all followers of a program, so that two feeds of one host wait for each other. */
  readonly manners?: HostManners;
  readonly resolve?: Resolve;
}

/** 30 s: a list is small. 16 MiB: ten thousand entries. 3 redirects: moved, https, trailing slash. */
const usual: FetchLimits = { timeoutMs: 30_000, bytesMax: 16 * 1024 ** 2, redirectsMax: 3 };
/** Runs kept in the log: some days of an hourly feed. */
const runsKept = 100;
/** First wait after a failure, doubled with each further one up to six hours, and up to a quarter longer. */
const firstWaitMs = 60_000;
const longestWaitMs = 6 * 3_600_000;
const jitter = 0.25;

/**
 * Follows one feed. The caller decides when (`runOnce` on a schedule); the follower asks conditionally,
 * backs off after failures, and keeps the last good state whatever comes.
 */
export class FeedFollower<Item> {
  readonly #parts: FollowerParts<Item>;
  readonly #manners: HostManners;
  readonly #log: FeedLogEntry[] = [];
  #state: FeedState<Item>;

  constructor(parts: FollowerParts<Item>) {
    this.#parts = parts;
    this.#manners = parts.manners ?? new HostManners();
    this.#state = parts.state ?? { items: [], pages: {}, linked: {}, failures: 0 };
  }

  get state(): FeedState<Item> {
    return this.#state;
  }

  /** The latest runs, oldest first. */
  get log(): readonly FeedLogEntry[] {
    return this.#log;
  }

  async runOnce(now: EpochMs): Promise<FeedRun<Item>> {
    const beganAt = performance.now();
    const { notBefore } = this.#state;
    const counts = { added: 0, changed: 0, refused: 0, bytes: 0 };
    const early = notBefore !== undefined && now < notBefore;
    const run = early
      ? ({ kind: 'backing-off', at: now, until: notBefore } as const)
      : await this.#ask(now, counts);
    this.#log.push({
      at: now,
      feed: this.#parts.feed.kind,
      outcome: run.kind,
      ...(run.kind === 'failed' ? { fault: run.fault } : {}),
      ...counts,
      durationMs: Math.round(performance.now() - beganAt),
    });
    if (this.#log.length > runsKept) this.#log.shift();
    return run;
  }

  async #ask(now: EpochMs, counts: Counts): Promise<FeedRun<Item>> {
    const { url, feed, limits, resolve } = this.#parts;
    const begin = feed.begin(url);
    const hosts = begin.flatMap((address) => parseUrl(address) ?? []);
    const own = new OwnHosts(hosts, this.#state.isInside);
    const walk = new FeedWalk({
      feed,
      begin,
      limits: { ...usual, ...limits },
      known: this.#state,
      own,
      manners: this.#manners,
      now,
      ...(resolve ? { resolve } : {}),
    });
    const round = await walk.walk();
    counts.bytes = round.bytes;
    return 'fault' in round ? this.#failed(now, round) : this.#well(now, round, { own, counts });
  }

  #well(
    now: EpochMs,
    round: Round<Item>,
    { own, counts }: { own: OwnHosts; counts: Counts },
  ): FeedRun<Item> {
    const { items, added, problems } = this.#merged(round, counts);
    counts.refused = problems.length;
    const { pages, linked } = round;
    const { areInside: isInside } = own;
    this.#state = {
      items,
      pages,
      linked,
      failures: 0,
      lastGoodAt: now,
      ...(isInside === undefined ? {} : { isInside }),
    };
    if (!round.isNew && problems.length === 0) return { kind: 'unchanged', at: now };
    return { kind: 'read', at: now, added, problems };
  }

  #failed(now: EpochMs, { fault, detail, retryAfterMs = 0 }: RoundFault): FeedRun<Item> {
    const failures = this.#state.failures + 1;
    const doubled = Math.min(firstWaitMs * 2 ** Math.min(failures - 1, 20), longestWaitMs);
    // A keyed hash spreads feeds that failed together, the same way on every machine.
    const spread = 1 + jitter * fractionOf(this.#parts.url, failures);
    const until = laterBy(now, ms(Math.max(Math.round(doubled * spread), retryAfterMs)));
    this.#state = { ...this.#state, failures, notBefore: until };
    return { kind: 'failed', at: now, fault, detail, advice: FEED_FAULTS[fault].advice, until };
  }

  /** New items replace earlier ones of the same key; what a feed no longer lists is not forgotten. */
  #merged(round: Round<Item>, counts: Counts): Merged<Item> {
    const { feed } = this.#parts;
    const { entriesMax = feedEntriesMax } = feed;
    const byKey = new Map(this.#state.items.map((item) => [feed.keyOf(item), item]));
    const added = new Map<string, Item>();
    let left = 0;
    for (const item of round.items) {
      const key = feed.keyOf(item);
      const earlier = byKey.get(key);
      if (earlier !== undefined && feed.changed(earlier, item) === undefined) continue;
      if (earlier === undefined && byKey.size >= entriesMax) left += 1;
      else {
        if (earlier === undefined) counts.added += 1;
        else counts.changed += 1;
        byKey.set(key, item);
        added.set(key, item);
      }
    }
    const tooMany = left === 0 ? [] : [leftOut(left, entriesMax)];
    const problems = [...round.problems, ...tooMany];
    return { items: [...byKey.values()], added: [...added.values()], problems };
  }
}

interface Merged<Item> {
  readonly items: readonly Item[];
  readonly added: readonly Item[];
  readonly problems: readonly Problem[];
}

/** Filled in by a run as it goes. */
interface Counts {
  added: number;
  changed: number;
  refused: number;
  bytes: number;
}

const leftOut = (count: number, entriesMax: number): Problem => ({
  path: '',
  reason: `feed-too-long: ${count} new entries are left out, ${entriesMax} are kept`,
  nextStep: FEED_FAULTS['feed-too-long'].advice,
});
