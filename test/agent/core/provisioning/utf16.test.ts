import { Buffer } from 'node:buffer';
import { test } from 'tap';
import { isUtf16 } from '../../../../agent/core/provisioning/utf16.ts';

const settings = '<config><P34>secret</P34></config>\n';
const little = (text: string): Buffer => Buffer.from(text, 'utf16le');
const big = (text: string): Buffer => little(text).swap16();

test('text in UTF-16 is told from other text and from pictures, with a mark in front or without', (t) => {
  const icon = [
    0, 0, 1, 0, 1, 0, 16, 16, 0, 0, 1, 0, 32, 0, 104, 4, 0, 0, 22, 0, 0, 0, 40, 0, 0, 0,
  ];
  const greys = Array.from({ length: 256 }, (_, grey) => [grey, grey, grey, 0]).flat();
  const cases: readonly [string, Buffer, boolean][] = [
    ['a mark, little end first', little(`\ufeff${settings}`), true],
    ['a mark, big end first', big(`\ufeff${settings}`), true],
    ['no mark, little end first', little(settings), true],
    ['no mark, big end first', big(settings), true],
    ['names among words in Cyrillic', little('account.1.label = Иванов\n'), true],
    ['one sign', little('a'), true],
    ['nothing', Buffer.alloc(0), false],
    ['UTF-8', Buffer.from(`${settings}Иванов`), false],
    ['zeros', Buffer.alloc(600), false],
    ['a PNG', Buffer.from([137, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0, 13, 73, 72, 68, 82]), false],
    ['an icon', Buffer.from(icon), false],
    ['a palette of greys', Buffer.from(greys), false],
    ['a JPEG that names its colours', Buffer.concat([Buffer.alloc(600, 201), big('sRGB')]), false],
  ];
  for (const [what, body, expected] of cases)
    t.equal(isUtf16(body.toString('latin1')), expected, what);
  t.end();
});
