import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AgentAddress } from '@ringwave/firmware-catalog/vendors/profile';
import type { Test } from 'tap';

// A file server of the test's own, apart from the agent's: it writes down every request as it came and answers what
// it was laid out to answer, 404 and TFTP error 1 otherwise.

export interface Recorded {
  /** `GET`, `PUT` or `RRQ`. */
  readonly method: string;
  /** As it came: escaped in HTTP, without a leading slash in TFTP. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** TFTP's options in the order of the request, `blksize=1428`. */
  readonly options: readonly string[];
}

interface Laid {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

export class RecordingServer {
  readonly asked: Recorded[] = [];
  /** Answers by path with its leading slash; a list is used up one by one, its last stays. */
  readonly answers = new Map<string, Laid[]>();
  readonly #http: Server;
  readonly #tftp: Socket;

  private constructor() {
    this.#http = createServer((request, response) => {
      const { method = '', url = '', headers } = request;
      this.asked.push({ method, path: url, headers, options: [] });
      const { status = 200, headers: more = {}, body = '' } = this.#laid(url) ?? { status: 404 };
      response.writeHead(status, { 'Content-Length': Buffer.byteLength(body), ...more });
      response.end(body);
    });
    this.#tftp = createSocket('udp4');
    this.#tftp.on('message', (bytes, from) => {
      if (bytes.readUInt16BE(0) !== 1) return;
      const [path = '', , ...rest] = bytes.toString('utf8', 2).split('\0');
      const options = rest.flatMap((name, at) =>
        at % 2 === 0 && name !== '' ? [`${name}=${rest[at + 1]}`] : [],
      );
      this.asked.push({ method: 'RRQ', path, headers: {}, options });
      const body = this.#laid(`/${path}`)?.body;
      // One block without options is an answer that every client takes (RFC 2347 section 2).
      const answer =
        body === undefined
          ? Buffer.from('\0\u0005\0\u0001File not found\0', 'latin1')
          : Buffer.concat([Buffer.from([0, 3, 0, 1]), Buffer.from(body)]);
      this.#tftp.send(answer, from.port, from.address);
    });
  }

  static async open(t: Test): Promise<RecordingServer> {
    const server = new RecordingServer();
    server.#http.listen(0, '127.0.0.1');
    await once(server.#http, 'listening');
    server.#tftp.bind(0, '127.0.0.1');
    await once(server.#tftp, 'listening');
    t.teardown(() => {
      server.#http.close();
      server.#http.closeAllConnections();
      server.#tftp.close();
    });
    return server;
  }

  get address(): AgentAddress {
    const httpPort = (this.#http.address() as AddressInfo).port;
    return { host: '127.0.0.1', httpPort, tftpPort: this.#tftp.address().port };
  }

  lay(path: string, ...answers: readonly Laid[]): void {
    this.answers.set(path, [...answers]);
  }

  /** Method, path and User-Agent or TFTP options of each request. */
  get lines(): string[] {
    return this.asked.map(({ method, path, headers, options }) =>
      [method, path, headers['user-agent'] ?? (options.join(' ') || '-')].join(' '),
    );
  }

  #laid(path: string): Laid | undefined {
    const answers = this.answers.get(path);
    return answers && answers.length > 1 ? answers.shift() : answers?.[0];
  }
}
