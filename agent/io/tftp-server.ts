import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { type DurationMs, seconds } from '@ringwave/protocol/units';
import { steadyNow } from '@ringwave/runtime/clock';
import { askedPath } from '../core/asked-path.ts';
import { agreeOptions, type OptionPolicy, phonePolicy } from '../core/tftp/options.ts';
import { toNetascii } from '../core/tftp/netascii.ts';
import { decodePacket, ERROR_CODES, encodeError, type FileRequest } from '../core/tftp/packet.ts';
import { ChunkCache } from './chunk-cache.ts';
import {
  type Asked,
  type EdgeLog,
  type FileResolver,
  plainAddress,
  type Served,
  type ServedImage,
  silentLog,
} from './file-source.ts';
import { netasciiView } from './netascii-view.ts';
import { RateLimit } from './rate-limit.ts';
import { TftpBlocks } from './tftp-blocks.ts';
import { type Peer, TftpConversation } from './tftp-conversation.ts';

export interface TftpLimits {
  /** Transfers at once; each holds a socket. Requests beyond get silence: a phone asks again in seconds. */
  readonly transfersMax: number;
  /** Transfers at once for one address. A phone runs one; behind one router there are a few. */
  readonly transfersPerSourceMax: number;
}

export const phoneLimits: TftpLimits = { transfersMax: 1024, transfersPerSourceMax: 8 };

export interface TftpServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly files: FileResolver;
  readonly log?: EdgeLog;
  readonly policy?: OptionPolicy;
  readonly limits?: TftpLimits;
  readonly cache?: ChunkCache;
  /** False for an address that gets no answer at all. */
  readonly mayAsk?: (address: string) => boolean;
}

/** Bytes. 1,000 phones asking at once fit; with the default of 208 KiB most of them had to ask again. */
const receiveBufferBytesWanted = 4 * 1024 * 1024;
/** How often overdue answers are looked for, while there are transfers. */
const scanEveryMs = 10;
/** Error answers a second to what no phone sends in good faith. */
const garbageAnswersPerSecond = 10;
/** Phones probe 5 to 10 missing files at each boot; 500 of them at once stay below this. */
const refusalsPerSecond = 2000;
/** A request repeated this soon after a transfer got going is a late copy, not a phone that starts again. */
const lateCopyMs = 2000;
const logLinesPerSecond = 5;

interface Entry {
  readonly fileName: string;
  /** Absent while the file is looked up. */
  conversation?: TftpConversation;
}

/** One request, and where it came from. */
interface Read {
  readonly key: string;
  readonly request: FileRequest;
  readonly peer: Peer;
  readonly asked: Asked;
}

/** Serves reads (RFC 1350, 2347 to 2349, 7440). Whatever arrives may cost its own transfer at most. */
export class TftpServer {
  readonly #socket: Socket;
  readonly #options: TftpServerOptions;
  readonly #log: EdgeLog;
  readonly #limits: TftpLimits;
  readonly #cache: ChunkCache;
  readonly #live = new Map<string, Entry>();
  readonly #perSource = new Map<string, number>();
  readonly #garbage = new RateLimit(garbageAnswersPerSecond);
  readonly #refusals = new RateLimit(refusalsPerSecond);
  readonly #logLines = new RateLimit(logLinesPerSecond);
  #scan: NodeJS.Timeout | undefined;
  #closing: (() => void) | undefined;

  private constructor(options: TftpServerOptions) {
    this.#options = options;
    this.#log = options.log ?? silentLog;
    this.#limits = options.limits ?? phoneLimits;
    this.#cache = options.cache ?? new ChunkCache();
    this.#socket = createSocket(isIPv6(options.host) ? 'udp6' : 'udp4');
  }

  /** Rejects with Node's own error where the port cannot be had. */
  static async listen(options: TftpServerOptions): Promise<TftpServer> {
    const server = new TftpServer(options);
    const socket = server.#socket;
    socket.bind({ address: options.host, port: options.port, exclusive: true });
    await once(socket, 'listening');
    socket.on('message', (bytes, from) => server.#take(bytes, from));
    socket.on('error', (error) => server.#log.warn({ error: error.message }, 'tftp socket failed'));
    server.#askForReceiveBuffer();
    return server;
  }

  #askForReceiveBuffer(): void {
    try {
      this.#socket.setRecvBufferSize(receiveBufferBytesWanted);
    } catch (error) {
      this.#log.warn({ error: String(error) }, 'tftp receive buffer stays at the default');
    }
    const got = this.receiveBufferBytes;
    this.#log.info({ port: this.port, receiveBufferBytes: got }, 'tftp listens');
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** What the kernel granted; Linux reports twice what it lets us use and caps it at net.core.rmem_max. */
  get receiveBufferBytes(): number {
    return this.#socket.getRecvBufferSize();
  }

  get transfers(): number {
    return this.#live.size;
  }

  #take(bytes: Buffer, from: Peer): void {
    // Port 0 cannot be answered, and an answer to another TFTP server's own port could start an endless exchange.
    if (from.port === 0 || from.port === 69 || this.#closing) return;
    if (this.#options.mayAsk?.(from.address) === false) return;
    const packet = decodePacket(bytes);
    if (packet?.kind === 'read') return this.#takeRead(packet, bytes.length, from);
    if (packet?.kind === 'write') {
      return this.#refuse(from, 'access-violation', 'Read only', {
        bytesMax: bytes.length,
        limit: this.#garbage,
      });
    }
    // Only what meant to be a request is answered: an answer to an ERROR or DATA could be answered in turn.
    const meantAsRequest =
      bytes.length >= 2 && bytes[0] === 0 && (bytes[1] === 1 || bytes[1] === 2);
    if (packet || !meantAsRequest) return;
    this.#refuse(from, 'illegal-operation', 'Malformed request', {
      bytesMax: bytes.length,
      limit: this.#garbage,
    });
  }

  #takeRead(request: FileRequest, bytesMax: number, from: Peer): void {
    const key = `${from.address} ${from.port}`;
    const entry = this.#live.get(key);
    if (entry?.fileName === request.fileName && this.#isCopy(entry)) {
      entry.conversation?.repeatFirst();
      return;
    }
    entry?.conversation?.abort('superseded by a new request from the same port');
    const path = askedPath(request.fileName.replaceAll('\\', '/'));
    const refuse = (code: keyof typeof ERROR_CODES, text: string) =>
      this.#refuse(from, code, text, { bytesMax, limit: this.#refusals });
    if (path === undefined) return refuse('access-violation', 'Access violation');
    if (request.mode !== 'octet' && request.mode !== 'netascii') {
      return refuse('illegal-operation', 'Mode must be octet or netascii');
    }
    if (this.#isFull(from.address)) return this.#noteFull(from);
    const asked: Asked = {
      protocol: 'tftp',
      method: 'GET',
      path,
      address: plainAddress(from.address),
    };
    const admitted: Entry = { fileName: request.fileName };
    this.#admit(key, admitted);
    this.#serve(admitted, { key, request, peer: from, asked }).then(
      (isServed) => isServed || refuse('file-not-found', 'File not found'),
      (error: unknown) => {
        this.#release(key, admitted);
        this.#note({ path, error: String(error) }, 'tftp request failed');
        refuse('undefined', 'Server fault');
      },
    );
  }

  /** While nothing was acknowledged, the same request is the same request; soon after, it is a late copy of it. */
  #isCopy({ conversation }: Entry): boolean {
    return !conversation?.verified || steadyNow() - conversation.startedAt < lateCopyMs;
  }

  /** False when there is no such file for this phone. */
  async #serve(entry: Entry, read: Read): Promise<boolean> {
    const { key, request, asked } = read;
    const content = await contentOf(await this.#options.files.resolve(asked), request.mode);
    if (!content) {
      this.#release(key, entry);
      return false;
    }
    // The phone may have asked for something else from the same port meanwhile, or we are stopping.
    if (this.#live.get(key) !== entry || this.#closing) {
      content.image.release?.();
      this.#release(key, entry);
      return true;
    }
    entry.conversation = this.#converse(entry, read, content);
    return true;
  }

  #converse(entry: Entry, { key, request, peer, asked }: Read, content: Content): TftpConversation {
    const { image, shared } = content;
    const policy = this.#options.policy ?? phonePolicy;
    const terms = agreeOptions(request.options, image.lengthBytes, policy);
    return new TftpConversation({
      localAddress: this.#socket.address().address,
      peer,
      image,
      blocks: new TftpBlocks(image, terms.blockBytes, shared ? this.#cache : undefined),
      terms,
      seen: {
        asked,
        ...(shared && { etag: shared.etag }),
        ...(shared?.digest && { digest: shared.digest }),
        lengthBytes: image.lengthBytes,
        fromByte: 0,
      },
      observer: this.#options.files.observer ?? {},
      onEnd: ({ outcome }) => {
        if (outcome.kind === 'aborted' && outcome.by === 'us') {
          this.#note(
            { path: asked.path, address: asked.address, why: outcome.why },
            'tftp aborted',
          );
        }
        this.#release(key, entry);
      },
    });
  }

  #isFull(address: string): boolean {
    const { transfersMax, transfersPerSourceMax } = this.#limits;
    const fromHere = this.#perSource.get(address) ?? 0;
    return this.#live.size >= transfersMax || fromHere >= transfersPerSourceMax;
  }

  #noteFull(from: Peer): void {
    this.#note({ address: from.address, transfers: this.#live.size }, 'tftp limit reached');
  }

  #admit(key: string, entry: Entry): void {
    const pending = this.#live.get(key);
    if (pending) this.#release(key, pending);
    const address = addressOf(key);
    this.#live.set(key, entry);
    this.#perSource.set(address, (this.#perSource.get(address) ?? 0) + 1);
    this.#scan ??= setInterval(() => {
      // After the poll phase: else a busy loop takes answers that already wait in the socket for missing.
      setImmediate(() => this.#scanAll());
    }, scanEveryMs);
  }

  #scanAll(): void {
    const now = steadyNow();
    for (const { conversation } of this.#live.values()) conversation?.scan(now);
  }

  /** Does nothing where another entry has taken this key. */
  #release(key: string, entry: Entry): void {
    if (this.#live.get(key) !== entry) return;
    this.#live.delete(key);
    const address = addressOf(key);
    const left = (this.#perSource.get(address) ?? 1) - 1;
    if (left > 0) this.#perSource.set(address, left);
    else this.#perSource.delete(address);
    if (this.#live.size > 0) return;
    clearInterval(this.#scan);
    this.#scan = undefined;
    this.#closing?.();
  }

  #refuse(
    to: Peer,
    code: keyof typeof ERROR_CODES,
    text: string,
    within: { bytesMax: number; limit: RateLimit },
  ): void {
    if (!within.limit.allows()) return;
    const packet = encodeError(ERROR_CODES[code], text, within.bytesMax);
    // Whether it arrives is the phone's own concern: it asks again.
    this.#socket.send(packet, to.port, to.address, () => {});
  }

  #note(about: object, text: string): void {
    if (this.#logLines.allows()) this.#log.warn(about, text);
  }

  /** Takes no new request, lets transfers end for `drain`, then ends them. */
  async close(drain: DurationMs = seconds(0)): Promise<void> {
    const drained = new Promise<void>((resolve) => {
      this.#closing = resolve;
    });
    if (this.#live.size === 0) this.#closing?.();
    const timer = setTimeout(() => this.#abortAll(), drain);
    await drained;
    clearTimeout(timer);
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()));
  }

  #abortAll(): void {
    for (const [key, entry] of this.#live) {
      if (entry.conversation) entry.conversation.abort('Server is stopping');
      else this.#release(key, entry);
    }
  }
}

const addressOf = (key: string): string => key.slice(0, key.lastIndexOf(' '));

/** What one transfer sends. `shared` is absent for bytes rendered for one phone, which no cache may keep. */
interface Content {
  readonly image: ServedImage;
  readonly shared?: ServedImage;
}

async function contentOf(served: Served, mode: string): Promise<Content | undefined> {
  if (served.kind === 'image') {
    const image = mode === 'netascii' ? await netasciiView(served) : served;
    return { image, shared: served };
  }
  // TFTP has no login: what needs one does not exist here.
  if (served.kind !== 'bytes') return undefined;
  const body = mode === 'netascii' ? toNetascii(served.body) : served.body;
  const read = (offset: number, length: number) => body.subarray(offset, offset + length);
  return { image: { kind: 'image', etag: '', lengthBytes: body.length, read } };
}
