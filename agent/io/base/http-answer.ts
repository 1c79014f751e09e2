import { Buffer } from 'node:buffer';
import { type IncomingMessage, request as askHttp } from 'node:http';
import { request as askHttps } from 'node:https';
import { type Duplex, pipeline } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';

// One question over HTTP. Not `fetch`: that takes packed bytes that break off for whole.

/** The answer began, and did not come to its end, or not as it was said to be. */
export class BrokenOff extends Error {
  readonly code: string;

  constructor(cause: unknown) {
    super('the answer broke off', { cause });
    const { code = 'CUT' } = cause as Partial<NodeJS.ErrnoException>;
    this.code = code;
  }
}

/** By a coding that was not asked for and is not known; its name is the message. */
export class PackedOtherwise extends Error {}

export interface Question {
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** Rejects where no answer begins. Whoever does not read it to its end destroys it. */
export function httpAnswer(url: URL, question: Question): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asking = (url.protocol === 'https:' ? askHttps : askHttp)(url, question);
    asking.on('response', (answer) => {
      // Nobody may read it any more when its time is over.
      answer.on('error', () => {});
      resolve(answer);
    });
    asking.on('error', (error: NodeJS.ErrnoException) => {
      // A connection that was kept may be closed by the other side in the moment in which it is used again.
      const isStale = asking.reusedSocket && error.code === 'ECONNRESET';
      if (isStale && !question.signal.aborted) resolve(httpAnswer(url, question));
      else reject(error);
    });
    asking.end();
  });
}

const UNPACKED: Readonly<Record<string, () => Duplex>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** Unpacked where the server packed it. Undefined for more than `bytesMax`, of which no more is read. */
export async function bodyOf(
  answer: IncomingMessage,
  bytesMax: number,
): Promise<Buffer | undefined> {
  if (Number(answer.headers['content-length'] ?? 0) > bytesMax) return undefined;
  const pieces: Buffer[] = [];
  let length = 0;
  const bytes = unpacked(answer);
  try {
    for await (const piece of bytes as AsyncIterable<Buffer>) {
      length += piece.length;
      if (length > bytesMax) return undefined;
      pieces.push(piece);
    }
  } catch (error) {
    throw new BrokenOff(error);
  }
  return Buffer.concat(pieces);
}

function unpacked(answer: IncomingMessage): NodeJS.ReadableStream {
  const coding = (answer.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (coding === 'identity' || coding === '') return answer;
  const unpacking = Object.hasOwn(UNPACKED, coding) ? UNPACKED[coding] : undefined;
  if (!unpacking) throw new PackedOtherwise(JSON.stringify(coding.slice(0, 32)));
  // Whoever reads what comes out hears of what went wrong.
  return pipeline(answer, unpacking(), () => {});
}
