import type { ConfigLanguage } from '@ringwave/firmware-catalog/vendors/line-facts';
import {
  isWrittenIn,
  type Managed,
  mayHold,
  overlay,
  valuesIn,
} from '@ringwave/firmware-catalog/vendors/overlay';
import * as fc from 'fast-check';
import { test } from 'tap';
import { languageOf } from './language-of.ts';

/** Files as a PBX writes them, with the setting, without it, and in a comment. */
const FILES: readonly {
  readonly vendor: string;
  readonly model: string;
  readonly name: string;
  readonly has: string;
  readonly set: string;
  readonly gone: string;
  readonly lacks: string;
  readonly added: string;
}[] = [
  {
    vendor: 'Yealink',
    model: 'T46S',
    name: 'static.firmware.url',
    has: '#!version:1.0.0.1\r\n# static.firmware.url = old\r\nstatic.firmware.url=http://pbx/a.rom\r\nlinekey.1.label = caf\u00e9\r\n',
    set: '#!version:1.0.0.1\r\n# static.firmware.url = old\r\nstatic.firmware.url=http://agent/b.rom\r\nlinekey.1.label = caf\u00e9\r\n',
    gone: '#!version:1.0.0.1\r\n# static.firmware.url = old\r\nlinekey.1.label = caf\u00e9\r\n',
    lacks: '#!version:1.0.0.1\naccount.1.enable = 1',
    added: '#!version:1.0.0.1\naccount.1.enable = 1\nstatic.firmware.url = http://agent/b.rom\n',
  },
  {
    vendor: 'Mitel',
    model: '6930',
    name: 'firmware server',
    has: '# from the PBX\nfirmware server: http://pbx/fw\nsip line1 auth name: 200\n',
    set: '# from the PBX\nfirmware server: http://agent/b.rom\nsip line1 auth name: 200\n',
    gone: '# from the PBX\nsip line1 auth name: 200\n',
    lacks: 'sip line1 auth name: 200\n',
    added: 'sip line1 auth name: 200\nfirmware server: http://agent/b.rom\n',
  },
  {
    vendor: 'Cisco',
    model: '8851',
    name: 'Upgrade_Rule',
    has: '<flat-profile><!-- <Upgrade_Rule>x</Upgrade_Rule> --><Upgrade_Rule ua="na">http://pbx/a</Upgrade_Rule><Other/></flat-profile>',
    set: '<flat-profile><!-- <Upgrade_Rule>x</Upgrade_Rule> --><Upgrade_Rule ua="na">http://agent/b.rom</Upgrade_Rule><Other/></flat-profile>',
    gone: '<flat-profile><!-- <Upgrade_Rule>x</Upgrade_Rule> --><Other/></flat-profile>',
    lacks: '<flat-profile>\n</flat-profile>\n',
    added:
      '<flat-profile>\n<Upgrade_Rule ua="na">http://agent/b.rom</Upgrade_Rule>\n</flat-profile>\n',
  },
  {
    vendor: 'Grandstream',
    model: 'GXP1630',
    name: 'P192',
    has: '<gs_provision version="1"><config version="1"><P192>pbx/fw</P192><P1920>no</P1920></config></gs_provision>',
    set: '<gs_provision version="1"><config version="1"><P192>http://agent/b.rom</P192><P1920>no</P1920></config></gs_provision>',
    gone: '<gs_provision version="1"><config version="1"><P1920>no</P1920></config></gs_provision>',
    lacks: '<gs_provision version="1"><config version="1"></config></gs_provision>',
    added:
      '<gs_provision version="1"><config version="1"><P192>http://agent/b.rom</P192>\n</config></gs_provision>',
  },
  {
    vendor: 'Polycom',
    model: 'VVX450',
    name: 'APP_FILE_PATH',
    has: '<?xml version="1.0"?><APPLICATION APP_FILE_PATH="pbx/sip.ld" APP_FILE_PATH_VVX410="keep"/>',
    set: '<?xml version="1.0"?><APPLICATION APP_FILE_PATH="http://agent/b.rom" APP_FILE_PATH_VVX410="keep"/>',
    gone: '<?xml version="1.0"?><APPLICATION APP_FILE_PATH_VVX410="keep"/>',
    lacks: '<c a="1"><d/></c>',
    added: '<c a="1"><d/><managed APP_FILE_PATH="http://agent/b.rom"/>\n</c>',
  },
  {
    vendor: 'Gigaset',
    model: 'N870 IP PRO',
    name: 'WebUIAccounts.1.Password',
    has: '<provisioning><nvm><param name="WebUIAccounts.1.Password" value="old"/><param name="x" value="1"/></nvm></provisioning>',
    set: '<provisioning><nvm><param name="WebUIAccounts.1.Password" value="http://agent/b.rom"/><param name="x" value="1"/></nvm></provisioning>',
    gone: '<provisioning><nvm><param name="x" value="1"/></nvm></provisioning>',
    lacks: '<provisioning><nvm></nvm></provisioning>',
    added:
      '<provisioning><nvm><param name="WebUIAccounts.1.Password" value="http://agent/b.rom"/>\n</nvm></provisioning>',
  },
  {
    vendor: 'Panasonic',
    model: 'KX-HDV130',
    name: 'FIRM_FILE_PATH',
    has: '# Panasonic SIP Phone Standard Format File #\r\nFIRM_FILE_PATH="http://pbx/a"\r\nSIP_AUTHID_1="200"\r\n\r\n',
    set: '# Panasonic SIP Phone Standard Format File #\r\nFIRM_FILE_PATH="http://agent/b.rom"\r\nSIP_AUTHID_1="200"\r\n\r\n',
    gone: '# Panasonic SIP Phone Standard Format File #\r\nSIP_AUTHID_1="200"\r\n\r\n',
    lacks: '# Panasonic SIP Phone Standard Format File #\r\nSIP_AUTHID_1="200"\r\n\r\n',
    added:
      '# Panasonic SIP Phone Standard Format File #\r\nSIP_AUTHID_1="200"\r\nFIRM_FILE_PATH="http://agent/b.rom"\r\n\r\n',
  },
];

const value = 'http://agent/b.rom';
const body = (text: string, language: ConfigLanguage, ...settings: Managed[]): string => {
  const done = overlay(text, language, settings);
  return done.kind === 'overlaid' ? done.body : `refused: ${done.reason}`;
};

for (const { vendor, model, name, has, set, gone, lacks, added } of FILES) {
  test(`a setting in a ${vendor} file is set, taken out and added, and nothing else changes`, (t) => {
    const language = languageOf(vendor, model);
    t.equal(body(has, language, { name, value }), set);
    t.equal(body(has, language, { name }), gone);
    t.equal(body(lacks, language, { name, value }), added);
    t.equal(body(added, language, { name, value }), added, 'twice is once');
    t.equal(body(lacks, language, { name }), lacks);
    t.end();
  });
}

test('what is not in the language is refused, never half changed', (t) => {
  const setting = { name: 'static.firmware.url', value };
  const yealink = languageOf('Yealink', 'T46S');
  t.match(body('<html>Sign in</html>', yealink, setting), /^refused: it is not key = value/);
  t.match(
    body('account.1.enable = 1\n', yealink, setting),
    /^refused/,
    'its first line is missing',
  );
  const cisco = languageOf('Cisco', '8851');
  t.match(body('<!DOCTYPE html><html></html>', cisco, setting), /^refused/);
  t.match(body('a = b', cisco, setting), /^refused/);
  t.match(
    body('#!version:1.0.0.1\n', yealink, { name: 'x', value: 'a\nb = c' }),
    /^refused: no such/,
  );
  const panasonic = languageOf('Panasonic', 'KX-HDV130');
  const first = '# Panasonic SIP Phone Standard Format File #\r\n';
  t.match(body(first, panasonic, { name: 'X', value: 'a"b' }), /^refused: no such/);
  t.end();
});

test('a file that must end with an empty line does so, whatever its maker left at its end', (t) => {
  const panasonic = languageOf('Panasonic', 'KX-HDV130');
  const first = '# Panasonic SIP Phone Standard Format File # DO NOT CHANGE THIS LINE!\r\n';
  const ends: readonly (readonly [string, string])[] = [
    ['', ''],
    ['X="1"', 'X="1"\r\n'],
    ['X="1"\r\n', 'X="1"\r\n'],
    ['X="1"\r\n\r\n', 'X="1"\r\n'],
  ];
  for (const [had, has] of ends) {
    t.equal(
      body(`${first}${had}`, panasonic, { name: 'A', value: '1' }, { name: 'B', value: '2' }),
      `${first}${has}A="1"\r\nB="2"\r\n\r\n`,
      JSON.stringify(had),
    );
  }
  t.equal(
    body(`${first}X="1"\r\n \r\n\r\n`, panasonic, { name: 'A', value: '1' }),
    `${first}X="1"\r\nA="1"\r\n \r\n\r\n`,
    'empty lines stay as they were',
  );
  t.end();
});

test('the first line that a phone asks for is compared whole', (t) => {
  const panasonic = languageOf('Panasonic', 'KX-HDV130');
  const first = '# Panasonic SIP Phone Standard Format File #';
  t.equal(first.length, 44);
  t.ok(isWrittenIn(`${first} DO NOT CHANGE THIS LINE!\r\n`, panasonic));
  t.ok(isWrittenIn(`${first}\n`, panasonic));
  for (const other of [
    '# made by the PBX',
    '# PCC Standard Format File #',
    `#${first}`,
    ` ${first}`,
  ])
    t.notOk(isWrittenIn(`${other}\r\nX="1"\r\n\r\n`, panasonic), other);
  const yealink = languageOf('Yealink', 'T46S');
  t.ok(isWrittenIn('#!version:1.0.0.2\n', yealink), 'a version may be any');
  t.end();
});

test('a value cannot break out of its place in XML', (t) => {
  const text = '<flat-profile><A>x</A></flat-profile>';
  t.equal(
    body(text, languageOf('Cisco', '8851'), { name: 'A', value: '</A><B>&"$&$1' }),
    '<flat-profile><A>&lt;/A&gt;&lt;B&gt;&amp;&quot;$&amp;$1</A></flat-profile>',
  );
  t.end();
});

test('whatever a file holds, setting twice is setting once, and what was added can be taken out', (t) => {
  const languages = FILES.map(({ vendor, model }) => languageOf(vendor, model));
  fc.assert(
    fc.property(
      fc.constantFrom(...FILES.map(({ has, lacks }, at) => ({ has, lacks, at }))),
      fc.string({ maxLength: 40 }),
      fc.nat(60),
      ({ lacks, at }, noise, place) => {
        const language = languages[at];
        if (!language) return;
        const text = lacks.slice(0, place) + noise.replace(/[^ -~]/g, '') + lacks.slice(place);
        const once = overlay(text, language, [{ name: 'ringwave.test', value: 'x1' }]);
        if (once.kind !== 'overlaid') return;
        const twice = overlay(once.body, language, [{ name: 'ringwave.test', value: 'x1' }]);
        t.ok(twice.kind === 'overlaid' && twice.body === once.body, JSON.stringify(text));
      },
    ),
    { seed: 20_261_122, numRuns: 400 },
  );
  t.end();
});

test('a number and a word stand for any, but only where the whole name fits', (t) => {
  const yealink = languageOf('Yealink', 'T46S');
  const text = '#!version:1.0.0.1\naccount.16.password = b\naccount.x.password = c\n';
  t.equal(
    body(text, yealink, { name: 'account.#.password' }),
    '#!version:1.0.0.1\naccount.x.password = c\n',
  );
  const poly = languageOf('Polycom', 'VVX450');
  t.equal(
    body('<a APP_FILE_PATH="1" APP_FILE_PATH_VVX410="2"/>', poly, { name: 'APP_FILE_PATH_*' }),
    '<a APP_FILE_PATH="1"/>',
  );
  t.end();
});

test('an attribute in single quotes, or with space around its sign, is a setting as any other', (t) => {
  const poly = languageOf('Polycom', 'VVX450');
  const name = 'reg.1.auth.password';
  for (const [has, value, gone, set] of [
    [`<c ${name}='se"cret' b='1'/>`, 'se"cret', `<c b='1'/>`, `<c ${name}='x' b='1'/>`],
    [`<c ${name}="it's" b="1"/>`, "it's", '<c b="1"/>', `<c ${name}="x" b="1"/>`],
    [`<c ${name}  =\n'a' b='1'/>`, 'a', `<c b='1'/>`, `<c ${name}  =\n'x' b='1'/>`],
  ] as const) {
    t.same(valuesIn(has, poly, name), [value]);
    t.equal(body(has, poly, { name }), gone);
    t.equal(body(has, poly, { name, value: 'x' }), set);
  }
  t.equal(
    body(`<c ${name}='a'/>`, poly, { name, value: `it's "x"` }),
    `<c ${name}='it&apos;s &quot;x&quot;'/>`,
    'it cannot break out',
  );
  t.end();
});

test('values are read as they are meant, at every place, and not in comments', (t) => {
  const cisco = languageOf('Cisco', '8851');
  const text =
    '<flat-profile><!-- <Password_1_>no</Password_1_> --><Password_1_ ua="na">a&amp;b</Password_1_><Password_2_>c</Password_2_></flat-profile>';
  t.same(valuesIn(text, cisco, 'Password_#_'), ['a&b', 'c']);
  t.same(valuesIn('Password_1_ = a', cisco, 'Password_#_'), []);
  t.ok(isWrittenIn(text, cisco));
  t.notOk(isWrittenIn('<Part/>', cisco), 'a part is not whole');
  t.ok(mayHold('<Part/>', cisco));
  t.end();
});

test('a value in CDATA, or one that a comment parts, is a value, and does not hold what follows up', (t) => {
  const language = languageOf('Grandstream', 'GXP1630');
  const file = (text: string) =>
    `<gs_provision version="1"><config version="1">${text}<P47>pbx</P47></config></gs_provision>`;
  const evil = [
    '<![CDATA[http://evil/fw]]>',
    'http://<!-- x -->evil/fw',
    ' <![CDATA[a]]><![CDATA[b]]> ',
  ];
  for (const value of evil) {
    const body = file(`<P192>${value}</P192>`);
    t.not(valuesIn(body, language, 'P192')[0]?.trim(), '', value);
    t.equal(valuesIn(body, language, 'P192').length, 1, value);
    t.same(overlay(body, language, [{ name: 'P192' }]), { kind: 'overlaid', body: file('') });
    const set = overlay(body, language, [{ name: 'P192', value: 'agent/fw' }]);
    t.same(set, { kind: 'overlaid', body: file('<P192>agent/fw</P192>') });
  }
  t.same(valuesIn(file('<!-- <P192>old</P192> -->'), language, 'P192'), []);
  t.same(valuesIn(file('<P3><![CDATA[<P192>told</P192>]]></P3>'), language, 'P192'), []);
  const odd = file(`<P192>${'<![CDATA[x'.repeat(20_000)}`);
  t.same(valuesIn(odd, language, 'P192'), []);
  t.end();
});

test('a Mitel’s setting behind ! or ^ is a setting, one line of it stays, and what was locked stays locked', (t) => {
  for (const language of [languageOf('Mitel', '6930'), languageOf('Aastra', '6731i')]) {
    const name = 'firmware server';
    const cases: readonly (readonly [string, string, string])[] = [
      ['!firmware server: a\n', '', '!firmware server: b\n'],
      ['^firmware server: a\n', '', '^firmware server: b\n'],
      [' ! firmware server: a\r\nx: 1\r\n', 'x: 1\r\n', '!firmware server: b\r\nx: 1\r\n'],
      ['firmware server: a\nx: 1\n!firmware server: c\n', 'x: 1\n', 'x: 1\n!firmware server: b\n'],
      ['!firmware server: a\n^firmware server: c\n', '', '!firmware server: b\n'],
      ['firmware server: a\nfirmware server: c\n', '', 'firmware server: b\n'],
    ];
    for (const [has, gone, set] of cases) {
      t.ok(valuesIn(has, language, name).includes('a'), has);
      t.equal(body(has, language, { name }), gone, has);
      t.equal(body(has, language, { name, value: 'b' }), set, has);
    }
    t.same(valuesIn('# !firmware server: a\n', language, name), []);
  }
  t.same(valuesIn('#!version:1\n!a = 1\n', languageOf('Yealink', 'T46S'), 'a'), []);
  t.end();
});

test('the first line is read behind a byte order mark, which stays', (t) => {
  const mitel = languageOf('Mitel', '6930');
  const mark = '\u00ef\u00bb\u00bf';
  const text = `${mark}sip line1 password: a\nx: 1\n`;
  const name = 'sip line1 password';
  t.same(valuesIn(text, mitel, name), ['a']);
  t.equal(body(text, mitel, { name }), `${mark}x: 1\n`);
  t.equal(body(text, mitel, { name, value: 'b' }), `${mark}sip line1 password: b\nx: 1\n`);
  t.end();
});
