import { Agent, type IncomingMessage, request } from 'node:http';

// A phone's HTTP client: GET, and PUT of what it writes, with its own source address, no redirects, no compression.

export interface HttpAsk {
  readonly host: string;
  readonly port: number;
  /** Escaped, with a leading slash. */
  readonly path: string;
  readonly localAddress?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** What is put there; absent: it is asked for. */
  readonly body?: Buffer;
}

export type HttpAnswer =
  | { readonly kind: 'answer'; readonly status: number; readonly response: IncomingMessage }
  | { readonly kind: 'unreachable'; readonly reason: string };

/** Silence on a connection before a phone gives it up, in milliseconds of the wall: it is the wire's time. */
const silentMsMax = 20_000;

/** One connection a request, as most phones do. */
const oneRequest = new Agent({ keepAlive: false, maxSockets: Infinity });

/** The caller reads or destroys the response. */
export function httpGet(ask: HttpAsk): Promise<HttpAnswer> {
  const { host, port, path, localAddress, headers, signal, body } = ask;
  return new Promise((resolve) => {
    const asking = request({
      host,
      port,
      path,
      method: body ? 'PUT' : 'GET',
      headers: { ...headers, ...(body ? { 'Content-Length': body.length } : {}) },
      signal,
      agent: oneRequest,
      timeout: silentMsMax,
      ...(localAddress ? { localAddress } : {}),
    });
    asking.on('response', (response) =>
      resolve({ kind: 'answer', status: response.statusCode ?? 0, response }),
    );
    asking.on('timeout', () => asking.destroy(new Error('no answer')));
    asking.on('error', (error: NodeJS.ErrnoException) =>
      resolve({ kind: 'unreachable', reason: error.code ?? error.message }),
    );
    asking.end(body);
  });
}

/** The body as text, or undefined where it is cut or longer than `bytesMax`. */
export async function bodyText(
  response: IncomingMessage,
  bytesMax: number,
): Promise<string | undefined> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const piece of response as AsyncIterable<Buffer>) {
      bytes += piece.length;
      if (bytes > bytesMax) return undefined;
      pieces.push(piece);
    }
  } catch {
    return undefined;
  }
  return Buffer.concat(pieces).toString('utf8');
}
