// The only place that makes these values, so that an instant cannot be passed for a duration,
// nor an unchecked string for a MAC.

export type EpochMs = number & { readonly unit: 'epoch-ms' };
export type DurationMs = number & { readonly unit: 'duration-ms' };
export type Bytes = number & { readonly unit: 'bytes' };
/** 64 lower-case hexadecimal digits. */
export type Sha256 = string & { readonly unit: 'sha-256' };
/** Lower case with colons: `00:15:65:aa:bb:cc`. */
export type Mac = string & { readonly unit: 'mac' };
/** Names a site, rollout, release or plan: `[a-z0-9-]{1,64}`, which every broker carries in a topic. */
export type Id = string & { readonly unit: 'id' };

/** Milliseconds since 1970-01-01T00:00Z; undefined outside the years 1970 to 2200, where only faults live. */
export function epochMs(value: number): EpochMs | undefined {
  return Number.isSafeInteger(value) && value >= 0 && value < 7_258_118_400_000
    ? (value as EpochMs)
    : undefined;
}

export const ms = (value: number): DurationMs => value as DurationMs;
export const seconds = (value: number): DurationMs => (value * 1000) as DurationMs;
export const minutes = (value: number): DurationMs => (value * 60_000) as DurationMs;
export const hours = (value: number): DurationMs => (value * 3_600_000) as DurationMs;
export const days = (value: number): DurationMs => (value * 86_400_000) as DurationMs;
export const bytes = (value: number): Bytes => value as Bytes;

export const laterBy = (at: EpochMs, wait: DurationMs): EpochMs => (at + wait) as EpochMs;
export const between = (from: EpochMs, to: EpochMs): DurationMs => (to - from) as DurationMs;
export const earliest = (...instants: readonly (EpochMs | undefined)[]): EpochMs | undefined =>
  instants.reduce(
    (first, at) => (first === undefined || (at ?? Infinity) < first ? at : first),
    undefined,
  );

/** Undefined unless 64 hexadecimal digits; upper case is accepted and lowered. */
export function sha256(text: string): Sha256 | undefined {
  const lower = text.toLowerCase();
  return /^[0-9a-f]{64}$/.test(lower) ? (lower as Sha256) : undefined;
}

/** Reads 12 hexadecimal digits, bare or in pairs or fours parted by `:`, `-` or `.`; undefined otherwise. */
export function mac(text: string): Mac | undefined {
  if (text.length > 17) return undefined;
  const digits = text.toLowerCase().replace(/[:.-]/g, '');
  if (!/^[0-9a-f]{12}$/.test(digits)) return undefined;
  return digits.replace(/(..)(?=.)/g, '$1:') as Mac;
}

export function id(text: string): Id | undefined {
  return /^[a-z0-9-]{1,64}$/.test(text) ? (text as Id) : undefined;
}
