// What somebody says exists: a firmware version of a vendor, before anyone here has its bytes. Feeds and
// imports give announcements; intake turns one into a release once its images are measured.

import type { EpochMs } from '@ringwave/protocol/units';

/** What the files are for. Only `firmware` and `stepping-stone` are versions a phone is led to. */
export const IMAGE_KINDS = [
  'firmware',
  'stepping-stone',
  'bootloader',
  'handset',
  'expansion-module',
  'language',
  'ringtone',
] as const;
export type ImageKind = (typeof IMAGE_KINDS)[number];

export interface AnnouncedFile {
  readonly fileName: string;
  /** Absent where the source names none: then nothing is known before the bytes are here. */
  readonly lengthBytes?: number;
  /** Lower case hexadecimal. Declared, never trusted: SHA-1 tells re-releases apart, SHA-256 is measured. */
  readonly sha1?: string;
  readonly sha256?: string;
  readonly url?: string;
}

/**
 * Why a person should look before this is fetched. `detail` names the other file, version or model, in
 * words that need no context.
 */
export interface Flag {
  readonly code: FlagCode;
  readonly detail?: string;
}

export const FLAG_CODES = [
  /** Same vendor, models and file name as an earlier announcement, other bytes. */
  're-released',
  /** The version announced is not the one in the file's name. */
  'version-differs',
  /** Two announcements of different versions or models carry one digest. */
  'hash-shared',
  'no-digest',
  'no-length',
  'models-unknown',
  /** The models were taken from elsewhere in the source, not from this entry. */
  'models-guessed',
  /** The vendor's own order cannot place this version. */
  'version-unordered',
  /** The vendor is not one of those known here. */
  'vendor-unknown',
] as const;
export type FlagCode = (typeof FLAG_CODES)[number];

export interface Announcement {
  readonly vendor: string;
  /** Empty: the source does not say; flagged `models-unknown`. */
  readonly models: readonly string[];
  readonly hardware?: readonly string[];
  readonly version: string;
  readonly kind: ImageKind;
  readonly files: readonly AnnouncedFile[];
  readonly flags: readonly Flag[];
  /** Inert text, already without markup and control characters; at most `notesLengthMax`. */
  readonly notes: string;
  /** Where it was read, for people: an address, a folder, a file and its section. */
  readonly source: string;
  readonly announcedAt?: EpochMs;
  readonly partNumber?: string;
}

/** Characters of notes kept; a vendor's longest release notes fill some pages. */
export const notesLengthMax = 20_000;
