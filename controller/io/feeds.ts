import { HostManners } from '@ringwave/firmware-catalog/io/host-manners';
import type { ImageStore } from '@ringwave/firmware-catalog/io/image-store';
import type { Release } from '@ringwave/firmware-catalog/release';
import type { Clock } from '@ringwave/runtime/clock';
import type { EpochMs } from '@ringwave/protocol/units';
import { schedule, type ScheduledTask, validate } from 'node-cron';
import { FEED_KINDS, type FeedChoice, type FeedKind } from '../core/feed-choice.ts';
import type { Listed } from '../core/feed-tables.ts';
import type { Command, CommandResult, ControllerTables } from '../core/state.ts';
import { runFeed } from './feed-run.ts';
import { fetchImage } from './listed-images.ts';

// Follows vendors' and issuers' lists on a schedule in UTC. Where a feed stands is in the tables, so that a restart
// changes nothing. A release enters the controller only once all its images are in the store, measured; one whose
// image cannot be had is tried again on the next round.

export interface FeedsOptions {
  readonly choices: readonly FeedChoice[];
  /** Cron expression with five fields, read in UTC. */
  readonly schedule: string;
  /** Shared by all feeds; of its own where none is given. */
  readonly manners?: HostManners;
  readonly images: ImageStore;
  readonly tables: ControllerTables;
  /** The wall's time: vendors' servers keep it too. */
  readonly clock: Clock;
  submit(command: Command): CommandResult;
  note(about: Record<string, unknown>, text: string): void;
}

/** Who places phones comes before those who tell more of them: the chances of attacks are read last. */
const byOrder = (kind: FeedKind): number => FEED_KINDS.indexOf(kind);

export class Feeds {
  readonly choices: readonly FeedChoice[];
  readonly #options: FeedsOptions;
  readonly #task: ScheduledTask;
  #running: Promise<void> | undefined;
  readonly #stop = new AbortController();
  readonly #manners: HostManners;

  constructor(options: FeedsOptions) {
    if (!validate(options.schedule)) {
      throw new Error(
        `"${options.schedule}" is no cron schedule. Write five fields, such as "*/15 * * * *".`,
      );
    }
    this.#options = options;
    this.#manners = options.manners ?? new HostManners();
    this.choices = options.choices;
    this.#task = schedule(options.schedule, () => void this.runOnce(), { timezone: 'Etc/UTC' });
  }

  /** When the next round begins by itself. */
  get nextRoundAt(): EpochMs | null {
    return (this.#task.getNextRun()?.getTime() ?? null) as EpochMs | null;
  }

  /** One round over all feeds; a round under way is joined, not doubled. */
  runOnce(): Promise<void> {
    this.#running ??= this.#round().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #round(): Promise<void> {
    const { tables } = this.#options;
    const inOrder = [...this.choices].sort((a, b) => byOrder(a.kind) - byOrder(b.kind));
    for (const choice of inOrder) {
      if (this.#stop.signal.aborted) return;
      await this.#run(choice);
    }
    for (const [id, listed] of Array.from(tables.listed)) {
      const release = tables.releases.get(id);
      // One that somebody quarantined or withdrew meanwhile is not fetched.
      const isWanted = release && tables.lives.get(id)?.state === 'discovered';
      if (isWanted && !this.#stop.signal.aborted) await this.#takeIn(release, listed);
    }
  }

  async #run(choice: FeedChoice): Promise<void> {
    const { tables, clock } = this.#options;
    const { url, name } = choice;
    const parts = { tables, manners: this.#manners, now: clock.now() };
    const done = await runFeed(choice, parts);
    if (!done) return;
    const { fault, detail, advice = '' } = done.command.run;
    if (fault !== undefined) this.#options.note({ feed: name, url, fault, detail }, advice);
    for (const problem of done.problems)
      this.#options.note({ feed: name, url, ...problem }, 'feed entry refused');
    this.#options.submit(done.command);
  }

  async #takeIn(release: Release, { feed, url }: Listed): Promise<void> {
    const { images, tables } = this.#options;
    const { isInside } = tables.feeds.get(feed)?.state ?? {};
    for (const image of release.images) {
      const about = { images, list: url, isInside, signal: this.#stop.signal };
      const problem = await fetchImage(image, about);
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
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#task.destroy();
    await this.#running;
  }
}
