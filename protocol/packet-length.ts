// MQTT.js and aedes buffer a packet of any length that a peer declares. This reads only the fixed headers
// (MQTT 3.1.1, section 2.2) of a byte stream and says when a packet is declared too long to wait for.

/**
 * A watcher for one connection: give it each chunk in order. False once a packet declares more than
 * `bytesMax` bytes after its header, or a length that is no length; the connection must then end.
 */
export function packetLengthWatcher(bytesMax: number): (chunk: Uint8Array) => boolean {
  let bodyLeft = 0;
  let lengthDigits = -1;
  let length = 0;
  return (chunk) => {
    let at = 0;
    while (at < chunk.length) {
      if (bodyLeft > 0) {
        const skipped = Math.min(bodyLeft, chunk.length - at);
        bodyLeft -= skipped;
        at += skipped;
        continue;
      }
      const byte = chunk[at++] ?? 0;
      if (lengthDigits === -1) {
        lengthDigits = 0;
        length = 0;
        continue;
      }
      length += (byte & 0x7f) * 128 ** lengthDigits++;
      const more = (byte & 0x80) !== 0;
      if (length > bytesMax || (more && lengthDigits === 4)) return false;
      if (more) continue;
      bodyLeft = length;
      lengthDigits = -1;
    }
    return true;
  };
}
