import type { AnnouncedFile, Announcement } from '../announcement.ts';
import type { Problem } from '../problems.ts';
import { readImageName } from '../vendors/image-name.ts';
import {
  addressIn,
  ANNOUNCED,
  announcedRead,
  announcementOf,
  fileNameOf,
  isImageFile,
} from './announced.ts';
import { beginThere, type Feed, feedEntriesMax, TOO_LONG } from './feed.ts';

export interface DirectorySettings {
  /** One known here: its names for images tell version and models. */
  readonly vendor: string;
  /** Whether folders in the folder are read too; absent: no. */
  readonly withFolders?: boolean;
}

/** Folders within folders below the host; mirrors have some four. */
const depthMax = 12;
/** Problems told of one listing. */
const problemsMax = 200;

/** The listing that Apache, nginx and lighttpd make of a folder; each file whose name tells a version is one. */
export const directoryFeed = (settings: DirectorySettings): Feed<Announcement> => ({
  ...ANNOUNCED,
  kind: 'directory',
  accept: 'text/html',
  begin: (address) => beginThere(address.endsWith('/') ? address : `${address}/`),
  read({ url, body }) {
    if (!/<title>\s*Index of |<h[12]>\s*Index of /i.test(body)) return undefined;
    const rows = rowsOf(body, url);
    if (rows.length > feedEntriesMax) return TOO_LONG;
    const more = settings.withFolders ? foldersIn(rows) : [];
    const { announcements, problems } = imagesIn(rows, settings.vendor);
    return announcedRead(announcements, { problems, more });
  },
});

interface Row {
  readonly url: string;
  /** What follows the link: date and length, in each server's own way. */
  readonly beside: string;
}

const ROW =
  /<a\s[^<>]{0,200}?href\s*=\s*["']([^"'<>]{1,2000})["'][^<>]{0,200}>([^<]{0,500})<\/a>/gi;

/** Links into the folder itself or one below; never upwards, to another host, or to a sorted view. */
function rowsOf(body: string, url: string): Row[] {
  const rows: Row[] = [];
  for (const found of body.matchAll(ROW)) {
    const at = addressIn(url, (found[1] ?? '').replaceAll('&amp;', '&'));
    if (at === undefined || at.includes('?') || !at.startsWith(url) || at === url) continue;
    const end = found.index + found[0].length;
    rows.push({ url: at, beside: body.slice(end, end + 300) });
    if (rows.length > feedEntriesMax) break;
  }
  return rows;
}

const foldersIn = (rows: readonly Row[]): string[] =>
  rows
    .map(({ url }) => url)
    .filter((url) => url.endsWith('/') && new URL(url).pathname.split('/').length <= depthMax);

function imagesIn(rows: readonly Row[], vendor: string) {
  const announcements: Announcement[] = [];
  const problems: Problem[] = [];
  for (const { url, beside } of rows) {
    const fileName = fileNameOf(url);
    if (url.endsWith('/') || !isImageFile(fileName)) continue;
    const read = readImageName(fileName, vendor);
    if (read && read.version !== null) announcements.push(announced({ url, beside }, vendor));
    else if (problems.length < problemsMax) {
      const reason = `is no name under which ${vendor} publishes a version`;
      problems.push({ path: url, reason, nextStep: 'Enter it by hand with its version.' });
    }
  }
  return { announcements, problems };
}

function announced({ url, beside }: Row, vendor: string): Announcement {
  const lengthBytes = lengthIn(beside);
  const file: AnnouncedFile = {
    fileName: fileNameOf(url),
    url,
    ...(lengthBytes === undefined ? {} : { lengthBytes }),
  };
  return announcementOf({
    vendor,
    kind: undefined,
    version: undefined,
    models: undefined,
    files: [file],
    notes: '',
    source: url,
  });
}

/** Only a length in bytes counts: `23M` is none that a file could be held to. */
function lengthIn(beside: string): number | undefined {
  const row = beside.split(/<a\s|<\/tr>|\n/i, 1)[0] ?? '';
  const text = row.replaceAll(/<[^>]{0,200}>/g, ' ').trim();
  const length = Number(/(?:^|\s)(\d{4,15})$/.exec(text)?.[1]);
  return Number.isSafeInteger(length) && length > 0 ? length : undefined;
}
