import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FaultCode } from '@ringwave/protocol/faults';
import { isDiskFull, keepSpare, spareBytesUsually } from '@ringwave/runtime/io/disk-room';
import { type BaseFile, baseBytesMax } from './base-file.ts';

type Found = Extract<BaseFile, { kind: 'found' }>;

export interface LastGoodLimits {
  readonly files: number;
  readonly bytes: number;
  /** Bytes that it leaves free on the disk; 64 MiB where absent. */
  readonly spareBytes?: number;
}

/** Why a file was not kept. */
export interface NotKept {
  readonly fault: Extract<FaultCode, 'storage-full' | 'base-unusable'>;
  readonly reason: string;
}

/** Two thousand phones with a few files each; a configuration has some ten thousand bytes. */
export const lastGoodLimits: LastGoodLimits = { files: 8000, bytes: 128 * 1024 ** 2 };

/** The first line of a kept file. */
const headBytesMax = 4096;

/**
 * The last good answers of a provisioning server, a file each, for the agent's own user alone: they hold what the PBX
 * writes into them, passwords too. The least recently fetched go first.
 */
export class LastGood {
  readonly #folder: string;
  readonly #limits: LastGoodLimits;
  /** By name, the least recently fetched first. */
  readonly #sizes = new Map<string, number>();
  #bytes = 0;
  #writes = 0;

  private constructor(folder: string, limits: LastGoodLimits) {
    this.#folder = folder;
    this.#limits = limits;
  }

  static async open(folder: string, limits = lastGoodLimits): Promise<LastGood> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const kept = new LastGood(folder, limits);
    const found: { name: string; size: number; at: number }[] = [];
    for (const name of await readdir(folder)) {
      if (/^[0-9a-f]{64}$/.test(name)) {
        const { size, mtimeMs } = await stat(join(folder, name));
        found.push({ name, size, at: mtimeMs });
      } else await rm(join(folder, name), { force: true, recursive: true });
    }
    for (const { name, size } of found.sort((a, b) => a.at - b.at)) kept.#count(name, size);
    return kept;
  }

  /** Undefined once it is on the disk, or is there already; what was kept before stays where it could not be. */
  async keep(path: string, { body, contentType = '' }: Found): Promise<NotKept | undefined> {
    const name = nameOf(path);
    const head = `${JSON.stringify({ path: path.slice(0, 1024), contentType: contentType.slice(0, 128) })}\n`;
    const whole = Buffer.concat([Buffer.from(head), body]);
    try {
      await this.#write(name, whole).catch(async (error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
        await this.#makeAgain();
        await this.#write(name, whole);
      });
      this.#count(name, whole.length);
      await this.#makeRoom();
      return undefined;
    } catch (error) {
      const { code = String(error) } = error as NodeJS.ErrnoException;
      return {
        fault: isDiskFull(error) ? 'storage-full' : 'base-unusable',
        reason: `${path} is served, but could not be kept in ${this.#folder} (${code})`,
      };
    }
  }

  async #write(name: string, whole: Buffer): Promise<void> {
    const file = join(this.#folder, name);
    const before = await this.#whole(name);
    if (before?.equals(whole)) return utimes(file, new Date(), new Date());
    const { spareBytes = spareBytesUsually } = this.#limits;
    await keepSpare(this.#folder, { bytes: whole.length, spareBytes });
    this.#writes += 1;
    const aside = `${file}.${this.#writes}.new`;
    try {
      await writeFile(aside, whole, { mode: 0o600, flush: true });
      await rename(aside, file);
    } catch (error) {
      await rm(aside, { force: true }).catch(() => {});
      throw error;
    }
  }

  /** Somebody took the folder away. Not the one above it: where the agent's state is gone, more is wrong. */
  async #makeAgain(): Promise<void> {
    try {
      await mkdir(this.#folder, { mode: 0o700 });
      this.#sizes.clear();
      this.#bytes = 0;
    } catch (error) {
      // Of several files that are kept at once the first makes it.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }

  async find(path: string): Promise<Found | undefined> {
    const whole = await this.#whole(nameOf(path));
    const end = whole?.subarray(0, headBytesMax).indexOf(10) ?? -1;
    if (!whole || end < 0) return undefined;
    try {
      const head = JSON.parse(whole.subarray(0, end).toString()) as { contentType?: unknown };
      const contentType = typeof head.contentType === 'string' ? head.contentType : '';
      const body = whole.subarray(end + 1);
      return { kind: 'found', body, ...(contentType === '' ? {} : { contentType }) };
    } catch {
      return undefined;
    }
  }

  async drop(path: string): Promise<void> {
    await this.#remove(nameOf(path));
  }

  async #whole(name: string): Promise<Buffer | undefined> {
    const size = this.#sizes.get(name);
    if (size === undefined || size > baseBytesMax + headBytesMax) return undefined;
    return readFile(join(this.#folder, name)).catch(() => undefined);
  }

  #count(name: string, size: number): void {
    this.#bytes += size - (this.#sizes.get(name) ?? 0);
    this.#sizes.delete(name);
    this.#sizes.set(name, size);
  }

  async #makeRoom(): Promise<void> {
    for (const name of Array.from(this.#sizes.keys())) {
      const { files, bytes } = this.#limits;
      if (this.#sizes.size <= files && this.#bytes <= bytes) return;
      await this.#remove(name);
    }
  }

  async #remove(name: string): Promise<void> {
    const size = this.#sizes.get(name);
    if (size === undefined) return;
    this.#sizes.delete(name);
    this.#bytes -= size;
    await rm(join(this.#folder, name), { force: true }).catch(() => {});
  }
}

const nameOf = (path: string): string => createHash('sha256').update(path).digest('hex');
