import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { test } from 'tap';
import { bounds } from '../../../../controller/core/selection/bounds.ts';
import { matcher } from '../../../../controller/core/selection/match.ts';
import { parseSelection } from '../../../../controller/core/selection/parse.ts';
import { printSelection } from '../../../../controller/core/selection/print.ts';
import { fleetOf, now, selectionTexts } from './fleets.ts';

// Texts that are almost selections. Each is read or refused, in time, and what is read can be asked and printed.

/** Milliseconds of one reading of at most 4,000 characters; a hundred times what the slowest takes. */
const readingMsMax = 500;

const PIECES =
  'and or not in like is has unknown all ( ) , = != < <= > >= ~ " \' \\ * model vendor site.region label.x label. running seen phase rollout r1 66.86.0.15 24h T46S 80:5e:c0:12:34:56 __proto__ constructor site.constructor \0 \ud800 😀 İ ;'.split(
    ' ',
  );

const almost = fc.oneof(
  fc.array(fc.constantFrom(...PIECES), { maxLength: 60 }).map((pieces) => pieces.join(' ')),
  fc.array(fc.constantFrom(...PIECES), { maxLength: 60 }).map((pieces) => pieces.join('')),
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc
    .tuple(selectionTexts, fc.nat(400), fc.nat(20), fc.string({ maxLength: 3 }))
    .map(([text, at, length, put]) => text.slice(0, at) + put + text.slice(at + length)),
  fc
    .tuple(fc.constantFrom(...PIECES), fc.nat(2000))
    .map(([piece, times]) => `${piece} `.repeat(times)),
);

const fleet = fleetOf([], []);

function reads(text: string): void {
  const began = performance.now();
  const read = parseSelection(text);
  if (read.ok) {
    const again = parseSelection(printSelection(read.selection));
    assert.ok(again.ok, printSelection(read.selection));
    matcher(read.selection, fleet, now);
    bounds(read.selection, []);
  } else {
    assert.ok(read.problems.length > 0);
    for (const { column, message, expected } of read.problems) {
      assert.ok(column >= 1 && column <= text.length + 1, `column ${column}`);
      assert.ok(message !== '' && expected.length > 0);
    }
  }
  assert.ok(performance.now() - began < readingMsMax);
}

const property = fc.property(almost, reads);

test('texts that once broke the reader stay mended', (t) => {
  const kept = readFileSync(join(import.meta.dirname, 'fuzz-seeds.txt'), 'utf8');
  for (const line of kept.split('\n').filter((text) => text !== '' && !text.startsWith('#'))) {
    const [seed = '', path = ''] = line.split(/\s+/);
    t.doesNotThrow(() => fc.assert(property, { seed: Number(seed), path }), line);
  }
  t.end();
});

test('whatever is typed is a selection or a list of problems with their columns', (t) => {
  fc.assert(property, { numRuns: 5000 });
  t.end();
});
