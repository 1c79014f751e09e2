import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';

/** Writes a file that only its owner may read: aside, flushed, then renamed, so that it is never half there. */
export function writeOwnFile(file: string, content: string | Buffer): void {
  const aside = `${file}.new`;
  const fd = openSync(aside, 'w', 0o600);
  try {
    if (typeof content === 'string') writeSync(fd, content);
    else writeSync(fd, content);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(aside, file);
}
