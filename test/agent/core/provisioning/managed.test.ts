import { profileOf } from '@ringwave/firmware-catalog/vendors/all';
import type { Mac } from '@ringwave/protocol/units';
import { test } from 'tap';
import { composed, hardened } from '../../../../agent/core/provisioning/managed.ts';
import { holdsCodes } from '../../../../agent/core/provisioning/secrets-in-text.ts';

const mac = '80:5e:c0:00:00:07' as Mac;
const agent = { host: '192.0.2.1', httpPort: 80, tftpPort: 69 };
const firmware = { version: '66.86.0.15', folder: 'fw/805ec0000007/r1', fileName: 'a.rom' };
const provisioning = { user: '805ec0000007', password: 'Secret23456789' };

function over(
  { vendor, model, path }: { vendor: string; model: string; path: string },
  base: string,
  more: { slot?: boolean; lease?: boolean; hardened?: boolean; part?: boolean } = {},
) {
  const profile = profileOf(vendor);
  const line = profile?.lines.find(({ hasModel }) => hasModel(model));
  if (!profile || !line) throw new Error(`no line of ${vendor} ${model}`);
  const rendition = {
    mac,
    model,
    agent,
    ...(more.slot ? { firmware } : {}),
    ...(more.lease ? { provisioning } : {}),
  };
  // Of other files the agent makes none itself.
  const ours = more.part ? '' : profile.renderPhoneConfig(rendition, path).body;
  const by = {
    line,
    ours,
    maySecrets: more.lease === true,
    isHardened: more.hardened === true,
    isWhole: more.part !== true,
  };
  return composed(base, by);
}

const yealink = { vendor: 'Yealink', model: 'T46S', path: '/805ec0000007.cfg' };
const ofPbx = [
  '#!version:1.0.0.1',
  'static.firmware.url = http://pbx/old.rom',
  'firmware.url = http://pbx/older.rom',
  'static.auto_provision.server.url = http://pbx/',
  'account.1.password = one',
  'account.16.password = two',
  'account.1.label = Reception',
  '',
].join('\n');

test('without slot and lease a base loses firmware, the way to the PBX and all passwords of accounts', (t) => {
  t.same(over(yealink, ofPbx), {
    kind: 'composed',
    body: '#!version:1.0.0.1\naccount.1.label = Reception\n',
  });
  t.end();
});

test('with slot and lease a base has the firmware of the slot, the phone’s login and the PBX’s passwords', (t) => {
  const made = over(yealink, ofPbx, { slot: true, lease: true, hardened: true });
  t.equal(made.kind, 'composed');
  const body = made.kind === 'composed' ? made.body : '';
  t.match(body, 'static.firmware.url = http://192.0.2.1:80/fw/805ec0000007/r1/a.rom\n');
  t.match(body, 'static.auto_provision.server.username = 805ec0000007\n');
  t.match(body, 'static.auto_provision.server.password = Secret23456789\n');
  t.match(
    body,
    'account.1.password = one\naccount.16.password = two\naccount.1.label = Reception\n',
  );
  t.match(body, 'static.wui.http_enable = 0\n');
  t.notMatch(body, 'http://pbx/');
  t.end();
});

test('names in another case are managed alike: a phone may read them, and the last one of a name counts', (t) => {
  const mitel = { vendor: 'Mitel', model: '6930', path: '/00085d000007.cfg' };
  const pbx = 'sip line1 auth name: 200\nSip Line1 Password: one\nFirmware Server: http://pbx/fw\n';
  t.same(over(mitel, pbx), { kind: 'guarded' });
  const leased = over(mitel, pbx, { lease: true });
  t.match(leased, { kind: 'composed', hasSecrets: true });
  t.notMatch(leased.kind === 'composed' ? leased.body : '', 'http://pbx/');
  const made = over(yealink, ofPbx.replace('firmware.url', 'Firmware.URL'), { slot: true });
  const body = made.kind === 'composed' ? made.body : '';
  t.match(body, 'static.firmware.url = http://192.0.2.1:80/fw/805ec0000007/r1/a.rom\n');
  t.notMatch(body, 'http://pbx/');
  t.end();
});

test('a Yealink’s name with and without static. is one setting, taken out, kept back and said alike', (t) => {
  const base = (lines: readonly string[]) => `#!version:1.0.0.1\n${lines.join('\n')}\n`;
  const names = [
    'firmware.url',
    'over_the_air.url.w56h',
    'auto_provision.server.url',
    'auto_provision.server.username',
    'auto_provision.server.password',
    'security.user_password',
    'account.2.password',
  ];
  const both = names.flatMap((name) => [`static.${name} = pbx`, `${name} = pbx`]);
  t.same(over(yealink, base([...both, 'account.1.label = Ann'])), {
    kind: 'composed',
    body: base(['account.1.label = Ann']),
  });
  const made = over(yealink, base(both), { slot: true, lease: true, hardened: true });
  t.same(made, {
    kind: 'composed',
    body: base([
      'static.firmware.url = http://192.0.2.1:80/fw/805ec0000007/r1/a.rom',
      'firmware.url = http://192.0.2.1:80/fw/805ec0000007/r1/a.rom',
      'static.auto_provision.server.username = 805ec0000007',
      'auto_provision.server.username = 805ec0000007',
      'static.auto_provision.server.password = Secret23456789',
      'auto_provision.server.password = Secret23456789',
      'static.security.user_password = pbx',
      'security.user_password = pbx',
      'static.account.2.password = pbx',
      'account.2.password = pbx',
      'static.wui.http_enable = 0',
      'wui.http_enable = 0',
      'static.wui.https_enable = 0',
      'wui.https_enable = 0',
    ]),
    hasSecrets: true,
  });
  t.end();
});

const poly = { vendor: 'Polycom', model: 'VVX450', path: '/805ec0000007.cfg' };

test('a Poly master keeps the PBX’s files behind the agent’s own, and no image for its model stays', (t) => {
  const master =
    '<?xml version="1.0"?><APPLICATION APP_FILE_PATH="http://pbx/sip.ld" APP_FILE_PATH_VVX450="http://pbx/v.ld" CONFIG_FILES="reg.cfg, site.cfg"/>';
  t.same(over(poly, master, { lease: true }), {
    kind: 'composed',
    body: '<?xml version="1.0"?><APPLICATION CONFIG_FILES="805ec0000007-user.cfg,reg.cfg,site.cfg"/>',
  });
  t.end();
});

test('the agent’s own file comes first also in the list that a Poly master has for one model', (t) => {
  const master =
    '<?xml version="1.0"?><APPLICATION CONFIG_FILES="reg.cfg"><APPLICATION_VVX450 CONFIG_FILES_VVX450="model.cfg, reg.cfg"/></APPLICATION>';
  t.same(over(poly, master), { kind: 'composed', body: master }, 'where it has none they stay');
  t.same(over(poly, master, { lease: true }), {
    kind: 'composed',
    body: '<?xml version="1.0"?><APPLICATION CONFIG_FILES="805ec0000007-user.cfg,reg.cfg"><APPLICATION_VVX450 CONFIG_FILES_VVX450="805ec0000007-user.cfg,model.cfg,reg.cfg"/></APPLICATION>',
  });
  t.end();
});

for (const [vendor, model] of [
  ['Mitel', '6930'],
  ['Aastra', '6731i'],
] as const) {
  test(`a base sends a ${vendor} to no other server, by whichever protocol`, (t) => {
    const phone = { vendor, model, path: '/805EC0000007.cfg' };
    const names = [
      'download protocol',
      ...['tftp', 'ftp', 'http', 'https'].map((protocol) => `${protocol} server`),
      ...['http', 'https'].flatMap((protocol) => [`${protocol} path`, `${protocol} port`]),
      'alternate tftp server',
      'use alternate tftp server',
      'ftp username',
      'ftp password',
      'https user',
      'https password',
    ];
    const base = names.map((name) => `${name}: pbx\n`).join('');
    const made = over(phone, `${base}time zone name: DE-Berlin\n`);
    t.equal(made.kind, 'composed');
    t.equal(made.kind === 'composed' && made.body, 'time zone name: DE-Berlin\n');
    t.end();
  });
}

test('the file of a Panasonic model leads to the agent for all three files, whatever the PBX’s says', (t) => {
  const profile = profileOf('Panasonic');
  const [line] = profile?.lines ?? [];
  if (!profile || !line) throw new Error('no line');
  const file = (root: string) =>
    [
      '# Panasonic SIP Phone Standard Format File #',
      `CFG_STANDARD_FILE_PATH="${root}/Config{MAC}.cfg"`,
      `CFG_PRODUCT_FILE_PATH="${root}/{MODEL}.cfg"`,
      `CFG_MASTER_FILE_PATH="${root}/ConfigCommon.cfg"`,
      'TIME_ZONE="60"',
      '',
      '',
    ].join('\r\n');
  const ours = profile.renderCommonConfig(agent, '/KX-UT123.cfg').body;
  const by = { line, ours, maySecrets: false, isHardened: false, isWhole: true };
  t.same(composed(file('http://pbx/prov'), by), {
    kind: 'composed',
    body: file('http://192.0.2.1:80'),
  });
  t.end();
});

const panasonic = { vendor: 'Panasonic', model: 'KX-UT123', path: '/Config805EC0000007.cfg' };
const firstLine = '# Panasonic SIP Phone Standard Format File #';

test('what the slot adds to a Panasonic file stands before the empty line that ends it', (t) => {
  const base = `${firstLine}\r\nPHONE_NUMBER_1="200"\r\n\r\n`;
  t.same(over(panasonic, base), { kind: 'composed', body: base });
  t.same(over(panasonic, base, { slot: true }), {
    kind: 'composed',
    body: [
      firstLine,
      'PHONE_NUMBER_1="200"',
      'FIRM_UPGRADE_ENABLE="Y"',
      'FIRM_UPGRADE_AUTO="Y"',
      'FIRM_VERSION="66.86.0.15"',
      'FIRM_FILE_PATH="http://192.0.2.1:80/fw/805ec0000007/r1/a.rom"',
      '',
      '',
    ].join('\r\n'),
  });
  t.end();
});

test('a file with another first line is none of a Panasonic', (t) => {
  t.same(over(panasonic, '# made by the PBX\r\nPHONE_NUMBER_1="200"\r\n\r\n'), {
    kind: 'refused',
    reason:
      'it is not NAME="value" lines under a first line of 44 given bytes, the last line empty',
  });
  t.end();
});

test('whatever a Panasonic file calls a password is guarded as the administrator’s is', (t) => {
  const base = (line: string) => `${firstLine}\r\nDISPLAY_NAME_1="Ann"\r\n${line}\r\n\r\n`;
  const names =
    'ADMIN_PASS USER_PASS SIP_PASS_1 SIP_PASS_12 SIP_PASS_PS255_1 LDAP_PASSWORD XSI_PASSWORD_1 HTTP_PASS';
  for (const name of names.split(' ')) {
    for (const [model, part] of [
      ['KX-UT123', false],
      ['KX-TGP600', true],
    ] as const) {
      const phone = { ...panasonic, model };
      t.same(over(phone, base(`${name}="x"`), { part }), { kind: 'guarded' }, `${model} ${name}`);
      t.equal(over(phone, base(`${name}="x"`), { part, lease: true }).kind, 'composed');
      t.equal(over(phone, base(`${name}=""`), { part }).kind, 'composed', 'empty it is none');
      t.equal(over(phone, base(`# ${name}="x"`), { part }).kind, 'composed', 'nor in a comment');
    }
  }
  for (const line of ['ADMIN_ID="x"', 'LDAP_USERID="x"', 'FLEX_BUTTON_LABEL1="BYPASS"'])
    t.equal(over(panasonic, base(line)).kind, 'composed', line);
  t.end();
});

test('a file longer than a KX-UT takes is refused, also where only the slot makes it so', (t) => {
  const filled = (bytes: number): string => {
    const rest = bytes - firstLine.length - 4;
    const comment = `${'#'.repeat(126)}\r\n`;
    const text = comment.repeat(Math.floor(rest / 128)) + '#'.repeat(rest % 128);
    return `${firstLine}\r\n${text}\r\n`;
  };
  const most = 120 * 1024;
  t.equal(filled(most).length, most);
  t.equal(over(panasonic, filled(most)).kind, 'composed');
  t.same(over(panasonic, filled(most + 1)), {
    kind: 'refused',
    reason: 'it has 122881 bytes, and such a phone takes 122880',
  });
  t.equal(over(panasonic, filled(most), { slot: true }).kind, 'refused');
  const withSecret = `${filled(most)}SIP_PASS_1="x"\r\n`;
  t.equal(over(panasonic, withSecret).kind, 'refused', 'it is told, not only kept back');
  const other = { ...panasonic, model: 'KX-HDV430' };
  t.equal(over(other, filled(most + 1)).kind, 'composed', 'of others no limit is told');
  const part = 'entry\r\n'.repeat(20_000);
  t.equal(over(panasonic, part, { part: true }).kind, 'composed', 'a directory is no such file');
  t.end();
});

test('a phone that may lose what a file leaves out gets its passwords or nothing', (t) => {
  const reg = '<c reg.2.auth.password="two" reg.2.label="Desk"/>';
  t.same(over(poly, reg), { kind: 'guarded' });
  t.same(over(poly, '<c reg.2.label="Desk"/>'), {
    kind: 'composed',
    body: '<c reg.2.label="Desk"/>',
  });
  t.end();
});

test('the password of who uses a phone is guarded as the administrator’s is', (t) => {
  for (const [vendor, model, base] of [
    ['Mitel', '6930', 'user password: x\n'],
    ['Aastra', '6731i', 'sip password: x\n'],
    ['Polycom', 'VVX450', '<c device.auth.localUserPassword="x"/>'],
    ['Cisco', '8851', '<flat-profile><User_Password ua="na">x</User_Password></flat-profile>'],
    ['Linksys', 'SPA942', '<flat-profile><User_Password>x</User_Password></flat-profile>'],
  ] as const)
    t.same(over({ vendor, model, path: '/x' }, base), { kind: 'guarded' }, `${vendor} ${base}`);
  t.end();
});

test('no other name of a base for firmware, or for a server with profiles of its own, is left', (t) => {
  const gone: readonly (readonly [object & { vendor: string; model: string }, string, string])[] = [
    [
      { vendor: 'Snom', model: 'D785' },
      '<settings><phone-settings><firmware_url>http://pbx/a.bin</firmware_url><firmware_uxm perm="">http://pbx/u.bin</firmware_uxm></phone-settings></settings>',
      '<settings><phone-settings></phone-settings></settings>',
    ],
    ...['B', 'C', 'D'].flatMap((letter) =>
      [
        { vendor: 'Cisco', model: '8851' },
        { vendor: 'Cisco', model: 'SPA504G' },
        { vendor: 'Linksys', model: 'SPA942' },
      ].map(
        (phone) =>
          [
            phone,
            `<flat-profile><Profile_Rule_${letter} ua="na">http://pbx/b.xml</Profile_Rule_${letter}></flat-profile>`,
            '<flat-profile></flat-profile>',
          ] as const,
      ),
    ),
    [
      { vendor: 'Polycom', model: 'VVX450' },
      '<c device.prov.upgradeServer="http://pbx/" device.prov.upgradeServer.set="1" voice.gain="1"/>',
      '<c voice.gain="1"/>',
    ],
  ];
  for (const [phone, base, body] of gone) {
    t.same(over({ ...phone, path: '/x' }, base), { kind: 'composed', body }, base);
    t.same(over({ ...phone, path: '/x' }, base, { part: true }), { kind: 'composed', body });
  }
  t.end();
});

for (const phone of [
  { vendor: 'Grandstream', model: 'GRP2614', path: '/cfg805ec0000007.xml' },
  { vendor: 'Htek', model: 'UC926', path: '/cfg805ec0000007.xml' },
]) {
  test(`a file of a ${phone.vendor} with named items is refused: nobody knows which of them name firmware`, (t) => {
    const file = (config: string) => `<gs_provision version="1">${config}</config></gs_provision>`;
    const reason =
      'it has named items (config version 2), and no document tells which of them name firmware or hold passwords';
    for (const config of [
      '<config version="2"><item name="firmware.path"><part name="a">x</part></item>',
      "<config  version = '2' ><P47>pbx</P47>",
      '<config version="1"><item  name="x">y</item>',
    ])
      for (const more of [{}, { lease: true }, { part: true }, { part: true, lease: true }])
        t.same(over(phone, file(config), more), { kind: 'refused', reason }, config);
    const known = file('<!-- <config version="2"> --><config version="1"><P47>pbx</P47>');
    t.equal(over(phone, known, { lease: true }).kind, 'composed');
    t.end();
  });
}

test('where codes do not show which hold passwords, every base is guarded', (t) => {
  const grandstream = { vendor: 'Grandstream', model: 'GXP1630', path: '/cfg805ec0000007.xml' };
  const base =
    '<gs_provision version="1"><config version="1"><P47>pbx</P47></config></gs_provision>';
  t.same(over(grandstream, base), { kind: 'guarded' });
  t.equal(over(grandstream, base, { lease: true }).kind, 'composed');
  t.end();
});

const withCodes = [
  { vendor: 'Grandstream', model: 'GXP1630', path: '/cfg805ec0000007' },
  { vendor: 'Htek', model: 'UC926', path: '/cfg805ec0000007.xml' },
];

for (const phone of withCodes) {
  test(`what a base puts around the name of a ${phone.vendor}’s image says nothing any more`, (t) => {
    const root = phone.vendor === 'Htek' ? 'hl_provision' : 'gs_provision';
    const base = `<${root}><config><P232>pbx-</P232><P233>.old</P233></config></${root}>`;
    for (const more of [{ lease: true }, { lease: true, slot: true }]) {
      const made = over({ ...phone, path: '/cfg805ec0000007.xml' }, base, more);
      t.equal(made.kind, 'composed');
      t.notMatch(made.kind === 'composed' && made.body, /pbx-|\.old/);
    }
    t.end();
  });
}

/** As a Grandstream's tool makes it: a head with its length and MAC, then all settings in one line. */
const binary = '\0\0\0\x18\x12\x34\x80\x5e\xc0\0\0\x07\r\n\r\nP3=Ann&P34=secret&gnkey=0b82';

for (const phone of withCodes) {
  test(`any code in another file of a ${phone.vendor} may be a password, and in lines or in binary firmware`, (t) => {
    const lines = [
      'P34 = secret\n',
      '# from the PBX\r\nP192=http://evil/\r\n',
      '  p34\t=secret',
      binary,
    ];
    for (const text of lines) {
      const shown = JSON.stringify(text);
      t.same(over(phone, text, { part: true }), { kind: 'guarded' }, shown);
      t.same(
        over(phone, text, { part: true, lease: true }),
        { kind: 'refused', reason: 'its codes are not in XML with numbered P values' },
        `${shown}: nothing can be taken out of it`,
      );
    }
    const cutOff = '<config version="1">\n<P3>Ann</P3>\n<P34>secret</P34>\n<P192>evil</P192>\n';
    t.same(over(phone, cutOff, { part: true }), { kind: 'guarded' });
    t.same(over(phone, '<P34 a="b">secret', { part: true }), { kind: 'guarded' });
    t.same(over(phone, cutOff, { part: true, lease: true }), {
      kind: 'composed',
      body: '<config version="1">\n<P3>Ann</P3>\n<P34>secret</P34>\n\n',
      hasSecrets: true,
    });
    for (const text of [
      '<AddressBook><Name>P34</Name><Phone>5</Phone></AddressBook>',
      'Ann,P34,5\nP34,Bob\n',
      'Room P34=5\n',
    ])
      t.same(over(phone, text, { part: true }), { kind: 'composed', body: text });
    t.end();
  });
}

test('a picture of a phone with codes is no configuration', (t) => {
  const line = profileOf('Grandstream')?.lines.find(({ hasModel }) => hasModel('GXP1630'));
  t.equal(line && holdsCodes('\x89PNG\r\n\0\0P3', line), false);
  t.equal(line && holdsCodes(binary, line), true);
  const snom = profileOf('Snom')?.lines.find(({ hasModel }) => hasModel('D785'));
  t.equal(snom && holdsCodes(binary, snom), false);
  t.end();
});

test('what is not in the phone’s language, and firmware in a tag of several values, is refused', (t) => {
  t.equal(over(yealink, '<html><body>Log in</body></html>').kind, 'refused');
  const gigaset = { vendor: 'Gigaset', model: 'N870 IP PRO', path: '/805ec0000007.xml' };
  const base = '<provisioning><nvm></nvm></provisioning>';
  t.same(over(gigaset, base), {
    kind: 'refused',
    reason: 'no single key names the firmware of N610, N670 and N870',
  });
  t.end();
});

test('a part without the first line of its language is rid of passwords and firmware too', (t) => {
  const part = 'account.2.password = two\nfirmware.url = http://pbx/a\nlinekey.1.label = Ann\n';
  t.same(over(yealink, part, { part: true }), {
    kind: 'composed',
    body: 'linekey.1.label = Ann\n',
  });
  t.equal(over(yealink, part).kind, 'refused', 'as the phone’s own file it is no file');
  const book = '<AddressBook><Ann>5</Ann></AddressBook>';
  const grandstream = { vendor: 'Grandstream', model: 'GXP1630', path: '/cfg805ec0000007.xml' };
  t.same(over(grandstream, book, { part: true }), {
    kind: 'composed',
    body: book,
  });
  t.end();
});

test('the agent’s own file is hardened where its line tells how', (t) => {
  const line = profileOf('Yealink')?.lines.find(({ hasModel }) => hasModel('T46S'));
  t.equal(
    line && hardened('#!version:1.0.0.1\n', line),
    '#!version:1.0.0.1\nstatic.wui.http_enable = 0\nwui.http_enable = 0\nstatic.wui.https_enable = 0\nwui.https_enable = 0\n',
  );
  t.end();
});
