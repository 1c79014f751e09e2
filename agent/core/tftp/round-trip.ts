/**
 * How long to wait for an answer (RFC 6298), for one peer. The caller keeps Karn's rule: it samples only answers to
 * what was sent once. Changed in place: a transfer of 50 MB takes 35,000 samples.
 */
export interface RoundTrip {
  smoothedMs: number | undefined;
  varianceMs: number;
  timeoutMs: number;
  readonly fixedTimeoutMs: number | undefined;
}

/** RFC 6298 section 2.1, before anything was measured. */
const timeoutMsInitial = 1000;
/**
 * Below this a busy phone or a busy loop looks like loss: 50 ms gave a quarter more packets, 200 ms none, and a fifth more
 * time at 1 % loss. A needless packet costs itself and nothing else.
 */
const timeoutMsMin = 120;
/** Phones wait 1 to 5 s before they give up on a packet; a longer back-off would only lengthen the stall. */
const timeoutMsMax = 5000;

export function unmeasured(fixedTimeoutMs?: number): RoundTrip {
  return {
    smoothedMs: undefined,
    varianceMs: 0,
    timeoutMs: fixedTimeoutMs ?? timeoutMsInitial,
    fixedTimeoutMs,
  };
}

/** Takes one measured round trip in; ends any back-off (RFC 6298 sections 2.2, 2.3 and 5.7). */
export function sampleRoundTrip(known: RoundTrip, sampleMs: number): void {
  if (known.smoothedMs === undefined) {
    known.smoothedMs = sampleMs;
    known.varianceMs = sampleMs / 2;
  } else {
    known.varianceMs += (Math.abs(known.smoothedMs - sampleMs) - known.varianceMs) / 4;
    known.smoothedMs += (sampleMs - known.smoothedMs) / 8;
  }
  const wanted = known.smoothedMs + 4 * known.varianceMs;
  known.timeoutMs = known.fixedTimeoutMs ?? Math.min(Math.max(wanted, timeoutMsMin), timeoutMsMax);
}

/** Doubles the wait after a packet that stayed unanswered (RFC 6298 section 5.5). */
export function backOff(known: RoundTrip): void {
  known.timeoutMs = known.fixedTimeoutMs ?? Math.min(known.timeoutMs * 2, timeoutMsMax);
}
