// X.509 certificates (RFC 5280) for the agent's own TLS, written here because the platform reads certificates but makes
// none. Only what a small private authority needs: P-256 or RSA, version 3, the extensions that clients check.
import { createHash, type KeyObject, sign } from 'node:crypto';
import type { EpochMs, Mac } from '@ringwave/protocol/units';
import { mac } from '@ringwave/protocol/units';

export interface CertificateOf {
  readonly subject: string;
  readonly subjectKey: KeyObject;
  readonly issuer: string;
  readonly issuerKey: KeyObject;
  /** The public half of `issuerKey`. */
  readonly issuerPublicKey: KeyObject;
  /** 16 random bytes. */
  readonly serial: Buffer;
  readonly from: EpochMs;
  readonly until: EpochMs;
  /** Absent: an authority, which signs others and serves nothing. */
  readonly hosts?: readonly string[];
}

export function makeCertificate(of: CertificateOf): string {
  const algorithm = signatureAlgorithm(of.issuerKey);
  const toBeSigned = sequence(
    tagged(0, integer(Buffer.from([2]))),
    // A leading zero bit keeps the number positive, a leading one bit below it keeps its length.
    integer(Buffer.concat([Buffer.from([0x40 | (of.serial[0]! & 0x3f)]), of.serial.subarray(1)])),
    algorithm,
    name(of.issuer),
    sequence(time(of.from), time(of.until)),
    name(of.subject),
    spki(of.subjectKey),
    tagged(3, sequence(...extensions(of))),
  );
  const signature = sign('sha256', toBeSigned, of.issuerKey);
  const der = sequence(toBeSigned, algorithm, bitString(signature));
  const lines = der.toString('base64').replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

function extensions({ hosts, subjectKey, issuerPublicKey }: CertificateOf): Buffer[] {
  const identifier = (key: KeyObject) => createHash('sha1').update(spki(key)).digest();
  const keys = [
    extension('551d0e', octets(octets(identifier(subjectKey)).subarray(0))),
    extension('551d23', octets(sequence(implicit(0, identifier(issuerPublicKey))))),
  ];
  if (!hosts) {
    return [
      extension('551d13', octets(sequence(TRUE)), TRUE),
      // keyCertSign and cRLSign.
      extension('551d0f', octets(element(0x03, Buffer.from([1, 0x06]))), TRUE),
      ...keys,
    ];
  }
  return [
    extension('551d13', octets(sequence()), TRUE),
    // digitalSignature for P-256; keyEncipherment for the RSA key exchange of old phones.
    extension('551d0f', octets(element(0x03, Buffer.from([5, 0xa0]))), TRUE),
    extension('551d25', octets(sequence(objectId('2b06010505070301')))),
    extension('551d11', octets(sequence(...hosts.map(alternativeName)))),
    ...keys,
  ];
}

function alternativeName(host: string): Buffer {
  const parts = host.split('.').map(Number);
  const isIpv4 = /^\d+(\.\d+){3}$/.test(host) && parts.every((part) => part < 256);
  return isIpv4 ? implicit(7, Buffer.from(parts)) : implicit(2, Buffer.from(host, 'latin1'));
}

const signatureAlgorithm = (key: KeyObject): Buffer =>
  key.asymmetricKeyType === 'rsa'
    ? sequence(objectId('2a864886f70d01010b'), element(0x05, Buffer.alloc(0)))
    : sequence(objectId('2a8648ce3d040302'));

const spki = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' });

/** One common name and nothing else. */
const name = (common: string): Buffer =>
  sequence(element(0x31, sequence(objectId('550403'), element(0x0c, Buffer.from(common, 'utf8')))));

/** Two-digit years up to 2049 (RFC 5280 section 4.1.2.5). */
function time(at: EpochMs): Buffer {
  const digits = new Date(at)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:T]/g, '');
  return digits < '2050'
    ? element(0x17, Buffer.from(digits.slice(2)))
    : element(0x18, Buffer.from(digits));
}

const extension = (id: string, value: Buffer, critical: Buffer = Buffer.alloc(0)): Buffer =>
  sequence(objectId(id), critical, value);

// DER: a tag, a length, the content.
const element = (tag: number, content: Buffer): Buffer =>
  Buffer.concat([Buffer.from([tag]), length(content.length), content]);
const sequence = (...parts: readonly Buffer[]): Buffer => element(0x30, Buffer.concat(parts));
const tagged = (tag: number, content: Buffer): Buffer => element(0xa0 | tag, content);
const implicit = (tag: number, content: Buffer): Buffer => element(0x80 | tag, content);
const integer = (content: Buffer): Buffer => element(0x02, content);
const octets = (content: Buffer): Buffer => element(0x04, content);
const bitString = (content: Buffer): Buffer =>
  element(0x03, Buffer.concat([Buffer.from([0]), content]));
const objectId = (hex: string): Buffer => element(0x06, Buffer.from(hex, 'hex'));
const TRUE = element(0x01, Buffer.from([0xff]));

function length(bytes: number): Buffer {
  if (bytes < 0x80) return Buffer.from([bytes]);
  if (bytes < 0x100) return Buffer.from([0x81, bytes]);
  return Buffer.from([0x82, bytes >> 8, bytes & 0xff]);
}

/**
 * The MAC in a device certificate: alone in the common name (Poly, Yealink, Grandstream), behind a model (`CP-7841-SEP…`,
 * Cisco), or in an alternative name. Null where none stands there, or two different ones.
 */
export function certificateMac(commonName: string, alternativeNames: string): Mac | null {
  const text = `${commonName} ${alternativeNames}`.slice(0, namesCharactersMax);
  const pattern =
    /(?<![0-9a-f])[0-9a-f]{2}(?:([:-]?)[0-9a-f]{2})(?:\1[0-9a-f]{2}){4}(?![0-9a-f])/gi;
  const found = new Set([...text.matchAll(pattern)].map(([digits]) => mac(digits)));
  const [only] = found;
  return found.size === 1 && only ? only : null;
}

/** Characters of a certificate's names that are looked at. */
const namesCharactersMax = 4096;
