import { Heap } from '@ringwave/protocol/heap';
import * as fc from 'fast-check';
import { test } from 'tap';

const numbers = fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 60 });
const heapOf = (members: readonly number[]): Heap<number> => {
  const heap = new Heap<number>((a, b) => a < b);
  heap.refill(members);
  return heap;
};
const rising = (members: readonly number[]): number[] => [...members].sort((a, b) => a - b);

test('a heap gives back what was put in, the least first', (t) => {
  fc.assert(
    fc.property(numbers, numbers, (some, more) => {
      const heap = heapOf(some);
      const first = heap.pop();
      for (const one of more) heap.push(one);
      const left = rising([...rising(some).slice(1), ...more]);
      t.equal(first, rising(some)[0]);
      t.equal(heap.least, left[0]);
      t.same(
        Array.from({ length: heap.size }, () => heap.pop()),
        left,
      );
      t.equal(heap.pop(), undefined);
    }),
  );
  t.end();
});

test('visiting below a bound meets all members below it, and never goes beneath one above', (t) => {
  fc.assert(
    fc.property(numbers, fc.integer({ min: 0, max: 50 }), (members, bound) => {
      const met: number[] = [];
      heapOf(members).visit((one) => met.push(one) > 0 && one < bound);
      t.same(
        rising(met.filter((one) => one < bound)),
        rising(members).filter((one) => one < bound),
      );
      t.ok(met.length <= 2 * members.filter((one) => one < bound).length + 1);
    }),
  );
  t.end();
});
