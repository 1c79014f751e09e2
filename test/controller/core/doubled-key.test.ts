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
    ['{"":1,"x":"","":2}', '""'],
    ['{"a":{"":[{"b":1,"b":2}]}}', 'a.""[0].b'],
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

test('of a thousand phones the one that says a thing twice is named', (t) => {
  const phone = (nth: number) => ({ mac: `80:5e:c0:00:00:${nth}`, labels: { room: `A${nth}` } });
  const text = JSON.stringify(Array.from({ length: 1000 }, (_, nth) => phone(nth)));
  t.equal(doubledKey(text), undefined);
  t.equal(doubledKey(text.replace('"A998"', '"A998","room":"B"')), '[998].labels.room');
  t.end();
});
