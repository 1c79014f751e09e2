import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type DurationMs, seconds } from '@ringwave/protocol/units';
import { askedPath } from '../core/asked-path.ts';
import {
  askedPortion,
  isRangeValid,
  isUnchanged,
  isUnmodified,
  isWanted,
} from '../core/provisioning/http-conditions.ts';
import { ByteBudget } from './byte-budget.ts';
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
import {
  certifiedMac,
  HttpDoor,
  type HttpLimits,
  type HttpTls,
  isPrivate,
  phoneHttpLimits,
} from './http-door.ts';
import { HttpLoginDesk } from './http-login-desk.ts';
import { emptyAnswer, sendBytes, sendImage } from './http-transfer.ts';
import { mayGuess, mayRequest, oweGuess } from './http-sources.ts';
import { takeUpload } from './http-upload.ts';
import { RateLimit } from './rate-limit.ts';
import type { UploadDesk } from './upload-spool.ts';

export interface HttpServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly files: FileResolver;
  readonly log?: EdgeLog;
  readonly limits?: HttpLimits;
  readonly cache?: ChunkCache;
  readonly budget?: ByteBudget;
  /** Absent: nothing may be written. */
  readonly uploads?: UploadDesk;
  /** False for an address whose connections are cut unread. */
  readonly mayAsk?: (address: string) => boolean;
  /** Absent: without TLS. */
  readonly tls?: HttpTls;
  /** Logins may cross the wire in clear. Without it and without TLS only Digest is offered and taken. */
  readonly plainSecrets?: boolean;
}

/** How often finished connections are looked for while the server closes. */
const sweepEveryMs = 50;
/** Characters kept of a User-Agent. */
const userAgentMax = 512;
const logLinesPerSecond = 5;
/** When a phone may ask again for what it could not have. */
const laterAfter = seconds(300);

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Serves files to phones over HTTP/1.0 and 1.1: no redirect, no compression, no chunked answer, exact 404s. */
export class HttpServer {
  readonly #door: HttpDoor;
  readonly #options: HttpServerOptions;
  readonly #cache: ChunkCache;
  readonly #budget: ByteBudget;
  readonly #log: EdgeLog;
  readonly #logins: HttpLoginDesk;
  readonly #logLines = new RateLimit(logLinesPerSecond);

  private constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#cache = options.cache ?? new ChunkCache();
    this.#budget = options.budget ?? new ByteBudget();
    this.#log = options.log ?? silentLog;
    const takesBasic = options.tls !== undefined || options.plainSecrets === true;
    this.#logins = new HttpLoginDesk({ takesBasic });
    this.#door = new HttpDoor({
      limits: options.limits ?? phoneHttpLimits,
      tls: options.tls,
      mayAsk: options.mayAsk,
      answer: (request, response) => void this.#answer({ request, response }),
      refused: (about) => this.#note(about, 'http limit reached'),
    });
  }

  /** Rejects with Node's own error where the port cannot be had. */
  static async listen(options: HttpServerOptions): Promise<HttpServer> {
    const http = new HttpServer(options);
    const { server } = http.#door;
    server.listen({ host: options.host, port: options.port, exclusive: true });
    await once(server, 'listening');
    server.on('error', (error) => http.#log.warn({ error: error.message }, 'http failed'));
    http.#log.info({ port: http.port, tls: options.tls?.profile ?? 'none' }, 'http listens');
    return http;
  }

  get port(): number {
    return (this.#door.server.address() as AddressInfo).port;
  }

  async #answer({ request, response }: Exchange): Promise<void> {
    // A connection that breaks is the phone's affair; without a listener it would end the process.
    request.on('error', () => {});
    response.on('error', () => {});
    const { method, url = '' } = request;
    const isUpload = method === 'PUT' || method === 'POST';
    // Unless it is taken below, a body is not read to its end: the connection ends instead.
    const keepsAlive = response.shouldKeepAlive;
    if (hasBody(request)) response.shouldKeepAlive = false;
    const source = this.#door.source(request.socket.remoteAddress);
    if (source && !mayRequest(source)) {
      return emptyAnswer(response, 503, { 'Retry-After': '2' });
    }
    if (method !== 'GET' && method !== 'HEAD' && !isUpload) return notAllowed(response);
    if (hasTwoHosts(request)) return emptyAnswer(response, 400);
    const target = pathFrom(url);
    if (target.kind !== 'path') {
      return emptyAnswer(response, target.kind === 'malformed' ? 400 : 404);
    }
    try {
      if (isUpload) return await this.#take({ request, response }, target.path, keepsAlive);
      await this.#give({ request, response }, { method, path: target.path });
    } catch (error) {
      this.#note({ path: target.path, error: String(error) }, 'http request failed');
      if (response.headersSent) response.destroy();
      else emptyAnswer(response, 503, { 'Retry-After': '30' });
    }
  }

  async #take(exchange: Exchange, path: string, keepsAlive: boolean): Promise<void> {
    const { request, response } = exchange;
    const address = plainAddress(request.socket.remoteAddress ?? '');
    const upload = this.#options.uploads?.admits({ protocol: 'http', path, address });
    if (upload === undefined) return notAllowed(response);
    if (upload === 'busy') return emptyAnswer(response, 503, { 'Retry-After': '30' });
    response.shouldKeepAlive = keepsAlive;
    await takeUpload(exchange, upload);
    this.#log.info({ path, address, status: response.statusCode }, 'http upload ended');
  }

  async #give(exchange: Exchange, want: { method: 'GET' | 'HEAD'; path: string }): Promise<void> {
    const { request, response } = exchange;
    const source = this.#door.source(request.socket.remoteAddress);
    const read = this.#logins.read(request, want.method);
    // Who guesses passwords is not told whether the next guess was right.
    if (read.wasTried && source && !mayGuess(source)) {
      return emptyAnswer(response, 503, { 'Retry-After': '5' });
    }
    const asked = askedFrom(request, want, read.login);
    const served = await this.#options.files.resolve(asked);
    if (source && read.isRight()) source.hasLoggedIn = true;
    if (source && served.kind === 'login-needed' && read.wasTried && !read.isStale()) {
      // Many at once were let in before the first was known to be wrong.
      oweGuess(source);
    }
    await this.#send(exchange, { asked, served, isStale: read.isStale() });
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
        return emptyAnswer(response, 401, {
          'WWW-Authenticate': this.#logins.challenges(served.realm, isStale),
        });
      case 'later':
        this.#note({ path: asked.path, address: asked.address, why: served.reason }, 'http later');
        return emptyAnswer(response, 503, { 'Retry-After': inSeconds(served.after ?? laterAfter) });
      case 'refused':
        // To the one who asked it looks like any missing file: a difference would say that there is something.
        this.#note(
          { path: asked.path, address: asked.address, why: served.reason },
          'http refused',
        );
        return emptyAnswer(response, 404);
      case 'absent':
        return emptyAnswer(response, 404);
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
      const { etag, lengthBytes, modifiedAt } = image;
      const { headers } = request;
      const tag = {
        ETag: `"${etag}"`,
        'Accept-Ranges': 'bytes',
        'Cache-Control': 'no-cache',
        ...(modifiedAt !== undefined && { 'Last-Modified': new Date(modifiedAt).toUTCString() }),
      };
      // The first of all conditions (RFC 9110 section 13.2.2).
      if (!isWanted(headers['if-match'], etag)) return emptyAnswer(response, 412, tag);
      const isHeld =
        headers['if-none-match'] === undefined
          ? isUnmodified(headers['if-modified-since'], modifiedAt)
          : isUnchanged(headers['if-none-match'], etag);
      if (isHeld) {
        response.writeHead(304, tag).end();
        return;
      }
      const range = isRangeValid(headers['if-range']?.toString(), etag) ? headers.range : undefined;
      const portion = askedPortion(asked.method === 'GET' ? range : undefined, lengthBytes);
      if (portion.kind === 'unsatisfiable') {
        return emptyAnswer(response, 416, { ...tag, 'Content-Range': `bytes */${lengthBytes}` });
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
      const [cache, budget] = [this.#cache, this.#budget];
      await sendImage(response, { asked, image, part, observer, cache, budget });
    } finally {
      image.release?.();
    }
  }

  #note(about: object, text: string): void {
    if (this.#logLines.allows()) this.#log.warn(about, text);
  }

  /** Takes no new connection, lets answers end for `drain`, then cuts them. */
  async close(drain: DurationMs = seconds(0)): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#door.server.close(() => resolve()));
    // A connection whose answer has just ended would be kept alive for its next request.
    const sweep = setInterval(() => this.#door.server.closeIdleConnections(), sweepEveryMs);
    const timer = setTimeout(() => this.#door.server.closeAllConnections(), drain);
    await closed;
    clearInterval(sweep);
    clearTimeout(timer);
  }
}

/** RFC 9112 section 3.2: whoever reads the other of the two would see another request. */
const hasTwoHosts = ({ rawHeaders }: IncomingMessage): boolean =>
  rawHeaders.filter((text, place) => place % 2 === 0 && text.toLowerCase() === 'host').length > 1;

/** Some stacks say of a request without a body that it has none. */
const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || !/^0*$/.test(headers['content-length'] ?? '');

const inSeconds = (wait: DurationMs): string => String(Math.ceil(wait / 1000));

const notAllowed = (response: ServerResponse): void =>
  emptyAnswer(response, 405, { Allow: 'GET, HEAD' });

function askedFrom(
  request: IncomingMessage,
  want: { method: 'GET' | 'HEAD'; path: string },
  login: AskedLogin | undefined,
): Asked {
  const userAgent = request.headers['user-agent']?.slice(0, userAgentMax);
  const certificateMac = certifiedMac(request.socket);
  return {
    protocol: 'http',
    ...want,
    address: plainAddress(request.socket.remoteAddress ?? ''),
    ...(userAgent && { userAgent }),
    ...(login && { login }),
    ...(isPrivate(request.socket) && { isPrivate: true }),
    ...(certificateMac && { certificateMac }),
  };
}

type Path =
  | { readonly kind: 'path'; readonly path: string }
  /** No file can have this name: as for any that is missing, phones look for the next one. */
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
    return { kind: 'impossible' };
  }
}

function unreachable(value: never): never {
  throw new Error(`not a kind of answer: ${JSON.stringify(value)}`);
}
