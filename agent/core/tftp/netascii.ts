// RFC 1350 section 1 and RFC 764: in netascii a line ends with CR LF and a bare CR travels as CR NUL.

const CR = 13;
const LF = 10;

/** Every LF and every CR grows by one byte; so a byte's place after conversion follows from a count. */
export function netasciiLength(bytes: Uint8Array): number {
  let grown = bytes.length;
  for (const byte of bytes) if (byte === LF || byte === CR) grown += 1;
  return grown;
}

/** Each byte is converted alone, so pieces may be converted one by one and joined. */
export function toNetascii(bytes: Uint8Array): Buffer {
  const converted = Buffer.allocUnsafe(netasciiLength(bytes));
  let at = 0;
  for (const byte of bytes) {
    if (byte === LF || byte === CR) converted[at++] = CR;
    converted[at++] = byte === CR ? 0 : byte;
  }
  return converted;
}

/** Back from the wire, whole: CR LF is a line end, CR NUL a bare CR; any other byte after a CR stays as it came. */
export function fromNetascii(bytes: Uint8Array): Buffer {
  const plain = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const follows = bytes[at] === CR ? bytes[at + 1] : undefined;
    plain[length++] = follows === LF ? LF : bytes[at]!;
    if (follows === LF || follows === 0) at += 1;
  }
  return plain.subarray(0, length);
}
