import { createHash } from 'node:crypto';
import type { AdvisoryClaim } from '@ringwave/firmware-catalog/advisory-claim';
import { chooseFeed } from '@ringwave/firmware-catalog/feed-settings';
import { advisoryFeed } from '@ringwave/firmware-catalog/feeds/advisory-feed';
import { csafFeed } from '@ringwave/firmware-catalog/feeds/csaf-feed';
import { epssFeed } from '@ringwave/firmware-catalog/feeds/epss-feed';
import type { Feed } from '@ringwave/firmware-catalog/feeds/feed';
import { kevFeed } from '@ringwave/firmware-catalog/feeds/kev-feed';
import { nvdFeed } from '@ringwave/firmware-catalog/feeds/nvd-feed';
import { releaseFeed } from '@ringwave/firmware-catalog/feeds/release-feed';
import { FeedFollower, type FeedRun } from '@ringwave/firmware-catalog/io/feed-follower';
import type { HostManners } from '@ringwave/firmware-catalog/io/host-manners';
import type { Problem } from '@ringwave/firmware-catalog/problems';
import { namesOf } from '@ringwave/firmware-catalog/product-alias';
import type { EpochMs } from '@ringwave/protocol/units';
import { advisoryBoard } from '../core/advisory-board.ts';
import { batchOfAdvisories, keyedOf } from '../core/claim-commands.ts';
import type { FeedChoice } from '../core/feed-choice.ts';
import {
  type Brought,
  type FeedCommand,
  type FeedKept,
  runProblemsMax,
} from '../core/feed-tables.ts';
import type { ControllerTables } from '../core/state.ts';

/** One run of one feed, ready to be committed. */
export interface RunDone {
  readonly command: Extract<FeedCommand, { kind: 'feed-run' }>;
  /** All of them; the log of runs keeps the first. */
  readonly problems: readonly Problem[];
}

export interface RunParts {
  readonly tables: ControllerTables;
  readonly manners: HostManners;
  readonly now: EpochMs;
}

/** Undefined where the feed is left alone for now, after a failure or because its host asked for it. */
export function runFeed(choice: FeedChoice, parts: RunParts): Promise<RunDone | undefined> {
  const { tables } = parts;
  switch (choice.kind) {
    case 'releases':
      return follow(choice, parts, releaseFeed, (releases) => ({ releases }));
    case 'advisories':
      return follow(choice, parts, advisoryFeed, (all) => ({ claims: batchOfAdvisories(all) }));
    case 'csaf':
      return follow(choice, parts, csafFeed, (documents) => {
        const keyed = documents.map(({ issuer, id, claims }) => ({
          by: `csaf ${issuer} ${id}`,
          claims,
        }));
        const claims = keyed.flatMap(({ by, claims }) => keyedOf(by, claims));
        return { claims: { claims, documents: keyed.map(({ by }) => by) } };
      });
    case 'kev':
      return follow(choice, parts, kevFeed, (claims) => supplement('kev', claims));
    case 'nvd':
      return followNvd(choice, parts);
    case 'epss': {
      const placed = new Set(advisoryBoard(tables).placedOnPhones);
      const about = { ...parts, interest: digestOf(placed) };
      const feed = epssFeed((cve) => placed.has(cve));
      return follow(choice, about, feed, (claims) => supplement('epss', claims));
    }
    default: {
      const chosen = chooseFeed(choice.settings);
      if ('problems' in chosen) throw new Error(JSON.stringify(chosen.problems));
      return follow(choice, parts, chosen.feed, (announcements) => ({ announcements }));
    }
  }
}

const supplement = (by: string, claims: readonly AdvisoryClaim[]): Brought => ({
  claims: { claims: claims.map((claim) => ({ by, claim })), documents: [] },
});

/** A claim that names no vendor known here is left out and counted, unless it takes an earlier one back. */
function followNvd(choice: FeedChoice, parts: RunParts): Promise<RunDone | undefined> {
  const { claims } = parts.tables;
  let aside = 0;
  const feed = nvdFeed(({ id, products }) => {
    const isKept =
      products.some(({ vendor }) => namesOf(vendor) !== undefined) ||
      claims.get(id)?.held.some(({ by }) => by === 'nvd') === true;
    if (!isKept) aside += 1;
    return isKept;
  });
  return follow(
    choice,
    parts,
    feed,
    (items) => supplement('nvd', items),
    () => aside,
  );
}

/** The CVEs that were looked for: when there are others, the same document says more. */
const digestOf = (ids: ReadonlySet<string>): string =>
  createHash('sha256')
    .update([...ids].sort().join('\n'))
    .digest('hex')
    .slice(0, 32);

async function follow<Item>(
  { name, kind, url }: FeedChoice,
  { tables, manners, now, interest }: RunParts & { readonly interest?: string },
  feed: Feed<Item>,
  bringing: (items: readonly Item[]) => Brought,
  asideCount: () => number = () => 0,
): Promise<RunDone | undefined> {
  const before = stateOf(tables.feeds.get(name), { kind, url, interest });
  const state = { ...before, items: [] };
  const follower = new FeedFollower({ url, feed, manners, state });
  const run = await follower.runOnce(now);
  const logged = follower.log.at(-1);
  if (run.kind === 'backing-off' || !logged) return undefined;
  const { items: _, ...after } = follower.state;
  const problems = run.kind === 'read' ? run.problems : [];
  const aside = asideCount();
  const command = {
    kind: 'feed-run',
    kept: { name, kind, url, state: after, ...(interest === undefined ? {} : { interest }) },
    run: {
      feed: name,
      at: now,
      kind,
      outcome: run.kind,
      refused: problems.length,
      aside,
      durationMs: logged.durationMs,
      bytes: logged.bytes,
      ...faultOf(run),
      problems: problems.slice(0, runProblemsMax),
    },
    brought: run.kind === 'read' ? bringing(run.added) : {},
  } as const;
  return { command, problems };
}

function faultOf(run: FeedRun<unknown>) {
  if (run.kind !== 'failed') return {};
  const { fault, detail, advice } = run;
  return { fault, detail, advice };
}

/** Validators hold for the same feed, read for the same CVEs; else it is asked for anew. */
function stateOf(
  kept: FeedKept | undefined,
  {
    kind,
    url,
    interest,
  }: { readonly kind: string; readonly url: string; readonly interest: string | undefined },
): FeedKept['state'] {
  if (!kept || kept.kind !== kind || kept.url !== url)
    return { pages: {}, linked: {}, failures: 0 };
  return kept.interest === interest ? kept.state : { ...kept.state, pages: {}, linked: {} };
}
