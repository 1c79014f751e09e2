import { type Mac, mac } from '@ringwave/protocol/units';
import { remembered } from './remembered.ts';

/** Characters read of a requested path; phones ask for far shorter names, and a longer one is an attack. */
export const pathLengthMax = 1024;

/** A requested path, cleaned of what servers and proxies add to it. */
export interface RequestedFile {
  readonly folders: readonly string[];
  readonly name: string;
  /** The name with its MAC written in bare digits, however it was written. */
  readonly bareName: string;
  /** The MAC in the file name, where there is exactly one reading of it. */
  readonly mac: Mac | null;
  /** The MAC's first 24 bits as `VendorKnowledge.ouis` spells them; null without a MAC. */
  readonly prefix: string | null;
}

/**
 * Reads a path as a file server would: leading slash or not, either slash, query cut off, percent
 * escapes read. Undefined for what no phone asks for: climbing, drive letters, control characters,
 * over-long text, no file name.
 */
export function requestedFile(path: string | undefined): RequestedFile | undefined {
  if (path === undefined || path.length === 0 || path.length > pathLengthMax) return undefined;
  return path.length > rememberedLengthMax ? fileFrom(path) : knownFile(path);
}

/** Characters of a path that is remembered: one request is read by every vendor, and its phone asks again. */
const rememberedLengthMax = 128;

const knownFile = remembered((path) => fileFrom(path));

function fileFrom(path: string): RequestedFile | undefined {
  const text = withoutEscapes(withoutQuery(withoutOrigin(path)));
  if (text === undefined || hasControlCharacter(text) || /^[a-z]:/i.test(text)) return undefined;
  const segments = text
    .replaceAll('\\', '/')
    .split('/')
    .filter((segment) => segment !== '' && segment !== '.');
  const name = segments.pop();
  if (name === undefined || name === '..' || segments.includes('..')) return undefined;
  return { folders: segments, name, ...macInName(name) };
}

/** A MAC that a station can have: all zeros and all ones are file names and broadcast, not phones. */
export function stationMac(text: string): Mac | null {
  // Bare, in pairs or in Cisco's threes: no other length can be one, and most words asked about are none.
  if (text.length !== 12 && text.length !== 17 && text.length !== 14) return null;
  return readMac(text);
}

const readMac = remembered((text: string): Mac | null => {
  const read = mac(text);
  return read === undefined || read === '00:00:00:00:00:00' || read === 'ff:ff:ff:ff:ff:ff'
    ? null
    : read;
});

/** The 24-bit prefix of a MAC as it is written in `VendorKnowledge.ouis`. */
export const prefixOf = (mac: Mac): string => mac.slice(0, 2) + mac.slice(3, 5) + mac.slice(6, 8);

/** What each vendor writes directly before the digits, with no separator between. */
const BARE = /^(?:cfg|spa|sep|ctlsep|itlsep|sip|ata|mgc|config|gk|ld)?([0-9a-f]{12})(?![0-9a-z])/i;
const PAIRED = /(?:^|[^0-9a-z])([0-9a-f]{2}(?:[:-][0-9a-f]{2}){5})(?![0-9a-z])/i;
const SEPARATED = /[^0-9a-z]([0-9a-f]{12})(?![0-9a-z])/i;

function macInName(name: string): Pick<RequestedFile, 'bareName' | 'mac' | 'prefix'> {
  const written = (BARE.exec(name) ?? PAIRED.exec(name) ?? SEPARATED.exec(name))?.[1];
  if (written === undefined) return { bareName: name, mac: null, prefix: null };
  const bareName =
    written.length === 12 ? name : name.replace(written, written.replace(/[:-]/g, ''));
  const mac = stationMac(written);
  return { bareName, mac, prefix: mac && prefixOf(mac) };
}

function withoutOrigin(path: string): string {
  const scheme = path.includes('://') && /^(?:https?|tftp):\/\//i.exec(path);
  if (!scheme) return path;
  const slash = path.indexOf('/', scheme[0].length);
  return slash < 0 ? '' : path.slice(slash);
}

function withoutQuery(path: string): string {
  const end = path.search(/[?#]/);
  return end < 0 ? path : path.slice(0, end);
}

function withoutEscapes(path: string): string | undefined {
  if (!path.includes('%')) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

function hasControlCharacter(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 32 || code === 127) return true;
  }
  return false;
}
