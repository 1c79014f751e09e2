import type { EpochMs } from '@ringwave/protocol/units';

// Where a PBX says that a phone is registered.
export interface Registration {
  /** The IP address in the contact, or where the registration came from. */
  readonly address: string;
  readonly port: number;
  readonly userAgent?: string;
  /** When it was made or renewed, by the registrar's own clock; undefined where the registrar does not tell. */
  readonly refreshedAt?: EpochMs;
}

/** What is told of a phone that answers OPTIONS: something is there, and nobody knows whether it is registered. */
export const answersAlone = 'options';

/** Whether a text is an IP address, written out: a name proves no phone and can come to mean another. */
export const isAddress = (text: string): boolean =>
  /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/.test(text) ||
  (/^[0-9a-f:.]{2,45}$/i.test(text) && text.includes(':') && URL.canParse(`http://[${text}]/`));

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
  if (!isAddress(address) || number < 1 || number > 65_535) return undefined;
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
