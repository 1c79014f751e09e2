import type { IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';

export class BodyTooLong extends Error {}
export class BodyUnreadable extends Error {}

/**
 * A body as text, inflated where its first bytes say gzip, whatever its headers say: a Content-Length can
 * lie, and a compressed body can swell. Holds at most `bytesMax`, and throws as soon as there would be more.
 */
export async function boundedText(
  response: IncomingMessage,
  bytesMax: number,
): Promise<{ text: string; bytes: number }> {
  // A `.csv.gz` may be packed once more on its way.
  const isPacked = response.headers['content-encoding'] === 'gzip';
  const counted = bounded(response, bytesMax);
  const once = inflated(counted);
  const chunks: Uint8Array[] = [];
  for await (const chunk of bounded(isPacked ? inflated(once) : once, bytesMax)) chunks.push(chunk);
  const bytes = chunks.reduce((sum, { byteLength }) => sum + byteLength, 0);
  return { text: decoded(Buffer.concat(chunks, bytes), response), bytes };
}

async function* bounded(source: AsyncIterable<Uint8Array>, bytesMax: number) {
  let length = 0;
  for await (const chunk of source) {
    length += chunk.byteLength;
    if (length > bytesMax) throw new BodyTooLong(`more than ${bytesMax} bytes came`);
    yield chunk;
  }
}

/** Inflates what begins as gzip does (RFC 1952, section 2.3.1); anything else passes as it is. */
async function* inflated(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const chunks = source[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  let isEnd = false;
  while (head.length < 2 && !isEnd) {
    const next = await chunks.next();
    if (next.done) isEnd = true;
    else head = Buffer.concat([head, next.value]);
  }
  const whole = async function* () {
    yield head;
    if (!isEnd) yield* { [Symbol.asyncIterator]: () => chunks };
  };
  if (head[0] !== 0x1f || head[1] !== 0x8b) yield* whole();
  else yield* gunzipped(whole());
}

async function* gunzipped(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip();
  pipeline(source, gunzip, () => {});
  try {
    yield* gunzip as AsyncIterable<Uint8Array>;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && String(error.code).startsWith('Z_'))) {
      throw error;
    }
    throw new BodyUnreadable(`the body is packed wrongly: ${error.message}`, { cause: error });
  }
}

/** In the character set that the server names; UTF-8 where it names none that is known. */
function decoded(body: Buffer, { headers }: IncomingMessage): string {
  const label = /charset="?([\w-]{1,40})/i.exec(headers['content-type'] ?? '')?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(label).decode(body);
  } catch {
    return new TextDecoder().decode(body);
  }
}
