import { knowledgeOf } from './vendors/all.ts';
import type { Order } from './vendors/profile.ts';
import { ordered } from './vendors/version-parts.ts';

/**
 * Orders version `a` against `b` in the vendor's own scheme ('older': a is older than b). Model and
 * hardware revision narrow the line where given. 'incomparable' for vendors, shapes and lines that
 * cannot be set against each other; the caller holds the phone and shows a person.
 */
export function compareVersions(
  vendor: string,
  a: string,
  b: string,
  about: { model?: string; hardware?: string } = {},
): Order {
  const known = knowledgeOf(vendor);
  return known ? known.compare(a, b, about) : ordered(a, b, () => 'incomparable');
}
