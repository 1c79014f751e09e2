import type { FileHandle } from 'node:fs/promises';
import type { ImageStore } from '@ringwave/firmware-catalog/io/image-store';
import type { Sha256 } from '@ringwave/protocol/units';
import type { ServedImage } from './file-source.ts';

/** An image of the store as servers read it; undefined where it is not held whole. */
export async function storedImage(
  images: ImageStore,
  digest: Sha256,
): Promise<ServedImage | undefined> {
  const opened = await images.openRead(digest);
  if (!opened) return undefined;
  return {
    kind: 'image',
    digest,
    etag: `sha256-${digest}`,
    lengthBytes: opened.lengthBytes,
    read: (offset, length) => readExactly(opened.handle, offset, length),
    release: () => void opened.handle.close(),
  };
}

/** Exactly these bytes, or a rejection: a short answer would reach the phone as a broken image. */
async function readExactly(handle: FileHandle, offset: number, length: number): Promise<Buffer> {
  const piece = Buffer.allocUnsafe(length);
  const { bytesRead } = await handle.read(piece, 0, length, offset);
  if (bytesRead !== length) throw new Error(`image ends ${length - bytesRead} bytes early`);
  return piece;
}
