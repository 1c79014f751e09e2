import { BlockList, isIP } from 'node:net';

// Addresses that lead into a network rather than out to a vendor (IANA special-purpose registries for IPv4
// and IPv6), and those under which clouds tell a machine its secrets.
const INSIDE: readonly (readonly [address: string, prefix: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10], // carriers' own, and 100.100.100.200 of one cloud
  ['127.0.0.0', 8],
  ['168.63.129.16', 32], // one cloud's own
  ['169.254.0.0', 16], // link-local, and 169.254.169.254 of most clouds
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['::', 128],
  ['::1', 128],
  ['::', 96], // IPv4 as it was once written
  ['64:ff9b::', 96], // carries any IPv4 address
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23], // Teredo carries any IPv4 address
  ['2001:db8::', 32],
  ['2002::', 16], // 6to4 does too
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
];

const inside = new BlockList();
for (const [address, prefix] of INSIDE) {
  inside.addSubnet(address, prefix, isIP(address) === 4 ? 'ipv4' : 'ipv6');
}

/** Whether an address leads inside. What is no address at all counts as inside: nobody goes there. */
export function isInside(address: string): boolean {
  const bare = address.split('%', 1)[0] ?? '';
  const version = isIP(bare);
  if (version === 0) return true;
  return inside.check(bare, version === 4 ? 'ipv4' : 'ipv6');
}

/** The address that a URL names in figures; undefined for a name. */
export function literalAddress({ hostname }: URL): string | undefined {
  const bare = hostname.replace(/^\[|\]$/g, '');
  return isIP(bare) === 0 ? undefined : bare;
}

/** Whether a URL leads inside without anybody being asked. */
export function namesInside(url: URL): boolean {
  const literal = literalAddress(url);
  if (literal !== undefined) return isInside(literal);
  return /(?:^|\.)(?:localhost|local|internal|home\.arpa)\.?$/i.test(url.hostname);
}
