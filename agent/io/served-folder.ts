import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, open, opendir, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { EpochMs } from '@ringwave/protocol/units';
import type { Asked, FileResolver, Served, ServedImage, TransferObserver } from './file-source.ts';

interface OpenFile {
  readonly handle: FileHandle;
  readonly stat: BigIntStats;
}

/** One opening of a file and those who asked for it; undefined where there is no such file. */
interface Opening {
  readonly file: Promise<OpenFile | undefined>;
  users: number;
}

/**
 * A folder as it lies on the disk, for the laboratory: files below `root` and nothing else. Links are followed only
 * where they stay inside. A file that is replaced keeps serving its old bytes to transfers under way; one that is
 * written over in place ends them.
 */
export class ServedFolder implements FileResolver {
  readonly #root: string;
  readonly observer: TransferObserver;

  readonly #opening = new Map<string, Opening>();

  private constructor(root: string, observer: TransferObserver) {
    this.#root = root;
    this.observer = observer;
  }

  /** Rejects with Node's own error where `root` is missing or not a folder. */
  static async open(root: string, observer: TransferObserver = {}): Promise<ServedFolder> {
    const real = await realpath(root);
    await (await opendir(real)).close();
    return new ServedFolder(real, observer);
  }

  /** Requests for one name that come while it is being opened share the open file: a floor of phones boots at once. */
  async resolve({ path }: Asked): Promise<Served> {
    const opening = this.#opening.get(path) ?? this.#open(path);
    opening.users += 1;
    const found = await opening.file;
    if (!found) return { kind: 'absent' };
    return { ...imageFrom(found), release: () => release(opening, found.handle) };
  }

  #open(path: string): Opening {
    const file = this.#find(path).finally(() => this.#opening.delete(path));
    const opening = { file, users: 0 };
    this.#opening.set(path, opening);
    return opening;
  }

  async #find(path: string): Promise<OpenFile | undefined> {
    let handle: FileHandle | undefined;
    try {
      const real = await realpath(join(this.#root, path));
      if (!real.startsWith(this.#root.endsWith(sep) ? this.#root : this.#root + sep)) {
        return undefined;
      }
      // Without O_NONBLOCK a FIFO in the folder would hold a thread for ever.
      handle = await open(real, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
      const stat = await handle.stat({ bigint: true });
      if (stat.isFile()) return { handle, stat };
      await handle.close();
      return undefined;
    } catch (error) {
      await handle?.close();
      if (isAbsence((error as NodeJS.ErrnoException).code)) return undefined;
      throw error;
    }
  }
}

function release(opening: Opening, handle: FileHandle): void {
  opening.users -= 1;
  if (opening.users === 0) handle.close().catch(() => {});
}

/** To a phone all of these are a missing file. A full table of open files or a broken disk is not. */
const isAbsence = (code: string | undefined): boolean =>
  ['ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP', 'ENAMETOOLONG', 'ENXIO', 'EISDIR', 'EINVAL'].includes(
    code ?? '',
  );

function imageFrom({ handle, stat }: OpenFile): ServedImage {
  const etag = [stat.ino, stat.size, stat.mtimeNs].map((part) => part.toString(16)).join('-');
  return {
    kind: 'image',
    etag,
    lengthBytes: Number(stat.size),
    modifiedAt: Number(stat.mtimeMs) as EpochMs,
    read: async (offset, length) => {
      const bytes = Buffer.allocUnsafeSlow(length);
      // Both at once: the transfer may end meanwhile, and closing waits for what has begun.
      const [{ bytesRead }, now] = await Promise.all([
        handle.read(bytes, 0, length, offset),
        handle.stat({ bigint: true }),
      ]);
      if (bytesRead !== length || now.size !== stat.size || now.mtimeNs !== stat.mtimeNs) {
        throw new Error('the file was changed while it was served');
      }
      return bytes;
    },
  };
}
