// Unpacks one bundle into numbered files. Runs in the worker of `bundle-worker.ts`, and in it alone.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import yauzl from 'yauzl';
import {
  type BundleFile,
  type BundleForm,
  BundleJudge,
  type BundleLimits,
  formBytes,
  formOf,
  looksLikeBundle,
  shutForm,
} from '../bundle.ts';
import type { Problem } from '../problems.ts';
import { startOfFile } from './file-start.ts';

export interface UnpackJob {
  readonly path: string;
  /** An empty folder of this job alone. */
  readonly into: string;
  readonly limits: BundleLimits;
  /** File names that are images though they look like bundles. */
  readonly keep: readonly string[];
}

export type Unpacked =
  | { readonly kind: 'unpacked'; readonly files: readonly BundleFile[] }
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] };

/** Ends the work at the first thing that no genuine bundle has. */
class Refused extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.reason);
    this.problem = problem;
  }
}

export async function unpack(job: UnpackJob): Promise<Unpacked> {
  try {
    const unpacking = new Unpacking(job);
    await unpacking.open({ path: job.path, within: '', depth: 1 });
    return { kind: 'unpacked', files: unpacking.files };
  } catch (error) {
    if (error instanceof Refused) return { kind: 'refused', problems: [error.problem] };
    return { kind: 'refused', problems: [unreadable(error)] };
  }
}

/** What the zip reader says of names that no genuine bundle has; it ends before the judge sees them. */
const HOSTILE_NAME = /^(?:absolute path|invalid relative path|invalid characters in fileName)/;

function unreadable(error: unknown): Problem {
  const { code, message }: NodeJS.ErrnoException = error instanceof Error ? error : new Error();
  if (code === 'ENOENT' || code === 'EISDIR') {
    const reason = code === 'ENOENT' ? 'is not there' : 'is a folder';
    return { path: '', reason, nextStep: 'Name a bundle: a zip, tar or tar.gz.' };
  }
  const found = broken('', `cannot be read: ${message === '' ? 'unknown error' : message}`);
  return HOSTILE_NAME.test(message)
    ? {
        ...found,
        nextStep: 'Get the bundle from the vendor again; a genuine one has no such entry.',
      }
    : found;
}

const broken = (path: string, reason: string): Problem => ({
  path,
  reason,
  nextStep: 'Get the bundle again; it may be cut off.',
});

interface Opened {
  readonly path: string;
  readonly within: string;
  readonly depth: number;
}

class Unpacking {
  readonly files: BundleFile[] = [];
  readonly #job: UnpackJob;
  readonly #judge: BundleJudge;
  #count = 0;

  constructor(job: UnpackJob) {
    this.#job = job;
    this.#judge = new BundleJudge(job.limits);
  }

  async open(bundle: Opened): Promise<void> {
    refuse(this.#judge.depth(bundle.within, bundle.depth));
    const start = await startOfFile(bundle.path, formBytes);
    const form = formOf(start);
    if (form === undefined) throw new Refused(notOpened(bundle.within, start));
    await this.#openAs(form, bundle);
  }

  async #openAs(form: BundleForm, bundle: Opened): Promise<void> {
    if (form === 'zip') return this.#zip(bundle);
    if (form === 'tar') return this.#tar(bundle);
    return this.#gzip({ ...bundle, packed: (await stat(bundle.path)).size });
  }

  async #zip(bundle: Opened): Promise<void> {
    const { size } = await stat(bundle.path);
    const archive = await yauzl.openPromise(bundle.path, { strictFileNames: true });
    let claimed = 0;
    try {
      for await (const entry of archive.eachEntry()) {
        const name = entry.fileName;
        refuse(this.#judge.entry(headOf(entry), bundle.within));
        // Entries that share their bytes are how a small zip swells without a bad ratio.
        claimed += entry.compressedSize;
        if (claimed > size) throw new Refused(broken(name, 'shares its bytes with other entries'));
        if (name.endsWith('/')) continue;
        const source = await archive.openReadStreamPromise(entry);
        await this.#file(source, { ...bundle, name, packed: entry.compressedSize });
      }
    } finally {
      archive.close();
    }
  }

  async #gzip(bundle: Opened & { packed: number }): Promise<void> {
    const source = createReadStream(bundle.path);
    const inside = source.pipe(createGunzip());
    source.on('error', (error) => inside.destroy(error));
    const place = await this.#file(inside, { ...bundle, name: 'inside', isAside: true });
    const form = formOf(await startOfFile(place, formBytes));
    if (form !== 'tar') throw new Refused(broken(bundle.within, 'is packed, but holds no tar'));
    await this.#tar({ ...bundle, path: place });
    await rm(place);
  }

  async #tar(bundle: Opened): Promise<void> {
    const swollen = await swollenHeader(bundle.path);
    if (swollen) throw new Refused(broken(bundle.within, swollen));
    const archive = extract();
    const source = createReadStream(bundle.path);
    source.on('error', (error) => archive.destroy(error));
    source.pipe(archive);
    for await (const entry of archive) {
      const { name, type, size } = entry.header;
      const kind = type === 'file' ? 'file' : type === 'directory' ? 'folder' : 'other';
      refuse(this.#judge.entry({ name, kind }, bundle.within));
      const pieces = Readable.from(entry as AsyncIterable<Uint8Array>, { objectMode: false });
      if (kind === 'file') await this.#file(pieces, { ...bundle, name, packed: size });
      entry.resume();
    }
  }

  /** Writes one file aside under a number and measures it; a bundle inside is opened in its turn. */
  async #file(
    source: AsyncIterable<Uint8Array>,
    file: Opened & { name: string; packed: number; isAside?: boolean },
  ): Promise<string> {
    const place = join(this.#job.into, String((this.#count += 1)));
    const name = `${file.within}${file.name}`;
    const measured = await this.#write(source, { place, name, packed: file.packed });
    if (file.isAside === true) return place;
    const fileName = file.name.slice(file.name.lastIndexOf('/') + 1);
    if (looksLikeBundle(fileName) && !this.#job.keep.includes(fileName)) {
      await this.open({ path: place, within: `${name}/`, depth: file.depth + 1 });
      await rm(place);
    } else this.files.push({ name, fileName, place, ...measured });
    return place;
  }

  async #write(
    source: AsyncIterable<Uint8Array>,
    { place, name, packed }: { place: string; name: string; packed: number },
  ): Promise<{ lengthBytes: number; sha256: string }> {
    const hash = createHash('sha256');
    const handle = await open(place, 'wx');
    let unpacked = 0;
    try {
      for await (const piece of source) {
        unpacked += piece.byteLength;
        refuse(this.#judge.bytes(name, { piece: piece.byteLength, unpacked, packed }));
        hash.update(piece);
        await handle.appendFile(piece);
      }
    } finally {
      await handle.close();
    }
    return { lengthBytes: unpacked, sha256: hash.digest('hex') };
  }
}

function refuse(problem: Problem | undefined): void {
  if (problem) throw new Refused(problem);
}

function notOpened(within: string, start: Uint8Array): Problem {
  const form = shutForm(start);
  const reason =
    form === undefined
      ? 'is neither zip nor tar nor tar.gz'
      : `is a ${form}, which is not opened here`;
  return {
    path: within,
    reason,
    nextStep: 'Unpack it by hand and import the images from a folder.',
  };
}

/** Bytes of a header that only carries a long name or attributes; their reader holds it in memory whole. */
const extraHeaderBytesMax = 64 * 1024;
const tarBlockBytes = 512;

/** Walks the headers of a tar (POSIX.1-2017, pax) without its contents; says what is wrong with one. */
async function swollenHeader(path: string): Promise<string | undefined> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    const block = Buffer.alloc(tarBlockBytes);
    for (let at = 0; at + tarBlockBytes <= size; ) {
      await handle.read(block, 0, tarBlockBytes, at);
      if (block.every((byte) => byte === 0)) {
        at += tarBlockBytes;
        continue;
      }
      const length = Number.parseInt(block.toString('latin1', 124, 136), 8);
      // Lengths in binary are for files beyond 8 GiB, which no bundle may hold.
      if (Number.isNaN(length)) return 'has a header without a readable length';
      const type = String.fromCharCode(block[156] ?? 0);
      if ('xgLK'.includes(type) && length > extraHeaderBytesMax) return 'has a swollen header';
      at += tarBlockBytes + Math.ceil(length / tarBlockBytes) * tarBlockBytes;
    }
    return undefined;
  } finally {
    await handle.close();
  }
}

/** Unix modes lie in the upper half of a zip entry's attributes; no mode at all is a plain file. */
function headOf(entry: yauzl.Entry) {
  const type = (entry.externalFileAttributes >>> 28) & 0xf;
  const isPlain = type === 0 || type === 8 || type === 4;
  const kind = !isPlain ? 'other' : entry.fileName.endsWith('/') ? 'folder' : 'file';
  return { name: entry.fileName, kind, isEncrypted: entry.isEncrypted() } as const;
}
