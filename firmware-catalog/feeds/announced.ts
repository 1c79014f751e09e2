// What the feeds of announcements have in common: from what an entry shows to an announcement that is judged.

import {
  type AnnouncedFile,
  type Announcement,
  type ImageKind,
  notesLengthMax,
} from '../announcement.ts';
import { announcementKey, judgeAnnouncements } from '../announcements.ts';
import { inertText, plainText } from '../inert-text.ts';
import type { Problem } from '../problems.ts';
import { readImageName } from '../vendors/image-name.ts';
import { changedAtAll, type Feed, type FeedRead } from './feed.ts';

/** The functions that all of them share; none links to documents of one item each. */
export const ANNOUNCED = {
  readLinked: () => ({ problems: [] }),
  keyOf: announcementKey,
  changed: changedAtAll,
} as const satisfies Partial<Feed<Announcement>>;

/** Names that images are published under; an address with another one leads to a page. */
const IMAGE_FILE =
  /\.(?:rom|bin|zip|z|ld|fwu|swu|img|gz|tgz|bz2|xz|7z|rar|sgn|cop|loads|sbn|fw|st|uc|pkg)$/i;

/** Whether an address names a file that could be an image. */
export const isImageFile = (name: string): boolean => IMAGE_FILE.test(name);

/** The last segment of an address, percent escapes read; '' where it has none. */
export function fileNameOf(url: string): string {
  const last = URL.canParse(url) ? (new URL(url).pathname.split('/').at(-1) ?? '') : '';
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

/** An address as the document means it; undefined for what is no http or https address. */
export function addressIn(document: string, address: string): string | undefined {
  if (address === '' || address.length > 2000 || !URL.canParse(address, document)) return undefined;
  const url = new URL(address, document);
  return url.protocol === 'http:' || url.protocol === 'https:' ? url.href : undefined;
}

/** What an entry shows, as it stands. */
export interface Entry {
  readonly vendor: string;
  readonly kind: ImageKind | undefined;
  readonly version: string | undefined;
  readonly models: readonly string[] | undefined;
  readonly files: readonly AnnouncedFile[];
  /** May hold markup. */
  readonly notes: string;
  readonly source: string;
  readonly announcedAt?: Announcement['announcedAt'];
}

/** What the entry does not say itself is read from the names of its files. */
export function announcementOf(entry: Entry): Announcement {
  const { vendor, version, models, files, notes, source, announcedAt } = entry;
  const names = files.flatMap(({ fileName }) => readImageName(fileName, vendor) ?? []);
  const named = names.find((name) => name.version !== null) ?? names[0];
  // A small x stands for any digit: a series, and no model.
  const inNames = names.flatMap((name) => name.models ?? []).filter((one) => !one.includes('x'));
  return {
    vendor,
    models: models ?? [...new Set(inNames)],
    version: plainText(version ?? named?.version ?? '', 200),
    kind: entry.kind ?? named?.kind ?? 'firmware',
    files,
    flags: [],
    notes: inertText(notes, notesLengthMax),
    source: plainText(source, 500),
    ...(announcedAt === undefined ? {} : { announcedAt }),
  };
}

/**
 * Judges what a document announced. Undefined where there were entries and none can be taken: then the
 * document has another shape than it is read by.
 */
export function announcedRead(
  batch: readonly Announcement[],
  { problems = [], more = [] }: { problems?: readonly Problem[]; more?: readonly string[] } = {},
): FeedRead<Announcement> | undefined {
  const { accepted, refused } = judgeAnnouncements(batch);
  if (accepted.length === 0 && more.length === 0 && batch.length + problems.length > 0) {
    return undefined;
  }
  const why = refused.flatMap(({ announcement: { source }, problems: found }) =>
    found.map((one) => ({ ...one, path: `${source} ${one.path}` })),
  );
  return { items: accepted, more, links: [], problems: [...problems, ...why] };
}
