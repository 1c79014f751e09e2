import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { type DurationMs, seconds } from '@ringwave/protocol/units';
import { steadyNow } from '@ringwave/runtime/clock';
import { askedPath } from '../core/asked-path.ts';
import { type BlockMemory, learnFrom, optionsFor, policyFor } from '../core/tftp/block-memory.ts';
import { agreeOptions, agreeUpload, type OptionPolicy, phonePolicy } from '../core/tftp/options.ts';
import {
  decodePacket,
  ERROR_CODES,
  encodeError,
  type FileRequest,
  type Packet,
} from '../core/tftp/packet.ts';
import { ByteBudget } from './byte-budget.ts';
import { ChunkCache } from './chunk-cache.ts';
import {
  type Asked,
  type EdgeLog,
  type FileResolver,
  plainAddress,
  silentLog,
} from './file-source.ts';
import { ImagePlaces } from './image-places.ts';
import { RateLimit } from './rate-limit.ts';
import { TftpBlocks } from './tftp-blocks.ts';
import { type Content, contentOf } from './tftp-content.ts';
import { TftpConversation } from './tftp-conversation.ts';
import {
  addressOf,
  type Entry,
  phoneLimits,
  type Talk,
  TftpLive,
  type TftpLimits,
} from './tftp-live.ts';
import { TftpUpload } from './tftp-upload.ts';
import { listenersPort, ownPort, type OpenWire, type Peer, udpSocket } from './tftp-wire.ts';
import type { AskedUpload, Upload, UploadDesk } from './upload-spool.ts';

export interface TftpServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly files: FileResolver;
  readonly log?: EdgeLog;
  readonly policy?: OptionPolicy;
  readonly limits?: TftpLimits;
  readonly cache?: ChunkCache;
  readonly budget?: ByteBudget;
  /** Absent: nothing may be written. */
  readonly uploads?: UploadDesk;
  /** Everything from the listener's port, where firewalls and routers let nothing else back. */
  readonly singlePort?: boolean;
  /** False for an address that gets no answer at all; it is counted. */
  readonly mayAsk?: (address: string) => boolean;
}

/** Bytes. 1,000 phones asking at once fit; with the default of 208 KiB most of them had to ask again. */
const receiveBufferBytesWanted = 4 * 1024 * 1024;
/** Error answers a second to what no phone sends in good faith. */
const garbageAnswersPerSecond = 10;
/** Phones probe 5 to 10 missing files at each boot; 500 of them at once stay below this. */
const refusalsPerSecond = 2000;
/** A request repeated this soon after a transfer got going is a late copy, not a phone that starts again. */
const lateCopyMs = 2000;
/** Places that images leave to configurations, where nothing else is said. */
const configPlaces = 64;
const logLinesPerSecond = 5;

/** One request, and where it came from. */
interface Read {
  readonly key: string;
  readonly entry: Entry;
  readonly request: FileRequest;
  readonly peer: Peer;
  readonly asked: Asked;
}

/** Serves reads and, where a desk admits them, writes (RFC 1350, 2347 to 2349, 7440). Whatever arrives may cost its own transfer at most. */
export class TftpServer {
  readonly #socket: Socket;
  readonly #options: TftpServerOptions;
  readonly #log: EdgeLog;
  readonly #cache: ChunkCache;
  readonly #budget: ByteBudget;
  readonly #policy: OptionPolicy;
  readonly #live: TftpLive;
  readonly #places: ImagePlaces;
  readonly #memory: BlockMemory = new Map();
  readonly #garbage = new RateLimit(garbageAnswersPerSecond);
  readonly #refusals = new RateLimit(refusalsPerSecond);
  readonly #logLines = new RateLimit(logLinesPerSecond);
  #openWire: OpenWire | undefined;
  #unanswered = 0;
  #closed: Promise<void> | undefined;

  private constructor(options: TftpServerOptions) {
    this.#options = options;
    this.#log = options.log ?? silentLog;
    this.#cache = options.cache ?? new ChunkCache();
    this.#budget = options.budget ?? new ByteBudget();
    this.#policy = options.policy ?? phonePolicy;
    const limits = options.limits ?? phoneLimits;
    const imagesMax =
      limits.imagesMax ??
      limits.transfersMax - Math.min(configPlaces, Math.floor(limits.transfersMax / 8));
    this.#places = new ImagePlaces(imagesMax);
    this.#live = new TftpLive(limits, this.#places);
    this.#socket = udpSocket(options.host);
  }

  /** Rejects with Node's own error where the port cannot be had. */
  static async listen(options: TftpServerOptions): Promise<TftpServer> {
    const server = new TftpServer(options);
    const socket = server.#socket;
    // The address is a number and looked up at once: it may listen before bind has returned.
    const listening = once(socket, 'listening');
    socket.bind({ address: options.host, port: options.port, exclusive: true });
    await listening;
    server.#openWire = options.singlePort
      ? listenersPort(socket)
      : ownPort(socket.address().address);
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

  /** Packets from addresses that may not ask. */
  get unanswered(): number {
    return this.#unanswered;
  }

  /** False: no timer runs, so an idle agent costs no time. */
  get isAwake(): boolean {
    return this.#live.isAwake;
  }

  #take(bytes: Buffer, from: Peer): void {
    // Port 0 cannot be answered, and an answer to another TFTP server's own port could start an endless exchange.
    if (from.port === 0 || from.port === 69 || this.#live.isClosing)
      return this.#takeLate(bytes, from);
    if (this.#options.mayAsk?.(from.address) === false) return this.#pass(from);
    const packet = decodePacket(bytes);
    if (packet?.kind === 'read' || packet?.kind === 'write') {
      return this.#takeRequest(packet, bytes.length, from);
    }
    if (packet) return this.#hand(bytes, from);
    // Only what meant to be a request is answered: an answer to an ERROR or DATA could be answered in turn.
    if (bytes.length < 2 || bytes[0] !== 0 || (bytes[1] !== 1 && bytes[1] !== 2)) return;
    this.#refuse(from, 'illegal-operation', 'Malformed request', {
      bytesMax: bytes.length,
      limit: this.#garbage,
    });
  }

  #pass({ address }: Peer): void {
    this.#unanswered += 1;
    this.#note({ address, unanswered: this.#unanswered }, 'tftp asked from outside');
  }

  /** While the server closes, transfers through its port go on; requests get silence. */
  #takeLate(bytes: Buffer, from: Peer): void {
    const packet: Packet | undefined = decodePacket(bytes);
    if (packet && packet.kind !== 'read' && packet.kind !== 'write') this.#hand(bytes, from);
  }

  /** Strangers get silence: with ports of their own the kernel drops them, here nothing knows their address. */
  #hand(bytes: Buffer, from: Peer): void {
    if (this.#options.singlePort) this.#live.at(keyOf(from))?.talk?.take(bytes);
  }

  #takeRequest(request: FileRequest, bytesMax: number, from: Peer): void {
    const key = keyOf(from);
    const entry = this.#live.at(key);
    if (entry?.fileName === request.fileName && entry.kind === request.kind && isCopy(entry)) {
      entry.talk?.repeatFirst();
      return;
    }
    entry?.talk?.abort('superseded by a new request from the same port');
    const path = askedPath(withoutUrl(request.fileName.replaceAll('\\', '/')));
    const refuse: Refuse = (code, text, limit = this.#refusals) =>
      this.#refuse(from, code, text, { bytesMax, limit });
    if (path === undefined) return refuse('access-violation', 'Access violation');
    if (request.mode !== 'octet' && request.mode !== 'netascii') {
      return refuse('illegal-operation', 'Mode must be octet or netascii');
    }
    const now = steadyNow();
    this.#live.supersede(from.address, { fileName: request.fileName, now });
    const address = plainAddress(from.address);
    if (request.kind === 'write') return this.#write({ key, request, peer: from, path, refuse });
    if (!this.#live.makeRoom(from.address, now)) return this.#noteFull(from);
    const asked: Asked = { protocol: 'tftp', method: 'GET', path, address };
    const admitted: Entry = { kind: 'read', fileName: request.fileName };
    this.#live.admit(key, admitted);
    this.#serve({ key, entry: admitted, request, peer: from, asked }).then(
      (isServed) => isServed || refuse('file-not-found', 'File not found'),
      (error: unknown) => {
        this.#live.release(key, admitted);
        this.#note({ path, error: String(error) }, 'tftp request failed');
        refuse('undefined', 'Server fault');
      },
    );
  }

  /** False when there is no such file for this phone. */
  async #serve(read: Read): Promise<boolean> {
    const { key, entry, request, asked } = read;
    const content = await contentOf(await this.#options.files.resolve(asked), request.mode);
    if (!content) {
      this.#live.release(key, entry);
      return false;
    }
    // The phone may have asked for something else from the same port meanwhile, or we are stopping.
    if (this.#live.at(key) !== entry || this.#live.isClosing) {
      content.image.release?.();
      this.#live.release(key, entry);
    } else if (content.shared) this.#queue(read, content);
    else entry.talk = this.#converse(read, content, () => {});
    return true;
  }

  #queue(read: Read, content: Content): void {
    const { key, entry, asked } = read;
    const now = steadyNow();
    const release = () => content.image.release?.();
    const giveUp = () => {
      release();
      this.#live.release(key, entry);
    };
    if (this.#places.areTaken) this.#live.dropMute(now, ({ isImage }) => isImage === true);
    const begin = (left: () => void) => void (entry.talk = this.#converse(read, content, left));
    const guest = { source: asked.address, entry, begin, giveUp, withdrawn: release };
    if (this.#places.take(guest, now)) return;
    this.#noteFull(read.peer);
    giveUp();
  }

  #converse(read: Read, content: Content, left: () => void): TftpConversation {
    const { key, entry, request, peer, asked } = read;
    const { image, shared } = content;
    const now = steadyNow();
    const policy = policyFor(this.#memory, asked.address, this.#policy, now);
    const options = optionsFor(this.#memory, asked.address, request.options, now);
    const terms = agreeOptions(options, image.lengthBytes, policy);
    return new TftpConversation({
      openWire: this.#openWire!,
      budget: this.#budget,
      peer,
      image,
      blocks: new TftpBlocks(image, terms, shared ? this.#cache : undefined),
      terms,
      seen: {
        asked,
        ...(shared && { etag: shared.etag }),
        ...(shared?.digest && { digest: shared.digest }),
        lengthBytes: image.lengthBytes,
        fromByte: 0,
      },
      observer: this.#options.files.observer ?? {},
      onVerified: (talk) => this.#isThere(peer, request, talk),
      onEnd: ({ outcome }, transfer) => {
        const { path, address } = asked;
        if (outcome.kind === 'aborted' && outcome.by === 'us') {
          this.#note({ path, address, why: outcome.why }, 'tftp aborted');
        }
        learnFrom(this.#memory, address, transfer, steadyNow());
        this.#live.release(key, entry);
        left();
      },
    });
  }

  #write(write: {
    key: string;
    request: FileRequest;
    peer: Peer;
    path: string;
    refuse: Refuse;
  }): void {
    const { key, request, peer, path, refuse } = write;
    const address = plainAddress(peer.address);
    if (!this.#live.makeRoom(peer.address, steadyNow())) return this.#noteFull(peer);
    const upload = this.#place({ protocol: 'tftp', path, address }, peer);
    if (upload === undefined) return refuse('access-violation', 'Read only', this.#garbage);
    if (upload === 'busy') return this.#noteFull(peer);
    const terms = agreeUpload(request.options, this.#policy);
    if (terms.lengthBytes > upload.bytesMax) {
      upload.done();
      return refuse('disk-full', 'Larger than allowed');
    }
    const entry: Entry = { kind: 'write', fileName: request.fileName };
    this.#live.admit(key, entry);
    entry.talk = new TftpUpload({
      peer,
      openWire: this.#openWire!,
      upload,
      terms,
      isText: request.mode === 'netascii',
      onVerified: (talk) => this.#isThere(peer, request, talk),
      onEnd: (end) => {
        this.#log.info({ path, address, ...end }, 'tftp upload ended');
        this.#live.release(key, entry);
      },
    });
  }

  /** Where there is none, a write that never sent its first block gives its own up, of the same address first: such are forged. */
  #place(asked: AskedUpload, { address }: Peer): Upload | 'busy' | undefined {
    const now = steadyNow();
    const ask = () => this.#options.uploads?.admits(asked);
    const isWrite = ({ kind }: Entry): boolean => kind === 'write';
    const isOfThis = (entry: Entry, key: string) => isWrite(entry) && addressOf(key) === address;
    let place = ask();
    for (const fits of [isOfThis, isWrite])
      if (place === 'busy' && this.#live.dropMute(now, fits)) place = ask();
    return place;
  }

  #isThere({ address }: Peer, { fileName }: FileRequest, talk: Talk): void {
    this.#live.supersede(address, { fileName, now: steadyNow(), isProven: talk });
  }

  #noteFull(from: Peer): void {
    this.#note({ address: from.address, transfers: this.#live.size }, 'tftp limit reached');
  }

  #refuse(
    to: Peer,
    code: keyof typeof ERROR_CODES,
    text: string,
    within: { bytesMax: number; limit: RateLimit },
  ): void {
    const packet = encodeError(ERROR_CODES[code], text, within.bytesMax);
    // Whoever forges an address must not have more sent to it than it cost.
    if (packet.length > within.bytesMax || !within.limit.allows()) return;
    // Whether it arrives is the phone's own concern: it asks again.
    this.#socket.send(packet, to.port, to.address, () => {});
  }

  #note(about: object, text: string): void {
    if (this.#logLines.allows()) this.#log.warn(about, text);
  }

  /** Takes no new request, lets transfers end for `drain`, then ends them. */
  close(drain: DurationMs = seconds(0)): Promise<void> {
    this.#closed ??= this.#close(drain);
    return this.#closed;
  }

  async #close(drain: DurationMs): Promise<void> {
    await this.#live.close(drain);
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()));
  }
}

type Refuse = (code: keyof typeof ERROR_CODES, text: string, limit?: RateLimit) => void;

const keyOf = ({ address, port }: Peer): string => `${address} ${port}`;

/** While nothing was acknowledged, the same request is the same request; soon after, it is a late copy of it. */
const isCopy = ({ talk }: Entry): boolean =>
  !talk?.verified || steadyNow() - talk.startedAt < lateCopyMs;

/** Some boot loaders send the whole URL they were configured with. */
const withoutUrl = (name: string): string => name.replace(/^tftp:\/\/[^/]*\//i, '');
