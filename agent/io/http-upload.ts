import type { IncomingMessage, ServerResponse } from 'node:http';
import { emptyAnswer } from './http-transfer.ts';
import type { Upload } from './upload-spool.ts';

/**
 * Takes the body of a PUT or POST as it is; what came compressed is refused. Only a whole one is kept: where the connection breaks, what was there before
 * stays. Forms are refused: no phone is known to send its log as one.
 */
export async function takeUpload(
  { request, response }: { request: IncomingMessage; response: ServerResponse },
  upload: Upload,
): Promise<void> {
  try {
    const refusal = refusedUnread(request, upload);
    if (refusal !== undefined) {
      response.shouldKeepAlive = false;
      return emptyAnswer(response, refusal);
    }
    if (/100-continue/i.test(request.headers.expect ?? '')) response.writeContinue();
    const body = await bodyOf(request, upload.bytesMax);
    if (body === undefined) {
      response.shouldKeepAlive = false;
      return emptyAnswer(response, 413);
    }
    const outcome = await upload.store(body);
    emptyAnswer(response, outcome === 'full' ? 507 : outcome === 'new' ? 201 : 204);
  } finally {
    upload.done();
  }
}

/** The status of what need not be read to be refused. */
function refusedUnread({ headers }: IncomingMessage, upload: Upload): number | undefined {
  if (/^multipart\//i.test(headers['content-type'] ?? '')) return 415;
  // A phone's login inside of compressed bytes would not be found, and be kept.
  if (!/^(?:identity)?$/i.test(headers['content-encoding'] ?? '')) return 415;
  if (!/^(?:chunked)?$/i.test(headers['transfer-encoding'] ?? '')) return 415;
  if (headers['content-range'] !== undefined) return 400;
  return Number(headers['content-length'] ?? 0) > upload.bytesMax ? 413 : undefined;
}

/** Undefined when it grows above the limit. */
async function bodyOf(request: IncomingMessage, bytesMax: number): Promise<Buffer | undefined> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > bytesMax) return undefined;
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
