import type { EpochMs, Mac } from '@ringwave/protocol/units';

// What an agent keeps of whom nobody has told it.

/** An address that asks for phones nobody knows. */
export interface Stranger {
  /** The latest different MACs it asked for, oldest first. */
  readonly asked: readonly { readonly mac: Mac; readonly at: EpochMs }[];
  readonly blockedUntil?: EpochMs;
}

/** A phone in no plan that showed itself on this site. All of it is its own claim, save where it was seen from. */
export interface Discovered {
  readonly mac: Mac;
  readonly vendor: string | null;
  readonly model: string | null;
  readonly version: string | null;
  readonly address: string;
  readonly via: readonly DiscoveredVia[];
  readonly firstAt: EpochMs;
  readonly at: EpochMs;
}

/** It asked for a file, asked by plug and play, or is in the neighbour table with a phone maker's prefix. */
export type DiscoveredVia = 'request' | 'pnp' | 'neighbour';
