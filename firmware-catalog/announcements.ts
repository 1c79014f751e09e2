// Judges announcements, one by one and against each other: what is taken, what a person should look at, and
// what is refused and why. Everything is counted in one walk and answered in a second: time grows with the batch.

import {
  type AnnouncedFile,
  type Announcement,
  type Flag,
  type FlagCode,
  FLAG_CODES,
} from './announcement.ts';
import type { Problem } from './problems.ts';
import { remembered } from './remembered.ts';
import { knowledgeOf } from './vendors/all.ts';
import { imageNameLengthMax, nameDoubts, readImageName } from './vendors/image-name.ts';
import { versionLengthMax } from './vendors/version-parts.ts';
import { otherVersionIn } from './version-in-name.ts';

export interface Judgement {
  /** All that were taken, with every flag; none twice. */
  readonly accepted: readonly Announcement[];
  /** Those of `accepted` that a person should look at. */
  readonly flagged: readonly Announcement[];
  readonly refused: readonly Refused[];
  /** How many said nothing that an earlier one had not said. */
  readonly repeated: number;
}

export interface Refused {
  readonly announcement: Announcement;
  readonly problems: readonly Problem[];
}

/** Files of one announcement; the largest vendors' bundles have some dozens. */
export const filesMax = 64;
const modelsMax = 256;
const vendorLengthMax = 32;

/** What makes two announcements the same one: whose, for what, which version, and which bytes. */
export function announcementKey({ vendor, kind, models, version, files }: Announcement): string {
  const bytes = files.map(({ fileName, sha256, sha1 }) => [fileName, sha256 ?? sha1 ?? '']);
  return JSON.stringify([vendor.toLowerCase(), kind, [...models].sort(), version, bytes]);
}

export function judgeAnnouncements(batch: Iterable<Announcement>): Judgement {
  const refused: Refused[] = [];
  const taken = new Map<string, Announcement>();
  let repeated = 0;
  for (const announcement of batch) {
    const problems = announcementProblems(announcement);
    const key = problems.length > 0 ? '' : announcementKey(announcement);
    if (problems.length > 0) refused.push({ announcement, problems });
    else if (taken.has(key)) repeated += 1;
    else taken.set(key, announcement);
  }
  const seen = new Neighbours(taken.values());
  const accepted = Array.from(taken.values(), (one) => withFlags(one, seen));
  return { accepted, flagged: accepted.filter(({ flags }) => flags.length > 0), refused, repeated };
}

/** Why an announcement is not taken at all; empty when it is. */
function announcementProblems({ vendor, models, version, kind, files }: Announcement): Problem[] {
  const problems: Problem[] = [];
  if (!isName(vendor, vendorLengthMax)) {
    problems.push(problem('vendor', 'is no vendor’s name', 'Name the vendor in a few words.'));
  }
  if (version === '' ? isLedTo(kind) : !isVersion(version)) {
    const reason = version === '' ? 'is missing' : 'is nothing that a version looks like';
    problems.push(problem('version', reason, 'A phone is led to no version without a name.'));
  }
  if (models.length > modelsMax || models.some((model) => !isName(model, 60))) {
    problems.push(problem('models', 'are not names of models', 'Name each model once, as text.'));
  }
  if (files.length === 0) problems.push(problem('files', 'names no file', 'Name at least one.'));
  if (files.length > filesMax) {
    problems.push(problem('files', `names ${files.length}`, `At most ${filesMax} are read.`));
    return problems;
  }
  return [...problems, ...files.flatMap(fileProblems)];
}

function fileProblems({ fileName, lengthBytes, sha1, sha256 }: AnnouncedFile, place: number) {
  const problems: Problem[] = [];
  const at = `files[${place}]`;
  if (fileName === '') {
    problems.push(problem(`${at}.fileName`, 'is empty', 'Ask the source which file is meant.'));
  } else if (isHostileName(fileName)) {
    const reason = `is ${JSON.stringify(fileName.slice(0, 60))}, which could leave its folder`;
    problems.push(problem(`${at}.fileName`, reason, 'Use a plain file name without folders.'));
  }
  for (const [name, digest, digits] of [
    ['sha1', sha1, 40],
    ['sha256', sha256, 64],
  ] as const) {
    if (digest === undefined || (digest.length === digits && /^[0-9a-f]*$/.test(digest))) continue;
    const reason = `is ${JSON.stringify(digest.slice(0, 70))}, not ${digits} hexadecimal digits`;
    problems.push(problem(`${at}.${name}`, reason, 'Correct it, or leave it out.'));
  }
  if (lengthBytes !== undefined && !(Number.isSafeInteger(lengthBytes) && lengthBytes > 0)) {
    problems.push(problem(`${at}.lengthBytes`, 'is no length', 'Write bytes, or leave it out.'));
  }
  return problems;
}

/** A name that means another place on some system, as it stands or once percent escapes are read. */
function isHostileName(name: string): boolean {
  if (name.length > imageNameLengthMax || !name.isWellFormed()) return true;
  const read = name.replaceAll(/%([0-9a-f]{2})/gi, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
  return [name, read].some(
    (one) =>
      // Control characters, and those that turn the direction of reading: `exe.mor` for a `rom.exe`.
      /[/\\\p{Cc}\u202a-\u202e\u2066-\u2069]/u.test(one) ||
      /^\.{1,2}$/.test(one) ||
      /^[a-z]:/i.test(one),
  );
}

const isName = (text: string, lengthMax: number): boolean =>
  text.length > 0 &&
  text.length <= lengthMax &&
  /^[\p{L}\p{N}][\p{L}\p{N} ._()+/&,#:-]*$/u.test(text);

/** What has no number in it is a word about a version, and none. */
const isVersion = (text: string): boolean => isName(text, versionLengthMax) && /\d/.test(text);

const isLedTo = (kind: Announcement['kind']): boolean =>
  kind === 'firmware' || kind === 'stepping-stone';

const problem = (path: string, reason: string, nextStep: string): Problem => ({
  path,
  reason,
  nextStep,
});

/** What else is in the batch under the same name, and under the same digest. */
class Neighbours {
  /** Digests by vendor, version and file name. */
  readonly #digests = new Map<string, Set<string>>();
  /** The first announcements of each digest; two tell whether another one exists. */
  readonly #holders = new Map<string, { readonly what: string; readonly text: string }[]>();

  constructor(all: Iterable<Announcement>) {
    for (const one of all) {
      for (const file of one.files) {
        const digest = digestOf(file);
        if (digest === undefined) continue;
        const name = nameKey(one, file);
        this.#digests.set(name, (this.#digests.get(name) ?? new Set()).add(digest));
        this.#hold(digest, one);
      }
    }
  }

  #hold(digest: string, one: Announcement): void {
    const holders = this.#holders.get(digest) ?? [];
    this.#holders.set(digest, holders);
    if (holders.length > 1) return;
    const what = whatOf(one);
    if (holders.every((holder) => holder.what !== what)) {
      holders.push({ what, text: [one.vendor, one.models.join(', '), one.version].join(' ') });
    }
  }

  /** Another digest that the same name has in this batch. */
  otherDigest(one: Announcement, file: AnnouncedFile): string | undefined {
    const mine = digestOf(file);
    if (mine === undefined) return undefined;
    for (const other of this.#digests.get(nameKey(one, file)) ?? []) {
      if (other !== mine) return other;
    }
    return undefined;
  }

  /** Who else carries these bytes, under another version or for other models. */
  otherHolder(one: Announcement, file: AnnouncedFile): string | undefined {
    const holders = this.#holders.get(digestOf(file) ?? '') ?? [];
    const mine = whatOf(one);
    return holders.find(({ what }) => what !== mine)?.text.slice(0, 200);
  }
}

const digestOf = ({ sha256, sha1 }: AnnouncedFile): string | undefined => sha256 ?? sha1;

const nameKey = ({ vendor, version }: Announcement, { fileName }: AnnouncedFile): string =>
  `${vendor.toLowerCase()}\n${version}\n${fileName}`;

const whatOf = ({ vendor, models, version }: Announcement): string =>
  JSON.stringify([vendor.toLowerCase(), [...models].sort(), version]);

function withFlags(one: Announcement, seen: Neighbours): Announcement {
  const found = new Map<FlagCode, string | undefined>(
    one.flags.map(({ code, detail }) => [code, detail]),
  );
  const add = (code: FlagCode, detail?: string): void => {
    if (!found.has(code)) found.set(code, detail);
  };
  if (one.models.length === 0) add('models-unknown');
  if (knowledgeOf(one.vendor) === undefined) add('vendor-unknown', one.vendor);
  if (isUnordered(one)) add('version-unordered', one.version);
  for (const file of one.files) {
    if (digestOf(file) === undefined) add('no-digest', file.fileName);
    if (file.lengthBytes === undefined) add('no-length', file.fileName);
    const other = seen.otherDigest(one, file);
    if (other !== undefined) add('re-released', `${file.fileName} also exists as ${other}`);
    const holder = seen.otherHolder(one, file);
    if (holder !== undefined) add('hash-shared', `${file.fileName} is also ${holder}`);
    const named = differentVersion(one, file.fileName);
    if (named !== undefined) add('version-differs', `${file.fileName} says ${named}`);
  }
  const flags = FLAG_CODES.filter((code) => found.has(code)).map((code): Flag => {
    const detail = found.get(code);
    return detail === undefined ? { code } : { code, detail };
  });
  return { ...one, flags };
}

/**
 * The version in a file's name where it is another than the one announced: by the vendor's own names for
 * images, else by the numbers in it. Language packs and the like number on their own.
 */
function differentVersion(one: Announcement, fileName: string): string | undefined {
  const { vendor, version, kind } = one;
  if (version === '' || kind === 'language' || kind === 'ringtone') return undefined;
  const read = readImageName(fileName, vendor)?.version ?? null;
  if (read === null) return otherVersionIn(fileName, version);
  return nameDoubts(fileName, one).find(({ about }) => about === 'version')?.inName;
}

function isUnordered({ vendor, version, kind }: Announcement): boolean {
  if (version === '') return true;
  return isLedTo(kind) && !isPlaced(`${vendor}\n${version}`);
}

/** Whether the vendor's order can set a version before or after one that differs in a single number. */
const isPlaced = remembered((key: string): boolean => {
  const [vendor = '', version = ''] = key.split('\n');
  const known = knowledgeOf(vendor);
  if (!known) return false;
  for (const found of version.matchAll(/\d{1,8}/g)) {
    const next = `${version.slice(0, found.index)}${Number(found[0]) + 1}${version.slice(found.index + found[0].length)}`;
    const order = known.compare(version, next);
    if (order === 'older' || order === 'newer') return true;
  }
  return false;
});
