import { constants } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions as TlsOptions } from 'node:https';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Mac } from '@ringwave/protocol/units';
import { certificateMac } from '../core/certificate.ts';
import { answerUnread } from './http-unread.ts';
import { HttpSources, type Source } from './http-sources.ts';

export interface HttpLimits {
  readonly connectionsMax: number;
  /** A phone opens one to four; behind one router there are a few phones. */
  readonly connectionsPerSourceMax: number;
  /** Of one address; a phone asks for ten files at its boot. Absent: no limit. */
  readonly requestsPerSecond?: number;
  /** A connection that has not said what it wants by then only holds a place. */
  readonly headersMsMax?: number;
}

export const phoneHttpLimits: HttpLimits = {
  connectionsMax: 2048,
  connectionsPerSourceMax: 64,
  requestsPerSecond: 100,
};

export interface HttpTls {
  readonly key: string;
  readonly cert: string;
  /** Vendors' authorities whose device certificates are believed; without any, none is asked for. */
  readonly clientAuthorities?: string;
  /** 'old': TLS 1.0 and 1.1 and their ciphers too, for phones that know nothing else. */
  readonly profile: 'present' | 'old';
}

/** Bytes of a request line and its headers. The longest User-Agent known is below 300. */
const headerBytesMax = 16 * 1024;
const headersMsMax = 10_000;
/** A log of 2 MiB over a slow line; a request without a body is there within the time of its headers. */
const requestMsMax = 60_000;
/** Phones fetch five to ten files in a row with pauses of some seconds. */
const keepAliveMs = 30_000;
/** Silence on a connection under transfer, as when a phone lost power. */
const silentMsMax = 60_000;

/** The listening side of an HTTP server: times, sizes, TLS, and how much one address may hold. */
export class HttpDoor {
  readonly server: Server;
  readonly #sources: HttpSources;
  readonly #limits: HttpLimits;
  readonly #mayAsk: (address: string) => boolean;
  readonly #refused: (about: { address: string; open: number }) => void;

  constructor(of: {
    limits: HttpLimits;
    tls: HttpTls | undefined;
    mayAsk?: ((address: string) => boolean) | undefined;
    answer: (request: IncomingMessage, response: ServerResponse) => void;
    refused: (about: { address: string; open: number }) => void;
  }) {
    const { limits, tls, answer } = of;
    this.#mayAsk = of.mayAsk ?? (() => true);
    this.#limits = limits;
    this.#sources = new HttpSources(limits.requestsPerSecond);
    this.#refused = of.refused;
    const headersTimeout = limits.headersMsMax ?? headersMsMax;
    const times = {
      maxHeaderSize: headerBytesMax,
      headersTimeout,
      requestTimeout: Math.max(requestMsMax, headersTimeout),
      keepAliveTimeout: keepAliveMs,
      connectionsCheckingInterval: Math.min(1000, headersTimeout),
      // HTTP/1.0 stacks and some phones send none.
      requireHostHeader: false,
    };
    this.server = tls
      ? createTlsServer({ ...times, ...tlsOptions(tls, headersTimeout) }, answer)
      : createServer(times, answer);
    this.server.on('checkContinue', answer);
    // No phone is known to expect anything else; Node's own answer comes in chunks.
    this.server.on('checkExpectation', (_request, response: ServerResponse) =>
      response.writeHead(417, { 'Content-Length': 0, Connection: 'close' }).end(),
    );
    this.server.on('clientError', answerUnread);
    this.server.timeout = silentMsMax;
    // Small stacks end their side once they have asked. Node’s server reads this; its types leave it out.
    Object.assign(this.server, { httpAllowHalfOpen: true });
    this.server.maxConnections = limits.connectionsMax;
    this.server.on('connection', (socket: Socket) => this.#count(socket));
    // What fails its handshake is a phone that trusts something else, or a scanner.
    this.server.on('tlsClientError', (_error: Error, socket: Socket) => socket.destroy());
  }

  /** Undefined where nothing of this address counts. */
  source(address: string | undefined): Source | undefined {
    return this.#sources.at(address ?? '');
  }

  #count(socket: Socket): void {
    const address = socket.remoteAddress ?? '';
    if (!this.#mayAsk(address) || !this.#sources.hasRoom(address, this.#limits)) {
      socket.destroy();
      return this.#refused({ address, open: this.#sources.at(address)?.open ?? 0 });
    }
    this.#sources.entered(address);
    socket.once('close', () => this.#sources.left(address));
  }
}

/** What a listener asks at least of versions and ciphers, and with that of its own certificate. */
export function strengthOf(
  profile: HttpTls['profile'],
): Pick<TlsOptions, 'minVersion' | 'ciphers'> {
  if (profile === 'present') return { minVersion: 'TLSv1.2' };
  // Present-day libraries know these ciphers and refuse them below level 0, as they do short keys and SHA-1.
  return { minVersion: 'TLSv1', ciphers: 'ALL:!aNULL:!eNULL:@SECLEVEL=0' };
}

function tlsOptions(tls: HttpTls, handshakeTimeout: number): TlsOptions {
  return {
    key: tls.key,
    cert: tls.cert,
    handshakeTimeout,
    // Whoever showed a phone's certificate cannot go on with another one; no phone asks for a second handshake.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    ...strengthOf(tls.profile),
    // A phone without a certificate, or with a foreign one, is served by its login like over HTTP.
    ...(tls.clientAuthorities && {
      requestCert: true,
      rejectUnauthorized: false,
      ca: tls.clientAuthorities,
    }),
  };
}

export const isPrivate = (socket: Socket | null): boolean => socket instanceof TLSSocket;

/** The MAC in the device certificate that came with a connection, when an authority of the operator's vouches for it. */
export function certifiedMac(socket: Socket): Mac | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const { subject, subjectaltname } = socket.getPeerCertificate();
  return certificateMac([subject?.CN ?? ''].flat().join(' '), subjectaltname ?? '') ?? undefined;
}
