import { Readable } from 'node:stream';
import type { ImageStore } from '@ringwave/firmware-catalog/io/image-store';
import type { FaultCode } from '@ringwave/protocol/faults';
import type { Sha256 } from '@ringwave/protocol/units';
import type { Logger } from 'pino';
import type { AgentEffect, AgentEvent } from '../core/state.ts';

// Fetches each image once over the site's line, from where an earlier try stopped, and measures it while it
// streams. One at a time: a branch line gains nothing from two downloads side by side.

/** Bytes that an image leaves free: with a full disk the agent could commit nothing and would stop. */
const spareBytesUsually = 64 * 1024 * 1024;

/** 30 s without a byte: the line is dead, the next try resumes. */
const silentMsMax = 30_000;

type Fetch = Extract<AgentEffect, { kind: 'fetch-image' }>;

export interface ImageCacheParts {
  readonly images: ImageStore;
  readonly grant: { readonly httpUrl: string; readonly agentToken: string };
  readonly log: Pick<Logger, 'warn'>;
  /** 64 MiB where absent. */
  readonly spareBytes?: number;
  submit(event: AgentEvent): void;
}

export class ImageCache {
  readonly #parts: ImageCacheParts;
  readonly #stop = new AbortController();
  /** Digests in line or under way: the same image is never fetched twice at once. */
  readonly #asked = new Set<Sha256>();
  #line: Promise<void> = Promise.resolve();

  constructor(parts: ImageCacheParts) {
    this.#parts = parts;
  }

  /** Always ends in `image-held` or `image-failed`. */
  fetch(wanted: Fetch): void {
    if (this.#asked.has(wanted.digest) || this.#stop.signal.aborted) return;
    this.#asked.add(wanted.digest);
    this.#line = this.#line.then(() => this.#fetchNow(wanted));
  }

  async #fetchNow(wanted: Fetch): Promise<void> {
    const { digest } = wanted;
    const result = await this.#download(wanted).catch((error: unknown) => {
      this.#parts.log.warn({ digest, error: String(error) }, 'image not fetched');
      return { fault: 'image-unreachable' as FaultCode };
    });
    this.#asked.delete(digest);
    if (this.#stop.signal.aborted) return;
    if ('fault' in result)
      this.#parts.submit({ kind: 'image-failed', digest, fault: result.fault });
    else this.#parts.submit({ kind: 'image-held', digest, fetchedBytes: result.fetchedBytes });
  }

  async #download(wanted: Fetch): Promise<{ fault: FaultCode } | { fetchedBytes: number }> {
    const { digest, lengthBytes } = wanted;
    if (await this.#parts.images.has(digest)) return { fetchedBytes: 0 };
    const have = await this.#parts.images.partialLength(digest);
    const { spareBytes = spareBytesUsually } = this.#parts;
    if ((await this.#parts.images.freeBytes()) < lengthBytes - have + spareBytes) {
      return { fault: 'storage-full' };
    }
    const { httpUrl, agentToken } = this.#parts.grant;
    const response = await fetch(new URL(`/images/${digest}`, httpUrl), {
      headers: {
        authorization: `Bearer ${agentToken}`,
        ...(have > 0 && have < lengthBytes ? { range: `bytes=${have}-` } : {}),
      },
      redirect: 'error',
      signal: this.#stop.signal,
    });
    if (!response.ok || !response.body) {
      await response.body?.cancel();
      return { fault: 'image-unreachable' };
    }
    // A server that ignores Range sends all of it again.
    const from = response.status === 206 ? have : 0;
    let fetchedBytes = 0;
    const counted = this.#paced(response.body, wanted.bytesPerSecond, (length) => {
      fetchedBytes += length;
    });
    const stored = await this.#parts.images.append(counted, { sha256: digest, lengthBytes, from });
    if (stored.kind === 'refused') return { fault: stored.fault };
    return stored.kind === 'partial' ? { fault: 'image-unreachable' } : { fetchedBytes };
  }

  /** Passes bytes on no faster than the site's line may be used; 0 means as fast as it goes. */
  async *#paced(
    body: ReadableStream<Uint8Array>,
    bytesPerSecond: number,
    count: (length: number) => void,
  ): AsyncIterable<Uint8Array> {
    const stream = Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]);
    const began = performance.now();
    let total = 0;
    let dead = setTimeout(() => stream.destroy(new Error('the line is silent')), silentMsMax);
    try {
      for await (const chunk of stream) {
        clearTimeout(dead);
        const piece = chunk as Uint8Array;
        total += piece.length;
        count(piece.length);
        yield piece;
        if (bytesPerSecond > 0) await this.#until(began + (total / bytesPerSecond) * 1000);
        dead = setTimeout(() => stream.destroy(new Error('the line is silent')), silentMsMax);
      }
    } finally {
      clearTimeout(dead);
    }
  }

  async #until(at: number): Promise<void> {
    const wait = at - performance.now();
    if (wait <= 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, wait);
      this.#stop.signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), {
        once: true,
      });
    });
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#line;
  }
}
