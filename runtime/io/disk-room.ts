import { statfs } from 'node:fs/promises';

/**
 * Bytes that whatever can be had again leaves free, such as images and phones' logs: with a full disk a program can commit
 * nothing and stops.
 */
export const spareBytesUsually = 64 * 1024 * 1024;

/** Bytes that may still be written to the disk of a folder. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** Rejects as a full disk does where so many bytes more would leave less than `spareBytes` free. */
export async function keepSpare(
  folder: string,
  { bytes, spareBytes }: { readonly bytes: number; readonly spareBytes: number },
): Promise<void> {
  if ((await freeBytes(folder)) - bytes >= spareBytes) return;
  throw Object.assign(new Error(`${folder} has too little room`), { code: 'ENOSPC' });
}

/** By what the operating system or SQLite says of it. */
export function isDiskFull(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOSPC' || code === 'EDQUOT' || isRefusedForRoom(error);
}

/** SQLITE_FULL, and SQLITE_IOERR_SHMSIZE of the log's index (https://sqlite.org/rescode.html). */
const refusals: readonly unknown[] = [13, 4874];

/** SQLite took a transaction back for want of room: nothing of it was written. */
export const isRefusedForRoom = (error: unknown): boolean =>
  refusals.includes((error as { errcode?: unknown }).errcode);
