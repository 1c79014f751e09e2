import { isIP, type Socket, connect } from 'node:net';
import { checkServerIdentity, connect as connectTls, type PeerCertificate } from 'node:tls';
import { type Clock, wallClock } from '@ringwave/runtime/clock';
import { type Mac, seconds } from '@ringwave/protocol/units';
import { certificateMac } from '../core/certificate.ts';
import { parseSip } from '../core/sip/message.ts';
import { cutStream } from '../core/sip/stream.ts';
import { SipRefusals } from './sip-refusals.ts';
import { mintIds, SipTransactions, type WakeOutcome } from './sip-transactions.ts';
import type { Wake } from './sip-socket.ts';

export interface SipStreamsOptions {
  /** PEM; phones' certificates must come from here. Absent: those of the system. */
  readonly ca?: string;
  readonly clock?: Clock;
}

/** Connections held at once; one per phone being woken is far below. */
const connectionsMax = 64;
/** A phone on the same site connects within milliseconds; one that was unplugged never does. */
const connectTakesMax = seconds(5);
/** Longer than any answer may take (32 s), not much longer: phones allow few connections. */
const idleMax = seconds(40);

interface Connection {
  readonly key: string;
  readonly socket: Socket;
  readonly ready: Promise<string | undefined>;
  held: Buffer;
}

/** SIP over TCP and TLS towards phones: one connection to each, shared by what is asked of it. */
export class SipStreams {
  readonly #options: SipStreamsOptions;
  readonly #clock: Clock;
  readonly #transactions: SipTransactions;
  readonly #refusals = new SipRefusals();
  readonly #connections = new Map<string, Connection>();
  #isClosed = false;

  constructor(options: SipStreamsOptions = {}) {
    this.#options = options;
    this.#clock = options.clock ?? wallClock();
    this.#transactions = new SipTransactions(this.#clock);
  }

  /** Always resolves, 37 s after the beginning at the latest. */
  async notify(wake: Wake, transport: 'tcp' | 'tls'): Promise<WakeOutcome> {
    const to = wake.route ?? wake;
    if (isIP(to.address) === 0 || isIP(wake.address) === 0 || to.port < 1 || to.port > 65_535) {
      return { kind: 'not-sent', reason: `${to.address}:${to.port} is no address of a phone` };
    }
    if (this.#isClosed) return { kind: 'not-sent', reason: 'the SIP connections are closed' };
    const connection = this.#connectionTo(to, transport, wake.mac);
    if (!connection) return { kind: 'not-sent', reason: `${connectionsMax} connections are open` };
    const failed = await connection.ready;
    if (failed !== undefined) return { kind: 'not-sent', reason: failed };
    const { socket } = connection;
    const from = { address: socket.localAddress ?? '127.0.0.1', port: socket.localPort ?? 5060 };
    const { address, port, mac: _mac, ...more } = wake;
    const phone = { address, port };
    return this.#transactions.run(
      { ...more, phone, from, transport, method: 'NOTIFY', ids: mintIds() },
      {
        source: connection.key,
        send: (bytes, failed) =>
          void socket.write(bytes, (error) => error && failed(error.message)),
      },
    );
  }

  #connectionTo(to: { address: string; port: number }, transport: 'tcp' | 'tls', mac?: Mac) {
    const key = `${transport} ${to.address} ${to.port} ${mac ?? ''}`;
    const known = this.#connections.get(key);
    if (known && !known.socket.destroyed) return known;
    if (this.#connections.size >= connectionsMax) return undefined;
    const socket =
      transport === 'tls' ? this.#secure(to, mac) : connect({ host: to.address, port: to.port });
    const connection = this.#open(key, socket, transport);
    this.#connections.set(key, connection);
    return connection;
  }

  /** A device certificate names its phone by the MAC, since it is older than any address of it. */
  #secure({ address: host, port }: { address: string; port: number }, mac?: Mac): Socket {
    const { ca } = this.#options;
    if (ca === undefined) return connectTls({ host, port });
    const isPhone = ({ subject, subjectaltname = '' }: PeerCertificate) =>
      mac !== undefined && certificateMac([subject.CN].flat().join(' '), subjectaltname) === mac;
    return connectTls({
      host,
      port,
      ca,
      checkServerIdentity: (name, certificate) =>
        isPhone(certificate) ? undefined : checkServerIdentity(name, certificate),
    });
  }

  #open(key: string, socket: Socket, transport: 'tcp' | 'tls'): Connection {
    socket.setNoDelay(true);
    const ready = new Promise<string | undefined>((resolve) => {
      const cancel = this.#clock.after(connectTakesMax, () => {
        resolve('no connection within 5 s');
        socket.destroy();
      });
      socket.once(transport === 'tls' ? 'secureConnect' : 'connect', () => resolve(undefined));
      socket.once('error', (error) => resolve(error.message));
      socket.once('close', () => resolve('the phone closed the connection'));
      socket.once('close', cancel);
      socket.once(transport === 'tls' ? 'secureConnect' : 'connect', cancel);
    });
    const connection: Connection = { key, socket, ready, held: Buffer.alloc(0) };
    socket.on('data', (bytes: Buffer) => this.#take(connection, bytes));
    socket.setTimeout(idleMax, () => socket.destroy());
    socket.on('error', () => {});
    socket.on('close', () => this.#closed(connection));
    return connection;
  }

  #closed(connection: Connection): void {
    if (this.#connections.get(connection.key) === connection) {
      this.#connections.delete(connection.key);
    }
    this.#transactions.endAll('the phone closed the connection', connection.key);
  }

  #take(connection: Connection, bytes: Buffer): void {
    const cut = cutStream(Buffer.concat([connection.held, bytes]));
    if (cut.kind === 'broken') return void connection.socket.destroy();
    connection.held = cut.rest;
    for (const one of cut.messages) {
      const message = parseSip(one);
      if (message?.kind === 'response') this.#transactions.take(message, connection.key);
      const refusal = message?.kind === 'request' ? this.#refusals.of(message) : undefined;
      if (refusal) connection.socket.write(refusal);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#transactions.endAll('the agent is stopping');
    for (const { socket } of this.#connections.values()) socket.destroy();
  }
}
