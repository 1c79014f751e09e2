import { ciscoNames } from './cisco.ts';
import { moreVendors } from './more-vendors.ts';
import { polyNames } from './poly.ts';
import type { ProductNames } from './product-names.ts';
import { yealinkNames } from './yealink.ts';

/** Every vendor that advisories name; one that is absent here is reviewed by a person, with its wording. */
export const PRODUCT_NAMES: readonly ProductNames[] = [
  ciscoNames,
  polyNames,
  yealinkNames,
  ...moreVendors,
];
