import { inertText, plainText } from '@ringwave/firmware-catalog/inert-text';
import { readTitle } from '@ringwave/firmware-catalog/title-rule';
import * as fc from 'fast-check';
import { test } from 'tap';

test('markup becomes what a person reads of it', (t) => {
  for (const [markup, text] of [
    ['<p>One</p><p>Two<br>Three</p>', 'One\n\nTwo\nThree'],
    ['a<script>alert("</p>")</script>b', 'a b'],
    ['a<SCRIPT src=x>never closed', 'a'],
    ['<style>p{}</style>kept<!-- not <b>this</b> -->', 'kept'],
    ['1 < 2 && 3 > 2', '1 < 2 && 3 > 2'],
    ['Tom &amp; Jerry &#8211; caf&#xe9;', 'Tom & Jerry – café'],
    ['&amp;lt;b&amp;gt;', '&lt;b&gt;'],
    ['&#0;&#x1b;[31mred&#x202e;', '[31mred'],
    ['<img src=x onerror=alert(1)>', ''],
    ['<a href="x">link', 'link'],
    ['<unclosed', ''],
  ] as const) {
    t.equal(inertText(markup, 100), text, markup);
  }
  t.equal(plainText('a\u0007b\r\nc\u0000', 100), 'ab\nc');
  t.equal(inertText('x'.repeat(500), 20), 'x'.repeat(20));
  t.end();
});

test('whatever comes, the text is bounded, without control characters, and quickly there', (t) => {
  const piece = fc.oneof(
    fc.constantFrom('<', '>', '</', '<script', '</script>', '<!--', '-->', '&lt;', '&#', ';'),
    fc.string({ unit: 'binary', maxLength: 8 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const text = inertText(pieces.join(''), 50);
      return text.length <= 50 && text.isWellFormed() && !/(?!\n)\p{Cc}/u.test(text);
    }),
    { seed: 20_260_110, numRuns: 500 },
  );
  const beganAt = performance.now();
  for (const hostile of ['<', '<!--', '<script>', '&', '<a ', '</'] as const) {
    inertText(hostile.repeat(80_000), 20_000);
  }
  t.ok(performance.now() - beganAt < 1000);
  t.end();
});

test('titles are read by their form, words around the braces and nothing else', (t) => {
  const rule = (form: string) => ({ in: 'title', form }) as const;
  const title = 'Released:  Firmware 66.86.0.15 for T46S, T48S and T41S (stable)';
  t.same(readTitle(title, rule('firmware {version} for {models} (')), {
    version: '66.86.0.15',
    models: ['T46S', 'T48S', 'T41S'],
  });
  t.same(readTitle(title, rule('firmware {version}')), { version: '66.86.0.15' });
  t.same(readTitle('T46S V86 66.86.0.15', rule('{models} v86 {version}')), {
    version: '66.86.0.15',
    models: ['T46S'],
  });
  t.equal(readTitle('Firmware soon for T46S', rule('firmware {version} for {models}')), undefined);
  t.equal(readTitle('Our party', rule('firmware {version}')), undefined);
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), (text, form) => {
      readTitle(text, rule(`${form}{version} for {models}`));
    }),
    { seed: 20_260_111, numRuns: 300 },
  );
  t.end();
});
