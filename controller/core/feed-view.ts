import type { Announcement, FlagCode } from '@ringwave/firmware-catalog/announcement';
import type { Release } from '@ringwave/firmware-catalog/release';
import type { EpochMs, Id } from '@ringwave/protocol/units';
import type { FeedChoice } from './feed-choice.ts';
import { feedRunsMax, type AnnouncementRow, type FeedRunRow } from './feed-tables.ts';
import type { ControllerTables } from './state.ts';

export interface FeedView {
  readonly name: string;
  readonly kind: string;
  readonly url: string;
  /** null: never read well. */
  readonly lastGoodAt: EpochMs | null;
  readonly lastRun: FeedRunRow | null;
  readonly nextAttemptAt: EpochMs | null;
  /** What is wrong with it now; null where its last run was good. */
  readonly fault: string | null;
  readonly detail: string | null;
  readonly advice: string | null;
}

type Tables = Pick<ControllerTables, 'feeds' | 'feedRuns' | 'releases'>;

export function feedView(
  tables: Tables,
  { name, kind, url }: FeedChoice,
  nextRoundAt: EpochMs | null,
): FeedView {
  const kept = tables.feeds.get(name);
  const state = kept?.url === url && kept.kind === kind ? kept.state : undefined;
  const lastRun = runsOf(tables, name)[0] ?? null;
  const later = Math.max(nextRoundAt ?? 0, state?.notBefore ?? 0);
  return {
    name,
    kind,
    url,
    lastGoodAt: state?.lastGoodAt ?? null,
    lastRun,
    nextAttemptAt: later > 0 ? (later as EpochMs) : null,
    fault: lastRun?.fault ?? null,
    detail: lastRun?.detail ?? null,
    advice: lastRun?.advice ?? null,
  };
}

/** The runs kept of a feed, the newest first. */
export function runsOf({ feedRuns }: Tables, name: string): FeedRunRow[] {
  const places = Array.from({ length: feedRunsMax }, (_, place) => place);
  return places
    .flatMap((place) => feedRuns.get(`${name}/${place}`) ?? [])
    .sort((a, b) => b.seq - a.seq);
}

export interface AnnouncementView extends Announcement {
  readonly id: string;
  readonly from: string;
  readonly firstAt: EpochMs;
  /** The release that these files became. */
  readonly release: Id | null;
}

export interface AnnouncementFilter {
  readonly vendor?: string;
  readonly model?: string;
  readonly flag?: FlagCode;
  readonly after?: string;
  readonly limit: number;
}

/** The newest first; a page goes on after the announcement that the one before ended with. */
export function announcementsPage(
  tables: Pick<ControllerTables, 'announcements' | 'releases'>,
  { after, limit, ...filter }: AnnouncementFilter,
): { announcements: AnnouncementView[]; next: string | null } {
  const rows = [...tables.announcements.values()]
    .filter(({ announcement }) => fits(announcement, filter))
    .sort((a, b) => b.firstAt - a.firstAt || (a.id < b.id ? -1 : 1));
  const start = after === undefined ? 0 : rows.findIndex(({ id }) => id === after) + 1;
  const page = rows.slice(start, start + limit);
  const releases = byVersion(tables.releases.values());
  const announcements = page.map((row) => announcementView(row, releases));
  const hasMore = rows.length > start + limit;
  return { announcements, next: hasMore ? (page.at(-1)?.id ?? null) : null };
}

const fits = (
  { vendor, models, flags }: Announcement,
  wanted: Pick<AnnouncementFilter, 'vendor' | 'model' | 'flag'>,
): boolean =>
  (wanted.vendor === undefined || vendor.toLowerCase() === wanted.vendor.toLowerCase()) &&
  (wanted.model === undefined || models.includes(wanted.model)) &&
  (wanted.flag === undefined || flags.some(({ code }) => code === wanted.flag));

type ByVersion = ReadonlyMap<string, readonly Release[]>;

const versionKey = ({ vendor, version }: { vendor: string; version: string }): string =>
  `${vendor.toLowerCase()}\n${version}`;

function byVersion(releases: Iterable<Release>): ByVersion {
  const found = new Map<string, Release[]>();
  for (const release of releases) {
    const key = versionKey(release);
    found.set(key, [...(found.get(key) ?? []), release]);
  }
  return found;
}

function announcementView(
  { id, announcement, from, firstAt }: AnnouncementRow,
  releases: ByVersion,
): AnnouncementView {
  const same = releases.get(versionKey(announcement)) ?? [];
  const release = same.find((one) => isOf(announcement, one))?.id ?? null;
  return { ...announcement, id, from, firstAt, release };
}

/** Every announced file is an image by its name, and by its digest or length where the source gave them. */
const isOf = ({ files }: Announcement, { images }: Release): boolean =>
  files.every(({ fileName, sha256, lengthBytes }) =>
    images.some(
      (image) =>
        image.fileName === fileName &&
        (sha256 !== undefined || lengthBytes !== undefined) &&
        (sha256 === undefined || sha256 === image.sha256) &&
        (lengthBytes === undefined || lengthBytes === image.lengthBytes),
    ),
  );
