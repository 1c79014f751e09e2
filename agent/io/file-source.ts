// What stands between the two file servers and whoever knows the files: the provisioning of the agent, or a folder
// in the laboratory. The servers know protocols, the source knows phones.
import type { DurationMs, EpochMs, Mac, Sha256 } from '@ringwave/protocol/units';
import type { Outcome } from '../core/tftp/transfer.ts';

/** A login that came with a request. It is a claim until `verify` finds a password that fits. */
export interface AskedLogin {
  readonly scheme: 'basic' | 'digest';
  readonly user: string;
  /**
   * Gives the place of the first password in `candidates(user)` that this login was made with; undefined for none.
   * Several candidates are several generations of one secret: the place tells which of them the phone holds.
   */
  verify(candidates: (user: string) => readonly string[]): number | undefined;
}

/** One request for a file. Everything in it but `address` and `certificateMac` is the phone's claim. */
export interface Asked {
  readonly protocol: 'tftp' | 'http';
  readonly method: 'GET' | 'HEAD';
  /** As `askedPath` gives it: decoded once, no leading slash, no `..`. */
  readonly path: string;
  readonly userAgent?: string;
  /** The phone's IP address, without port. */
  readonly address: string;
  readonly login?: AskedLogin;
  /** The request came through TLS. */
  readonly isPrivate?: boolean;
  /** The MAC in a vendor's client certificate that was checked; absent where none came. */
  readonly certificateMac?: Mac;
}

export type Served =
  /** Rendered for this request. At most `renderedBytesMax`. */
  | {
      readonly kind: 'bytes';
      readonly body: Buffer;
      readonly contentType: string;
      /** True for whatever may hold a secret: nothing on the way may keep it. */
      readonly noStore: boolean;
    }
  /** Immutable bytes, read in pieces. */
  | ServedImage
  | { readonly kind: 'absent' }
  | { readonly kind: 'login-needed'; readonly realm: string }
  /** Not now: the phone keeps what it has and asks again, `after` so long where that is known. */
  | { readonly kind: 'later'; readonly reason: string; readonly after?: DurationMs }
  | { readonly kind: 'refused'; readonly reason: string };

export interface ServedImage {
  readonly kind: 'image';
  readonly digest?: Sha256;
  /** Names exactly these bytes: a strong ETag, and the key under which pieces are cached. No quotes. */
  readonly etag: string;
  readonly lengthBytes: number;
  readonly modifiedAt?: EpochMs;
  readonly contentType?: string;
  /** Exactly `length` bytes from `offset`, or a rejection. Never asked beyond the end. */
  read(offset: number, length: number): Promise<Buffer> | Buffer;
  /** Called once when the server is done with it. */
  release?(): void;
}

/** Bytes. The largest config known is below 200 KB. */
export const renderedBytesMax = 4 * 1024 * 1024;

/** One transfer, from the first byte owed to its end. `etag` is absent for rendered files. */
export interface TransferSeen {
  /** The same object at begin, progress and end. */
  readonly asked: Asked;
  readonly etag?: string;
  readonly digest?: Sha256;
  /** Of the whole file. */
  readonly lengthBytes: number;
  /** Where this transfer starts in the file: 0 but for an HTTP Range. */
  readonly fromByte: number;
}

export interface TransferEnd {
  /** TFTP: acknowledged by the phone. HTTP: taken by the phone's TCP as far as the connection shows. */
  readonly bytes: number;
  readonly blocks?: number;
  readonly retransmits?: number;
  readonly durationMs: DurationMs;
  readonly outcome: Outcome;
}

export interface TransferObserver {
  transferBegan?(seen: TransferSeen): void;
  /** Not more often than once in `progressBytes` and not at all for files shorter than that. */
  transferProgress?(seen: TransferSeen, bytes: number): void;
  transferEnded?(seen: TransferSeen, end: TransferEnd): void;
}

export interface FileResolver {
  resolve(asked: Asked): Promise<Served> | Served;
  readonly observer?: TransferObserver;
}

/** Bytes between two reports of progress. Even 300 bytes a second are seen to move within the agent's patience for a stall. */
export const progressBytes = 64 * 1024;

/** The part of a pino logger that the servers use. */
export interface EdgeLog {
  info(about: object, text: string): void;
  warn(about: object, text: string): void;
}

export const silentLog: EdgeLog = { info: () => {}, warn: () => {} };

/** `::ffff:192.0.2.1` is 192.0.2.1 on a socket that takes both families. */
export const plainAddress = (address: string): string =>
  address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
