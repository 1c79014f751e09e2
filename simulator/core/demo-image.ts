// Made-up firmware images that a virtual phone can check to the last byte: a header that says what the
// image is, then a key stream that follows from the header. A byte lost, doubled or moved is noticed.

import { type Cipheriv, createCipheriv, createHash } from 'node:crypto';
import { type Sha256, sha256 } from '@ringwave/protocol/units';

export interface DemoImage {
  readonly vendor: string;
  readonly version: string;
  readonly fileName: string;
  /** Of the whole file, header included. */
  readonly lengthBytes: number;
  /** Files of the same folder that belong to it, as a Cisco .loads file lists them. */
  readonly parts?: readonly string[];
}

const magic = 'RINGWAVE-DEMO-IMAGE';
/** Bytes of a header; the longest names of four vendors with six parts need under 400. */
const headerBytesMax = 1024;
const headerLines = 6;
/** Bytes made or checked in one piece. */
const pieceBytes = 65_536;

const headerOf = ({ vendor, version, fileName, lengthBytes, parts = [] }: DemoImage): Buffer =>
  Buffer.from(`${[magic, vendor, version, fileName, lengthBytes, parts.join(',')].join('\n')}\n`);

/** AES in counter mode: some 1 GB a second, so that 60 phones can check what they took. */
function keyStreamAfter(header: Buffer): Cipheriv {
  const key = createHash('sha256').update(header).digest().subarray(0, 16);
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16));
}

/** The bytes of an image, in pieces. Throws where the length leaves no room for the header. */
export async function* demoImage(image: DemoImage): AsyncGenerator<Buffer> {
  const header = headerOf(image);
  let left = image.lengthBytes - header.length;
  if (left < 0) throw new RangeError(`${image.fileName} is shorter than its header`);
  yield header;
  const stream = keyStreamAfter(header);
  const zeros = Buffer.alloc(pieceBytes);
  for (; left > 0; left -= pieceBytes)
    yield stream.update(zeros.subarray(0, Math.min(left, pieceBytes)));
}

/** The digest a release manifest names for this image. */
export async function demoImageDigest(image: DemoImage): Promise<Sha256> {
  const hash = createHash('sha256');
  for await (const piece of demoImage(image)) hash.update(piece);
  return sha256(hash.digest('hex')) as Sha256;
}

/** Checks an image while it arrives, in order and piece by piece. */
export class ImageCheck {
  #start = Buffer.alloc(0);
  #header: DemoImage | undefined;
  #stream: Cipheriv | undefined;
  #bytes = 0;
  #isBroken = false;

  /** What the image says it is, as soon as its header has arrived. */
  get header(): DemoImage | undefined {
    return this.#header;
  }

  /** Some byte is not the one that belongs there, or the file is no image of ours. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  get isWhole(): boolean {
    return !this.#isBroken && this.#header?.lengthBytes === this.#bytes;
  }

  take(piece: Buffer): void {
    this.#bytes += piece.length;
    if (this.#isBroken) return;
    if (this.#stream) this.#compare(piece);
    else this.#takeHeader(piece);
    if (this.#header && this.#bytes > this.#header.lengthBytes) this.#isBroken = true;
  }

  #takeHeader(piece: Buffer): void {
    this.#start = Buffer.concat([this.#start, piece]);
    const end = endOfLine(this.#start.subarray(0, headerBytesMax), headerLines);
    if (end === undefined) {
      this.#isBroken = this.#start.length >= headerBytesMax;
      return;
    }
    const header = this.#start.subarray(0, end);
    const rest = this.#start.subarray(end);
    this.#start = Buffer.alloc(0);
    this.#header = readHeader(header.toString());
    if (!this.#header) {
      this.#isBroken = true;
      return;
    }
    this.#stream = keyStreamAfter(header);
    this.#compare(rest);
  }

  /** A key stream over itself gives zeros. */
  #compare(piece: Buffer): void {
    for (let at = 0; at < piece.length && this.#stream && !this.#isBroken; at += pieceBytes) {
      const zeros = this.#stream.update(piece.subarray(at, at + pieceBytes));
      if (!zeros.equals(noughts.subarray(0, zeros.length))) this.#isBroken = true;
    }
  }
}

const noughts = Buffer.alloc(pieceBytes);

function endOfLine(bytes: Buffer, lines: number): number | undefined {
  let at = 0;
  for (let line = 0; line < lines; line += 1) {
    const end = bytes.indexOf(10, at);
    if (end < 0) return undefined;
    at = end + 1;
  }
  return at;
}

function readHeader(text: string): DemoImage | undefined {
  const [first, vendor, version, fileName, length, parts] = text.split('\n');
  if (first !== magic || !vendor || !version || !fileName) return undefined;
  if (parts === undefined || !/^\d{1,12}$/.test(length ?? '')) return undefined;
  const names = parts === '' ? {} : { parts: parts.split(',') };
  return { vendor, version, fileName, lengthBytes: Number(length), ...names };
}
