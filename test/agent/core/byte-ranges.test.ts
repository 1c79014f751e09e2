import * as fc from 'fast-check';
import { test } from 'tap';
import { type ByteRange, coversAll, withRange } from '../../../agent/core/byte-ranges.ts';

test('ranges that overlap or touch become one, and others stay apart in order', (t) => {
  const all = [
    { from: 50, to: 60 },
    { from: 0, to: 10 },
    { from: 10, to: 20 },
    { from: 5, to: 5 },
    { from: 55, to: 70 },
  ].reduce<readonly ByteRange[]>(withRange, []);
  t.same(all, [
    { from: 0, to: 20 },
    { from: 50, to: 70 },
  ]);
  t.notOk(coversAll(all, 70));
  t.ok(coversAll(withRange(all, { from: 15, to: 51 }), 70));
  t.ok(coversAll([], 0), 'a file without bytes');
  t.end();
});

test('all of a file is covered exactly when each of its bytes is in some range', (t) => {
  const range = fc
    .tuple(fc.nat(30), fc.nat(30))
    .map(([from, length]) => ({ from, to: from + length }));
  fc.assert(
    fc.property(
      fc.array(range, { maxLength: 12 }),
      fc.integer({ min: 1, max: 40 }),
      (given, length) => {
        const bytes = Array.from({ length }, (_, at) =>
          given.some(({ from, to }) => from <= at && at < to),
        );
        const joined = given.reduce<readonly ByteRange[]>(withRange, []);
        return coversAll(joined, length) === bytes.every(Boolean);
      },
    ),
  );
  t.end();
});
