import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/**
 * Keeps a folder for one program until the answer is called or the process ends, however it ends: the system lets go of
 * the lock with it, so that none is left behind.
 */
export function holdFolder(folder: string): () => void {
  const hold = new DatabaseSync(join(folder, 'in-use.lock'));
  try {
    hold.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    hold.close();
    throw new Error(`${folder} is in use by another one that runs`, { cause: error });
  }
  return () => {
    if (hold.isOpen) hold.close();
  };
}
