import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

// What to answer where the parser could make no request of what came.

/** As Node answers without a listener, and else 400. */
const statusOf: Record<string, string> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Payload Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/** Bytes of a request line; the longest path that a phone asks for is below 200. */
const lineBytesMax = 2048;

/** Blanks and Latin-1 letters that a phone should have written as `%20` and the like. */
const ODD_PATH = /^(?:GET|HEAD) \/[^\r\n]* HTTP\/1\.[01]\r\n/;

export interface Unread extends Error {
  readonly code?: string;
  readonly rawPacket?: Buffer;
}

/** A name that cannot be is a missing file: phones look for their next one only where they read 404. */
export function answerUnread(error: Unread, socket: Socket): void {
  const { code = '', rawPacket } = error;
  const isHttp = code.startsWith('HPE_') || code in statusOf;
  if (!isHttp || !socket.writable) return void socket.destroy();
  // In the midst of an answer it would be taken for a piece of it.
  if (isAnswering(socket)) return socket.destroySoon();
  const isOddPath =
    (code === 'HPE_INVALID_URL' || code === 'HPE_INVALID_CONSTANT') &&
    ODD_PATH.test(rawPacket?.toString('latin1', 0, lineBytesMax) ?? '');
  const status = isOddPath ? '404 Not Found' : (statusOf[code] ?? '400 Bad Request');
  socket.write(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
  socket.destroySoon();
}

const isAnswering = (socket: Socket): boolean =>
  (socket as Socket & { readonly _httpMessage?: ServerResponse | null })._httpMessage
    ?.headersSent === true;
