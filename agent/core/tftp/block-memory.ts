// What was learned about the way to one phone: some paths lose every large packet in silence, so that block 1 never
// arrives although the OACK did. The next request from there is offered less.
import type { SteadyMs } from '@ringwave/runtime/clock';
import type { OptionPolicy } from './options.ts';
import type { Transfer } from './transfer.ts';

/** Addresses remembered; the longest forgotten goes first and only costs its phone one more failed attempt. */
const addressesMax = 4096;

/** Bytes that fit any path seen in the field, tunnels included. */
const blockBytesCareful = 1024;

/** A phone that lost its power looks the same as a path that loses its packets; and paths are mended. */
const remembersMs = 3_600_000;

interface Learned {
  /** The largest block to agree on. 512 means that blksize is not answered at all. */
  readonly blockBytes: number;
  readonly at: SteadyMs;
}

/** Per address. */
export type BlockMemory = Map<string, Learned>;

/** Takes in how a transfer ended: only one whose options were accepted and whose first block died tells of a loss. */
export function learnFrom(
  memory: BlockMemory,
  address: string,
  transfer: Transfer,
  now: SteadyMs,
): void {
  const { terms, acked, verified, retransmits } = transfer;
  if (transfer.ended?.outcome.kind === 'done') return learnSuccess(memory, address, transfer);
  if (!verified || acked !== 0 || retransmits < 2 || !terms.agreed.has('blksize')) return;
  const blockBytes = terms.blockBytes > blockBytesCareful ? blockBytesCareful : 512;
  memory.delete(address);
  memory.set(address, { blockBytes, at: now });
  for (const oldest of memory.keys()) {
    if (memory.size <= addressesMax) break;
    memory.delete(oldest);
  }
}

/**
 * A larger block that arrived makes what is known untrue. One without options shows that the phone is there, and not
 * which blocks arrive: the careful ones are tried once more.
 */
function learnSuccess(memory: BlockMemory, address: string, { terms, lastBlock }: Transfer): void {
  const known = memory.get(address);
  if (!known) return;
  if (lastBlock > 1 && terms.blockBytes > known.blockBytes) memory.delete(address);
  else if (known.blockBytes === 512)
    memory.set(address, { ...known, blockBytes: blockBytesCareful });
}

function knownOf(memory: BlockMemory, address: string, now: SteadyMs): number | undefined {
  const known = memory.get(address);
  return known === undefined || now - known.at > remembersMs ? undefined : known.blockBytes;
}

/** What may be agreed with this address. */
export function policyFor(
  memory: BlockMemory,
  address: string,
  policy: OptionPolicy,
  now: SteadyMs,
): OptionPolicy {
  const known = knownOf(memory, address, now);
  return known === undefined || known >= policy.blockBytesMax
    ? policy
    : { ...policy, blockBytesMax: known };
}

/** Without any option there is no OACK either: the last resort for a path that swallows what is unusual. */
export const optionsFor = (
  memory: BlockMemory,
  address: string,
  asked: ReadonlyMap<string, string>,
  now: SteadyMs,
): ReadonlyMap<string, string> => (knownOf(memory, address, now) === 512 ? new Map() : asked);
