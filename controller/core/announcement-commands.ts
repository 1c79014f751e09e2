import { createHash } from 'node:crypto';
import type { Announcement } from '@ringwave/firmware-catalog/announcement';
import { announcementKey, judgeAnnouncements } from '@ringwave/firmware-catalog/announcements';
import type { Problem } from '@ringwave/firmware-catalog/problems';
import type { EpochMs } from '@ringwave/protocol/units';
import { type AnnouncementRow, STORE_FAULTS } from './feed-tables.ts';
import type { ControllerDraft } from './state.ts';

/** Announcements kept. The collections of all vendors have some thousands; each may be told by several feeds. */
export const announcementsMax = 50_000;

export interface TakenAnnouncements {
  readonly added: number;
  readonly changed: number;
  readonly repeated: number;
  readonly problems: readonly Problem[];
}

/** Judges a batch beside those stored ones that share a file or a digest with it, and keeps what is good. */
export function takeAnnouncements(
  draft: ControllerDraft,
  fresh: readonly Announcement[],
  { from, now }: { readonly from: string; readonly now: EpochMs },
): TakenAnnouncements {
  const { neighbours, size } = neighboursOf(draft, fresh);
  const judged = judgeAnnouncements([...neighbours.map((row) => row.announcement), ...fresh]);
  const counts = { added: 0, changed: 0 };
  const problems = judged.refused.flatMap(({ announcement: { vendor, version }, problems }) =>
    problems.map((one) => ({ ...one, path: `${vendor} ${version}: ${one.path}`.slice(0, 200) })),
  );
  for (const announcement of judged.accepted) {
    const id = idOf(announcement);
    const before = draft.announcements.get(id);
    if (before) {
      if (sameFlags(before.announcement, announcement)) continue;
      draft.announcements.put(id, { ...before, announcement });
      counts.changed += 1;
    } else if (size + counts.added >= announcementsMax) {
      problems.push(full(announcement));
    } else {
      draft.announcements.put(id, { id, announcement, from, firstAt: now });
      counts.added += 1;
    }
  }
  return { ...counts, repeated: judged.repeated, problems };
}

const full = ({ vendor, version }: Announcement): Problem => ({
  path: `${vendor} ${version}`.slice(0, 200),
  reason: `announcements-full: ${announcementsMax} are kept`,
  nextStep: STORE_FAULTS['announcements-full'].advice,
});

const idOf = (announcement: Announcement): string =>
  createHash('sha256').update(announcementKey(announcement)).digest('hex').slice(0, 32);

const sameFlags = (a: Announcement, b: Announcement): boolean =>
  JSON.stringify(a.flags) === JSON.stringify(b.flags);

/** One walk for a batch: all others can neither repeat it nor be flagged by it. */
function neighboursOf(
  draft: ControllerDraft,
  fresh: readonly Announcement[],
): { readonly neighbours: readonly AnnouncementRow[]; readonly size: number } {
  const marks = new Set(fresh.flatMap(marksOf));
  const neighbours: AnnouncementRow[] = [];
  let size = 0;
  for (const row of draft.announcements.values()) {
    size += 1;
    if (marksOf(row.announcement).some((mark) => marks.has(mark))) neighbours.push(row);
  }
  return { neighbours, size };
}

/** By what two announcements can be about the same thing: a file's name under one version, or its digest. */
const marksOf = ({ vendor, version, files }: Announcement): string[] =>
  files.flatMap(({ fileName, sha1, sha256 }) => [
    `${vendor.toLowerCase()}\n${version}\n${fileName}`,
    ...(sha256 ? [sha256] : []),
    ...(sha1 ? [sha1] : []),
  ]);
