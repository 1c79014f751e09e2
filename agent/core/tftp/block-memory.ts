// What was learned about the way to one phone: some paths lose every large packet in silence, so that block 1 never
// arrives although the OACK did. The next request from there is offered less.
import type { OptionPolicy } from './options.ts';
import type { Transfer } from './transfer.ts';

/** Addresses remembered; the longest forgotten goes first and only costs its phone one more failed attempt. */
const addressesMax = 4096;

/** Bytes that fit any path seen in the field, tunnels included. */
const blockBytesCareful = 1024;

/** Per address: the largest block to agree on. 512 means that blksize is not answered at all. */
export type BlockMemory = Map<string, number>;

/** Takes in how a transfer ended: only one whose options were accepted and whose first block died tells anything. */
export function learnFrom(memory: BlockMemory, address: string, transfer: Transfer): void {
  const { terms, acked, verified, retransmits } = transfer;
  if (!verified || acked !== 0 || retransmits < 2 || !terms.agreed.has('blksize')) return;
  memory.delete(address);
  memory.set(address, terms.blockBytes > blockBytesCareful ? blockBytesCareful : 512);
  for (const oldest of memory.keys()) {
    if (memory.size <= addressesMax) break;
    memory.delete(oldest);
  }
}

/** What may be agreed with this address. */
export function policyFor(
  memory: BlockMemory,
  address: string,
  policy: OptionPolicy,
): OptionPolicy {
  const known = memory.get(address);
  return known === undefined || known >= policy.blockBytesMax
    ? policy
    : { ...policy, blockBytesMax: known };
}

/** Without any option there is no OACK either: the last resort for a path that swallows what is unusual. */
export const optionsFor = (
  memory: BlockMemory,
  address: string,
  asked: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> => (memory.get(address) === 512 ? new Map() : asked);
