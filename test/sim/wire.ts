import { encode } from '@ringwave/protocol/messages';

/** What crosses the wire is encoded and decoded for real. */
export function through<T>(
  decode: (
    raw: Uint8Array,
  ) => { ok: true; message: T } | { ok: false; problems: readonly string[] },
  message: Parameters<typeof encode>[0],
): T {
  const decoded = decode(encode(message));
  if (!decoded.ok) throw new Error(decoded.problems.join('; '));
  return decoded.message;
}
