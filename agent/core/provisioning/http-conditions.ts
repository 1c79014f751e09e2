// Range and conditional requests (RFC 9110 sections 13 and 14), for files whose ETag is strong.

import type { EpochMs } from '@ringwave/protocol/units';

/** `to` is the last byte, included. */
export type Portion =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly from: number; readonly to: number }
  | { readonly kind: 'unsatisfiable' };

const WHOLE: Portion = { kind: 'whole' };

/** Characters of a Range that is looked at; two numbers of sixteen digits have 40. */
const rangeCharactersMax = 128;

/** Several ranges, other units and malformed ones give the whole file, as RFC 9110 section 14.2 allows. */
export function askedPortion(range: string | undefined, lengthBytes: number): Portion {
  if (range === undefined || range.length > rangeCharactersMax) return WHOLE;
  const [, first, last] = /^\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*$/i.exec(range) ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return WHOLE;
  if (first === '') return suffix(Number(last), lengthBytes);
  const from = Number(first);
  const to = last === '' ? lengthBytes - 1 : Math.min(Number(last), lengthBytes - 1);
  if (last !== '' && Number(last) < from) return WHOLE;
  return from >= lengthBytes ? { kind: 'unsatisfiable' } : { kind: 'part', from, to };
}

function suffix(wanted: number, lengthBytes: number): Portion {
  if (wanted === 0 || lengthBytes === 0) return { kind: 'unsatisfiable' };
  return { kind: 'part', from: Math.max(0, lengthBytes - wanted), to: lengthBytes - 1 };
}

/** If-Range: only the same strong tag lets a part continue what the phone holds; a date never does. */
export const isRangeValid = (ifRange: string | undefined, etag: string): boolean =>
  ifRange === undefined || ifRange.trim() === `"${etag}"`;

/** If-Match: strong comparison; false gives 412 (RFC 9110 section 13.1.1). */
export const isWanted = (ifMatch: string | undefined, etag: string): boolean =>
  ifMatch === undefined ||
  ifMatch.split(',').some((tag) => tag.trim() === '*' || tag.trim() === `"${etag}"`);

/** If-None-Match: weak comparison (RFC 9110 section 13.1.2). */
export const isUnchanged = (ifNoneMatch: string | undefined, etag: string): boolean =>
  (ifNoneMatch ?? '')
    .split(',')
    .map((tag) => tag.trim().replace(/^W\//, ''))
    .some((tag) => tag === '*' || tag === `"${etag}"`);

/** If-Modified-Since, in whole seconds (RFC 9110 section 13.1.3); it counts only where no If-None-Match came. */
export function isUnmodified(since: string | undefined, modifiedAt: EpochMs | undefined): boolean {
  const asked = Date.parse(since ?? '');
  return modifiedAt !== undefined && Math.floor(modifiedAt / 1000) * 1000 <= asked;
}
