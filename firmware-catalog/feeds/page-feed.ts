import { load } from 'cheerio/slim';
import type { AnnouncedFile, Announcement, ImageKind } from '../announcement.ts';
import { addressIn, ANNOUNCED, announcedRead, announcementOf, fileNameOf } from './announced.ts';
import { beginThere, type Feed, feedEntriesMax, TOO_LONG } from './feed.ts';

/** Where on a vendor's page things stand, as CSS selectors; all but `entry` are read within an entry. */
export interface PageSettings {
  readonly vendor: string;
  readonly kind?: ImageKind;
  /** One element per release. */
  readonly entry: string;
  /** Links to the files. */
  readonly file: string;
  readonly version?: string;
  readonly models?: string;
  readonly sha256?: string;
  readonly sha1?: string;
  readonly notes?: string;
}

/** Bytes of a page, elements within elements, and files of one entry; vendors' longest pages have 1 MiB and 40. */
const pageBytesMax = 8 * 1024 ** 2;
const depthMax = 256;
const filesPerEntry = 64;

/** A vendor's download page. Scripts and styles are text that nobody reads; notes become plain text. */
export const pageFeed = (settings: PageSettings): Feed<Announcement> => ({
  ...ANNOUNCED,
  kind: 'page',
  accept: 'text/html, application/xhtml+xml;q=0.9',
  bytesMax: pageBytesMax,
  begin: beginThere,
  read({ url, body }) {
    if (hasManyTags(body)) return TOO_LONG;
    if (!isShallow(body)) return undefined;
    const page = load(body);
    page('script, style, template, noscript, iframe, object').remove();
    const entries = page(settings.entry);
    if (entries.length > feedEntriesMax) return TOO_LONG;
    if (entries.length === 0) return undefined;
    return announcedRead(
      entries.toArray().map((element) => readEntry(page(element), { url, settings })),
    );
  },
});

/** Whether a text is a selector at all. */
export function canSelect(selector: string): boolean {
  try {
    load('<p></p>')(selector);
    return true;
  } catch {
    return false;
  }
}

type Selection = ReturnType<ReturnType<typeof load>>;

function readEntry(
  entry: Selection,
  { url, settings }: { url: string; settings: PageSettings },
): Announcement {
  const textAt = (selector: string | undefined): string | undefined =>
    selector === undefined ? undefined : entry.find(selector).first().text().trim();
  const models = textAt(settings.models)?.split(/\s*[,;/&\n]\s*/);
  const digests = {
    ...digest('sha256', textAt(settings.sha256), 64),
    ...digest('sha1', textAt(settings.sha1), 40),
  };
  const { notes = '' } = settings;
  return announcementOf({
    vendor: settings.vendor,
    kind: settings.kind,
    version: textAt(settings.version),
    models: models?.filter((model) => model !== ''),
    files: filesOf(entry, { url, selector: settings.file, digests }),
    notes: notes === '' ? '' : (entry.find(notes).first().html() ?? ''),
    source: url,
  });
}

/** The digits among the words beside them: `SHA-256: 9f86…`. */
function digest(name: 'sha256' | 'sha1', text: string | undefined, digits: number) {
  const found = text?.slice(0, 500).match(/[0-9a-f]{40,}/gi) ?? [];
  const fitting = found.find((one) => one.length === digits);
  return fitting === undefined ? {} : { [name]: fitting.toLowerCase() };
}

interface FilesAt {
  readonly url: string;
  readonly selector: string;
  readonly digests: Partial<AnnouncedFile>;
}

/** A digest belongs to the one file of its entry; beside several it could be anyone's. */
function filesOf(entry: Selection, { url, selector, digests }: FilesAt): AnnouncedFile[] {
  const found = [...entry.find(selector).toArray(), ...entry.filter(selector).toArray()];
  const addresses = found.slice(0, filesPerEntry).flatMap((element) => {
    const address = 'attribs' in element ? element.attribs['href'] : undefined;
    return addressIn(url, address?.trim() ?? '') ?? [];
  });
  const distinct = [...new Set(addresses)];
  const told = distinct.length === 1 ? digests : {};
  return distinct.map((at) => ({ fileName: fileNameOf(at), url: at, ...told }));
}

/**
 * Tags of a page, opening and closing; a vendor's longest page has some 10,000. Selecting takes time with the
 * square of an element's children: at the bound and all in one place some three seconds.
 */
const tagsMax = 40_000;

function hasManyTags(body: string): boolean {
  let count = 0;
  for (let at = body.indexOf('<'); at >= 0; at = body.indexOf('<', at + 1)) {
    count += 1;
    if (count > tagsMax) return true;
  }
  return false;
}

/** Elements that never hold others, so that they are not counted as open. */
const VOID =
  /^(?:area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr|p|li|td|tr|th|dd|dt|option)$/;

/** What reads a tree goes down into it: one that is deeper than any page is refused before it grows. */
function isShallow(body: string): boolean {
  let depth = 0;
  for (const [, slash, name] of body.matchAll(/<(\/?)([a-z][a-z0-9]{0,20})/gi)) {
    if (VOID.test((name ?? '').toLowerCase())) continue;
    depth = slash === '' ? depth + 1 : Math.max(0, depth - 1);
    if (depth > depthMax) return false;
  }
  return true;
}
