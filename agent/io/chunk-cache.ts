import { Buffer } from 'node:buffer';

/** Bytes of one piece of an image: large enough that a read is cheap, small enough that a slow phone pins little. */
export const chunkBytes = 256 * 1024;

/** Bytes kept for all transfers together, so that a floor of phones reads an image from the disk once. */
export const cacheBytesDefault = 256 * 1024 * 1024;

/**
 * Pieces of images shared by all transfers, the least recently used dropped first. A piece that several transfers
 * ask for at once is read once.
 */
export class ChunkCache {
  readonly #bytesMax: number;
  readonly #held = new Map<string, Buffer>();
  readonly #loading = new Map<string, Promise<Buffer>>();
  #bytes = 0;

  constructor(bytesMax = cacheBytesDefault) {
    this.#bytesMax = bytesMax;
  }

  /** Gives the piece at once where it is held. A failed load is not kept: the next caller tries again. */
  get(key: string, load: () => Promise<Buffer> | Buffer): Buffer | Promise<Buffer> {
    const held = this.#held.get(key);
    if (held) {
      this.#held.delete(key);
      this.#held.set(key, held);
      return held;
    }
    // The other transfer may have ended and closed its file under its own read: that is no fault of this one's.
    return this.#loading.get(key)?.catch(() => this.get(key, load)) ?? this.#load(key, load);
  }

  #load(key: string, load: () => Promise<Buffer> | Buffer): Promise<Buffer> {
    const loading = Promise.resolve()
      .then(load)
      .then((chunk) => this.#keep(key, chunk))
      .finally(() => this.#loading.delete(key));
    this.#loading.set(key, loading);
    return loading;
  }

  #keep(key: string, chunk: Buffer): Buffer {
    if (chunk.length > this.#bytesMax) return chunk;
    this.#held.set(key, chunk);
    this.#bytes += chunk.length;
    for (const [oldest, dropped] of this.#held) {
      if (this.#bytes <= this.#bytesMax) break;
      this.#held.delete(oldest);
      this.#bytes -= dropped.length;
    }
    return chunk;
  }

  get bytes(): number {
    return this.#bytes;
  }
}
