import { constants } from 'node:fs';
import { type FileHandle, open, opendir, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { Asked, FileResolver, Served, TransferObserver } from './file-source.ts';

/**
 * A folder as it lies on the disk, for the laboratory: files below `root` and nothing else. Links are followed only
 * where they stay inside. A file that is replaced keeps serving its old bytes to transfers under way; one that is
 * written over in place ends them.
 */
export class ServedFolder implements FileResolver {
  readonly #root: string;
  readonly observer: TransferObserver;

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

  async resolve({ path }: Asked): Promise<Served> {
    let file: FileHandle | undefined;
    try {
      const real = await realpath(join(this.#root, path));
      if (!real.startsWith(this.#root.endsWith(sep) ? this.#root : this.#root + sep)) {
        return { kind: 'absent' };
      }
      // Without O_NONBLOCK a FIFO in the folder would hold a thread for ever.
      file = await open(real, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
      const served = await imageFrom(file);
      if (served.kind === 'absent') await file.close();
      return served;
    } catch (error) {
      await file?.close();
      if (isAbsence((error as NodeJS.ErrnoException).code)) return { kind: 'absent' };
      throw error;
    }
  }
}

/** To a phone all of these are a missing file. A full table of open files or a broken disk is not. */
const isAbsence = (code: string | undefined): boolean =>
  ['ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP', 'ENAMETOOLONG', 'ENXIO', 'EISDIR', 'EINVAL'].includes(
    code ?? '',
  );

async function imageFrom(file: FileHandle): Promise<Served> {
  const found = await file.stat({ bigint: true });
  if (!found.isFile()) return { kind: 'absent' };
  const etag = [found.ino, found.size, found.mtimeNs].map((part) => part.toString(16)).join('-');
  return {
    kind: 'image',
    etag,
    lengthBytes: Number(found.size),
    read: async (offset, length) => {
      const bytes = Buffer.allocUnsafeSlow(length);
      const { bytesRead } = await file.read(bytes, 0, length, offset);
      const now = await file.stat({ bigint: true });
      if (bytesRead !== length || now.size !== found.size || now.mtimeNs !== found.mtimeNs) {
        throw new Error('the file was changed while it was served');
      }
      return bytes;
    },
    release: () => void file.close().catch(() => {}),
  };
}
