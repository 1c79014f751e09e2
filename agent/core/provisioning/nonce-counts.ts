// Which counts of a nonce were used (RFC 7616 section 3.4.5), so that a login heard on the wire opens nothing twice.
// Several connections of one phone may arrive out of order: a count is refused when it was seen, not when it is lower.

interface Seen {
  highest: number;
  /** Bit n: `highest - n` was seen. */
  window: number;
  /** Of logins without a count. */
  responses?: Set<string>;
}

export interface NonceCounts {
  readonly seen: Map<string, Seen>;
  /** Nonces made up to this number are stale: what was known about one of them was dropped. */
  forgottenUpTo: number;
}

/** Nonces followed at once: each is one boot of one phone, and lives five minutes. */
const noncesMax = 4096;
/** How far behind the highest a count may come: more than the connections a phone opens. */
const windowCounts = 31;
/** Logins without a count under one nonce: a phone asks for some ten files at its boot. */
const responsesMax = 64;

export const nonceCounts = (): NonceCounts => ({ seen: new Map(), forgottenUpTo: -1 });

/** True when this count of this nonce comes for the first time. `made` is the running number of the nonce. */
export function takesCount(
  known: NonceCounts,
  nonce: { text: string; made: number },
  countText: string,
): boolean {
  if (!/^[0-9a-f]{8}$/i.test(countText) || nonce.made <= known.forgottenUpTo) return false;
  const count = Number.parseInt(countText, 16);
  const seen = seenOf(known, nonce);
  if (count > seen.highest) {
    const by = count - seen.highest;
    seen.window = by > windowCounts ? 1 : ((seen.window << by) | 1) >>> 0;
    seen.highest = count;
    return true;
  }
  const behind = seen.highest - count;
  if (count === 0 || behind > windowCounts || (seen.window >>> behind) & 1) return false;
  seen.window = (seen.window | (1 << behind)) >>> 0;
  return true;
}

/**
 * The same for a phone that knows no counts (RFC 2069): the same response is the same request. It may use its nonce for
 * other files.
 */
export function takesResponse(
  known: NonceCounts,
  nonce: { text: string; made: number },
  response: string,
): boolean {
  if (nonce.made <= known.forgottenUpTo) return false;
  const seen = seenOf(known, nonce);
  seen.responses ??= new Set();
  if (seen.responses.size >= responsesMax || seen.responses.has(response)) return false;
  seen.responses.add(response);
  return true;
}

function seenOf(known: NonceCounts, nonce: { text: string }): Seen {
  const before = known.seen.get(nonce.text);
  if (before) return before;
  const seen = { highest: 0, window: 1 };
  known.seen.set(nonce.text, seen);
  for (const oldest of known.seen.keys()) {
    if (known.seen.size <= noncesMax) break;
    known.seen.delete(oldest);
    known.forgottenUpTo = Math.max(known.forgottenUpTo, nonceNumber(oldest));
  }
  return seen;
}

/** The running number in a nonce of ours: `<time>-<number>.<seal>`. */
export const nonceNumber = (nonce: string): number =>
  Number.parseInt(/^[0-9a-z]+-([0-9a-z]+)\./.exec(nonce)?.[1] ?? '', 36);
