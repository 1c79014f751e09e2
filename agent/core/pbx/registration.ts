// Where a PBX says that a phone is registered.
import { isIP } from 'node:net';

export interface Registration {
  /** The IP address in the contact, or where the registration came from. */
  readonly address: string;
  readonly port: number;
  readonly userAgent?: string;
}

/** RFC 3261 section 19.1.2: what a URI without a port means. */
const usualPort = 5060;

/** Reads `sip:101@10.0.0.7:5062;transport=udp`; undefined where the host is a name, which proves no phone. */
export function contactOf(uri: string): Registration | undefined {
  const [, six, four, port] =
    /^<?sips?:(?:[^@<>\s]{1,256}@)?(?:\[([0-9a-f:.]{2,45})\]|([0-9.]{7,15}))(?::(\d{1,5}))?(?:[;?>]|$)/i.exec(
      uri,
    ) ?? [];
  const address = six ?? four ?? '';
  const number = port === undefined ? usualPort : Number(port);
  if (isIP(address) === 0 || number < 1 || number > 65_535) return undefined;
  return { address, port: number };
}

/**
 * The one contact of a phone. A NOTIFY to an address of record reaches every phone that shares it, so where several are
 * registered none is chosen: 'shared'.
 */
export function onlyContact(
  registrations: readonly Registration[],
): Registration | 'shared' | 'none' {
  const [first, ...others] = registrations;
  if (!first) return 'none';
  const isSame = (one: Registration) => one.address === first.address && one.port === first.port;
  return others.every(isSame) ? first : 'shared';
}
