import type { ImageStore } from '@ringwave/firmware-catalog/io/image-store';
import type { Sha256 } from '@ringwave/protocol/units';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** An image by digest, whole or from an offset (RFC 9110 section 14, one range with an open end). */
export async function sendStored(
  images: ImageStore,
  digest: Sha256,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const opened = await images.openRead(digest);
  if (!opened) return reply.code(404).send();
  const { handle, lengthBytes } = opened;
  const from = Number(/^bytes=(\d{1,15})-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  reply
    .header('etag', `"sha256-${digest}"`)
    .header('accept-ranges', 'bytes')
    .type('application/octet-stream');
  if (from > 0 && from >= lengthBytes) {
    await handle.close();
    return reply.code(416).header('content-range', `bytes */${lengthBytes}`).send();
  }
  if (from > 0)
    reply.code(206).header('content-range', `bytes ${from}-${lengthBytes - 1}/${lengthBytes}`);
  reply.header('content-length', lengthBytes - from);
  // Closes the handle at its end, and when the reader goes away.
  return reply.send(handle.createReadStream({ start: from, highWaterMark: 256 * 1024 }));
}
