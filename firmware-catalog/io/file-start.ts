import { open } from 'node:fs/promises';

/** The first bytes of a file, fewer where it ends before. Whoever bounds a text asks for one byte more than it reads. */
export async function startOfFile(path: string, lengthBytes: number): Promise<Buffer> {
  const handle = await open(path, 'r');
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(lengthBytes), 0, lengthBytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
