// Phones and adapters that Sipura made, Linksys sold and Cisco went on with: one form under three names.

import { stationMac } from '../requested-path.ts';
import { bracketsOf, isSerial } from './cisco-mpp.ts';
import { compareCisco } from './cisco-version.ts';
import type { AgentClaim, Order } from './profile.ts';

const AGENT =
  /^(Linksys|Sipura)\/((?:SPA|PAP|WIP|WRP|WRT|RTP|RT)-?\d{1,4}[A-Z]{0,3}\d?)(?:-(\d\S{0,40}))?(?=\s|$)/i;

/**
 * `Linksys/SPA-942-6.1.5(a) (88019FA42805)`: one bracket holds the serial number, even where it looks like
 * a MAC; of two the first is the MAC.
 */
export function readSlashedAgent(
  userAgent: string,
  brand: 'Linksys' | 'Sipura',
): AgentClaim | undefined {
  const found = AGENT.exec(userAgent);
  if (found?.[2] === undefined || found[1]?.toLowerCase() !== brand.toLowerCase()) return undefined;
  const [first, second] = bracketsOf(userAgent.slice(found[0].length));
  const serial = second ?? first;
  return {
    model: found[2].replace('-', '').toUpperCase(),
    version: found[3] ?? null,
    mac: second === undefined || first === undefined ? null : stationMac(first),
    ...(serial === undefined || !isSerial(serial) ? {} : { serial }),
  };
}

/** Two or more letters in brackets, `(GW)`, `(LS)`, mark the product an image is for; one is a later issue. */
const PRODUCT = /\(([A-Z]{2,4})\)$/i;

export function compareSlashed(a: string, b: string): Order {
  const left = PRODUCT.exec(a.trim())?.[1]?.toUpperCase();
  const right = PRODUCT.exec(b.trim())?.[1]?.toUpperCase();
  if (left !== undefined && right !== undefined && left !== right) return 'incomparable';
  return compareCisco(a.trim().replace(PRODUCT, ''), b.trim().replace(PRODUCT, ''));
}
