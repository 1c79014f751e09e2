import type { Advisory } from '@ringwave/firmware-catalog/advisory';
import type { Feed } from '@ringwave/firmware-catalog/feeds/feed';
import { advisoryFeed } from '@ringwave/firmware-catalog/feeds/advisory-feed';
import { releaseFeed } from '@ringwave/firmware-catalog/feeds/release-feed';
import { FeedFollower } from '@ringwave/firmware-catalog/io/feed-follower';
import { HostManners } from '@ringwave/firmware-catalog/io/host-manners';
import { OwnHosts } from '@ringwave/firmware-catalog/io/own-hosts';
import { openGuarded, parseUrl } from '@ringwave/firmware-catalog/io/polite-fetch';
import type { ImageStore } from '@ringwave/firmware-catalog/io/image-store';
import type { Release, ReleaseImage } from '@ringwave/firmware-catalog/release';
import type { Clock } from '@ringwave/runtime/clock';
import { schedule, type ScheduledTask, validate } from 'node-cron';
import type { Command, CommandResult } from '../core/state.ts';

// Follows vendors' lists on a schedule in UTC. A release enters the controller only once all its images are
// in the store, measured; one whose image cannot be had is tried again on the next run.

export interface FeedsOptions {
  readonly releases: readonly string[];
  readonly advisories: readonly string[];
  /** Cron expression with five fields, read in UTC. */
  readonly schedule: string;
  readonly images: ImageStore;
  /** The wall's time: vendors' servers keep it too. */
  readonly clock: Clock;
  submit(command: Command): CommandResult;
  note(about: Record<string, unknown>, text: string): void;
}

/** 30 min for one image: 300 MB at 170 kB/s; the next run resumes. */
const imageFetchMsMax = 30 * 60_000;

export class Feeds {
  readonly #options: FeedsOptions;
  readonly #followers: readonly (() => Promise<void>)[];
  readonly #task: ScheduledTask;
  /** Releases whose images are not all here yet, by id. */
  readonly #waiting = new Map<string, { release: Release; feed: string }>();
  #running: Promise<void> | undefined;
  readonly #stop = new AbortController();
  readonly #manners = new HostManners();
  /** Whether a feed's own host lies inside the network, by its address. */
  readonly #isInside = new Map<string, boolean | undefined>();

  constructor(options: FeedsOptions) {
    if (!validate(options.schedule)) {
      throw new Error(
        `"${options.schedule}" is no cron schedule. Write five fields, such as "*/15 * * * *".`,
      );
    }
    this.#options = options;
    this.#followers = [
      ...options.releases.map((url) =>
        this.#follow(url, releaseFeed, (release) => {
          this.#waiting.set(release.id, { release, feed: url });
          this.#options.submit({ kind: 'release-discover', release, source: url });
        }),
      ),
      ...options.advisories.map((url) =>
        this.#follow(url, advisoryFeed, (advisory) => this.#take(advisory)),
      ),
    ];
    this.#task = schedule(options.schedule, () => void this.runOnce(), { timezone: 'Etc/UTC' });
  }

  /** One round over all feeds; a round under way is joined, not doubled. */
  runOnce(): Promise<void> {
    this.#running ??= this.#round().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #round(): Promise<void> {
    for (const follow of this.#followers) await follow();
    for (const { release, feed } of Array.from(this.#waiting.values()))
      await this.#takeIn(release, feed);
  }

  #follow<Item>(url: string, feed: Feed<Item>, take: (item: Item) => void): () => Promise<void> {
    const follower = new FeedFollower({ url, feed, manners: this.#manners });
    return async () => {
      const run = await follower.runOnce(this.#options.clock.now());
      this.#isInside.set(url, follower.state.isInside);
      if (run.kind === 'failed')
        this.#options.note({ url, fault: run.fault, detail: run.detail }, run.advice);
      if (run.kind !== 'read') return;
      for (const problem of run.problems)
        this.#options.note({ url, ...problem }, 'feed entry refused');
      for (const item of run.added) take(item);
    };
  }

  #take(advisory: Advisory): void {
    this.#options.submit({ kind: 'advisory-put', advisory });
  }

  async #takeIn(release: Release, feed: string): Promise<void> {
    for (const image of release.images) {
      const problem = await this.#fetchImage(image, feed);
      if (problem === undefined) continue;
      this.#options.note(
        { release: release.id, image: image.fileName, problem },
        'image not taken in; tried again on the next run',
      );
      return;
    }
    const result = this.#options.submit({ kind: 'release-put', release });
    if (!result.ok)
      this.#options.note({ release: release.id, refusals: result.refusals }, 'release refused');
    this.#waiting.delete(release.id);
  }

  /** Undefined when the image is held, else why it is not. */
  async #fetchImage(image: ReleaseImage, feed: string): Promise<string | undefined> {
    const { images } = this.#options;
    if (await images.has(image.sha256)) return undefined;
    const own = parseUrl(feed);
    const at = own && parseUrl(image.url ?? '', own);
    if (!at) return 'the manifest names no address for it';
    const from = await images.partialLength(image.sha256);
    try {
      // An image may lie on another host than its list, and never inside the network unless the list does.
      const response = await openGuarded(at, {
        headers: from > 0 ? { range: `bytes=${from}-` } : {},
        own: new OwnHosts([own], this.#isInside.get(feed)),
        signal: AbortSignal.any([this.#stop.signal, AbortSignal.timeout(imageFetchMsMax)]),
      });
      if (response.statusCode !== 200 && response.statusCode !== 206) {
        response.destroy();
        return `the server answers ${response.statusCode}`;
      }
      const about = { sha256: image.sha256, lengthBytes: image.lengthBytes };
      const begin = response.statusCode === 206 ? from : 0;
      const stored = await images
        .append(response, { ...about, from: begin })
        .finally(() => response.destroy());
      if (stored.kind === 'partial') return 'the line broke; the rest follows';
      return stored.kind === 'refused' ? stored.fault : undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#task.destroy();
    await this.#running;
  }
}
