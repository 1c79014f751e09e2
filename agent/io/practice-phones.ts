import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { PracticeWish } from '../core/practice-branch.ts';
import { decodePacket, encodeAck, encodeRequest } from '../core/tftp/packet.ts';

// Phones that only ask, and do nothing with what they get: the processor's time is the agent's.

interface Asking {
  readonly host: string;
  readonly port: number;
  readonly signal: AbortSignal;
}

const headBytes = 'HTTP/1.1 200'.length;

/** A connection of its own for each file, as most phones do. Whether there is such a file; rejects where there is no answer. */
export async function askOverHttp(
  { path, headers }: PracticeWish,
  { host, port, signal }: Asking,
): Promise<boolean> {
  const socket = connect({ host, port });
  try {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
    let head: string | undefined;
    socket.on('data', (bytes: Buffer) => (head ??= bytes.toString('latin1', 0, headBytes)));
    await once(socket, 'end', { signal });
    if (head === undefined) throw new Error(`no answer about ${path}`);
    return head.endsWith(' 200');
  } finally {
    socket.destroy();
  }
}

const blockBytes = 1428;

/** Whether there is such a file. */
export async function askOverTftp(
  { path }: PracticeWish,
  { host, port, signal }: Asking,
): Promise<boolean> {
  const socket = createSocket('udp4');
  try {
    const options = new Map([
      ['blksize', String(blockBytes)],
      ['tsize', '0'],
    ]);
    const fileName = path.slice(1);
    socket.send(encodeRequest({ kind: 'read', fileName, mode: 'octet', options }), port, host);
    for (;;) {
      const [datagram, from] = (await once(socket, 'message', { signal })) as [
        Buffer,
        { port: number },
      ];
      const packet = decodePacket(datagram);
      if (packet?.kind !== 'options' && packet?.kind !== 'data') return false;
      const block = packet.kind === 'data' ? packet.block : 0;
      socket.send(encodeAck(block), from.port, host);
      if (packet.kind === 'data' && packet.data.length < blockBytes) return true;
    }
  } finally {
    socket.close();
  }
}
