import { KNOWN_VENDORS, knowledgeOf } from '@ringwave/firmware-catalog/vendors/all';
import type { LineFacts } from '@ringwave/firmware-catalog/vendors/line-facts';
import { test } from 'tap';
import { composed } from '../../../../agent/core/provisioning/managed.ts';
import { holdsOthersSecrets } from '../../../../agent/core/provisioning/secrets-in-text.ts';

function lineOf(vendor: string, model: string): LineFacts {
  const line = knowledgeOf(vendor)?.lines.find(({ hasModel }) => hasModel(model));
  if (!line) throw new Error(`no line of ${vendor} ${model}`);
  return line;
}

const yealink = lineOf('Yealink', 'T46S');
const mitel = lineOf('Mitel', '6930');
const snom = lineOf('Snom', 'D785');
const poly = lineOf('Polycom', 'VVX450');
const cisco = lineOf('Cisco', '8851');
const spa = lineOf('Cisco', 'SPA504G');
const grandstream = lineOf('Grandstream', 'GXP1630');
const everyone = [yealink, mitel, snom, poly, cisco, spa, grandstream];

/** Passwords as each maker's phones read them, and whose own they are. */
const FILES: readonly (readonly [string, readonly LineFacts[]])[] = [
  ['#!version:1.0.0.1\naccount.1.password = one\n', [yealink]],
  ['!sip line1 password: one\n', [mitel]],
  ['<settings><user_pass idx="1">one</user_pass></settings>', [snom]],
  ['<html><pre>\n# text of firmware 7\nuser_pass1$: one\n</pre></html>', []],
  ['user_pass12 & : one\n', []],
  ['http_pass!: one\n', []],
  ['<c reg.1.auth.password="one"/>', [poly]],
  ['<flat-profile><Password_1_>one</Password_1_></flat-profile>', [cisco, spa]],
  ['<flat-profile><Admin_Passwd>one</Admin_Passwd></flat-profile>', [spa]],
  ['<config><P34>one</P34></config>', [grandstream]],
  ['P34 = one\n', [grandstream]],
  ['<nvm><param name="SipAccount.00002.AuthPassword" value="one"/></nvm>', []],
  ['# Panasonic SIP Phone Standard Format File #\r\nSIP_PASS_1="one"\r\n\r\n', []],
];

/** Some phones read `Sip Line1 Password` as well, and a file lies open for those who do not. */
const inOtherCase = (text: string): readonly string[] => [
  text.toUpperCase().replaceAll('ONE', 'one'),
  text.toLowerCase(),
  text.replace(/(?<![\w.])[a-z]/gi, (first) => first.toUpperCase()).replaceAll('One', 'one'),
];

test('passwords are found in whichever case their names stand, and taken out or kept back', (t) => {
  for (const [written, owners] of FILES)
    for (const text of inOtherCase(written)) {
      t.ok(holdsOthersSecrets(text), text);
      for (const line of everyone) {
        const by = { line, ours: '', isHardened: false, isWhole: false };
        t.equal(holdsOthersSecrets(text, line), !owners.includes(line), `${line.line}: ${text}`);
        const outside = composed(text, { ...by, maySecrets: false });
        if (outside.kind === 'composed') t.notMatch(outside.body, 'one', `${line.line}: ${text}`);
        const inside = composed(text, { ...by, maySecrets: true });
        if (inside.kind === 'composed') t.ok(inside.hasSecrets, `${line.line}: ${text}`);
      }
    }
  t.end();
});

const many = ' '.repeat(100);

/** What phones pass over, or read all the same; each leaves in clear what nobody finds in it. */
const ODD_FORMS: readonly string[] = [
  'SIP_PASS_1 = "one"\n',
  'SIP_PASS_1\t=\t"one"\n',
  'SIP_PASS_1="one" # of the reception\n',
  'SIP_PASS_1="one\n',
  'SIP_PASS_1=one\n',
  "LDAP_PASSWORD = 'one'\n",
  'sip  line1\tpassword: one\n',
  'SET\tFORCE_SIP_PASSWORD  one\n',
  '<settings><user_pass idx="1"><b>one</b></user_pass></settings>',
  '<settings><user_pass idx="1">a<one</user_pass></settings>',
  `<settings><user_pass idx="1">one</user_pass${many}></settings>`,
  'x\n<settings><user_pass idx="1">one</user_pass></settings>',
  `<c reg.1.auth.password${many}=${many}"one"/>`,
  '<c reg.1.auth.password="a<one"/>',
  'x\n<c reg.1.auth.password="one"/>',
  '<html>\naccount.1.password = one\n',
  '<html>\nsip line1 password: one\n',
  `<config><P34 a="${'y'.repeat(600)}">one</P34></config>`,
  `${many}P34${many}= one\n`,
  '<nvm><param name="SipAccount.00002.Auth&#80;assword" value="one"/></nvm>',
];

test('passwords in forms that no maker describes are kept back outside of a lease as well', (t) => {
  for (const text of ODD_FORMS)
    for (const line of [...everyone, lineOf('Panasonic', 'KX-HDV230'), lineOf('Avaya', 'J179')])
      for (const isWhole of [true, false]) {
        const by = { line, ours: '', isHardened: false, isWhole, maySecrets: false };
        const outside = composed(text, by);
        if (outside.kind === 'composed') t.notMatch(outside.body, 'one', `${line.line}: ${text}`);
      }
  t.end();
});

test('a setting whose name is like a Panasonic’s is no password of one', (t) => {
  const text = '#!version:1.0.0.1\nsecurity.user_password = "one"\nphone_setting.a = _PASSWORD\n';
  t.notOk(holdsOthersSecrets(text, yealink));
  t.notOk(holdsOthersSecrets('md5_password = one\nSIP_PASS_1 = ""\n', yealink));
  t.end();
});

test('passwords are found in whichever known language they stand, whoever asks', (t) => {
  for (const [text, owners] of FILES) {
    t.ok(holdsOthersSecrets(text), text);
    for (const line of everyone)
      t.equal(holdsOthersSecrets(text, line), !owners.includes(line), `${line.line}: ${text}`);
  }
  t.end();
});

test('a file of another maker leaves with its passwords in a lease alone', (t) => {
  for (const [text] of FILES)
    for (const line of everyone) {
      const by = { line, ours: '', isHardened: false, isWhole: false };
      const outside = composed(text, { ...by, maySecrets: false });
      if (outside.kind === 'composed') t.notMatch(outside.body, 'one', `${line.line}: ${text}`);
      const inside = composed(text, { ...by, maySecrets: true });
      t.not(inside.kind, 'guarded', `${line.line}: ${text}`);
      if (inside.kind === 'composed') t.ok(inside.hasSecrets, `${line.line}: ${text}`);
    }
  t.end();
});

test('a Snom’s text file keeps its passwords, and names neither firmware nor a server', (t) => {
  const by = { line: snom, ours: '', isHardened: false, isWhole: false };
  const inside = { ...by, maySecrets: true };
  t.same(composed('user_name1!: 200\n', { ...by, maySecrets: false }), {
    kind: 'composed',
    body: 'user_name1!: 200\n',
  });
  t.match(composed('user_pass1!: one\n', inside), { kind: 'composed', hasSecrets: true });
  for (const line of [
    'firmware: http://pbx/x',
    'setting_server&: http://pbx',
    'firmware_status$: x',
  ])
    t.same(composed(`user_name1!: 200\n${line}\n`, inside), {
      kind: 'refused',
      reason: 'it names firmware or a server in name: value lines',
    });
  t.end();
});

test('what says nothing of a password is nobody’s secret', (t) => {
  for (const text of [
    '',
    'Reception: 200\n',
    '<c reg.1.auth.password=""/>',
    '#!version:1.0.0.1\n# account.1.password = one\naction_url.setup_completed = http://a/?m=$mac&P3=4\n',
    '<settings><!-- <user_pass idx="1">one</user_pass> --></settings>',
    '<AddressBook><Contact><Phone>200</Phone></Contact></AddressBook>',
  ])
    t.notOk(holdsOthersSecrets(text), text);
  t.end();
});

test('the agent’s own file with a login is found by the words of its maker', (t) => {
  const told = KNOWN_VENDORS.flatMap(({ lines }) => lines).filter(
    ({ config, settings }) => config !== 'unknown' && settings['sip-login'] !== 'unknown',
  );
  t.ok(told.length > 10);
  for (const { line, config, settings } of told) {
    if (config === 'unknown' || settings['sip-login'] === 'unknown') continue;
    const password = settings['sip-login'].find(({ value }) => value.includes('{password}'));
    if (!password) continue;
    const written = config.line
      .replace('{name}', password.name)
      .replaceAll('{name}', password.name);
    t.ok(holdsOthersSecrets(`\n${written.replace('{value}', 'x1')}\n`), line);
  }
  t.end();
});
