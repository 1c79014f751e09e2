import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Sender } from '../core/sip-answer.ts';

/** A phone's SIP socket, on its own address where the system lets it have one. */
export interface SipPort {
  readonly address: string;
  readonly port: number;
  send(bytes: Buffer, to: Sender): void;
  close(): void;
}

/**
 * Loopback addresses beyond 127.0.0.1 exist without set-up on Linux alone; elsewhere the phone gets a free port of
 * 127.0.0.1. Rejects with Node's own error where the port is taken.
 */
export async function openSipPort(
  wanted: { readonly address: string; readonly port: number },
  heard: (bytes: Buffer, from: Sender) => void,
): Promise<SipPort> {
  try {
    return await bound(wanted, heard);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRNOTAVAIL') throw error;
    return bound({ address: '127.0.0.1', port: 0 }, heard);
  }
}

async function bound(
  { address, port }: { readonly address: string; readonly port: number },
  heard: (bytes: Buffer, from: Sender) => void,
): Promise<SipPort> {
  const socket: Socket = createSocket('udp4');
  socket.bind({ address, port, exclusive: true });
  await once(socket, 'listening');
  socket.on('message', (bytes, from) => heard(bytes, from));
  // A port that nobody listens on any more is the peer's affair.
  socket.on('error', () => {});
  return {
    address,
    port: socket.address().port,
    send: (bytes, to) => socket.send(bytes, to.port, to.address, () => {}),
    close: () => socket.close(),
  };
}
