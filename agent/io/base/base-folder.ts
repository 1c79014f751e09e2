import { constants } from 'node:fs';
import { lstat, open, opendir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { type BaseAsked, type BaseFile, type BaseReader, baseBytesMax } from './base-file.ts';

/** Entries of a folder that are compared without case; a site has some thousand phones. */
const entriesMax = 10_000;

/** Plain files below a folder that the customer keeps: no links, nothing longer than a configuration. */
export class BaseFolder implements BaseReader {
  readonly name: string;
  readonly #root: string;
  readonly #anyCase: boolean;

  private constructor(root: string, anyCase: boolean) {
    this.#root = root;
    this.name = root;
    this.#anyCase = anyCase;
  }

  /** Rejects with Node's own error where the folder is missing. */
  static async open(folder: string, anyCase: boolean): Promise<BaseFolder> {
    const real = await realpath(folder);
    await (await opendir(real)).close();
    return new BaseFolder(real, anyCase);
  }

  async read({ path }: BaseAsked): Promise<BaseFile> {
    try {
      const file = await this.#find(path.split('/'));
      return file === undefined ? { kind: 'absent' } : await contents(file);
    } catch (error) {
      const { code = String(error) } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') return { kind: 'absent' };
      return { kind: 'failed', reason: `${path} cannot be read (${code})` };
    }
  }

  async #find(segments: readonly string[]): Promise<string | undefined> {
    let at = this.#root;
    for (const [place, segment] of segments.entries()) {
      const name = await this.#entry(at, segment);
      if (name === undefined) return undefined;
      at = join(at, name);
      const stat = await lstat(at);
      const isRight = place === segments.length - 1 ? stat.isFile() : stat.isDirectory();
      if (!isRight) return undefined;
    }
    return at;
  }

  /** The exact name first; without case only where exactly one entry fits. */
  async #entry(folder: string, name: string): Promise<string | undefined> {
    const isThere = await lstat(join(folder, name)).then(
      () => true,
      () => false,
    );
    if (isThere || !this.#anyCase) return name;
    const fitting: string[] = [];
    let seen = 0;
    for await (const { name: entry } of await opendir(folder)) {
      seen += 1;
      if (seen > entriesMax) return undefined;
      if (entry.toLowerCase() === name.toLowerCase()) fitting.push(entry);
    }
    return fitting.length === 1 ? fitting[0] : undefined;
  }
}

async function contents(file: string): Promise<BaseFile> {
  // Without O_NONBLOCK a FIFO would hold a thread for ever.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await open(file, flags);
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) return { kind: 'absent' };
    if (stat.size > baseBytesMax) {
      return { kind: 'failed', reason: `${file} has more than ${baseBytesMax} bytes` };
    }
    return { kind: 'found', body: await handle.readFile() };
  } finally {
    await handle.close();
  }
}
