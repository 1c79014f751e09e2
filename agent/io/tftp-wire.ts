// How one transfer reaches its phone: from a port of its own, or through the listener's.
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';

export interface Peer {
  readonly address: string;
  readonly port: number;
}

export interface Wire {
  send(bytes: Buffer): void;
  close(): void;
}

export interface WireEvents {
  /** Never called before the wire was given. */
  opened(): void;
  arrived(bytes: Buffer): void;
  failed(error: NodeJS.ErrnoException): void;
}

export type OpenWire = (peer: Peer, events: WireEvents) => Wire;

/** Both ends are given as numbers: the resolver's detour would only cost a turn of the loop. */
export const udpSocket = (address: string): Socket =>
  createSocket({
    type: isIPv6(address) ? 'udp6' : 'udp4',
    lookup: (host, _options, done) => done(null, host, isIPv6(host) ? 6 : 4),
  });

/** A fresh port, connected to the phone's, so that the kernel drops what strangers send (RFC 1350 section 4). */
export const ownPort =
  (localAddress: string): OpenWire =>
  (peer, events) => {
    const socket = udpSocket(localAddress);
    let isClosed = false;
    socket.on('message', (bytes, from) => {
      // What a stranger sent between bind and connect is still in the queue.
      if (from.port === peer.port && from.address === peer.address) events.arrived(bytes);
    });
    socket.on('error', (error) => events.failed(error));
    socket.bind({ address: localAddress, port: 0, exclusive: true }, () => {
      if (!isClosed) socket.connect(peer.port, peer.address, () => isClosed || events.opened());
    });
    return {
      send: (bytes) => socket.send(bytes),
      close: () => {
        isClosed = true;
        socket.close();
      },
    };
  };

/** The listener's own port, for firewalls and routers that let nothing else back: it hands over what the phone sends. */
export const listenersPort =
  (socket: Socket): OpenWire =>
  (peer, events) => {
    queueMicrotask(() => events.opened());
    return {
      send: (bytes) =>
        socket.send(bytes, peer.port, peer.address, (error) => error && events.failed(error)),
      close: () => {},
    };
  };
