import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** `ready URL/?once=… mqtt HOST:PORT` of a controller, as the flags that give it the same ports again. */
export function portsOf(ready: string): string[] {
  const [, url = '', , mqtt = ''] = ready.split(' ');
  return ['--http', new URL(url).host, '--mqtt', mqtt];
}

/** `ready http HOST:PORT tftp HOST:PORT …` by name. */
export function boundIn(ready: string): Record<string, string> {
  const words = ready.split(' ').slice(1);
  return Object.fromEntries(
    words.flatMap((word, place) => (place % 2 === 0 ? [[word, words[place + 1] ?? '']] : [])),
  );
}

export const portIn = (bound: string | undefined): number =>
  Number(bound?.slice(bound.lastIndexOf(':') + 1));

export async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}
