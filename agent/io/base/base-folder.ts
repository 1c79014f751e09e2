import { constants } from 'node:fs';
import { lstat, open, opendir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { type BaseFlaw, baseFlaw, templateFlaw } from '../../core/provisioning/base-flaws.ts';
import { entriesMax, NamesOfFolders } from './names-of-folders.ts';
import {
  type BaseAsked,
  type BaseFile,
  type BaseReader,
  baseBytesMax,
  isConfigName,
} from './base-file.ts';

/** Folders below folders that are looked into when the folder is opened; phones ask for names of two or three parts. */
const depthMax = 3;

/** Plain files below a folder that the customer keeps: no links, nothing longer than a configuration. */
export class BaseFolder implements BaseReader {
  readonly name: string;
  readonly #root: string;
  readonly #names: NamesOfFolders | undefined;

  private constructor(root: string, anyCase: boolean) {
    this.#root = root;
    this.name = root;
    this.#names = anyCase ? new NamesOfFolders() : undefined;
  }

  /** Rejects with Node's own error where the folder is missing. */
  static async open(folder: string, anyCase: boolean): Promise<BaseFolder> {
    const real = await realpath(folder);
    await (await opendir(real)).close();
    return new BaseFolder(real, anyCase);
  }

  async read({ path, isConfig }: BaseAsked): Promise<BaseFile> {
    try {
      const file = await this.#find(path.split('/'));
      const read: BaseFile = file === undefined ? { kind: 'absent' } : await contents(file);
      const flaw =
        isConfig && read.kind === 'found' ? templateFlaw(read.body.toString('latin1')) : undefined;
      return flaw ? { kind: 'failed', reason: saidOf(path, flaw) } : read;
    } catch (error) {
      const { code = String(error) } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') return { kind: 'absent' };
      return { kind: 'failed', reason: `${path} cannot be read (${code})` };
    }
  }

  /** Tells of each file that no phone could be given, in at most so many of the folder and its folders. */
  async check(flawed: (path: string, reason: string) => void): Promise<void> {
    const left = { entries: entriesMax };
    for await (const path of this.#configs('', left)) {
      const file = await contents(join(this.#root, path)).catch(() => undefined);
      const flaw = file?.kind === 'found' && baseFlaw(path, file.body.toString('latin1'));
      if (file?.kind === 'failed') flawed(path, file.reason);
      if (flaw) flawed(path, saidOf(path, flaw));
    }
  }

  async *#configs(folder: string, left: { entries: number }, depth = 0): AsyncGenerator<string> {
    for await (const entry of await opendir(join(this.#root, folder))) {
      left.entries -= 1;
      if (left.entries < 0) return;
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory() && depth < depthMax) yield* this.#configs(path, left, depth + 1);
      if (entry.isFile() && isConfigName(path)) yield path;
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
    return isThere || !this.#names ? name : this.#names.find(folder, name);
  }
}

const saidOf = (path: string, { line, reason, nextStep }: BaseFlaw): string =>
  `${path} line ${line} ${reason}. ${nextStep}`;

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
