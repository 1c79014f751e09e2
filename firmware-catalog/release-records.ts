// Public collections of firmware releases as JSON: a list of records {vendor, models, version, kind, files,
// description, package, firstSeen, lastSeen, source, flags, partNumber}.

import { type EpochMs, epochMs } from '@ringwave/protocol/units';
import {
  type AnnouncedFile,
  type Announcement,
  type Flag,
  IMAGE_KINDS,
  notesLengthMax,
} from './announcement.ts';
import { plainText } from './inert-text.ts';
import type { Problem } from './problems.ts';

/** Records of one collection; all vendors together published some thousands of releases. */
export const recordsMax = 200_000;

export interface RecordsRead {
  readonly announcements: readonly Announcement[];
  /** Records that could not be read at all. */
  readonly problems: readonly Problem[];
}

/** Reads a collection; undefined when the value is no list, or longer than is read. */
export function readReleaseRecords(value: unknown): RecordsRead | undefined {
  if (!Array.isArray(value) || value.length > recordsMax) return undefined;
  const announcements: Announcement[] = [];
  const problems: Problem[] = [];
  for (const [place, record] of value.entries()) {
    const read = readRecord(record);
    if (typeof read !== 'string') announcements.push(read);
    else {
      const nextStep = 'Correct the record, or leave it out.';
      problems.push({ path: `[${place}]`, reason: read, nextStep });
    }
  }
  return { announcements, problems };
}

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The announcement, or why there is none. */
function readRecord(record: unknown): Announcement | string {
  if (!isFields(record)) return 'is no object';
  const { vendor, models, version, files, partNumber } = record;
  const kind = IMAGE_KINDS.find((one) => one === record['kind']);
  if (typeof vendor !== 'string') return 'has no vendor';
  if (typeof version !== 'string') return 'has no version';
  if (kind === undefined) return `has a kind that is none of: ${IMAGE_KINDS.join(', ')}`;
  if (!isListOfText(models)) return 'has models that are no list of names';
  if (!Array.isArray(files) || !files.every(isFields)) return 'has files that are no list';
  const announcedAt = dayOf(record['firstSeen']);
  return {
    vendor,
    models,
    version: version === '-' ? '' : version,
    kind,
    files: files.map(readFile),
    flags: readFlags(record['flags']),
    notes: plainText(textOf(record['description']), notesLengthMax),
    source: plainText(textOf(record['source']), 500),
    ...(announcedAt === undefined ? {} : { announcedAt }),
    ...(typeof partNumber === 'string' ? { partNumber: plainText(partNumber, 60) } : {}),
  };
}

const isListOfText = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string');

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function readFile({ name, size, sha1, sha256, url }: Fields): AnnouncedFile {
  return {
    fileName: textOf(name),
    ...(typeof size === 'number' ? { lengthBytes: size } : {}),
    ...(typeof sha1 === 'string' ? { sha1: sha1.toLowerCase() } : {}),
    ...(typeof sha256 === 'string' ? { sha256: sha256.toLowerCase() } : {}),
    ...(typeof url === 'string' ? { url } : {}),
  };
}

/** Only what cannot be seen from the records themselves is taken over; the rest is judged here. */
function readFlags(flags: unknown): Flag[] {
  const names = isListOfText(flags) ? flags : [];
  return names.includes('models-from-nearest-plugin-list') ? [{ code: 'models-guessed' }] : [];
}

/** The beginning of a day in UTC. */
function dayOf(text: unknown): EpochMs | undefined {
  if (typeof text !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined;
  return epochMs(Date.parse(`${text}T00:00:00Z`));
}
