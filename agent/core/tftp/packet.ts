// TFTP datagrams to values and back (RFC 1350 section 5, RFC 2347). Length is looked at before content,
// and every length of every content gives a packet or undefined: nothing here throws.
import { type Rollover, wireNumber } from './block-number.ts';

export interface FileRequest {
  readonly kind: 'read' | 'write';
  readonly fileName: string;
  /** Lower case; `octet` and `netascii` are the ones in use. */
  readonly mode: string;
  /** Names in lower case, first mention wins, in the order asked. */
  readonly options: ReadonlyMap<string, string>;
}

export type Packet =
  | FileRequest
  | { readonly kind: 'data'; readonly block: number; readonly data: Uint8Array }
  | { readonly kind: 'ack'; readonly block: number }
  | { readonly kind: 'error'; readonly code: number; readonly text: string }
  | { readonly kind: 'options'; readonly options: ReadonlyMap<string, string> };

/** RFC 1350 section 5, RFC 2347. */
export const ERROR_CODES = {
  undefined: 0,
  'file-not-found': 1,
  'access-violation': 2,
  'disk-full': 3,
  'illegal-operation': 4,
  'unknown-transfer': 5,
  'option-refused': 8,
} as const;

/** Bytes. RFC 2347 says 512; some phones write longer paths with their options. */
export const requestBytesMax = 1024;
/** Bytes of a file name: the longest that fits a request of 512 bytes. */
const fileNameBytesMax = 511;
/** Options per request. Six are registered; the rest is somebody's private invention. */
const optionsMax = 16;
/** Characters kept of an error text from the network: it only goes to a log line. */
const errorTextMax = 200;

export function decodePacket(bytes: Buffer): Packet | undefined {
  if (bytes.length < 4 || bytes[0] !== 0) return undefined;
  switch (bytes[1]) {
    case 4: // Other lengths than 4 are no ACK: one server of the field acted on them and sent wrong blocks.
      return bytes.length === 4 ? { kind: 'ack', block: bytes.readUInt16BE(2) } : undefined;
    case 3:
      return { kind: 'data', block: bytes.readUInt16BE(2), data: bytes.subarray(4) };
    case 1:
      return decodeRequest('read', bytes);
    case 2:
      return decodeRequest('write', bytes);
    case 5:
      return { kind: 'error', code: bytes.readUInt16BE(2), text: errorText(bytes) };
    case 6:
      return bytes.length <= requestBytesMax
        ? { kind: 'options', options: optionsFrom(fieldsFrom(bytes)) }
        : undefined;
    default:
      return undefined;
  }
}

function decodeRequest(kind: 'read' | 'write', bytes: Buffer): FileRequest | undefined {
  if (bytes.length > requestBytesMax) return undefined;
  const [fileName, mode, ...rest] = fieldsFrom(bytes);
  if (fileName === undefined || mode === undefined) return undefined;
  if (fileName.length === 0 || fileName.length > fileNameBytesMax) return undefined;
  return {
    kind,
    fileName: textFrom(fileName),
    mode: mode.toString('latin1').toLowerCase(),
    options: optionsFrom(rest),
  };
}

/** The fields that end with NUL; what follows the last NUL is no field. */
function fieldsFrom(bytes: Buffer): Buffer[] {
  const fields: Buffer[] = [];
  let start = 2;
  while (fields.length < 2 + 2 * optionsMax) {
    const end = bytes.indexOf(0, start);
    if (end < 0) break;
    fields.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return fields;
}

function optionsFrom(fields: readonly Buffer[]): ReadonlyMap<string, string> {
  const options = new Map<string, string>();
  for (let place = 0; place + 1 < fields.length; place += 2) {
    const name = fields[place]!.toString('latin1').toLowerCase();
    // Old Cisco phones pad their requests with NULs: an empty name is padding, not an option.
    if (name === '') break;
    if (!options.has(name)) options.set(name, fields[place + 1]!.toString('latin1'));
  }
  return options;
}

/** File names are bytes on the wire: UTF-8 where they are that, Latin-1 otherwise. */
function textFrom(bytes: Buffer): string {
  const utf8 = bytes.toString('utf8');
  return utf8.includes('\uFFFD') ? bytes.toString('latin1') : utf8;
}

function errorText(bytes: Buffer): string {
  const end = bytes.indexOf(0, 4);
  return bytes
    .subarray(4, Math.min(end < 0 ? bytes.length : end, 4 + errorTextMax))
    .toString('latin1');
}

/** `bytesMax` cuts the text, so that an answer to a forged source is never longer than what was asked. */
export function encodeError(code: number, text: string, bytesMax = 512): Buffer {
  const room = Math.max(0, bytesMax - 5);
  const packet = Buffer.from(`\0\u0005\0\0${text.slice(0, room)}\0`, 'latin1');
  packet.writeUInt16BE(code, 2);
  return packet;
}

export function encodeOptions(options: ReadonlyMap<string, string>): Buffer {
  const fields = [...options].map(([name, value]) => `${name}\0${value}\0`);
  return Buffer.from(`\0\u0006${fields.join('')}`, 'latin1');
}

/** `block` is absolute. */
export function encodeAck(block: number, rollover: Rollover = 0): Buffer {
  const packet = Buffer.from([0, 4, 0, 0]);
  packet.writeUInt16BE(wireNumber(block, rollover), 2);
  return packet;
}

export function encodeRequest(request: FileRequest): Buffer {
  const options = [...request.options].map(([name, value]) => `${name}\0${value}\0`).join('');
  const opcode = request.kind === 'read' ? 1 : 2;
  return Buffer.concat([
    Buffer.from([0, opcode]),
    Buffer.from(`${request.fileName}\0${request.mode}\0${options}`, 'utf8'),
  ]);
}

/** Bytes before the data of a DATA packet. */
export const dataHeaderBytes = 4;

/** One DATA packet, as the writer of a file sends it. `block` is absolute. */
export function encodeData(block: number, data: Uint8Array, rollover: Rollover = 0): Buffer {
  const packet = Buffer.alloc(dataHeaderBytes + data.length);
  writeDataHeader(packet, 0, { block, rollover });
  packet.set(data, dataHeaderBytes);
  return packet;
}

/** Writes the header of one DATA packet at `at`; `block` is absolute. */
export function writeDataHeader(
  target: Buffer,
  at: number,
  named: { block: number; rollover: Rollover },
): void {
  const wire = wireNumber(named.block, named.rollover);
  target[at] = 0;
  target[at + 1] = 3;
  target[at + 2] = wire >>> 8;
  target[at + 3] = wire & 0xff;
}
