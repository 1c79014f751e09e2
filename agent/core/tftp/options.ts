// What a transfer agrees on (RFC 2347 to 2349, RFC 7440). An option that cannot be granted is left out of
// the answer, never refused with ERROR 8: phones give up on an error and go on without an option.
import type { Rollover } from './block-number.ts';

export interface OptionPolicy {
  /** Bytes. 1468 by default: with 32 bytes of headers it fills an Ethernet frame without fragments. */
  readonly blockBytesMax: number;
  /** Blocks in flight. */
  readonly windowBlocksMax: number;
  /**
   * 'leave-out' answers nothing to RFC 2349 `timeout` and measures the round trip instead; 'honour' grants it
   * and retransmits exactly so, for phones that insist.
   */
  readonly timeoutOption: 'leave-out' | 'honour';
  /** What follows block 65,535. */
  readonly rollover: Rollover;
}

export const phonePolicy: OptionPolicy = {
  blockBytesMax: 1468,
  windowBlocksMax: 16,
  timeoutOption: 'leave-out',
  rollover: 0,
};

export interface Terms {
  readonly lengthBytes: number;
  readonly blockBytes: number;
  readonly windowBlocks: number;
  readonly rollover: Rollover;
  /** Absent: retransmission follows the measured round trip. */
  readonly fixedTimeoutMs?: number;
  /** What the OACK says; empty means that DATA 1 goes first. */
  readonly agreed: ReadonlyMap<string, string>;
}

/** Bytes of a transfer without options (RFC 1350). */
export const blockBytesDefault = 512;
/** Bytes sent in one burst, whatever was asked: more than a small switch port buffers is only lost. */
const burstBytesMax = 65_536;

/** `lengthBytes` is what will be sent, after conversion where the mode converts. */
export function agreeOptions(
  asked: ReadonlyMap<string, string>,
  lengthBytes: number,
  policy: OptionPolicy,
): Terms {
  const agreed = new Map<string, string>();
  const blockAsked = integerWithin(asked.get('blksize'), 8, 65_464); // RFC 2348
  const blockBytes = Math.min(blockAsked ?? blockBytesDefault, policy.blockBytesMax);
  const windowAsked = integerWithin(asked.get('windowsize'), 1, 65_535); // RFC 7440
  const windowBlocks = Math.min(
    windowAsked ?? 1,
    policy.windowBlocksMax,
    Math.max(1, Math.floor(burstBytesMax / blockBytes)),
  );
  const timeoutAsked = integerWithin(asked.get('timeout'), 1, 255); // RFC 2349, seconds
  const honoured = policy.timeoutOption === 'honour' ? timeoutAsked : undefined;
  for (const name of asked.keys()) {
    if (name === 'blksize' && blockAsked !== undefined) agreed.set(name, `${blockBytes}`);
    if (name === 'windowsize' && windowAsked !== undefined) agreed.set(name, `${windowBlocks}`);
    if (name === 'timeout' && honoured !== undefined) agreed.set(name, `${honoured}`);
    // Whatever number a reader writes there, the answer is the true size (RFC 2349).
    if (name === 'tsize' && isInteger(asked.get('tsize'))) agreed.set(name, `${lengthBytes}`);
  }
  const terms: Terms = {
    lengthBytes,
    blockBytes,
    windowBlocks,
    rollover: policy.rollover,
    agreed,
  };
  return honoured === undefined ? terms : { ...terms, fixedTimeoutMs: honoured * 1000 };
}

/** For a write: `tsize` is what the phone announces and is repeated (RFC 2349); 0 where it announces nothing. */
export function agreeUpload(asked: ReadonlyMap<string, string>, policy: OptionPolicy): Terms {
  const announced = asked.get('tsize');
  return agreeOptions(asked, isInteger(announced) ? Number(announced) : 0, policy);
}

const isInteger = (text: string | undefined): boolean => /^\d{1,20}$/.test(text ?? '');

function integerWithin(text: string | undefined, least: number, most: number): number | undefined {
  if (!isInteger(text)) return undefined;
  const value = Number(text);
  return value >= least && value <= most ? value : undefined;
}
