import * as fc from 'fast-check';
import { test } from 'tap';
import { formatSip } from '../../../../agent/core/sip/message.ts';
import { cutStream } from '../../../../agent/core/sip/stream.ts';

const message = (body: string) =>
  formatSip({ opening: 'SIP/2.0 200 OK', headers: [['CSeq', '1 NOTIFY']], body });

test('messages in a stream are the same however it is cut into pieces', (t) => {
  const wanted = [message(''), message('a\r\n\r\nb'), message('ü')];
  const whole = Buffer.concat([
    Buffer.from('\r\n\r\n'),
    ...wanted.flatMap((one) => [one, Buffer.from('\r\n')]),
  ]);
  fc.assert(
    fc.property(fc.array(fc.nat(whole.length), { maxLength: 8 }), (places) => {
      const edges = [0, ...places.toSorted((a, b) => a - b), whole.length];
      const found: Buffer[] = [];
      let held = Buffer.alloc(0);
      for (const [at, edge] of edges.entries()) {
        const cut = cutStream(Buffer.concat([held, whole.subarray(edges[at - 1] ?? 0, edge)]));
        if (cut.kind !== 'cut') return false;
        found.push(...cut.messages);
        held = Buffer.from(cut.rest);
      }
      return (
        held.length === 0 && found.every((one, at) => one.equals(wanted[at]!)) && found.length === 3
      );
    }),
  );
  t.end();
});

test('a stream without an end to its headers, or with two lengths, is given up', (t) => {
  const kind = (text: string) => cutStream(Buffer.from(text)).kind;
  t.equal(kind('SIP/2.0 200 OK\r\nCSeq: 1 NOTIFY\r\n\r\n'), 'broken', 'no length');
  t.equal(kind('SIP/2.0 200 OK\r\nl: 1\r\nContent-Length: 2\r\n\r\nab'), 'broken', 'two lengths');
  t.equal(kind('SIP/2.0 200 OK\r\nl: 999999\r\n\r\n'), 'broken', 'too long');
  t.equal(kind('x'.repeat(20_000)), 'broken', 'no end');
  t.equal(kind('SIP/2.0 200 OK\r\nl: 5\r\n\r\nab'), 'cut', 'more is to come');
  t.end();
});

test('any bytes give messages or an end, and never more than came', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      const cut = cutStream(Buffer.from(bytes));
      return cut.kind === 'broken' || cut.rest.length <= bytes.length;
    }),
  );
  t.end();
});
