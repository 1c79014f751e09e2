import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { minutes, seconds } from '@ringwave/protocol/units';

/** Entries of a folder that are compared without case; a site has some thousand phones. */
export const entriesMax = 10_000;
/** Folders whose names are remembered: ten thousand names are a megabyte or two. */
const foldersMax = 16;
/**
 * A folder's time moves in steps, of two seconds on the coarsest disks (FAT): what is put into it within one shows in no time. What
 * was read so soon after a change is read again.
 */
const coarsestStep = seconds(2);
/** Some disks of other machines never tell of a change. */
const rememberedFor = minutes(1);

type ByLower = ReadonlyMap<string, string | null>;

interface Names {
  /** The folder's own times. */
  readonly changed: string;
  readonly readAt: number;
  readonly goodUntil: number;
  /** By the name in small letters; null: several fit. Undefined: the folder has too many. */
  readonly byLower: Promise<ByLower | undefined>;
}

/** The names in folders, compared without case. A folder is read again once it changed, not for each file that it lacks. */
export class NamesOfFolders {
  readonly #now: () => number;
  /** The least recently asked first. */
  readonly #folders = new Map<string, Names>();
  #reads = 0;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** How often a folder was read. */
  get reads(): number {
    return this.#reads;
  }

  /** The one entry that fits, where exactly one does. Rejects with Node's own error where the folder cannot be read. */
  async find(folder: string, name: string): Promise<string | undefined> {
    const lower = name.toLowerCase();
    const found = (await this.#names(folder, 'known')).get(lower) ?? undefined;
    if (found === undefined || (await isThere(join(folder, found)))) return found;
    return (await this.#names(folder, 'fresh')).get(lower) ?? undefined;
  }

  async #names(folder: string, which: 'known' | 'fresh'): Promise<ByLower> {
    const { mtimeMs, ctimeMs } = await lstat(folder);
    const changed = `${mtimeMs} ${ctimeMs}`;
    const now = this.#now();
    const before = which === 'known' ? this.#folders.get(folder) : undefined;
    // A clock that was set back in the meantime does not say how long ago it was read.
    const isGood = before?.changed === changed && before.readAt <= now && now < before.goodUntil;
    // A disk whose clock is ahead of ours does not tell how long ago it was.
    const isSettled = now > Math.max(mtimeMs, ctimeMs) + coarsestStep;
    const goodUntil = isSettled ? now + rememberedFor : now;
    const names = isGood
      ? before
      : { changed, readAt: now, goodUntil, byLower: this.#read(folder) };
    this.#folders.delete(folder);
    this.#folders.set(folder, names);
    const [oldest] = this.#folders.keys();
    if (this.#folders.size > foldersMax && oldest !== undefined) this.#folders.delete(oldest);
    try {
      return (await names.byLower) ?? new Map();
    } catch (error) {
      if (this.#folders.get(folder) === names) this.#folders.delete(folder);
      throw error;
    }
  }

  async #read(folder: string): Promise<ByLower | undefined> {
    this.#reads += 1;
    const byLower = new Map<string, string | null>();
    let seen = 0;
    for await (const { name } of await opendir(folder)) {
      seen += 1;
      if (seen > entriesMax) return undefined;
      const lower = name.toLowerCase();
      byLower.set(lower, byLower.has(lower) ? null : name);
    }
    return byLower;
  }
}

const isThere = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );
