import type { EpochMs, Mac } from '@ringwave/protocol/units';

// What phones showed of themselves.

/** What this phone itself showed last. */
export interface Sighting {
  readonly mac: Mac;
  readonly vendor: string | null;
  readonly model: string | null;
  /** The application's version; a boot loader's own version is never stored here. */
  readonly version: string | null;
  readonly hardware?: string;
  readonly address: string;
  readonly at: EpochMs;
  /** When the version above was last shown. */
  readonly versionAt: EpochMs;
  readonly registered?: Registered;
  /** The controller told of it, by what another box had seen: nothing was asked of this one. */
  readonly isHearsay?: true;
}

/** Who said last that the phone can be reached by calls; evidence, which decides nothing. */
export interface Registered {
  /** `asterisk 10.0.0.2:5038`, or `options` where the phone itself answered. */
  readonly source: string;
  readonly address: string;
  readonly at: EpochMs;
}
