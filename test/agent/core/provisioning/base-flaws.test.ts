import { test } from 'tap';
import { givenInstead, templateFlaw } from '../../../../agent/core/provisioning/base-flaws.ts';
import { languageOf } from '../../../firmware-catalog/vendors/language-of.ts';

const yealink = languageOf('Yealink', 'T46S');
const mitel = languageOf('Mitel', '6930');
const poly = languageOf('Polycom', 'VVX450');
const cisco = languageOf('Cisco', '8851');

const utf16 = (text: string): string => Buffer.from(text, 'utf16le').toString('latin1');

test('what a program says in the place of a file is known for what it is, in whole files and in parts', (t) => {
  const given: readonly (readonly [string, string])[] = [
    ['<!-- hi -->\n<html><body>login</body></html>', 'a web page'],
    [
      '<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" ""><html></html>',
      'a web page',
    ],
    ['<br />\n<b>Warning</b>: x', 'a web page'],
    ['\u001f\u008b\u0008\0\0\0', 'compressed bytes'],
    [utf16('\ufeffsip line1 password: x\n'), 'text in UTF-16'],
    ['{"error":"rate limited"}', 'JSON'],
    ['[{"error": 1}]', 'JSON'],
    [
      'Fatal error: Uncaught PDOException: SQLSTATE[HY000] in /var/www/x.php\nStack trace: #0\n',
      'the error of a program',
    ],
    [
      '#!version:1.0.0.1\naccount.1.label = x\nPHP Fatal error:  out of memory\n',
      'the error of a program',
    ],
    ['<c a="1">\n<br />\n<b>Fatal error</b>:  x</c>', 'the error of a program'],
  ];
  for (const [text, what] of given) {
    t.equal(givenInstead(text), what, text);
    for (const language of [yealink, mitel, poly, cisco])
      t.equal(givenInstead(text, language), what, text);
  }
  t.end();
});

test('a whole file of another language is named by what it is not', (t) => {
  t.equal(givenInstead('Service Unavailable\n', mitel), 'what is not name: value lines');
  t.equal(givenInstead('error: rate limit\n', mitel), 'what is not name: value lines');
  t.equal(givenInstead('Internal error: too many\n', mitel), 'what is not name: value lines');
  t.equal(givenInstead('account.1.label = x\n', mitel), 'what is not name: value lines');
  t.equal(givenInstead('sip line1 user name: 1\n', yealink), `what is not ${yealink.form}`);
  t.equal(givenInstead('<c a="1"><d b="2"/>\n', poly), undefined);
  t.equal(givenInstead('<c a="1"><d b="2"', poly), `what is not ${poly.form}`, 'it broke off');
  t.equal(givenInstead('<flat-profile><A>1</A>', cisco), 'what is not flat-profile XML');
  t.end();
});

test('a file as PBXs write it is one, with comments, empty lines, capitals, signs and a mark in front', (t) => {
  for (const text of [
    '',
    '# nothing is set\n\n',
    '# Mitel\r\n\r\nsip line1 user name: 102\r\n',
    '\u00ef\u00bb\u00bfsip line1 user name: 102\n',
    '!sip line1 user name: 102\nBLF list: x\nLLDP: 1\n',
    '^http server: pbx\n',
    'softkey1 label: Fatal\naction uri startup: http://pbx/?a={b}\n',
    'sip out-of-band dtmf: 1\r',
  ])
    t.equal(givenInstead(text, mitel), undefined, text);
  for (const text of [
    '<?xml version="1.0"?>\n<!-- c -->\n<APPLICATION APP_FILE_PATH="x"/>\n<!-- end -->\n',
    '<c a="1"><d b="2"/>\n</c >\n',
  ])
    t.equal(givenInstead(text, poly), undefined, text);
  t.equal(givenInstead('', yealink), undefined);
  t.equal(givenInstead('[ T46S ]\naccount.1.label = x\n'), undefined);
  t.end();
});

test('a placeholder in a comment is none, and comments without an end are read in one go', (t) => {
  t.match(templateFlaw('<!-- {{a}}\n{$b} -->\n<a>{{c}}</a>'), { line: 3, reason: /\{\{c\}\}/ });
  t.equal(templateFlaw('<a><!-- {{c}}</a>'), undefined, 'it goes to the end');
  t.equal(templateFlaw(`<a>${'<!--'.repeat(250_000)}{{c}}</a>`), undefined);
  t.match(templateFlaw(`<a>${'<!---->'.repeat(100_000)}{{c}}</a>`), { line: 1 });
  t.end();
});
