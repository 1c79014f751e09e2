import type { Terms } from '../core/tftp/options.ts';
import type { Rollover } from '../core/tftp/block-number.ts';
import { dataHeaderBytes, writeDataHeader } from '../core/tftp/packet.ts';
import { type ChunkCache, chunkBytes } from './chunk-cache.ts';
import type { ServedImage } from './file-source.ts';

/**
 * The DATA packets of one transfer. They lie framed, header before data, in chunks that all transfers of the same image
 * and block size share. A window is shorter than a chunk, so two neighbouring chunks are all a transfer needs.
 */
export class TftpBlocks {
  readonly #image: ServedImage;
  readonly #cache: ChunkCache | undefined;
  readonly #blockBytes: number;
  readonly #rollover: Rollover;
  readonly #frameBytes: number;
  readonly #blocksPerChunk: number;
  readonly #lastBlock: number;
  /** Chunk n lies in place n modulo 2. */
  readonly #held: [Buffer | undefined, Buffer | undefined] = [undefined, undefined];
  readonly #heldIndex: [number, number] = [-1, -1];

  /** Without a cache nobody else gets these bytes: so for what was rendered for one phone. */
  constructor(image: ServedImage, terms: Terms, cache: ChunkCache | undefined) {
    const { blockBytes } = terms;
    this.#rollover = terms.rollover;
    this.#image = image;
    this.#cache = cache;
    this.#blockBytes = blockBytes;
    this.#frameBytes = blockBytes + dataHeaderBytes;
    this.#blocksPerChunk = Math.floor(chunkBytes / this.#frameBytes);
    this.#lastBlock = Math.floor(image.lengthBytes / blockBytes) + 1;
  }

  /** True when `packet` may be called for all blocks from `first` to `last`; else the wait until it may. */
  hold(first: number, last: number): true | Promise<unknown> {
    const from = this.#chunkOf(first);
    const to = this.#chunkOf(last);
    const waits = [this.#fetch(from), to === from ? undefined : this.#fetch(to)].filter(
      (wait) => wait !== undefined,
    );
    if (waits.length > 0) return Promise.all(waits);
    // Everything before `first` is acknowledged, so the next chunk may take the place of the previous one.
    if (to === from && to < this.#chunkOf(this.#lastBlock)) this.#fetch(to + 1)?.catch(() => {});
    return true;
  }

  /** One DATA packet, in memory that others share: to be sent, not to be changed. */
  packet(block: number): Buffer {
    const chunk = this.#held[this.#chunkOf(block) & 1]!;
    const start = ((block - 1) % this.#blocksPerChunk) * this.#frameBytes;
    return chunk.subarray(start, start + this.#frameBytes);
  }

  #chunkOf(block: number): number {
    return Math.floor((block - 1) / this.#blocksPerChunk);
  }

  #fetch(index: number): Promise<void> | undefined {
    const place = index & 1;
    if (this.#heldIndex[place] === index) return undefined;
    const key = `${this.#image.etag}/${this.#blockBytes}/${this.#rollover}/${index}`;
    const chunk = this.#cache?.get(key, () => this.#read(index)) ?? this.#read(index);
    if (!(chunk instanceof Promise)) return this.#keep(index, chunk);
    return chunk.then((loaded) => this.#keep(index, loaded));
  }

  #keep(index: number, chunk: Buffer): undefined {
    this.#held[index & 1] = chunk;
    this.#heldIndex[index & 1] = index;
  }

  async #read(index: number): Promise<Buffer> {
    const firstBlock = index * this.#blocksPerChunk + 1;
    const offset = index * this.#blocksPerChunk * this.#blockBytes;
    const length = Math.min(
      this.#blocksPerChunk * this.#blockBytes,
      this.#image.lengthBytes - offset,
    );
    const data = length > 0 ? await this.#image.read(offset, length) : Buffer.alloc(0);
    const blocks = Math.min(this.#blocksPerChunk, this.#lastBlock - firstBlock + 1);
    return frame(data, {
      firstBlock,
      blocks,
      blockBytes: this.#blockBytes,
      rollover: this.#rollover,
    });
  }
}

function frame(
  data: Buffer,
  layout: { firstBlock: number; blocks: number; blockBytes: number; rollover: Rollover },
): Buffer {
  const { firstBlock, blocks, blockBytes, rollover } = layout;
  const framed = Buffer.allocUnsafeSlow(data.length + blocks * dataHeaderBytes);
  for (let place = 0; place < blocks; place += 1) {
    const at = place * (blockBytes + dataHeaderBytes);
    writeDataHeader(framed, at, { block: firstBlock + place, rollover });
    data.copy(framed, at + dataHeaderBytes, place * blockBytes, (place + 1) * blockBytes);
  }
  return framed;
}
