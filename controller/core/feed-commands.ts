import type { Problem } from '@ringwave/firmware-catalog/problems';
import type { Release } from '@ringwave/firmware-catalog/release';
import type { EpochMs } from '@ringwave/protocol/units';
import { takeAnnouncements } from './announcement-commands.ts';
import { audit, nextCount } from './audit.ts';
import { takeClaims } from './claim-commands.ts';
import {
  type FeedCommand,
  type FeedKept,
  type FeedRunRow,
  feedRunsMax,
  runProblemsMax,
  STORE_FAULTS,
  type StoreFault,
} from './feed-tables.ts';
import { invalid, refused, taken } from './refusal.ts';
import { discoverRelease } from './release-commands.ts';
import type { CommandResult, ControllerDraft } from './state.ts';

type FeedRun = Extract<FeedCommand, { kind: 'feed-run' }>;

/** What one run brought, where its feed stands and its line in the log: one transaction. */
export function takeFeedRun(
  draft: ControllerDraft,
  { kept, run, brought }: FeedRun,
  who: string,
  now: EpochMs,
): CommandResult {
  const { releases = [], announcements = [], claims } = brought;
  const came = [
    takeReleases(draft, releases, { feed: kept, who, now }),
    takeAnnouncements(draft, announcements, { from: kept.name, now }),
    ...(claims ? [takeClaims(draft, claims, now)] : []),
  ];
  const sum = (count: 'added' | 'changed') => came.reduce((total, one) => total + one[count], 0);
  const problems = came.flatMap((one) => one.problems);
  const [added, changed] = [sum('added'), sum('changed')];
  draft.feeds.put(kept.name, kept);
  putRun(draft, {
    ...run,
    added,
    changed,
    refused: run.refused + problems.length,
    ...fullOf(problems),
    problems: [...run.problems, ...problems].slice(0, runProblemsMax),
  });
  if (added + changed > 0) {
    const detail = `${added} added, ${changed} changed`;
    audit(draft, { at: now, who, what: 'feed read', object: kept.name, detail });
  }
  return taken;
}

function putRun(draft: ControllerDraft, run: Omit<FeedRunRow, 'seq'>): void {
  const seq = nextCount(draft, `feed-run/${run.feed}`);
  draft.feedRuns.put(`${run.feed}/${seq % feedRunsMax}`, { ...run, seq });
}

/** A table that was full is the run's fault; it says so where the feed itself was read well. */
function fullOf(problems: readonly Problem[]) {
  const codes = Object.keys(STORE_FAULTS) as StoreFault[];
  const fault = codes.find((code) => problems.some(({ reason }) => reason.startsWith(code)));
  return fault === undefined ? {} : { fault, advice: STORE_FAULTS[fault].advice };
}

function takeReleases(
  draft: ControllerDraft,
  releases: readonly Release[],
  { feed, who, now }: { readonly feed: FeedKept; readonly who: string; readonly now: EpochMs },
) {
  let added = 0;
  const problems: Problem[] = [];
  for (const release of releases) {
    const isNew = !draft.releases.has(release.id);
    const listed = { release, source: feed.url, feed: feed.name };
    const result = discoverRelease(draft, listed, who, now);
    if (result.ok && isNew) added += 1;
    if (result.ok) continue;
    for (const { thing, reason, next } of result.refusals) {
      problems.push({ path: thing, reason, nextStep: next });
    }
  }
  return { added, changed: 0, problems };
}

/** Announcements that somebody sent: all that are good are kept; refused whole only where none is. */
export function putAnnouncements(
  draft: ControllerDraft,
  { announcements }: Extract<FeedCommand, { kind: 'announcements-put' }>,
  who: string,
  now: EpochMs,
): CommandResult {
  const { added, changed, repeated, problems } = takeAnnouncements(draft, announcements, {
    from: who,
    now,
  });
  if (added + changed + repeated === 0 && problems.length > 0) {
    return refused(
      ...problems.map(({ path, reason, nextStep }) => invalid(path, reason, nextStep)),
    );
  }
  const object = `${announcements.length} announcements`;
  const detail = `${added} new, ${problems.length} refused`;
  audit(draft, { at: now, who, what: 'announcements stored', object, detail });
  return { ok: true, came: { added, changed, repeated, problems } };
}
