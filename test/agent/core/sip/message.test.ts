import { test } from 'tap';
import {
  escapedUser,
  formatSip,
  hostPort,
  parseSip,
  sipHeader,
  sipHeaders,
  sipParameter,
} from '../../../../agent/core/sip/message.ts';
import { generator } from '../tftp/lossy-network.ts';

const parsed = (text: string) => parseSip(Buffer.from(text.replaceAll('\n', '\r\n')));

test('a response is read with its headers, short and folded ones too', (t) => {
  const response = parsed(
    'SIP/2.0 200 OK\nv: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKabc;rport=5060\nVIA : SIP/2.0/UDP 192.0.2.9\nf: <sip:a@b>;tag=1\nSubject: one\n two\n\tthree\nl: 2\n\nhi, and more',
  );
  t.match(response, { kind: 'response', status: 200, reason: 'OK', body: 'hi' });
  t.equal(sipParameter(sipHeader(response!, 'via'), 'branch'), 'z9hG4bKabc');
  t.equal(sipHeaders(response!, 'via').length, 2);
  t.equal(sipHeader(response!, 'subject'), 'one two three');
  t.equal(sipParameter(sipHeader(response!, 'from'), 'tag'), '1');
  t.equal(sipParameter('<sip:a@b;tag=inside>;x', 'tag'), undefined);
  t.end();
});

test('a body is cut as bytes, also in an encoding where one byte is a letter', (t) => {
  const body = '<display>Müller, Röhr</display>';
  const head = `NOTIFY sip:a SIP/2.0\r\nSubject: Ä\r\nContent-Length: ${body.length}\r\n\r\n`;
  const bytes = Buffer.concat([Buffer.from(head), Buffer.from(`${body}more`, 'latin1')]);
  const message = parseSip(bytes);
  t.equal(message?.body, '<display>M\ufffdller, R\ufffdhr</display>');
  t.equal(message && sipHeader(message, 'subject'), 'Ä');
  t.end();
});

test('a request is read, also with bare line feeds and after keep-alives', (t) => {
  const text = '\r\n\r\nNOTIFY sip:101@192.0.2.7:5060 SIP/2.0\nEvent: check-sync\n\n';
  t.match(parseSip(Buffer.from(text)), {
    kind: 'request',
    method: 'NOTIFY',
    uri: 'sip:101@192.0.2.7:5060',
    body: '',
  });
  t.end();
});

test('a header keeps the name that a stranger gives it, also that of a part of every object', (t) => {
  const response = parsed('SIP/2.0 200 OK\nconstructor: x\n__proto__: y\n\n');
  t.same(response?.headers, [
    { name: 'constructor', value: 'x' },
    { name: '__proto__', value: 'y' },
  ]);
  t.end();
});

test('what is no message is none', (t) => {
  const cases: Record<string, string> = {
    empty: '',
    'keep-alive': '\n\n',
    'no end of headers': 'SIP/2.0 200 OK\nVia: x\n',
    'status 99': 'SIP/2.0 099 x\n\n',
    'status 700': 'SIP/2.0 700 x\n\n',
    'SIP/3.0': 'SIP/3.0 200 OK\n\n',
    HTTP: 'GET / HTTP/1.1\n\n',
    'header without colon': 'SIP/2.0 200 OK\nVia\n\n',
    'header without name': 'SIP/2.0 200 OK\n: x\n\n',
    'fold before any header': 'SIP/2.0 200 OK\n x\n\n',
    'body shorter than said': 'SIP/2.0 200 OK\nContent-Length: 5\n\nhi',
    'length not a number': 'SIP/2.0 200 OK\nContent-Length: -1\n\n',
    '101 headers': `SIP/2.0 200 OK\n${'a: b\n'.repeat(101)}\n`,
    'a header of 9 KB': `SIP/2.0 200 OK\nA: ${'b'.repeat(9000)}\n\n`,
  };
  for (const [name, text] of Object.entries(cases)) t.equal(parsed(text), undefined, name);
  t.equal(parseSip(Buffer.alloc(70_000, 'a')), undefined, 'too long');
  t.ok(
    parsed(`SIP/2.0 200\n${'a: b\n'.repeat(100)}\n`),
    'while 100 headers and no reason are fine',
  );
  t.end();
});

test('20,000 mutated messages give a message or nothing, never a throw', (t) => {
  const random = generator(11);
  const sound = Buffer.from(
    'SIP/2.0 401 Unauthorized\r\nVia: SIP/2.0/UDP a;branch=b\r\nFrom: <a>;tag=1\r\nl: 3\r\n\r\nabc',
  );
  for (let round = 0; round < 20_000; round += 1) {
    const bytes = Buffer.from(sound.subarray(0, Math.ceil(random() * sound.length)));
    for (let faults = 0; faults < 4; faults += 1) {
      bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    }
    const message = parseSip(bytes);
    if (message) sipParameter(sipHeader(message, 'via'), 'branch');
  }
  const started = process.hrtime.bigint();
  parseSip(Buffer.from(`SIP/2.0 200 OK\r\n${'\r\n '.repeat(20_000)}`));
  parseSip(Buffer.alloc(65_000, '\r\n'));
  parseSip(Buffer.from(`SIP/2.0 200 OK\r\nVia: ${'<'.repeat(8000)}\r\n\r\n`));
  t.ok(process.hrtime.bigint() - started < 500_000_000n, 'in a time that does not explode');
  t.end();
});

test('a message is written with its length, and no value begins a header', (t) => {
  const bytes = formatSip({
    opening: 'NOTIFY sip:a SIP/2.0',
    headers: [['Event', 'x\r\nEvil: yes']],
    body: 'é',
  });
  t.equal(
    bytes.toString(),
    'NOTIFY sip:a SIP/2.0\r\nEvent: x Evil: yes\r\nContent-Length: 2\r\n\r\né',
  );
  t.equal(escapedUser('10 1@é>'), '10%201%40%C3%A9%3E');
  t.equal(hostPort({ address: '2001:db8::1', port: 5060 }), '[2001:db8::1]:5060');
  t.end();
});
