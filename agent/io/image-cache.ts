import { Readable } from 'node:stream';
import type { ImageStore } from '@ringwave/firmware-catalog/io/image-store';
import type { FaultCode } from '@ringwave/protocol/faults';
import type { Sha256 } from '@ringwave/protocol/units';
import { spareBytesUsually } from '@ringwave/runtime/io/disk-room';
import type { Logger } from 'pino';
import type { AgentEffect, AgentEvent, Rate } from '../core/state.ts';

// Fetches each image once over the site's line, from where an earlier try stopped, and measures it while it
// streams. One at a time: a branch line gains nothing from two downloads side by side.

/** 30 s without a byte: the line is dead, the next try resumes. */
const silentMsMax = 30_000;

type Fetch = Extract<AgentEffect, { kind: 'fetch-image' }>;

export interface ImageCacheParts {
  readonly images: ImageStore;
  readonly grant: { readonly httpUrl: string; readonly agentToken: string };
  readonly log: Pick<Logger, 'warn'>;
  /** 64 MiB where absent. */
  readonly spareBytes?: number;
  /** Images that nobody needs any more; they make room for others. */
  unneeded?(): readonly Sha256[];
  submit(event: AgentEvent): void;
}

export class ImageCache {
  readonly #parts: ImageCacheParts;
  readonly #stop = new AbortController();
  /** Digests in line or under way: the same image is never fetched twice at once. */
  readonly #asked = new Set<Sha256>();
  #line: Promise<void> = Promise.resolve();

  /** What the site's line may carry now. */
  #rate: Rate = 'free';
  #isRateTold = false;
  /** Bytes taken that the rate has not paid for yet; below zero where a timer came late. */
  #owedBytes = 0;
  /** Whoever waits for a piece's turn looks again when the rate changes. */
  readonly #rateChanged = new EventTarget();

  constructor(parts: ImageCacheParts) {
    this.#parts = parts;
  }

  /** From now on, also for the image under way; `none` lets its connection wait, and the next try resumes. */
  setRate(rate: Rate): void {
    this.#rate = rate;
    this.#isRateTold = true;
    this.#rateChanged.dispatchEvent(new Event('change'));
  }

  /** Always ends in `image-held` or `image-failed`. */
  fetch(wanted: Fetch): void {
    if (this.#asked.has(wanted.digest) || this.#stop.signal.aborted) return;
    this.#asked.add(wanted.digest);
    // Plans without hours name one rate with each image.
    if (!this.#isRateTold) this.#rate = wanted.bytesPerSecond > 0 ? wanted.bytesPerSecond : 'free';
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
    const bytes = lengthBytes - have + spareBytes;
    if (!(await this.#makeRoom(bytes, digest))) return { fault: 'storage-full' };
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
    const counted = this.#paced(response.body, (length) => {
      fetchedBytes += length;
    });
    const stored = await this.#parts.images.append(counted, { sha256: digest, lengthBytes, from });
    if (stored.kind === 'refused') return { fault: stored.fault };
    return stored.kind === 'partial' ? { fault: 'image-unreachable' } : { fetchedBytes };
  }

  /** Images of past rollouts are kept for as long as there is room, since who goes back needs them again. */
  async #makeRoom(bytes: number, wanted: Sha256): Promise<boolean> {
    const { images } = this.#parts;
    const unneeded = this.#parts.unneeded?.() ?? [];
    for (const digest of unneeded.filter((one) => one !== wanted)) {
      if ((await images.freeBytes()) >= bytes) return true;
      await images.remove(digest);
      this.#parts.submit({ kind: 'image-lost', digest });
    }
    return (await images.freeBytes()) >= bytes;
  }

  /** Passes bytes on no faster than the site's line may be used; 0 means as fast as it goes. */
  async *#paced(
    body: ReadableStream<Uint8Array>,
    count: (length: number) => void,
  ): AsyncIterable<Uint8Array> {
    const stream = Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]);
    let dead = setTimeout(() => stream.destroy(new Error('the line is silent')), silentMsMax);
    try {
      for await (const chunk of stream) {
        clearTimeout(dead);
        const piece = chunk as Uint8Array;
        count(piece.length);
        yield piece;
        await this.#turn(piece.length);
        dead = setTimeout(() => stream.destroy(new Error('the line is silent')), silentMsMax);
      }
    } finally {
      clearTimeout(dead);
    }
  }

  /** Waits as long as this piece takes at the present rate; one that changes meanwhile holds from there on. */
  async #turn(length: number): Promise<void> {
    this.#owedBytes = Math.max(this.#owedBytes, -length) + length;
    while (this.#owedBytes > 0 && this.#rate !== 'free' && !this.#stop.signal.aborted) {
      const rate = this.#rate === 'none' ? 0 : this.#rate;
      const began = performance.now();
      await this.#pause(rate > 0 ? (this.#owedBytes / rate) * 1000 : undefined);
      this.#owedBytes -= ((performance.now() - began) / 1000) * rate;
    }
    if (this.#rate === 'free') this.#owedBytes = 0;
  }

  /** So long, or without an end, until the rate changes or the agent stops. */
  async #pause(waitMs: number | undefined): Promise<void> {
    const over = new AbortController();
    await new Promise<void>((resolve) => {
      const timer = waitMs === undefined ? undefined : setTimeout(resolve, waitMs);
      const end = () => (clearTimeout(timer), resolve());
      this.#rateChanged.addEventListener('change', end, { signal: over.signal });
      this.#stop.signal.addEventListener('abort', end, { signal: over.signal });
    });
    over.abort();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#line;
  }
}
