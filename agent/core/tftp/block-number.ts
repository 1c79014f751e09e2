// Blocks are counted without end here; on the wire their numbers have 16 bits and start again.

/**
 * What follows block 65,535: 0 with nearly every peer. RFC 1350 does not say, and a few boot loaders go on with 1, since
 * 0 was the number of an answer that holds no data.
 */
export type Rollover = 0 | 1;

/** The number that travels for an absolute block; block 0 is the OACK and stays 0. */
export function wireNumber(block: number, rollover: Rollover): number {
  if (rollover === 0 || block <= 0xffff) return block & 0xffff;
  return ((block - 1) % 0xffff) + 1;
}

/**
 * How many blocks `wire` lies after `block`, which is -1 before the OACK was acknowledged. Something older comes out as a
 * very large step: no window reaches that far.
 */
export function stepTo(wire: number, block: number, rollover: Rollover): number {
  if (rollover === 0 || block <= 0) return (wire - block) & 0xffff;
  if (wire === 0) return Infinity;
  return (wire - wireNumber(block, rollover) + 0xffff) % 0xffff;
}
