// What may be in a bundle of a vendor (zip, tar, tar.gz, one inside another) and how much of it. Pure: the
// worker that opens one asks here before it writes a byte.

import type { Problem } from './problems.ts';
import { isPrintable } from './vendors/config-text.ts';

export interface BundleLimits {
  /** Files and folders of a bundle with all bundles inside it. */
  readonly entriesMax: number;
  /** Bytes of one unpacked file. */
  readonly fileBytesMax: number;
  /** Bytes of all unpacked files. */
  readonly totalBytesMax: number;
  /** Unpacked bytes for each packed one, judged once a file has `ratioFromBytes`. */
  readonly ratioMax: number;
  readonly ratioFromBytes: number;
  /** Bundles inside a bundle; the vendor's own zip of zips has two. */
  readonly depthMax: number;
  readonly timeMs: number;
}

/**
 * 2,000 entries: the largest public bundle has 400. 4 GiB: four of the largest images. 200: firmware is
 * packed already, text packs to a fiftieth. 10 min: 4 GiB from a slow disk.
 */
export const usualBundleLimits: BundleLimits = {
  entriesMax: 2000,
  fileBytesMax: 2 * 1024 ** 3,
  totalBytesMax: 4 * 1024 ** 3,
  ratioMax: 200,
  ratioFromBytes: 1024 ** 2,
  depthMax: 3,
  timeMs: 600_000,
};

export type BundleForm = 'zip' | 'tar' | 'gzip';

/** Bytes from the start of a file that tell its form; a tar header's mark ends at 262. */
export const formBytes = 512;

/** The form of a file by its first bytes, never by its name; undefined for what is no bundle. */
export function formOf(start: Uint8Array): BundleForm | undefined {
  const head = Buffer.from(start.buffer, start.byteOffset, Math.min(start.byteLength, formBytes));
  if (head.subarray(0, 2).toString('latin1') === 'PK' && (head[2] === 3 || head[2] === 5)) {
    return 'zip';
  }
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  return head.subarray(257, 262).toString('latin1') === 'ustar' ? 'tar' : undefined;
}

const SHUT_FORMS: readonly [name: string, mark: string][] = [
  ['7z', '377abcaf271c'],
  ['rar', '526172211a07'],
  ['xz', 'fd377a585a00'],
  ['bzip2', '425a68'],
  ['Windows cabinet', '4d534346'],
  ['Windows program', '4d5a'],
];

/** A form that is known and not opened here, for the message; undefined otherwise. */
export function shutForm(start: Uint8Array): string | undefined {
  const head = Buffer.from(start.subarray(0, 6)).toString('hex');
  return SHUT_FORMS.find(([, mark]) => head.startsWith(mark))?.[0];
}

const problem = (path: string, reason: string, nextStep: string): Problem => ({
  path,
  reason,
  nextStep,
});

const notGenuine = 'Get the bundle from the vendor again; a genuine one has no such entry.';

/** One entry as its archive describes it, before any of its bytes is read. */
export interface EntryHead {
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'other';
  readonly isEncrypted?: boolean;
}

/**
 * Judges the entries of a bundle one after another, and counts their bytes while they are unpacked.
 * Every answer is undefined while all is well.
 */
export class BundleJudge {
  readonly #limits: BundleLimits;
  readonly #names = new Map<string, string>();
  #entries = 0;
  #bytes = 0;

  constructor(limits: BundleLimits) {
    this.#limits = limits;
  }

  /** `within` names the bundle inside the bundle, with a stroke at its end; empty for the outermost. */
  entry({ name, kind, isEncrypted = false }: EntryHead, within: string): Problem | undefined {
    const path = `${within}${shown(name)}`;
    this.#entries += 1;
    if (this.#entries > this.#limits.entriesMax) {
      const reason = `is one of more than ${this.#limits.entriesMax} entries`;
      return problem(path, reason, 'Unpack the bundle by hand and import the images you need.');
    }
    const bad = nameFault(name);
    if (bad) return problem(path, bad, notGenuine);
    if (kind === 'other') return problem(path, 'is a link or a device', notGenuine);
    if (isEncrypted) return problem(path, 'is encrypted', 'Unpack it with its password first.');
    if (kind === 'folder') return undefined;
    const folded = `${within}${name}`.normalize('NFC').toLowerCase();
    const before = this.#names.get(folded);
    this.#names.set(folded, name);
    if (before === undefined) return undefined;
    const reason =
      before === name ? 'is there twice' : `is the same name as ${shown(before)} but for its case`;
    return problem(path, reason, notGenuine);
  }

  /** Called with every piece of an unpacked file: `unpacked` and `packed` count that file so far. */
  bytes(
    path: string,
    counts: { readonly piece: number; readonly unpacked: number; readonly packed: number },
  ): Problem | undefined {
    this.#bytes += counts.piece;
    const { fileBytesMax, totalBytesMax, ratioMax, ratioFromBytes } = this.#limits;
    const name = shown(path);
    if (counts.unpacked > fileBytesMax) {
      return problem(name, `unpacks to more than ${fileBytesMax} bytes`, notGenuine);
    }
    if (this.#bytes > totalBytesMax) {
      const step = 'Unpack the bundle by hand and import the images you need.';
      return problem(name, `makes the bundle more than ${totalBytesMax} bytes long`, step);
    }
    if (counts.unpacked < ratioFromBytes || counts.unpacked <= ratioMax * counts.packed) {
      return undefined;
    }
    return problem(name, `unpacks to more than ${ratioMax} times its length`, notGenuine);
  }

  depth(path: string, depth: number): Problem | undefined {
    if (depth <= this.#limits.depthMax) return undefined;
    const reason = `lies more than ${this.#limits.depthMax} bundles deep`;
    return problem(
      shown(path),
      reason,
      'Unpack the bundle by hand and import the images you need.',
    );
  }
}

/** Characters of one part of a name; file systems carry no longer ones. */
const partLengthMax = 255;
const nameLengthMax = 1024;

/** What is wrong with the name of an entry. It is never used as a path here; phones and people see it. */
function nameFault(name: string): string | undefined {
  if (name.length > nameLengthMax) return `has a name of ${name.length} characters`;
  if (!isPrintable(name)) return 'has control characters in its name';
  if (name.includes('\\')) return 'has a back slash in its name';
  if (name.startsWith('/') || /^[A-Za-z]:/.test(name)) return 'has an absolute path';
  const parts = name.replace(/\/$/, '').split('/');
  if (parts.includes('..')) return 'leads out of its folder';
  if (parts.some((part) => part === '' || (part === '.' && parts.length === 1))) {
    return 'has an empty name';
  }
  return parts.some((part) => part.length > partLengthMax) ? 'has a name too long' : undefined;
}

/** For messages: one line, not too long, nothing that moves a terminal's cursor. */
const shown = (name: string): string =>
  Array.from(name.slice(0, 120), (sign) => (isPrintable(sign) ? sign : '?')).join('');

/** A name that promises a bundle: only these are opened inside a bundle, for some images are zips themselves. */
export const looksLikeBundle = (name: string): boolean => /\.(?:zip|tar|tgz|tar\.gz)$/i.test(name);

/** One unpacked file. */
export interface BundleFile {
  /** With the folders and bundles it lay in: `ucs-6.4.7.zip/3111-48450-001.sip.ld`. */
  readonly name: string;
  /** Its last part. */
  readonly fileName: string;
  readonly lengthBytes: number;
  readonly sha256: string;
  /** Where its bytes lie now: a number, never its own name. */
  readonly place: string;
}
