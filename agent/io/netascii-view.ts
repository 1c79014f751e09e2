import { netasciiLength, toNetascii } from '../core/tftp/netascii.ts';
import { chunkBytes } from './chunk-cache.ts';
import type { ServedImage } from './file-source.ts';

/** Where each raw chunk starts after conversion; one entry more than chunks, the last is the whole length. */
type Starts = readonly number[];

/** Indexes kept: one per image that somebody fetched as text, which is a rare mistake of a client's setting. */
const indexesMax = 16;
const indexes = new Map<string, Promise<Starts>>();

/**
 * The same image as it travels in netascii, read at converted offsets. The first view of an image reads it whole once
 * to learn where its chunks end up; conversion itself happens per piece.
 */
export async function netasciiView(image: ServedImage): Promise<ServedImage> {
  const starts = await indexOf(image);
  return {
    kind: 'image',
    etag: `${image.etag}/netascii`,
    lengthBytes: starts.at(-1) ?? 0,
    read: (offset, length) => readConverted(image, starts, { offset, length }),
    release: () => image.release?.(),
  };
}

function indexOf(image: ServedImage): Promise<Starts> {
  const known = indexes.get(image.etag);
  if (known) return known;
  const made = makeIndex(image);
  indexes.set(image.etag, made);
  made.catch(() => indexes.delete(image.etag));
  for (const oldest of indexes.keys()) {
    if (indexes.size <= indexesMax) break;
    indexes.delete(oldest);
  }
  return made;
}

async function makeIndex(image: ServedImage): Promise<Starts> {
  const starts = [0];
  for (let at = 0; at < image.lengthBytes; at += chunkBytes) {
    starts.push(starts.at(-1)! + netasciiLength(await readRaw(image, at)));
  }
  return starts;
}

const readRaw = (image: ServedImage, at: number) =>
  image.read(at, Math.min(chunkBytes, image.lengthBytes - at));

async function readConverted(
  image: ServedImage,
  starts: Starts,
  range: { offset: number; length: number },
): Promise<Buffer> {
  const end = range.offset + range.length;
  const pieces: Buffer[] = [];
  const firstAfter = starts.findIndex((start) => start > range.offset);
  for (let chunk = firstAfter - 1; starts[chunk]! < end; chunk += 1) {
    const converted = toNetascii(await readRaw(image, chunk * chunkBytes));
    const start = starts[chunk]!;
    pieces.push(converted.subarray(Math.max(0, range.offset - start), end - start));
  }
  return Buffer.concat(pieces);
}
