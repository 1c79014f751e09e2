import type { ConfigLanguage } from '@ringwave/firmware-catalog/vendors/line-facts';
import {
  isWrittenIn,
  overlay,
  setsAny,
  valuesIn,
} from '@ringwave/firmware-catalog/vendors/overlay';
import { test } from 'tap';
import { languageOf } from './language-of.ts';

const cisco = languageOf('Cisco', '8851');
const snom = languageOf('Snom', 'D785');
const poly = languageOf('Polycom', 'VVX450');
const gigaset = languageOf('Gigaset', 'N870 IP PRO');
const languages = [
  cisco,
  snom,
  poly,
  gigaset,
  languageOf('Yealink', 'T46S'),
  languageOf('Mitel', '6930'),
  languageOf('Panasonic', 'KX-HDV130'),
];

const withAdded = (text: string, language: ConfigLanguage): string => {
  const done = overlay(text, language, [{ name: 'N', value: 'v' }]);
  return done.kind === 'overlaid' ? done.body : done.reason;
};

test('what is added stands before the closing tag that counts, not before one in a comment or in CDATA', (t) => {
  const tails = [
    '\n<!-- end of </flat-profile> -->\n',
    '<![CDATA[</flat-profile>]]>',
    '<!-- </flat-profile>',
  ];
  for (const tail of tails) {
    const added = '<flat-profile><N ua="na">v</N>\n</flat-profile>';
    t.equal(withAdded(`<flat-profile></flat-profile>${tail}`, cisco), added + tail);
  }
  t.equal(
    withAdded(
      '<settings><phone-settings></phone-settings ><!-- </phone-settings> --></settings>',
      snom,
    ),
    '<settings><phone-settings><N perm="R">v</N>\n</phone-settings ><!-- </phone-settings> --></settings>',
  );
  t.equal(
    withAdded('<provisioning><nvm></nvm><!-- </nvm> --></provisioning>', gigaset),
    '<provisioning><nvm><param name="N" value="v"/>\n</nvm><!-- </nvm> --></provisioning>',
  );
  const tail = '<!-- <APPLICATION A="old"></APPLICATION> <A/> -->';
  t.equal(withAdded(`<APPLICATION A=""/>${tail}`, poly), `<APPLICATION A="" N="v"/>${tail}`);
  t.equal(withAdded(`<c><d/></c>${tail}`, poly), `<c><d/><managed N="v"/>\n</c>${tail}`);
  t.notOk(isWrittenIn('<flat-profile><!-- </flat-profile> -->', cisco), 'none that counts');
  t.end();
});

test('a tag is one whatever its attributes hold, however many there are and however they are quoted', (t) => {
  const tags = [
    '<N note="a>b" perm="">x</N>',
    "<N note='a>b'\n perm=''>x</N>",
    `<N note="it's >">x</N >`,
    `<N note="${'a'.repeat(5000)}">x</N>`,
    "<N note=it's>x</N>",
  ];
  for (const tag of tags) {
    t.same(valuesIn(`<a>${tag}</a>`, snom, 'N'), ['x'], tag);
    t.ok(setsAny(`<a>${tag}</a>`, { language: snom, names: ['M', 'N'] }), tag);
  }
  t.same(valuesIn('<a><NN>x</NN><N.a>x</N.a></a>', snom, 'N'), []);
  const params = [
    '<param name="N" note="a>b" value="x"/>',
    "<param note='>' name='N' value='x' />",
    '<param value="x" name="N"/>',
  ];
  for (const param of params) {
    const text = `<provisioning><nvm>${param}<param name="M" value="y"/></nvm></provisioning>`;
    t.same(valuesIn(text, gigaset, 'N'), ['x'], param);
    t.match(withAdded(text, gigaset), param.replace('x', 'v'));
    const gone = overlay(text, gigaset, [{ name: 'N' }]);
    t.equal(gone.kind === 'overlaid' && gone.body, text.replace(param, ''), param);
  }
  t.end();
});

test('an unclosed comment goes to the end of the file, as readers of XML take it', (t) => {
  t.same(valuesIn('<a><N>x</N><!-- <N>y</N>', snom, 'N'), ['x']);
  t.same(valuesIn('<a><N>x</N><![CDATA[<N>y</N>', snom, 'N'), ['x']);
  t.same(valuesIn('<a><X><![CDATA[<!--]]></X><N>x</N><Y>--></Y></a>', snom, 'N'), ['x']);
  t.end();
});

test('a long file is read in one go, whatever its maker left open in it', (t) => {
  // Looked through again from each of these places it would take many minutes.
  const pieces = [
    '<!--',
    '<![CDATA[',
    '<!---->',
    '<N>',
    '<N><![CDATA[',
    '<N "',
    `<N "'`,
    `<N '"<N "'`,
    ' N="',
    " N='",
    '<param name="N" ',
    '<param ',
    'N:',
    ' ',
    ' "',
    '\n',
    '\r',
    '\n ',
    '{{',
  ];
  for (const language of languages) {
    const frames = language.frame.split('{lines}');
    for (const piece of pieces) {
      const many = piece.repeat(Math.ceil(300_000 / piece.length));
      const line = language.line.replaceAll('{name}', 'N');
      const inValue = `${line.split('{value}')[0] ?? ''}${many}x`;
      for (const body of [frames.join(many), frames.join(inValue), `${inValue}\r`]) {
        t.ok(valuesIn(body, language, 'N').length <= 150_000);
        t.ok(['overlaid', 'refused'].includes(overlay(body, language, [{ name: 'N' }]).kind));
        t.type(withAdded(body, language), 'string');
      }
    }
  }
  t.end();
});
