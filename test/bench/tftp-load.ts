// Many phones at once, fetching one file over TFTP in lock step; every byte is compared.
import { createSocket, type RemoteInfo } from 'node:dgram';
import { readRequest } from '../agent/io/tftp-peer.ts';

export interface Load {
  readonly port: number;
  readonly fileName: string;
  readonly expected: Buffer;
  readonly clients: number;
  readonly blockBytes: number;
}

/** Milliseconds after which a phone asks for the same again. */
const repeatMs = 1000;
/** Requests a phone repeats before the bench calls the transfer failed. */
const repeatsMax = 30;

/** Seconds until all have the whole file; rejects where one has other bytes or none. */
export async function loadTftp(load: Load): Promise<number> {
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: load.clients }, () => fetchOnce(load)));
  return (performance.now() - startedAt) / 1000;
}

function fetchOnce({ port, fileName, expected, blockBytes }: Load): Promise<void> {
  const socket = createSocket('udp4');
  const request = readRequest(fileName, { blksize: `${blockBytes}` });
  let received = 0;
  let block = 0;
  let repeats = 0;
  let last: { bytes: Buffer; port: number } = { bytes: request, port };
  const send = (bytes: Buffer, to: number) => {
    last = { bytes, port: to };
    socket.send(bytes, to, '127.0.0.1');
  };
  return new Promise<void>((resolve, reject) => {
    const repeat = setInterval(() => {
      repeats += 1;
      if (repeats > repeatsMax) end(new Error('no answer'));
      else send(last.bytes, last.port);
    }, repeatMs);
    const end = (error?: Error) => {
      clearInterval(repeat);
      setImmediate(() => socket.close());
      if (error) reject(error);
      else resolve();
    };
    const take = (bytes: Buffer, from: RemoteInfo) => {
      if (bytes[1] === 5) return end(new Error(bytes.toString('latin1', 4)));
      if (bytes[1] === 6) return send(acknowledgement(0), from.port);
      if (bytes[1] !== 3 || bytes.readUInt16BE(2) !== ((block + 1) & 0xffff)) return undefined;
      const isRight = expected.compare(
        bytes,
        4,
        bytes.length,
        received,
        received + bytes.length - 4,
      );
      if (isRight !== 0) return end(new Error(`wrong bytes in block ${block + 1}`));
      block += 1;
      received += bytes.length - 4;
      repeat.refresh();
      send(acknowledgement(block & 0xffff), from.port);
      if (bytes.length < blockBytes + 4) {
        end(received === expected.length ? undefined : new Error(`${received} bytes only`));
      }
    };
    socket.on('message', take);
    socket.on('error', end);
    send(request, port);
  });
}

function acknowledgement(block: number): Buffer {
  return Buffer.from([0, 4, block >>> 8, block & 0xff]);
}
