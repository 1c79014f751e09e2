import { test } from 'tap';
import { netasciiLength, toNetascii } from '../../../../agent/core/tftp/netascii.ts';
import {
  decodePacket,
  encodeAck,
  encodeError,
  encodeOptions,
  encodeRequest,
} from '../../../../agent/core/tftp/packet.ts';
import { askedPath } from '../../../../agent/core/asked-path.ts';
import { generator } from './lossy-network.ts';

const decoded = (text: string) => decodePacket(Buffer.from(text, 'latin1'));
const options = (entries: Record<string, string>) => new Map(Object.entries(entries));

test('a request is read as it is written', (t) => {
  const request = {
    kind: 'read',
    fileName: 'T46U(T43U,T46U)-108.86.0.20 é.rom',
    mode: 'octet',
    options: options({ blksize: '1428', tsize: '0' }),
  } as const;
  t.same(decodePacket(encodeRequest(request)), request);
  t.end();
});

test('a request is read as phones and probes write it', (t) => {
  const cases: [string, string, object | undefined][] = [
    ['mode in capitals', '\0\u0001a\0OCTET\0', { mode: 'octet' }],
    ['write', '\0\u0002a\0octet\0', { kind: 'write' }],
    ['options in capitals', '\0\u0001a\0octet\0BLKSIZE\x0099\0', { options: { blksize: '99' } }],
    ['padding of old Cisco phones', '\0\u0001a\0octet\0\0\0\0', { options: {} }],
    ['the first mention wins', '\0\u0001a\0octet\0x\x001\0X\x002\0', { options: { x: '1' } }],
    ['option without value', '\0\u0001a\0octet\0blksize\0', { options: {} }],
    ['value without end', '\0\u0001a\0octet\0blksize\x00512', { options: {} }],
    ['Latin-1 name', '\0\u0001caf\xe9\0octet\0', { fileName: 'café' }],
    ['empty name', '\0\u0001\0octet\0', undefined],
    ['mode without end', '\0\u0001a\0octet', undefined],
    ['no end at all', '\0\u0001abc', undefined],
    ['name too long', `\0\u0001${'a'.repeat(512)}\0octet\0`, undefined],
    ['packet too long', `\0\u0001a\0octet\0${'a'.repeat(1024)}\0`, undefined],
    ['opcode in the high byte', '\u0001\u0001a\0octet\0', undefined],
  ];
  for (const [name, text, expected] of cases) {
    const packet = decoded(text);
    const found =
      packet && 'options' in packet
        ? { ...packet, options: Object.fromEntries(packet.options) }
        : packet;
    if (expected) t.match(found, expected, name);
    else t.equal(found, undefined, name);
  }
  t.end();
});

test('an ACK is four bytes', (t) => {
  t.same(decodePacket(encodeAck(65_537)), { kind: 'ack', block: 1 });
  t.equal(decoded('\0\u0004\0'), undefined);
  t.equal(decoded('\0\u0004\0\u0001\0'), undefined);
  t.end();
});

test('an error is read without its end, and written within the room given', (t) => {
  t.same(decodePacket(encodeError(1, 'File not found')), {
    kind: 'error',
    code: 1,
    text: 'File not found',
  });
  t.same(decoded('\0\u0005\0cfull'), { kind: 'error', code: 99, text: 'full' });
  t.equal(encodeError(1, 'File not found', 9).toString('latin1'), '\0\u0005\0\u0001File\0');
  t.equal(encodeError(1, 'File not found', 0).length, 5);
  t.end();
});

test('an OACK is read as it is written', (t) => {
  const agreed = options({ blksize: '8', tsize: '1' });
  t.same(decodePacket(encodeOptions(agreed)), { kind: 'options', options: agreed });
  t.end();
});

test('20,000 random datagrams give a packet or nothing, never a throw', (t) => {
  const random = generator(7);
  for (let round = 0; round < 20_000; round += 1) {
    const bytes = Buffer.alloc(Math.floor(random() * 80));
    for (let at = 0; at < bytes.length; at += 1) bytes[at] = Math.floor(random() ** 3 * 256);
    if (bytes.length > 1 && random() < 0.9) bytes.set([0, Math.floor(random() * 8)]);
    decodePacket(bytes);
  }
  t.pass('no throw');
  t.end();
});

test('text grows by one byte for each LF and CR', (t) => {
  t.same(toNetascii(Buffer.from('a\nb\r\r\n')), Buffer.from('a\r\nb\r\0\r\0\r\n'));
  t.equal(netasciiLength(Buffer.from('a\nb\r\r\n')), 10);
  t.end();
});

test('a requested path has one form, and what leaves the root has none', (t) => {
  t.equal(askedPath('///a//b.cfg'), 'a/b.cfg');
  t.equal(askedPath('./a/./..b'), 'a/..b');
  t.equal(askedPath(' x.rom '), ' x.rom ', 'blanks are part of names');
  for (const bad of ['', '/', '.', '..', 'a/..', 'a/', 'a/.', 'a\0b', 'a\nb', 'a'.repeat(1025)]) {
    t.equal(askedPath(bad), undefined, JSON.stringify(bad.slice(0, 9)));
  }
  t.end();
});
