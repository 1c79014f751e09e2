import net, { type Socket } from 'node:net';
import tls from 'node:tls';
import { packetLengthWatcher } from '@ringwave/protocol/packet-length';

/**
 * A socket on its way to `mqtt://host:port` or `mqtts://host:port`, for MQTT.js to speak on. It ends with
 * an error when the broker declares a packet of more than `packetBytesMax`. `ca` (PEM) replaces the
 * system's authorities. Listen to its 'error': refused, unreachable and untrusted all come there.
 */
export function dialBroker(to: {
  readonly url: string;
  readonly ca?: string | undefined;
  readonly packetBytesMax: number;
}): Socket {
  const { protocol, hostname, port } = new URL(to.url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const secure = protocol === 'mqtts:';
  const at = { host, port: Number(port) || (secure ? 8883 : 1883) };
  const servername = net.isIP(host) ? '' : host;
  const trusted = to.ca === undefined ? {} : { ca: to.ca };
  const socket = secure ? tls.connect({ ...at, servername, ...trusted }) : net.connect(at);
  socket.setNoDelay(true);
  const fits = packetLengthWatcher(to.packetBytesMax);
  socket.on('data', (chunk: Buffer) => {
    if (!fits(chunk)) socket.destroy(new Error('the broker sends a packet that is too long'));
  });
  return socket;
}
