/** Bytes of a file, from `from` up to and without `to`. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

/** In order of their beginning; what overlaps or touches is one. */
export function withRange(
  ranges: readonly ByteRange[],
  { from, to }: ByteRange,
): readonly ByteRange[] {
  if (to <= from) return ranges;
  const apart = ranges.filter((one) => one.to < from || one.from > to);
  const met = ranges.filter((one) => one.to >= from && one.from <= to);
  const joined = {
    from: Math.min(from, ...met.map((one) => one.from)),
    to: Math.max(to, ...met.map((one) => one.to)),
  };
  return [...apart, joined].sort((a, b) => a.from - b.from);
}

export const coversAll = (ranges: readonly ByteRange[], lengthBytes: number): boolean =>
  lengthBytes === 0 || ranges.some(({ from, to }) => from === 0 && to >= lengthBytes);
