import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type DurationMs, seconds } from '@ringwave/protocol/units';
import { steadyNow } from '@ringwave/runtime/clock';
import { askedPath } from '../core/asked-path.ts';
import { askedPortion, isRangeValid, isUnchanged } from '../core/provisioning/http-conditions.ts';
import {
  fittingPassword,
  isFreshNonce,
  loginChallenges,
  loginClaim,
  mintNonce,
} from '../core/provisioning/http-login.ts';
import { ChunkCache } from './chunk-cache.ts';
import {
  type Asked,
  type AskedLogin,
  type EdgeLog,
  type FileResolver,
  plainAddress,
  type Served,
  type ServedImage,
  silentLog,
} from './file-source.ts';
import { sendBytes, sendImage } from './http-transfer.ts';
import { RateLimit } from './rate-limit.ts';

export interface HttpLimits {
  readonly connectionsMax: number;
  /** A phone opens one to four; behind one router there are a few phones. */
  readonly connectionsPerSourceMax: number;
}

export const phoneHttpLimits: HttpLimits = { connectionsMax: 2048, connectionsPerSourceMax: 64 };

export interface HttpServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly files: FileResolver;
  readonly log?: EdgeLog;
  readonly limits?: HttpLimits;
  readonly cache?: ChunkCache;
}

/** Bytes of a request line and its headers. The longest User-Agent known is below 300. */
const headerBytesMax = 16 * 1024;
/** A connection that has not said what it wants by then only holds a place. */
const headersMsMax = 10_000;
/** No request here has a body, so all of it is there within the time of its headers and some. */
const requestMsMax = 20_000;
/** Phones fetch five to ten files in a row with pauses of some seconds. */
const keepAliveMs = 30_000;
/** Silence on a connection under transfer, as when a phone lost power. */
const silentMsMax = 60_000;
/** How often finished connections are looked for while the server closes. */
const sweepEveryMs = 50;
/** Characters kept of a User-Agent. */
const userAgentMax = 512;
const logLinesPerSecond = 5;

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Serves GET and HEAD to phones over HTTP/1.0 and 1.1: no redirect, no compression, no chunked answer, exact 404s. */
export class HttpServer {
  readonly #server: Server;
  readonly #options: HttpServerOptions;
  readonly #limits: HttpLimits;
  readonly #cache: ChunkCache;
  readonly #log: EdgeLog;
  readonly #perSource = new Map<string, number>();
  readonly #logLines = new RateLimit(logLinesPerSecond);
  readonly #nonceKey = randomBytes(32);

  private constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#limits = options.limits ?? phoneHttpLimits;
    this.#cache = options.cache ?? new ChunkCache();
    this.#log = options.log ?? silentLog;
    const answer = (request: IncomingMessage, response: ServerResponse) =>
      void this.#answer({ request, response });
    this.#server = createServer(
      {
        maxHeaderSize: headerBytesMax,
        headersTimeout: headersMsMax,
        requestTimeout: requestMsMax,
        keepAliveTimeout: keepAliveMs,
        connectionsCheckingInterval: 1000,
        // HTTP/1.0 stacks and some phones send none.
        requireHostHeader: false,
      },
      answer,
    );
    this.#server.on('checkContinue', answer);
    this.#server.timeout = silentMsMax;
    this.#server.maxConnections = this.#limits.connectionsMax;
    this.#server.on('connection', (socket: Socket) => this.#count(socket));
  }

  /** Rejects with Node's own error where the port cannot be had. */
  static async listen(options: HttpServerOptions): Promise<HttpServer> {
    const http = new HttpServer(options);
    http.#server.listen({ host: options.host, port: options.port, exclusive: true });
    await once(http.#server, 'listening');
    http.#server.on('error', (error) => http.#log.warn({ error: error.message }, 'http failed'));
    http.#log.info({ port: http.port }, 'http listens');
    return http;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  #count(socket: Socket): void {
    const address = socket.remoteAddress ?? '';
    const open = (this.#perSource.get(address) ?? 0) + 1;
    if (open > this.#limits.connectionsPerSourceMax) {
      socket.destroy();
      return this.#note({ address, open }, 'http limit reached');
    }
    this.#perSource.set(address, open);
    socket.once('close', () => {
      const left = (this.#perSource.get(address) ?? 1) - 1;
      if (left > 0) this.#perSource.set(address, left);
      else this.#perSource.delete(address);
    });
  }

  async #answer({ request, response }: Exchange): Promise<void> {
    // A connection that breaks is the phone's affair; without a listener it would end the process.
    request.on('error', () => {});
    response.on('error', () => {});
    // Nothing here takes a body: the connection ends rather than being read to its end.
    if (request.headers['content-length'] || request.headers['transfer-encoding']) {
      response.shouldKeepAlive = false;
    }
    const { method, url = '' } = request;
    if (method !== 'GET' && method !== 'HEAD') return empty(response, 405, { Allow: 'GET, HEAD' });
    const target = pathFrom(url);
    if (target.kind !== 'path') return empty(response, target.kind === 'malformed' ? 400 : 404);
    try {
      const { asked, isStale } = this.#asked(request, method, target.path);
      const served = await this.#options.files.resolve(asked);
      await this.#send({ request, response }, { asked, served, isStale });
    } catch (error) {
      this.#note({ path: target.path, error: String(error) }, 'http request failed');
      if (response.headersSent) response.destroy();
      else empty(response, 503, { 'Retry-After': '30' });
    }
  }

  #asked(request: IncomingMessage, method: 'GET' | 'HEAD', path: string) {
    const userAgent = request.headers['user-agent']?.slice(0, userAgentMax);
    const address = plainAddress(request.socket.remoteAddress ?? '');
    const claim = loginClaim(request.headers.authorization, { method, target: request.url ?? '' });
    const isStale =
      claim?.scheme === 'digest' && !isFreshNonce(claim.facts.nonce, this.#nonceKey, steadyNow());
    const login: AskedLogin | undefined =
      claim && !isStale
        ? {
            scheme: claim.scheme,
            user: claim.user,
            verify: (candidates) => fittingPassword(claim, candidates(claim.user)),
          }
        : undefined;
    const asked: Asked = {
      protocol: 'http',
      method,
      path,
      address,
      ...(userAgent && { userAgent }),
      ...(login && { login }),
    };
    return { asked, isStale };
  }

  async #send(
    { request, response }: Exchange,
    found: { asked: Asked; served: Served; isStale: boolean },
  ): Promise<void> {
    const { asked, served, isStale } = found;
    const observer = this.#options.files.observer ?? {};
    switch (served.kind) {
      case 'image':
        return this.#sendImage({ request, response }, asked, served);
      case 'bytes':
        return sendBytes(response, { asked, served, observer });
      case 'login-needed':
        return empty(response, 401, {
          'WWW-Authenticate': loginChallenges(
            served.realm,
            mintNonce(this.#nonceKey, steadyNow()),
            isStale,
          ),
        });
      case 'later':
        this.#note({ path: asked.path, address: asked.address, why: served.reason }, 'http later');
        return empty(response, 503, { 'Retry-After': '300' });
      case 'refused':
        // To the one who asked it looks like any missing file: a difference would say that there is something.
        this.#note(
          { path: asked.path, address: asked.address, why: served.reason },
          'http refused',
        );
        return empty(response, 404);
      case 'absent':
        return empty(response, 404);
      default:
        return unreachable(served);
    }
  }

  async #sendImage(
    { request, response }: Exchange,
    asked: Asked,
    image: ServedImage,
  ): Promise<void> {
    try {
      const { etag, lengthBytes } = image;
      const { headers } = request;
      const tag = { ETag: `"${etag}"`, 'Accept-Ranges': 'bytes', 'Cache-Control': 'no-cache' };
      if (isUnchanged(headers['if-none-match'], etag)) {
        response.writeHead(304, tag).end();
        return;
      }
      const range = isRangeValid(headers['if-range']?.toString(), etag) ? headers.range : undefined;
      const portion = askedPortion(asked.method === 'GET' ? range : undefined, lengthBytes);
      if (portion.kind === 'unsatisfiable') {
        return empty(response, 416, { ...tag, 'Content-Range': `bytes */${lengthBytes}` });
      }
      const part = portion.kind === 'part' ? portion : { from: 0, to: lengthBytes - 1 };
      response.writeHead(portion.kind === 'part' ? 206 : 200, {
        'Content-Type': image.contentType ?? 'application/octet-stream',
        'Content-Length': part.to - part.from + 1,
        ...tag,
        ...(portion.kind === 'part' && {
          'Content-Range': `bytes ${part.from}-${part.to}/${lengthBytes}`,
        }),
      });
      const observer = this.#options.files.observer ?? {};
      await sendImage(response, { asked, image, part, observer, cache: this.#cache });
    } finally {
      image.release?.();
    }
  }

  #note(about: object, text: string): void {
    if (this.#logLines.allows()) this.#log.warn(about, text);
  }

  /** Takes no new connection, lets answers end for `drain`, then cuts them. */
  async close(drain: DurationMs = seconds(0)): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    // A connection whose answer has just ended would be kept alive for its next request.
    const sweep = setInterval(() => this.#server.closeIdleConnections(), sweepEveryMs);
    const timer = setTimeout(() => this.#server.closeAllConnections(), drain);
    await closed;
    clearInterval(sweep);
    clearTimeout(timer);
  }
}

function empty(
  response: ServerResponse,
  status: number,
  headers: Record<string, string | string[]> = {},
): void {
  response.writeHead(status, { ...headers, 'Content-Length': 0 }).end();
}

type Path =
  | { readonly kind: 'path'; readonly path: string }
  /** No file can have this name. */
  | { readonly kind: 'impossible' }
  | { readonly kind: 'malformed' };

function pathFrom(url: string): Path {
  // Also the absolute form for proxies: no phone sends it, and two places for a host invite confusion.
  if (!url.startsWith('/')) return { kind: 'malformed' };
  const [encoded = ''] = url.split('?', 1);
  try {
    const path = askedPath(decodeURIComponent(encoded));
    return path === undefined ? { kind: 'impossible' } : { kind: 'path', path };
  } catch {
    return { kind: 'malformed' };
  }
}

function unreachable(value: never): never {
  throw new Error(`not a kind of answer: ${JSON.stringify(value)}`);
}
