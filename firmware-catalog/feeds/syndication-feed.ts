import { epochMs } from '@ringwave/protocol/units';
import type { AnnouncedFile, Announcement, ImageKind } from '../announcement.ts';
import { inertText } from '../inert-text.ts';
import { readTitle, type TitleRead, type TitleRule } from '../title-rule.ts';
import { childrenOf, readXml, textIn, type XmlElement } from '../xml-document.ts';
import {
  addressIn,
  ANNOUNCED,
  announcedRead,
  announcementOf,
  fileNameOf,
  isImageFile,
} from './announced.ts';
import { beginThere, type Feed, feedEntriesMax, TOO_LONG } from './feed.ts';

export interface SyndicationSettings {
  readonly vendor: string;
  readonly kind?: ImageKind;
  /** Tried in order; where none fits, the names of the files tell. */
  readonly rules: readonly TitleRule[];
}

/** Files of one entry, and characters of a title. */
const filesPerEntry = 64;
const titleLengthMax = 1000;

/** A vendor's news as RSS 2.0 or Atom (RFC 4287). Entries without a file announce nothing that could be fetched. */
export const syndicationFeed = (settings: SyndicationSettings): Feed<Announcement> => ({
  ...ANNOUNCED,
  kind: 'syndication',
  accept: 'application/atom+xml, application/rss+xml, application/xml;q=0.9, text/xml;q=0.8',
  begin: beginThere,
  read({ url, body }) {
    if (countOf(body, feedEntriesMax) > feedEntriesMax) return TOO_LONG;
    const root = readXml(body);
    const entries = root && entriesOf(root);
    if (!entries) return undefined;
    return announcedRead(entries.map((entry) => readEntry(entry, { url, settings })));
  },
});

/** Entries are counted before any is parsed. */
function countOf(body: string, most: number): number {
  let count = 0;
  for (const found of body.matchAll(/<(?:item|entry)[\s>]/gi)) {
    count += found.length;
    if (count > most) break;
  }
  return count;
}

/** Undefined for XML that is neither. */
function entriesOf(root: XmlElement): readonly unknown[] | undefined {
  const [rss] = childrenOf(root, 'rss');
  const [channel] = childrenOf(rss, 'channel');
  if (channel !== undefined) return childrenOf(channel, 'item');
  const [feed] = childrenOf(root, 'feed');
  return feed === undefined ? undefined : childrenOf(feed, 'entry');
}

interface Around {
  readonly url: string;
  readonly settings: SyndicationSettings;
}

function readEntry(entry: unknown, { url, settings }: Around): Announcement {
  const title = inertText(textIn(entry, 'title'), titleLengthMax);
  const link = linkOf(entry, url);
  const notes = ['encoded', 'content', 'description', 'summary'].map((name) => textIn(entry, name));
  const text = notes.find((one) => one !== '') ?? '';
  const said = firstRead(settings.rules, { title, link: link ?? '', text });
  const date = ['pubDate', 'published', 'updated'].map((name) => Date.parse(textIn(entry, name)));
  const announcedAt = epochMs(date.find((one) => Number.isFinite(one)) ?? Number.NaN);
  return announcementOf({
    vendor: settings.vendor,
    kind: settings.kind,
    version: said?.version,
    models: said?.models,
    files: filesOf(entry, url),
    notes: text,
    source: `${url} ${title || (link ?? '')}`.trim(),
    ...(announcedAt === undefined ? {} : { announcedAt }),
  });
}

function firstRead(
  rules: readonly TitleRule[],
  texts: { readonly title: string; readonly link: string; readonly text: string },
): TitleRead | undefined {
  for (const rule of rules) {
    const text = rule.in === 'text' ? inertText(texts.text, titleLengthMax) : texts[rule.in];
    const read = readTitle(text, rule);
    if (read) return read;
  }
  return undefined;
}

/** RSS writes the address as text, Atom as an attribute. */
function linkOf(entry: unknown, url: string): string | undefined {
  const links = childrenOf(entry, 'link');
  const usual = links.find((one) => ['', 'alternate'].includes(textIn(one, '@rel')));
  const [first = usual] = links.filter((one) => typeof one === 'string');
  return addressIn(url, typeof first === 'string' ? first : textIn(first, '@href'));
}

/** What is enclosed; without an enclosure the link itself, where it leads to a file. */
function filesOf(entry: unknown, url: string): AnnouncedFile[] {
  const enclosed = [
    ...childrenOf(entry, 'enclosure').map((one) => ({ one, address: textIn(one, '@url') })),
    ...childrenOf(entry, 'link')
      .filter((one) => textIn(one, '@rel') === 'enclosure')
      .map((one) => ({ one, address: textIn(one, '@href') })),
  ].slice(0, filesPerEntry);
  const files = enclosed.flatMap(({ one, address }): AnnouncedFile[] => {
    const at = addressIn(url, address);
    if (at === undefined) return [];
    const length = Number(textIn(one, '@length'));
    const isLength = Number.isSafeInteger(length) && length > 0;
    return [{ fileName: fileNameOf(at), url: at, ...(isLength ? { lengthBytes: length } : {}) }];
  });
  const link = linkOf(entry, url);
  if (files.length > 0 || link === undefined || !isImageFile(fileNameOf(link))) return files;
  return [{ fileName: fileNameOf(link), url: link }];
}
