import { identify } from '@ringwave/firmware-catalog/identify';
import { PROFILES, profileOf } from '@ringwave/firmware-catalog/vendors/all';
import type { Rendition, VendorProfile } from '@ringwave/firmware-catalog/vendors/profile';
import { type Mac, mac } from '@ringwave/protocol/units';
import { test } from 'tap';

const agent = { host: '192.0.2.7', httpPort: 8080, tftpPort: 6969 };
const phones: Readonly<
  Record<string, { model: string; mac: Mac; version: string; fileName: string }>
> = {
  Yealink: {
    model: 'T46S',
    mac: mac('80:5e:c0:12:34:56') as Mac,
    version: '66.86.0.15',
    fileName: 'T46S(T48S,T42S,T41S)-66.86.0.15.rom',
  },
  Polycom: {
    model: 'VVX310',
    mac: mac('00:04:f2:e7:65:da') as Mac,
    version: '5.9.6.2327',
    fileName: '3111-46161-001.sip.ld',
  },
  Grandstream: {
    model: 'GXP2170',
    mac: mac('00:0b:82:01:02:ab') as Mac,
    version: '1.0.11.57',
    fileName: 'gxp2170fw.bin',
  },
  Cisco: {
    model: '8851',
    mac: mac('00:56:2b:04:36:15') as Mac,
    version: '12-0-7MPP0201-66',
    fileName: 'sip88xx.12-0-7MPP0201-66.loads',
  },
  Snom: {
    model: 'D785',
    mac: mac('00:04:13:92:2d:24') as Mac,
    version: '10.1.198.19',
    fileName: 'snomD785-10.1.198.19-SIP-r.bin',
  },
  Aastra: {
    model: '6867i',
    mac: mac('00:08:5d:23:74:29') as Mac,
    version: '4.2.0.2023',
    fileName: '6867i.st',
  },
  Mitel: {
    model: '6930',
    mac: mac('14:00:e9:1e:db:52') as Mac,
    version: '6.4.0.140',
    fileName: '6930.st',
  },
  Gigaset: {
    model: 'N870 IP PRO',
    mac: mac('7c:2f:80:e0:d6:05') as Mac,
    version: '83.V2.62.1',
    fileName: 'Gigaset-Nx70-V2.62.1-build.d1d6a22.bin',
  },
  Linksys: {
    model: 'SPA942',
    mac: mac('00:0e:08:d4:d0:33') as Mac,
    version: '6.1.5(a)',
    fileName: 'spa942-6-1-5a.bin',
  },
  Sipura: {
    model: 'SPA841',
    mac: mac('00:0e:08:d4:d0:34') as Mac,
    version: '3.1.4(a)',
    fileName: 'spa841-3-1-4.bin',
  },
  Panasonic: {
    model: 'KX-UT123',
    mac: mac('00:80:f0:c8:c3:81') as Mac,
    version: '01.133',
    fileName: 'UT11x12x-01.133_HW1.fw',
  },
  Htek: {
    model: 'UC926',
    mac: mac('00:1f:c1:1c:22:a9') as Mac,
    version: '2.0.4.2.19',
    fileName: 'fw926.rom',
  },
};

/** Vendors of whose phones nobody found out how a configuration says the provisioning login. */
const WITHOUT_LOGIN = ['Gigaset', 'Linksys', 'Sipura', 'Panasonic'];
const withLogin = PROFILES.filter(({ name }) => !WITHOUT_LOGIN.includes(name));

function profileNamed(name: string): VendorProfile {
  const profile = profileOf(name);
  if (!profile) throw new Error(`no profile ${name}`);
  return profile;
}

function renditionFor(name: string, parts: Partial<Rendition> = {}): Rendition {
  const phone = phones[name];
  if (!phone) throw new Error(`no phone of ${name}`);
  return { mac: phone.mac, model: phone.model, agent, ...parts };
}

/** What the phone knows after it read its own file and those that file names. */
function readAll(profile: VendorProfile, rendition: Rendition) {
  const path =
    profile.bootFiles(rendition).find(({ means }) => means === 'phone-config')?.path ?? '';
  const first = profile.readConfig(profile.renderPhoneConfig(rendition, path).body, rendition);
  const more = (first.include ?? []).map((name) =>
    profile.readConfig(profile.renderPhoneConfig(rendition, name).body, rendition),
  );
  return Object.assign({}, first, ...more) as typeof first;
}

test('what a profile renders says exactly what the vendor documents', (t) => {
  const firmware = {
    version: '66.86.0.15',
    folder: 'fw/r1',
    fileName: 'T46S(T48S,T42S,T41S)-66.86.0.15.rom',
  };
  const provisioning = { user: 'p1', password: 's3cret' };
  t.equal(
    profileNamed('Yealink').renderPhoneConfig(
      renditionFor('Yealink', { firmware, provisioning }),
      '/805ec0123456.cfg',
    ).body,
    [
      '#!version:1.0.0.1',
      'static.firmware.url = http://192.0.2.7:8080/fw/r1/T46S%28T48S%2CT42S%2CT41S%29-66.86.0.15.rom',
      'firmware.url = http://192.0.2.7:8080/fw/r1/T46S%28T48S%2CT42S%2CT41S%29-66.86.0.15.rom',
      'static.auto_provision.server.username = p1',
      'auto_provision.server.username = p1',
      'static.auto_provision.server.password = s3cret',
      'auto_provision.server.password = s3cret',
      '',
    ].join('\n'),
  );
  const poly = profileNamed('Polycom');
  const ld = { version: '5.9.6.2327', folder: 'fw/r2', fileName: '3111-46161-001.sip.ld' };
  const master = poly.renderPhoneConfig(
    renditionFor('Polycom', { firmware: ld, provisioning }),
    '/0004f2e765da.cfg',
  ).body;
  t.match(
    master,
    '<APPLICATION APP_FILE_PATH="http://192.0.2.7:8080/fw/r2/3111-46161-001.sip.ld" CONFIG_FILES="0004f2e765da-user.cfg"/>',
  );
  t.notMatch(master, 's3cret', 'the master holds no secret');
  const user = poly.renderPhoneConfig(
    renditionFor('Polycom', { provisioning }),
    '/0004f2e765da-user.cfg',
  ).body;
  for (const part of [
    'device.set="1"',
    'device.prov.user="p1"',
    'device.prov.user.set="1"',
    'device.prov.password="s3cret"',
    'device.prov.password.set="1"',
  ]) {
    t.match(user, part);
  }
  const bin = { version: '1.0.11.57', folder: 'fw/r3', fileName: 'gxp2170fw.bin' };
  const gs = profileNamed('Grandstream').renderPhoneConfig(
    renditionFor('Grandstream', { firmware: bin, provisioning }),
    '',
  ).body;
  for (const part of [
    '<mac>000b820102ab</mac>',
    '<P192>192.0.2.7:6969/fw/r3</P192>',
    '<P6767>0</P6767>',
    '<P1360>p1</P1360>',
    '<P1361>s3cret</P1361>',
  ]) {
    t.match(gs, part);
  }
  const loads = {
    version: '12-0-7MPP0201-66',
    folder: 'fw/r4',
    fileName: 'sip88xx.12-0-7MPP0201-66.loads',
  };
  const mpp = profileNamed('Cisco').renderPhoneConfig(
    renditionFor('Cisco', { firmware: loads, provisioning }),
    '',
  ).body;
  t.match(mpp, '<Upgrade_Enable ua="na">Yes</Upgrade_Enable>');
  t.match(mpp, '>http://192.0.2.7:8080/fw/r4/sip88xx.12-0-7MPP0201-66.loads</Upgrade_Rule>');
  t.match(
    mpp,
    '>[--uid p1 --pwd s3cret]http://192.0.2.7:8080/Cisco/CP-8851-3PCC/$MA.cfg</Profile_Rule>',
  );
  t.end();
});

test('a Yealink of any version reads image and login in the file, by the names that its version has', (t) => {
  const yealink = profileNamed('Yealink');
  const rendition = renditionFor('Yealink', {
    firmware: { version: '28.83.0.120', folder: 'fw/r', fileName: 'T46-28.83.0.120.rom' },
    provisioning: { user: 'p1', password: 's3cret' },
  });
  const { body } = yealink.renderPhoneConfig(rendition, '/805ec0123456.cfg');
  const read = (version: string, text = body) =>
    yealink.readConfig(text, { mac: rendition.mac, model: 'T46G', version });
  for (const version of ['28.80.0.95', '28.81.0.110', '2.73.0.50', '73.15.0.20']) {
    t.same(read(version), {
      firmware: {
        url: 'http://192.0.2.7:8080/fw/r/T46-28.83.0.120.rom',
        version: '28.83.0.120',
      },
      provisioning: { user: 'p1', password: 's3cret' },
    });
  }
  const first = '#!version:1.0.0.1\n';
  const before = `${first}firmware.url = http://pbx/old.rom\n`;
  const since = `${first}static.firmware.url = http://pbx/new.rom\n`;
  t.equal(read('28.80.0.95', before).firmware?.url, 'http://pbx/old.rom');
  t.equal(read('28.80.0.95', since).firmware, undefined, 'V80 does not know the name of V81');
  t.equal(read('28.81.0.110', before).firmware, undefined);
  t.equal(read('73.15.0.20', before).firmware?.url, 'http://pbx/old.rom', 'of Teams none is told');
  t.end();
});

test('the common file of a Cisco model names the phone’s own file and no secret', (t) => {
  const profile = profileNamed('Cisco');
  const { body } = profile.renderCommonConfig(agent, '/8851-3PCC.xml');
  t.match(body, '>http://192.0.2.7:8080/Cisco/CP-8851-3PCC/$MA.cfg</Profile_Rule>');
  t.same(profile.readConfig(body, renditionFor('Cisco')).include, [
    'http://192.0.2.7:8080/Cisco/CP-8851-3PCC/00562b043615.cfg',
  ]);
  t.same(profile.readConfig(body), {}, 'without the phone the macro stays unread');
  t.end();
});

test('every vendor’s phone reads back firmware and login as they were rendered', (t) => {
  const urls: Record<string, string> = {
    Yealink: 'http://192.0.2.7:8080/fw/r/T46S%28T48S%2CT42S%2CT41S%29-66.86.0.15.rom',
    Polycom: 'http://192.0.2.7:8080/fw/r/3111-46161-001.sip.ld',
    Grandstream: 'tftp://192.0.2.7:6969/fw/r/gxp2170fw.bin',
    Cisco: 'http://192.0.2.7:8080/fw/r/sip88xx.12-0-7MPP0201-66.loads',
    Snom: 'http://192.0.2.7:8080/fw/r/snomD785-10.1.198.19-SIP-r.bin',
    Aastra: 'http://192.0.2.7:8080/fw/r/6867i.st',
    Mitel: 'http://192.0.2.7:8080/fw/r/6930.st',
    Gigaset: 'http://192.0.2.7:8080/fw/r/Gigaset-Nx70-V2.62.1-build.d1d6a22.bin',
    Linksys: 'http://192.0.2.7:8080/fw/r/spa942-6-1-5a.bin',
    Sipura: 'http://192.0.2.7:8080/fw/r/spa841-3-1-4.bin',
    Panasonic: 'http://192.0.2.7:8080/fw/r/UT11x12x-01.133_HW1.fw',
    Htek: 'http://192.0.2.7:8080/fw/r/fw926.rom',
  };
  for (const profile of PROFILES) {
    const { version = '', fileName = '' } = phones[profile.name] ?? {};
    const provisioning = { user: 'ringwave-1', password: 'Ab3' };
    const read = readAll(
      profile,
      renditionFor(profile.name, { firmware: { version, folder: 'fw/r', fileName }, provisioning }),
    );
    t.equal(read.firmware?.url, urls[profile.name], profile.name);
    const expected = withLogin.includes(profile) ? provisioning : undefined;
    t.same(read.provisioning, expected, profile.name);
    const bare = readAll(profile, renditionFor(profile.name));
    t.equal(bare.firmware, undefined, `${profile.name}: absent is not mentioned`);
    t.equal(bare.provisioning, undefined, `${profile.name}: absent is not mentioned`);
  }
  t.end();
});

test('a file says whether it holds the login, so that handing it over is evidence or not', (t) => {
  for (const profile of PROFILES) {
    const provisioning = { user: 'u1', password: 'Ab3' };
    const files =
      profile.name === 'Polycom' ? ['/0004f2e765da.cfg', '/0004f2e765da-user.cfg'] : [''];
    for (const path of files) {
      const { body, holdsLogin } = profile.renderPhoneConfig(
        renditionFor(profile.name, { provisioning }),
        path,
      );
      t.equal(holdsLogin, body.includes('Ab3'), `${profile.name} ${path}`);
      t.notOk(profile.renderPhoneConfig(renditionFor(profile.name), path).holdsLogin);
    }
    t.notOk(profile.renderCommonConfig(agent, '/8851-3PCC.xml').holdsLogin);
  }
  t.end();
});

test('models that share a Grandstream image ask for its one name', (t) => {
  const body = '<gs_provision><config><P192>a/fw</P192><P6767>1</P6767></config></gs_provision>';
  const url = (model: string) =>
    profileNamed('Grandstream').readConfig(body, { model, mac: mac('000b820102ab') as Mac })
      .firmware?.url;
  t.equal(url('GXP1630'), 'http://a/fw/gxp1600fw.bin');
  t.equal(url('HT802V2'), 'http://a/fw/ht80xv2fw.bin');
  t.equal(url('HT802'), 'http://a/fw/ht802fw.bin');
  t.equal(profileNamed('Grandstream').readConfig(body).firmware?.url, 'http://a/fw/');
  t.end();
});

test('a Grandstream puts what P232 and P233 say around the image’s name, and is told that they say nothing', (t) => {
  const grandstream = profileNamed('Grandstream');
  const file = (codes: string) => `<gs_provision><config>${codes}</config></gs_provision>`;
  const url = (body: string) =>
    grandstream.readConfig(body, renditionFor('Grandstream')).firmware?.url;
  const named = '<P192>a/fw</P192><P232>v1-</P232><P233>.new</P233>';
  t.equal(url(file(named)), 'http://a/fw/v1-gxp2170fw.bin.new');
  const firmware = { version: '1.0.11.57', folder: 'fw/r', fileName: 'gxp2170fw.bin' };
  const { body } = grandstream.renderPhoneConfig(renditionFor('Grandstream', { firmware }), '');
  t.match(body, '<P232></P232>');
  t.match(body, '<P233></P233>');
  t.equal(url(body), 'tftp://192.0.2.7:6969/fw/r/gxp2170fw.bin');
  t.end();
});

test('hostile but legal passwords survive rendering and reading', (t) => {
  const hostile = [
    'a&b',
    '<x>',
    '"q"',
    "it's",
    '&amp;',
    '&#65;',
    '%NULL',
    '#!version',
    'a=b',
    'k:v',
    '--pwd',
    '</P1361>',
    '<!--',
    ']]>',
    '/',
    'a\\b',
    'ключ',
    '日本',
    'a"/><b c="',
  ];
  for (const profile of withLogin) {
    for (const password of hostile) {
      if (profile.name === 'Cisco' && /[[\]\s]/.test(password)) continue;
      const read = readAll(
        profile,
        renditionFor(profile.name, { provisioning: { user: 'u1', password } }),
      );
      t.same(read.provisioning, { user: 'u1', password }, `${profile.name} ${password}`);
    }
  }
  t.end();
});

test('a login that a file could not carry is a bug of ours, and stops there', (t) => {
  for (const profile of withLogin) {
    const rendition = renditionFor(profile.name, {
      provisioning: { user: 'u1', password: 'a\nb' },
    });
    const path = profile.name === 'Polycom' ? '/0004f2e765da-user.cfg' : '';
    t.throws(() => profile.renderPhoneConfig(rendition, path), profile.name);
  }
  const rendition = renditionFor('Cisco', { provisioning: { user: 'u1', password: 'a b]' } });
  t.throws(() => profileNamed('Cisco').renderPhoneConfig(rendition, ''));
  t.end();
});

test('passwords of a profile’s own alphabet need no escaping anywhere', (t) => {
  for (const { password, name } of PROFILES) {
    t.match(password.alphabet, /^[A-Za-z0-9]{40,}$/, name);
    t.ok(password.length >= 16 && password.length <= 32, name);
  }
  t.end();
});

test('phones ask for their files in the vendor’s order, and a profile knows each of them', (t) => {
  const asked: Record<string, readonly string[]> = {
    Yealink: [
      'http /805ec0123456.boot',
      'http /y000000000000.boot',
      'http /y000000000066.cfg',
      'http /805ec0123456.cfg',
    ],
    Polycom: ['http /0004f2e765da.cfg'],
    Grandstream: ['http /cfg000b820102ab.xml'],
    Cisco: ['tftp /8851-3PCC.xml', 'http /Cisco/CP-8851-3PCC/00562b043615.cfg'],
    Snom: ['http /snomD785.htm', 'http /snomD785-000413922D24.htm'],
    Aastra: [
      'http /security.tuz',
      'http /aastra.tuz',
      'http /6867i.tuz',
      'http /00085D237429.tuz',
      'http /aastra.cfg',
      'http /6867i.cfg',
      'http /00085D237429.cfg',
    ],
    Mitel: [
      'http /security.tuz',
      'http /startup.tuz',
      'http /6930.tuz',
      'http /1400E91EDB52.tuz',
      'http /startup.cfg',
      'http /6930.cfg',
      'http /1400E91EDB52.cfg',
    ],
    Gigaset: ['http /7c2f80e0d605.xml'],
    Linksys: ['tftp /spa942.cfg', 'http /000e08d4d033.xml'],
    Sipura: ['tftp /spa841.cfg', 'http /000e08d4d034.xml'],
    Panasonic: ['http /KX-UT123.cfg', 'http /ConfigCommon.cfg', 'http /Config0080F0C8C381.cfg'],
    Htek: ['http /cfg001fc11c22a9', 'http /cfg001fc11c22a9.xml'],
  };
  for (const profile of PROFILES) {
    const files = profile.bootFiles(renditionFor(profile.name));
    t.same(
      files.map(({ protocol, path }) => `${protocol} ${path}`),
      asked[profile.name],
    );
    for (const { path, means } of files) t.equal(profile.fileAsked(path)?.kind, means, path);
  }
  const unknown = profileNamed('Yealink').bootFiles({
    mac: mac('805ec0123456') as Mac,
    model: 'T99X',
  });
  t.notOk(
    unknown.some(({ means }) => means === 'common-config'),
    'no file number is guessed',
  );
  t.same(profileNamed('Cisco').bootFiles({ mac: mac('001873a1b2c3') as Mac, model: '7962' }), []);
  t.end();
});

test('a path means a config, an image or nothing of a vendor’s', (t) => {
  for (const profile of PROFILES) {
    const { fileName = '' } = phones[profile.name] ?? {};
    t.same(
      profile.fileAsked(`/fw/r1/${encodeURIComponent(fileName)}`),
      { kind: 'image', fileName },
      profile.name,
    );
    t.equal(profile.fileAsked('/favicon.ico'), undefined, profile.name);
    t.equal(profile.fileAsked('/../../etc/passwd'), undefined, profile.name);
  }
  t.same(profileNamed('Polycom').fileAsked('/0004f2e765da-user.cfg'), {
    kind: 'phone-config',
    mac: '00:04:f2:e7:65:da',
  });
  t.same(profileNamed('Polycom').fileAsked('/0004f2e765da-phone.cfg'), { kind: 'other' });
  t.same(profileNamed('Grandstream').fileAsked('cfg000b820102ab'), { kind: 'other' });
  t.same(profileNamed('Yealink').fileAsked('/y000000000028.cfg'), { kind: 'common-config' });
  t.end();
});

test('the User-Agent a profile writes is the one it reads', (t) => {
  for (const profile of PROFILES) {
    const { model = '', version = '', mac: own } = phones[profile.name] ?? {};
    const userAgent = profile.userAgent({ mac: own as Mac, model, version, hardware: 'V1.2A' });
    const path = profile.bootFiles({ mac: own as Mac, model }).at(-1)?.path;
    const {
      vendor,
      model: read,
      version: readVersion,
      mac: readMac,
    } = identify({ userAgent, path });
    t.same([vendor, read, readVersion, readMac], [profile.name, model, version, own], userAgent);
  }
  const trio = profileNamed('Polycom').userAgent({
    mac: mac('64167f000001') as Mac,
    model: 'Trio8800',
    version: '7.2.2.1094',
  });
  t.equal(trio, 'FileTransport PolycomRealPresenceTrio-Trio_8800-UA/7.2.2.1094 Type/Application');
  const spa = profileNamed('Cisco').userAgent({
    mac: mac('002699000001') as Mac,
    model: 'SPA504G',
    version: '7.5.5',
  });
  t.equal(identify({ userAgent: spa }).mac, '00:26:99:00:00:01');
  t.end();
});

test('where the agent serves HTTPS, phones are sent there for files with logins', (t) => {
  const both = { ...agent, httpsPort: 8443 };
  for (const profile of PROFILES) {
    const phone = phones[profile.name];
    if (!phone) continue;
    const { mac: own, model } = phone;
    const login = { user: 'u', password: 'abcdefgh23456789abcdefgh' };
    const paths = profile.bootFiles({ mac: own, model }).map(({ path }) => path);
    const bodies = paths.flatMap((path) => [
      profile.renderCommonConfig(both, path).body,
      profile.renderPhoneConfig({ mac: own, model, agent: both, provisioning: login }, path).body,
    ]);
    t.notMatch(bodies.join(''), 'http://192.0.2.7:8080', `${profile.name} names no plain address`);
  }
  const [yealink] = PROFILES;
  t.match(
    yealink?.renderCommonConfig(both, '/y000000000066.cfg').body,
    'static.auto_provision.server.url = https://192.0.2.7:8443/',
  );
  t.end();
});
