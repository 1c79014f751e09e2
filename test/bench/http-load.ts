// Many phones at once, each fetching one file over HTTP in parts on one connection; every byte is compared.
import { connect } from 'node:net';

export interface HttpLoad {
  readonly port: number;
  readonly fileName: string;
  readonly expected: Buffer;
  readonly clients: number;
}

/** Parts per file: as a phone that resumes, or reads ahead in pieces. */
const parts = 4;

/** Seconds until all have the whole file; rejects where one got other bytes or none. */
export async function loadHttp(load: HttpLoad): Promise<number> {
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: load.clients }, () => fetchParts(load)));
  return (performance.now() - startedAt) / 1000;
}

function fetchParts({ port, fileName, expected }: HttpLoad): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  const partBytes = Math.ceil(expected.length / parts);
  let received = 0;
  let partEnd = 0;
  let head = '';
  const ask = () => {
    partEnd = Math.min(received + partBytes, expected.length);
    const range = `Range: bytes=${received}-${partEnd - 1}`;
    socket.write(`GET /${fileName} HTTP/1.1\r\nHost: bench\r\n${range}\r\n\r\n`);
  };
  return new Promise((resolve, reject) => {
    const end = (error?: Error) => {
      socket.destroy();
      if (error) reject(error);
      else resolve();
    };
    const bodyOf = (piece: Buffer): Buffer => {
      if (head === 'read') return piece;
      const text = piece.toString('latin1');
      const at = text.indexOf('\r\n\r\n');
      head += at < 0 ? text : text.slice(0, at);
      if (at < 0) return Buffer.alloc(0);
      if (!head.startsWith('HTTP/1.1 206')) end(new Error(head.slice(0, 80)));
      head = 'read';
      return piece.subarray(at + 4);
    };
    socket.on('data', (piece: Buffer) => {
      const body = bodyOf(piece);
      if (expected.compare(body, 0, body.length, received, received + body.length) !== 0) {
        return end(new Error(`wrong bytes after ${received}`));
      }
      received += body.length;
      if (received === expected.length) return end();
      if (received < partEnd) return undefined;
      head = '';
      ask();
    });
    socket.on('error', end);
    socket.on('close', () => reject(new Error(`closed after ${received} bytes`)));
    ask();
  });
}
