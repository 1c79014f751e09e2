import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Mac } from '@ringwave/protocol/units';
import { isDiskFull, keepSpare, spareBytesUsually } from '@ringwave/runtime/io/disk-room';
import { ofOneNetwork, SourceCounts } from '../core/source-network.ts';
import { type UploadNamed, uploadNamed } from '../core/upload-names.ts';

export interface AskedUpload {
  readonly protocol: 'tftp' | 'http';
  /** As `askedPath` gives it. */
  readonly path: string;
  readonly address: string;
}

/** One upload under way; it holds a place until `done`. */
export interface Upload {
  readonly bytesMax: number;
  /** 'full': nothing was kept, and what lay under this name before is as it was. */
  store(body: Buffer): Promise<'new' | 'replaced' | 'full'>;
  done(): void;
}

export interface UploadDesk {
  /** Undefined: no such file may be written. 'busy': ask again. */
  admits(asked: AskedUpload): Upload | 'busy' | undefined;
}

export interface SpoolLimits {
  /** Bytes of all files together. */
  readonly quotaBytes: number;
  /** Bytes of one file. A phone's log is below 1 MiB. */
  readonly fileBytesMax: number;
  /** Each is held in memory until it is whole. */
  readonly uploadsMax: number;
  /** Of them for one address: a phone writes one at a time. */
  readonly uploadsPerSourceMax: number;
  /** Bytes that uploads leave free on the disk. */
  readonly spareBytes: number;
}

export const spoolLimits: SpoolLimits = {
  quotaBytes: 256 * 1024 * 1024,
  fileBytesMax: 2 * 1024 * 1024,
  uploadsMax: 16,
  uploadsPerSourceMax: 2,
  spareBytes: spareBytesUsually,
};

/** What is kept of an upload: a phone's own logins are taken out of it. */
export type Masking = (body: Buffer, owner: Mac) => Buffer;

/** What an agent does with uploads beyond keeping them. */
export interface SpoolHooks {
  readonly masked?: Masking;
  /** There is no room for uploads, on the disk or in what they may take of it: nothing of the upload was kept. */
  full?(asked: AskedUpload, what: 'disk' | 'quota'): void;
}

/** Files aside, while they are written; a name that no upload can have. */
const asideEnding = '.uploading';

/**
 * What phones upload, in a folder of its own that no server reads from. A file appears under its name when all of it is
 * on the disk, so that a reader and a vanished phone never meet half a file.
 */
export class UploadSpool implements UploadDesk {
  readonly #folder: string;
  readonly #limits: SpoolLimits;
  readonly #mayWrite: (path: string) => UploadNamed | undefined;
  readonly #hooks: SpoolHooks;
  readonly #lengths = new Map<string, number>();
  #bytes = 0;
  /** Of the uploads that are being written: the disk does not show all of them yet. */
  #writingBytes = 0;
  readonly #writing = new Set<string>();
  #active = 0;
  readonly #activeOf = new SourceCounts();

  private constructor(
    folder: string,
    mayWrite: (path: string) => UploadNamed | undefined,
    limits: SpoolLimits,
    hooks: SpoolHooks,
  ) {
    this.#hooks = hooks;
    this.#folder = folder;
    this.#mayWrite = mayWrite;
    this.#limits = limits;
  }

  /** `mayWrite` knows the names. Removes what an earlier end left half written. */
  static async open(
    folder: string,
    mayWrite: (path: string) => UploadNamed | undefined,
    limits: SpoolLimits = spoolLimits,
    hooks: SpoolHooks = {},
  ): Promise<UploadSpool> {
    const spool = new UploadSpool(folder, mayWrite, limits, hooks);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      if (name.endsWith(asideEnding)) await rm(path, { force: true });
      else spool.#count(name, (await stat(path)).size);
    }
    return spool;
  }

  get bytes(): number {
    return this.#bytes;
  }

  admits(asked: AskedUpload): Upload | 'busy' | undefined {
    const named = this.#mayWrite(asked.path);
    if (!named) return undefined;
    const { address } = asked;
    if (!this.#hasRoom(address)) return 'busy';
    this.#hold(address, 1);
    let holdsPlace = true;
    const { masked = (body: Buffer) => body } = this.#hooks;
    return {
      bytesMax: this.#limits.fileBytesMax,
      store: (body) => this.#store(asked, named.name, masked(body, named.mac)),
      done: () => {
        if (holdsPlace) this.#hold(address, -1);
        holdsPlace = false;
      },
    };
  }

  #hasRoom(address: string): boolean {
    const { uploadsMax, uploadsPerSourceMax } = this.#limits;
    const isFull =
      this.#active >= uploadsMax || this.#activeOf.ofNetwork(address) >= ofOneNetwork(uploadsMax);
    return !isFull && this.#activeOf.ofAddress(address) < uploadsPerSourceMax;
  }

  #hold(address: string, by: 1 | -1): void {
    this.#active += by;
    this.#activeOf.count(address, by);
  }

  async #store(
    asked: AskedUpload,
    name: string,
    body: Buffer,
  ): Promise<'new' | 'replaced' | 'full'> {
    if (!this.#fits(name, body)) await this.#forgetRemoved();
    if (!this.#fits(name, body)) {
      this.#hooks.full?.(asked, 'quota');
      return 'full';
    }
    const before = this.#lengths.get(name);
    // Counted before it is written, so that uploads at once cannot overrun the quota together.
    this.#count(name, body.length);
    this.#writingBytes += body.length;
    this.#writing.add(name);
    const aside = join(this.#folder, `${randomUUID()}${asideEnding}`);
    try {
      const { spareBytes } = this.#limits;
      await keepSpare(this.#folder, { bytes: this.#writingBytes, spareBytes });
      await writeWhole(aside, body);
      await rename(aside, join(this.#folder, name));
      this.#count(name, body.length);
      return before === undefined ? 'new' : 'replaced';
    } catch (error) {
      this.#count(name, before ?? 0);
      await rm(aside, { force: true });
      if (!isDiskFull(error)) throw error;
      this.#hooks.full?.(asked, 'disk');
      return 'full';
    } finally {
      this.#writingBytes -= body.length;
      this.#writing.delete(name);
    }
  }

  #fits(name: string, body: Buffer): boolean {
    const others = this.#bytes - (this.#lengths.get(name) ?? 0);
    return others + body.length <= this.#limits.quotaBytes;
  }

  /** Somebody may have moved files away, to make room for these. */
  async #forgetRemoved(): Promise<void> {
    for (const name of Array.from(this.#lengths.keys())) {
      const isThere = await stat(join(this.#folder, name)).then(
        () => true,
        (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
      );
      if (isThere || this.#writing.has(name)) continue;
      this.#count(name, 0);
      this.#lengths.delete(name);
    }
  }

  #count(name: string, length: number): void {
    this.#bytes += length - (this.#lengths.get(name) ?? 0);
    this.#lengths.set(name, length);
  }
}

async function writeWhole(path: string, body: Buffer): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(body);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Any phone's files, by the patterns of all vendors: for the laboratory. */
export const anyPhoneMayWrite =
  (patterns: readonly string[]) =>
  (path: string): UploadNamed | undefined =>
    uploadNamed(path, patterns);
