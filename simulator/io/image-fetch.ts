import type { IncomingMessage } from 'node:http';
import { ms } from '@ringwave/protocol/units';
import { type Ask, beside, judgeHeader } from '../core/boot-round.ts';
import { type DemoImage, ImageCheck } from '../core/demo-image.ts';
import { resumesAfter, seededWithin } from '../core/habit.ts';
import { httpWithLogin, losesPacket, retryAfter, tftpPlace } from './file-fetch.ts';
import { pause } from './pause.ts';
import { type PhoneSelf, runningPhone } from './phone-self.ts';
import { tftpGet } from './tftp-get.ts';

// Takes an image and checks it as it arrives: its header first, then every byte, then its length. A cut
// download goes on: over HTTP from the byte where it stopped, over TFTP from the beginning.

/** Undefined: not taken, for a reason that was told. */
export type Taken = DemoImage | undefined;

/** Starts of one image before the phone leaves it until its next look at its files. */
const startsMax = 6;
/** Parts of one image that are fetched; the largest load file known names seven. */
const partsMax = 16;

/** The image and the parts it names. */
export async function fetchImage(self: PhoneSelf, ask: Ask, signal: AbortSignal): Promise<Taken> {
  const first = await fetchOne(self, ask, signal);
  for (const name of (first?.parts ?? []).slice(0, partsMax)) {
    const part = await fetchOne(self, beside(ask, name), signal);
    if (!part) return undefined;
  }
  return first;
}

interface Download {
  readonly check: ImageCheck;
  readonly startedAt: number;
  bytes: number;
  etag?: string;
}

/** How one start ended; 'cut' may be tried again. */
type StartEnd =
  | { readonly kind: 'whole' }
  | {
      readonly kind: 'cut';
      readonly reason: string;
      readonly retryAfterSeconds?: number | undefined;
    }
  | { readonly kind: 'refused'; readonly reason: string };

async function fetchOne(self: PhoneSelf, ask: Ask, signal: AbortSignal): Promise<Taken> {
  const { path } = ask;
  let download = fresh(self);
  for (let start = 1; start <= startsMax && !signal.aborted; start += 1) {
    self.tell({ kind: 'image-began', path, fromByte: download.bytes });
    const end =
      ask.protocol === 'http'
        ? await startHttp(self, ask, { download, signal })
        : await startTftp(self, ask, { download, signal });
    if (end.kind === 'whole') {
      self.tell({ kind: 'image-taken', path, lengthBytes: download.bytes });
      return download.check.header;
    }
    if (end.kind === 'refused') {
      self.tell({ kind: 'image-refused', path, reason: end.reason });
      return undefined;
    }
    self.tell({ kind: 'image-cut', path, reason: end.reason });
    if (ask.protocol === 'tftp' || download.check.isBroken) download = fresh(self);
    const own = seededWithin(resumesAfter, self.seed, self.mac, path, start);
    const told = ms((end.retryAfterSeconds ?? 0) * 1000);
    await pause(self.clock, told > own ? told : own, signal);
  }
  return undefined;
}

const fresh = (self: PhoneSelf): Download => ({
  check: new ImageCheck(),
  startedAt: self.clock.now(),
  bytes: 0,
});

type Way = { readonly download: Download; readonly signal: AbortSignal };

/** Why a phone wants no more of an image; undefined while it may go on. */
function unwanted(self: PhoneSelf, { check }: Download): string | undefined {
  if (check.isBroken) return 'its bytes are not those of an image';
  if (!check.header) return undefined;
  const verdict = judgeHeader(self.kind, runningPhone(self), check.header);
  return verdict === 'install' ? undefined : verdict;
}

function take(self: PhoneSelf, download: Download, piece: Buffer): string | undefined {
  const hadHeader = download.check.header !== undefined;
  download.bytes += piece.length;
  download.check.take(piece);
  const isToJudge = !hadHeader || download.check.isBroken;
  return isToJudge ? unwanted(self, download) : undefined;
}

/** A slow phone waits until its rate, on its own clock, has caught up with what it took. */
function heldBack(self: PhoneSelf, { download, signal }: Way): Promise<void> | undefined {
  if (self.habit.kind !== 'slow') return undefined;
  const dueAt = download.startedAt + (download.bytes / self.habit.bytesPerSecond) * 1000;
  const wait = dueAt - self.clock.now();
  return wait > 0 ? pause(self.clock, ms(Math.ceil(wait)), signal) : undefined;
}

async function startHttp(self: PhoneSelf, ask: Ask, way: Way): Promise<StartEnd> {
  const { download, signal } = way;
  const { bytes, etag } = download;
  const headers =
    bytes > 0 ? { Range: `bytes=${bytes}-`, ...(etag ? { 'If-Range': etag } : {}) } : {};
  const answer = await httpWithLogin(self, ask, { signal, headers });
  if (answer.kind === 'unreachable') return { kind: 'cut', reason: answer.reason };
  const { status, response } = answer;
  const goesOn = status === 206 && rangeStart(response) === bytes;
  if (status === 503) {
    response.destroy();
    return { kind: 'cut', reason: 'HTTP 503', retryAfterSeconds: retryAfter(response) };
  }
  if (status !== 200 && !goesOn) {
    response.destroy();
    return { kind: 'refused', reason: `HTTP ${status}` };
  }
  if (status === 200 && bytes > 0) {
    response.destroy();
    return startOver(download);
  }
  const tag = response.headers.etag;
  if (tag) download.etag = tag;
  return readImage(self, response, way);
}

const rangeStart = (response: IncomingMessage): number =>
  Number(/^bytes (\d+)-/.exec(response.headers['content-range'] ?? '')?.[1] ?? Number.NaN);

/** Other bytes than those begun: what is held is worth nothing. */
function startOver(download: Download): StartEnd {
  download.check.take(Buffer.from('not the same image'));
  return { kind: 'cut', reason: 'the image changed' };
}

async function readImage(self: PhoneSelf, response: IncomingMessage, way: Way): Promise<StartEnd> {
  const { download } = way;
  try {
    for await (const piece of response as AsyncIterable<Buffer>) {
      const reason = take(self, download, piece);
      if (reason) {
        response.destroy();
        return { kind: 'refused', reason };
      }
      await heldBack(self, way);
    }
  } catch (error) {
    return { kind: 'cut', reason: (error as NodeJS.ErrnoException).code ?? 'cut' };
  }
  return download.check.isWhole ? { kind: 'whole' } : { kind: 'cut', reason: 'ended early' };
}

async function startTftp(self: PhoneSelf, ask: Ask, way: Way): Promise<StartEnd> {
  const { download, signal } = way;
  let reason: string | undefined;
  const end = await tftpGet({
    ...tftpPlace(ask),
    localAddress: self.localAddress,
    options: self.kind.tftp,
    signal,
    loses: () => losesPacket(self),
    take: (block) => {
      reason = take(self, download, block);
      return reason ? 'stop' : heldBack(self, way);
    },
  });
  switch (end.kind) {
    case 'whole':
      return download.check.isWhole ? { kind: 'whole' } : { kind: 'cut', reason: 'ended early' };
    case 'stopped':
      return { kind: 'refused', reason: reason ?? 'not wanted' };
    case 'refused':
      return { kind: 'refused', reason: `TFTP error ${end.code}` };
    case 'cut':
      return { kind: 'cut', reason: end.reason };
    case 'unreachable':
      return { kind: 'cut', reason: 'no answer by TFTP' };
    default:
      return end satisfies never;
  }
}
