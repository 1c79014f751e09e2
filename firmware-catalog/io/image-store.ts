import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { FaultCode } from '@ringwave/protocol/faults';
import { type Sha256, sha256 } from '@ringwave/protocol/units';
import { ImageCheck, type ImageClaim } from '../image-check.ts';
import { imageBytesMax } from '../release.ts';

export type Stored =
  | { readonly kind: 'stored' }
  /** The same bytes were here before: nothing was written. */
  | { readonly kind: 'already-held' }
  | { readonly kind: 'refused'; readonly fault: FaultCode };

export type Appended =
  | Stored
  /** The source ended early; what came is kept for the next try. */
  | { readonly kind: 'partial'; readonly lengthBytes: number };

/** An open image. The caller closes the handle. */
export interface OpenImage {
  readonly handle: FileHandle;
  readonly lengthBytes: number;
}

type Source = AsyncIterable<Uint8Array>;

/** Bytes read at once when an image is measured from disk. */
const measureBytes = 256 * 1024;

/**
 * Images as files named by their SHA-256: `images/ab/<digest>` only ever holds bytes with that digest,
 * because they are written aside in `incoming/`, flushed, measured and then renamed. A crash leaves
 * either the whole image or a part in `incoming/` that is resumed or swept.
 */
export class ImageStore {
  readonly #folder: string;
  /** Images whose bytes on disk were measured since this process started, and the state of the file then. */
  readonly #measured = new Map<Sha256, string>();
  /** One writer per partial image; a second waits for the first. */
  readonly #appending = new Map<Sha256, Promise<unknown>>();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Makes the folders and sweeps what a crash left that cannot be resumed. Throws where it may not write. */
  static async open(folder: string): Promise<ImageStore> {
    const incoming = join(folder, 'incoming');
    await mkdir(incoming, { recursive: true });
    await mkdir(join(folder, 'images'), { recursive: true });
    for (const name of await readdir(incoming)) {
      const isResumable = name.endsWith('.part') && sha256(name.slice(0, -5)) !== undefined;
      if (!isResumable) await rm(join(incoming, name), { force: true, recursive: true });
    }
    return new ImageStore(folder);
  }

  /** Bytes that may still be written to the disk it is on. */
  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.#folder);
    return bavail * bsize;
  }

  async has(digest: Sha256): Promise<boolean> {
    return (await this.sizeOf(digest)) !== undefined;
  }

  /** Bytes; undefined when the image is not held whole. */
  async sizeOf(digest: Sha256): Promise<number | undefined> {
    return lengthOf(this.#imagePath(digest));
  }

  /** Stores all of a source or nothing of it. Errors of the source itself are thrown on. */
  async write(source: Source, claim: ImageClaim): Promise<Stored> {
    if (await this.has(claim.sha256)) return { kind: 'already-held' };
    if (claim.lengthBytes > imageBytesMax) return refused('image-too-long');
    const aside = join(this.#folder, 'incoming', `${randomUUID()}.tmp`);
    try {
      const fault = await storageFault(() => writeMeasured(aside, source, claim));
      if (fault) return refused(fault);
      return await this.#publish(aside, claim);
    } finally {
      await rm(aside, { force: true });
    }
  }

  /** Bytes of an image that an earlier `append` left; 0 when there are none. */
  async partialLength(digest: Sha256): Promise<number> {
    return (await lengthOf(this.#partPath(digest))) ?? 0;
  }

  /**
   * Adds bytes that begin at `from` of an image, and publishes it once all are there and the whole has
   * its digest. `from` is at most `partialLength`: a server that ignores Range starts again at 0. What
   * a broken source gave is kept; wrong bytes are thrown away whole.
   */
  async append(source: Source, claim: ImageClaim & { readonly from: number }): Promise<Appended> {
    const earlier = this.#appending.get(claim.sha256) ?? Promise.resolve();
    const mine = earlier.catch(() => undefined).then(() => this.#appendAlone(source, claim));
    this.#appending.set(claim.sha256, mine);
    try {
      return await mine;
    } finally {
      if (this.#appending.get(claim.sha256) === mine) this.#appending.delete(claim.sha256);
    }
  }

  /**
   * Opens an image for reading. Its bytes are measured on the first opening of this process and whenever the file was
   * touched since, so that a rotten disk or a foreign hand is found before a phone gets them; undefined when it is not
   * held or no longer whole.
   */
  async openRead(digest: Sha256): Promise<OpenImage | undefined> {
    const path = this.#imagePath(digest);
    const lengthBytes = await lengthOf(path);
    if (lengthBytes === undefined) return undefined;
    const handle = await open(path, 'r');
    const state = await stateOf(handle);
    if (this.#measured.get(digest) !== state) {
      const isWhole = await measures(path, { sha256: digest, lengthBytes });
      if (!isWhole) {
        await handle.close();
        await rm(path, { force: true });
        return undefined;
      }
      this.#measured.set(digest, state);
    }
    return { handle, lengthBytes };
  }

  async remove(digest: Sha256): Promise<void> {
    this.#measured.delete(digest);
    await rm(this.#imagePath(digest), { force: true });
    await rm(this.#partPath(digest), { force: true });
  }

  async #appendAlone(source: Source, claim: ImageClaim & { from: number }): Promise<Appended> {
    if (await this.has(claim.sha256)) return { kind: 'already-held' };
    if (claim.lengthBytes > imageBytesMax) return refused('image-too-long');
    const part = this.#partPath(claim.sha256);
    const held = await this.partialLength(claim.sha256);
    assert(claim.from <= held, `bytes from ${claim.from} cannot follow ${held}`);
    const fault = await storageFault(() => addBytes(part, source, claim));
    // On a full disk a part would stand in the way of everything else; it begins anew when there is room.
    if (fault === 'storage-full') await rm(part, { force: true });
    if (fault === 'storage-full') return refused(fault);
    const lengthBytes = await this.partialLength(claim.sha256);
    if (!fault && lengthBytes < claim.lengthBytes) return { kind: 'partial', lengthBytes };
    if (!fault && (await measures(part, claim))) return this.#publish(part, claim);
    await rm(part, { force: true });
    return refused(fault ?? 'image-digest-differs');
  }

  async #publish(aside: string, { sha256: digest }: ImageClaim): Promise<Stored> {
    const path = this.#imagePath(digest);
    await mkdir(dirname(path), { recursive: true });
    await rename(aside, path);
    // A rename is lost in a power cut until the folder that holds it is on disk too.
    await flushFolder(dirname(path));
    await flushFolder(join(this.#folder, 'images'));
    const handle = await open(path, 'r');
    this.#measured.set(digest, await stateOf(handle));
    await handle.close();
    return { kind: 'stored' };
  }

  #imagePath(digest: Sha256): string {
    assert(sha256(digest) === digest, 'an image is named by its digest');
    return join(this.#folder, 'images', digest.slice(0, 2), digest);
  }

  #partPath(digest: Sha256): string {
    assert(sha256(digest) === digest, 'an image is named by its digest');
    return join(this.#folder, 'incoming', `${digest}.part`);
  }
}

/** Changes with every write to the file; who can set its times cannot set the last of them. */
async function stateOf(handle: FileHandle): Promise<string> {
  const { ino, size, ctimeNs } = await handle.stat({ bigint: true });
  return `${ino} ${size} ${ctimeNs}`;
}

const refused = (fault: FaultCode): { kind: 'refused'; fault: FaultCode } => ({
  kind: 'refused',
  fault,
});

/** Writes all of a source and flushes it; a fault where it is not what was claimed. */
async function writeMeasured(
  path: string,
  source: Source,
  claim: ImageClaim,
): Promise<FaultCode | undefined> {
  const check = new ImageCheck(claim);
  const handle = await open(path, 'wx');
  try {
    for await (const chunk of source) {
      if (!check.take(chunk)) return 'image-too-long';
      await handle.appendFile(chunk);
    }
    if (check.verdict().kind !== 'whole') return 'image-digest-differs';
    await handle.sync();
    return undefined;
  } finally {
    await handle.close();
  }
}

/** Adds what the source gives until it ends or breaks; breaking is no fault, the rest comes later. */
async function addBytes(
  path: string,
  source: Source,
  { from, lengthBytes }: ImageClaim & { from: number },
): Promise<FaultCode | undefined> {
  const handle = await open(path, 'a');
  try {
    if ((await handle.stat()).size > from) await handle.truncate(from);
    let length = from;
    for await (const chunk of untilBroken(source)) {
      length += chunk.byteLength;
      if (length > lengthBytes) return 'image-too-long';
      await handle.appendFile(chunk);
    }
    await handle.sync();
    return undefined;
  } finally {
    await handle.close();
  }
}

async function* untilBroken(source: Source): Source {
  const chunks = source[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await chunks.next().catch(() => undefined);
      if (!next || next.done) return;
      yield next.value;
    }
  } finally {
    await chunks.return?.().catch(() => undefined);
  }
}

async function measures(path: string, claim: ImageClaim): Promise<boolean> {
  const check = new ImageCheck(claim);
  const handle = await open(path, 'r');
  try {
    const block = Buffer.allocUnsafe(measureBytes);
    for (;;) {
      const { bytesRead } = await handle.read(block, 0, block.length, null);
      if (bytesRead === 0) return check.verdict().kind === 'whole';
      if (!check.take(block.subarray(0, bytesRead))) return false;
    }
  } finally {
    await handle.close();
  }
}

async function lengthOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function storageFault(
  work: () => Promise<FaultCode | undefined>,
): Promise<FaultCode | undefined> {
  try {
    return await work();
  } catch (error) {
    const isFull = ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(codeOf(error) ?? '');
    if (isFull) return 'storage-full';
    throw error;
  }
}

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;

async function flushFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
