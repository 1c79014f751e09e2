import { cisco } from './cisco.ts';
import { grandstream } from './grandstream.ts';
import { polycom } from './polycom.ts';
import type { VendorProfile } from './profile.ts';
import { yealink } from './yealink.ts';

/** Adding a vendor is one file and one line here; nothing else branches on a vendor. */
export const PROFILES: readonly VendorProfile[] = [yealink, polycom, cisco, grandstream];

const BY_NAME: ReadonlyMap<string, VendorProfile> = new Map(
  PROFILES.map((profile) => [profile.name.toLowerCase(), profile]),
);

/** The profile of a vendor as catalogue data spells it, any case; undefined for vendors not known here. */
export const profileOf = (vendor: string): VendorProfile | undefined =>
  BY_NAME.get(vendor.toLowerCase());
