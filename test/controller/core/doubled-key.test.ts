import * as fc from 'fast-check';
import { test } from 'tap';
import { doubledKey } from '../../../controller/core/doubled-key.ts';

test('a key that stands twice in one object is named with its path, however it is written', (t) => {
  for (const [text, path] of [
    ['{"a":1,"a":2}', 'a'],
    ['{"waves":[{"name":"x"},{"count":1,"name":"y","count":2}]}', 'waves[1].count'],
    ['[{"mac":"1","mac":"2"}]', '[0].mac'],
    ['{"a":{"b":[1,{"c":{},"\\u0063":[]}]}}', 'a.b[1].c'],
    ['{"a":1,"b":{"a":{"a":1}},"c":[{"a":1},{"a":2}]}', undefined],
    ['{"a":"{\\"b\\":1,\\"b\\":2}","b":"\\\\"}', undefined],
    ['{"":1,"x":"","":2}', ''],
    ['"a"', undefined],
    ['[]', undefined],
  ] as const)
    t.equal(doubledKey(text), path, text);
  t.end();
});

test('no JSON that was made of a value has one, and one that is put in is found', (t) => {
  fc.assert(
    fc.property(fc.json(), (text) => doubledKey(text) === undefined),
    { numRuns: 500 },
  );
  fc.assert(
    fc.property(fc.string(), fc.jsonValue(), fc.jsonValue(), (key, one, other) => {
      const name = JSON.stringify(key);
      const text = `[{${name}:${JSON.stringify(one)}, ${name} :${JSON.stringify(other)}}]`;
      return doubledKey(text) !== undefined;
    }),
    { numRuns: 500 },
  );
  t.end();
});

/** Milliseconds for a page of 1,000 phones: ten times what it takes here, for a busy machine. */
const pageMsMax = 100;

test('a page of a thousand phones costs some milliseconds', (t) => {
  const phone = (nth: number) => ({
    mac: `80:5e:c0:00:00:${nth}`,
    site: 'lisbon',
    vendor: 'Yealink',
    model: 'T46S',
    labels: { room: `A${nth}`, floor: '1' },
  });
  const text = JSON.stringify(Array.from({ length: 1000 }, (_, nth) => phone(nth)));
  doubledKey(text);
  const began = performance.now();
  t.equal(doubledKey(text), undefined);
  const took = performance.now() - began;
  t.comment(`${text.length} bytes in ${took.toFixed(1)} ms`);
  t.ok(took < pageMsMax, `${took} ms`);
  t.end();
});
