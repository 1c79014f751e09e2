import type { ServerResponse } from 'node:http';
import { ms } from '@ringwave/protocol/units';
import { type SteadyMs, steadyNow } from '@ringwave/runtime/clock';
import type { ByteBudget } from './byte-budget.ts';
import { type ChunkCache, chunkBytes } from './chunk-cache.ts';
import { isPrivate } from './http-door.ts';
import {
  type Asked,
  progressBytes,
  type Served,
  type ServedImage,
  type TransferEnd,
  type TransferObserver,
  type TransferSeen,
} from './file-source.ts';

interface Sent {
  readonly asked: Asked;
  readonly observer: TransferObserver;
}

/** An answer without a body. */
export function emptyAnswer(
  response: ServerResponse,
  status: number,
  headers: Record<string, string | string[]> = {},
): void {
  response.writeHead(status, { ...headers, 'Content-Length': 0 }).end();
}

/** Bytes of one turn where a site's budget is shared: small, so that a phone on TFTP does not wait long behind it. */
const turnBytes = 32 * 1024;

/**
 * Bytes that wait for a connection at most: four pieces given in one call cost a quarter less time than one by one. They
 * are the cache's own, so that many slow phones hold them once; TLS makes a copy for each, and gets one piece.
 */
const aheadBytesMax = 1024 * 1024;

/** Sends what was rendered for this request, in one piece. */
export async function sendBytes(
  response: ServerResponse,
  sent: Sent & { served: Extract<Served, { kind: 'bytes' }> },
): Promise<void> {
  const { asked, observer, served } = sent;
  const lengthBytes = served.body.length;
  response.writeHead(200, {
    'Content-Type': served.contentType,
    'Content-Length': lengthBytes,
    'Cache-Control': served.noStore ? 'no-store' : 'no-cache',
  });
  if (asked.method === 'HEAD') {
    response.end();
    return;
  }
  const transfer = beginTransfer(observer, { asked, lengthBytes, fromByte: 0 });
  response.end(served.body);
  const isWhole = await finished(response);
  transfer.end(isWhole ? lengthBytes : 0, isWhole ? 'done' : 'connection closed');
}

/**
 * Sends the bytes from `part.from` to `part.to`, both included, chunk by chunk as the connection takes them: never
 * more than a few chunks wait, whatever the image's size. The headers are written already, so where it rejects the
 * caller cuts the connection: nothing else is left to say that the answer is not whole.
 */
export async function sendImage(
  response: ServerResponse,
  sent: Sent & {
    image: ServedImage;
    part: { from: number; to: number };
    cache: ChunkCache;
    budget: ByteBudget;
  },
): Promise<void> {
  const { asked, observer, image, part, budget } = sent;
  if (asked.method === 'HEAD') {
    response.end();
    return;
  }
  const transfer = beginTransfer(observer, {
    asked,
    etag: image.etag,
    ...(image.digest && { digest: image.digest }),
    lengthBytes: image.lengthBytes,
    fromByte: part.from,
  });
  const aheadBytes = isPrivate(response.socket) ? chunkBytes : aheadBytesMax;
  let at = part.from;
  /** All before it was taken by the connection. */
  let takenTo = part.from;
  try {
    while (at <= part.to) {
      const whole = await pieceAt(sent, at);
      const piece = budget.isLimited ? whole.subarray(0, turnBytes) : whole;
      if (budget.isLimited) await budget.turn(asked.address, piece.length);
      at += piece.length;
      const isTaken = response.write(piece);
      const mustWait = !isTaken && response.writableLength >= aheadBytes;
      const isOpen = !mustWait || (await drained(response));
      if (!isOpen || response.destroyed)
        return transfer.end(takenTo - part.from, 'connection closed');
      if (!isTaken && !mustWait) continue;
      takenTo = at;
      transfer.progress(at - part.from);
    }
    response.end();
    const isWhole = await finished(response);
    transfer.end(part.to - part.from + 1, isWhole ? 'done' : 'connection closed');
  } catch (error) {
    // What was read before the fault still leaves, so that the phone meets a short answer and not none.
    if (response.writableNeedDrain) await drained(response);
    transfer.end(at - part.from, error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
}

async function pieceAt(
  { image, part, cache }: { image: ServedImage; part: { to: number }; cache: ChunkCache },
  at: number,
): Promise<Buffer> {
  const index = Math.floor(at / chunkBytes);
  const start = index * chunkBytes;
  const length = Math.min(chunkBytes, image.lengthBytes - start);
  const held = cache.get(`${image.etag}/${index}`, () => image.read(start, length));
  const chunk = held instanceof Promise ? await held : held;
  return chunk.subarray(at - start, part.to + 1 - start);
}

/** True when the response takes more, false when its connection is gone. */
function drained(response: ServerResponse): Promise<boolean> {
  return settled(response, 'drain');
}

/** True when all of it was handed to the connection. */
function finished(response: ServerResponse): Promise<boolean> {
  return response.writableFinished ? Promise.resolve(true) : settled(response, 'finish');
}

function settled(response: ServerResponse, event: 'drain' | 'finish'): Promise<boolean> {
  if (response.destroyed) return Promise.resolve(false);
  return new Promise((resolve) => {
    const onEvent = () => settle(true);
    const onClose = () => settle(false);
    const settle = (isOpen: boolean) => {
      response.off(event, onEvent);
      response.off('close', onClose);
      resolve(isOpen);
    };
    response.on(event, onEvent);
    response.on('close', onClose);
  });
}

interface Reporting {
  progress(bytes: number): void;
  end(bytes: number, how: 'done' | 'connection closed' | Error): void;
}

function beginTransfer(observer: TransferObserver, seen: TransferSeen): Reporting {
  const startedAt: SteadyMs = steadyNow();
  let progressAt = progressBytes;
  observer.transferBegan?.(seen);
  return {
    progress(bytes) {
      if (bytes < progressAt) return;
      progressAt = bytes + progressBytes;
      observer.transferProgress?.(seen, bytes);
    },
    end(bytes, how) {
      const outcome: TransferEnd['outcome'] =
        how === 'done'
          ? { kind: 'done' }
          : how instanceof Error
            ? { kind: 'aborted', by: 'us', why: how.message }
            : { kind: 'aborted', by: 'phone', why: how };
      observer.transferEnded?.(seen, { bytes, durationMs: ms(steadyNow() - startedAt), outcome });
    },
  };
}
