import type { ConfigLanguage } from '@ringwave/firmware-catalog/vendors/line-facts';

/** What a source of base files has under a name. */
export type BaseFile =
  | { readonly kind: 'found'; readonly body: Buffer; readonly contentType?: string }
  | { readonly kind: 'absent' }
  /** It could not be read now: nothing is known about it. With `isOther` it came whole, and not in the language asked for. */
  | { readonly kind: 'failed'; readonly reason: string; readonly isOther?: true }
  /** More was asked for than we ask for at once: nothing is wrong with the source. */
  | { readonly kind: 'busy'; readonly reason: string };

export interface BaseAsked {
  /** As `askedPath` gives it. */
  readonly path: string;
  readonly userAgent?: string;
  /** Whether a page for people cannot be the file. */
  readonly isConfig: boolean;
  /** Of which it must be a whole file; absent: a part, or nobody knows. */
  readonly language?: ConfigLanguage;
}

export interface BaseReader {
  /** The folder or host, for people. */
  readonly name: string;
  read(asked: BaseAsked): Promise<BaseFile>;
}

/** Bytes of one base file, picture or directory; the longest configuration known has 200,000. */
export const baseBytesMax = 1024 ** 2;

/** Names under which phones of any vendor look for settings; a directory or picture has others. */
export const isConfigName = (path: string): boolean => /\.(?:cfg|boot|xml|txt|conf)$/i.test(path);
