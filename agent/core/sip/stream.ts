// Cuts a byte stream into SIP messages by Content-Length (RFC 3261 section 18.3). Linear in what arrives; what a peer can
// make us hold is one message.
import { messageBytesMax } from './message.ts';

export type Cut =
  | { readonly kind: 'cut'; readonly messages: readonly Buffer[]; readonly rest: Buffer }
  /** No further message can be found in this stream: it has to be closed. */
  | { readonly kind: 'broken'; readonly reason: string };

/** Bytes of start line and headers; the longest seen through several proxies are below 4 KiB. */
const headBytesMax = 16_384;
/** Messages taken from one read; a keep-alive is none. */
const messagesMax = 256;

export function cutStream(bytes: Buffer): Cut {
  const messages: Buffer[] = [];
  let at = afterKeepAlives(bytes, 0);
  while (at < bytes.length) {
    const end = bytes.indexOf('\r\n\r\n', at, 'latin1');
    if (end < 0 && bytes.length - at > headBytesMax) return broken('headers without an end');
    if (end < 0) break;
    if (end - at > headBytesMax) return broken('headers too long');
    const length = contentLength(bytes.toString('latin1', at, end));
    if (length === undefined) return broken('no Content-Length that can be read');
    const whole = end + 4 + length;
    if (whole - at > messageBytesMax) return broken('message too long');
    if (whole > bytes.length) break;
    if (messages.length === messagesMax) return broken('too many messages at once');
    messages.push(bytes.subarray(at, whole));
    at = afterKeepAlives(bytes, whole);
  }
  return { kind: 'cut', messages, rest: bytes.subarray(at) };
}

const broken = (reason: string): Cut => ({ kind: 'broken', reason });

/** RFC 5626 section 3.5.1: line ends between messages keep a connection alive. */
function afterKeepAlives(bytes: Buffer, from: number): number {
  let at = from;
  while (bytes[at] === 0x0d || bytes[at] === 0x0a) at += 1;
  return at;
}

/** Said twice it must say the same: two lengths are two messages in one. */
function contentLength(head: string): number | undefined {
  const said = [...head.matchAll(/(?:^|\r\n)(?:content-length|l)[ \t]*:[ \t]*([^\r\n]*)/gi)].map(
    (found) => found[1]!.trim(),
  );
  const [first] = said;
  if (first === undefined || !/^\d{1,6}$/.test(first)) return undefined;
  return said.every((one) => one === first) ? Number(first) : undefined;
}
