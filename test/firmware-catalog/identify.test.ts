import { identify } from '@ringwave/firmware-catalog/identify';
import type { Identity } from '@ringwave/firmware-catalog/vendors/profile';
import { test } from 'tap';

type Row = readonly [
  userAgent: string,
  expected: readonly [string, string, string | null, string | null],
];

const said = ({ vendor, model, version, mac }: Identity) => [vendor, model, version, mac];
const nobody = { vendor: null, model: null, version: null, mac: null };

const agents: Readonly<Record<string, readonly Row[]>> = {
  'Yealink in all its forms: any case, SIP- and VP- prefixes, two spaces, MAC with colons, bare or missing':
    [
      [
        'Yealink SIP-T46S 66.86.0.15 80:5e:c0:12:34:56',
        ['Yealink', 'T46S', '66.86.0.15', '80:5e:c0:12:34:56'],
      ],
      [
        'YEALINK SIP-T46S 66.86.0.15 805EC0123456',
        ['Yealink', 'T46S', '66.86.0.15', '80:5e:c0:12:34:56'],
      ],
      ['yealink SIP-T28P 2.60.0.110', ['Yealink', 'T28P', '2.60.0.110', null]],
      [
        'Yealink SIP-T38G  38.70.0.125 00:15:65:2f:c3:5e',
        ['Yealink', 'T38G', '38.70.0.125', '00:15:65:2f:c3:5e'],
      ],
      ['Yealink SIP VP-T49G 51.80.0.100', ['Yealink', 'T49G', '51.80.0.100', null]],
      ['Yealink VP-T49G 51.80.0.100', ['Yealink', 'T49G', '51.80.0.100', null]],
      ['Yealink SIP-VP59 91.86.0.5', ['Yealink', 'VP59', '91.86.0.5', null]],
      [
        'Yealink W80DM 103.87.0.14 24:9A:D8:D1:A6:31',
        ['Yealink', 'W80DM', '103.87.0.14', '24:9a:d8:d1:a6:31'],
      ],
      ['Yealink SIP-T21P_E2 52.84.0.125', ['Yealink', 'T21P_E2', '52.84.0.125', null]],
      ['Yealink SIP-T21P E2 52.84.0.125', ['Yealink', 'T21P_E2', '52.84.0.125', null]],
      ['yealink-T46G 28.83.0.120', ['Yealink', 'T46G', '28.83.0.120', null]],
      ['"Yealink W70B 146.85.0.5"', ['Yealink', 'W70B', '146.85.0.5', null]],
      ['Yealink SIP-T46S', ['Yealink', 'T46S', null, null]],
      ['Yealink SIP-T20P 9.72.0.30 00:15:6525ef16a7c', ['Yealink', 'T20P', '9.72.0.30', null]],
      [
        'VP530P 23.70.0.10 00:15:65:31:47:69',
        ['Yealink', 'VP530P', '23.70.0.10', '00:15:65:31:47:69'],
      ],
    ],
  'Poly over HTTP and SIP, with the underscore of the model dropped': [
    ['FileTransport PolycomVVX-VVX_411-UA/6.4.7.1181', ['Polycom', 'VVX411', '6.4.7.1181', null]],
    [
      'FileTransport PolycomSoundPointIP-SPIP_335-UA/3.2.1.0078',
      ['Polycom', 'SPIP335', '3.2.1.0078', null],
    ],
    [
      'FileTransport PolyCCX-CCX_500-UA/9.4.1.0508 (SN:64167f9f4c90) Type/Application',
      ['Polycom', 'CCX500', '9.4.1.0508', '64:16:7f:9f:4c:90'],
    ],
    [
      'FileTransport PolycomRealPresenceTrio-Trio_8800-UA/7.2.2.1094 Type/Application',
      ['Polycom', 'Trio8800', '7.2.2.1094', null],
    ],
    ['PolycomSoundPointIPPhone/VVX_411-UA/6.4.7.1181', ['Polycom', 'VVX411', '6.4.7.1181', null]],
    ['PolycomVVX-VVX450-UA/6.4.5.1000', ['Polycom', 'VVX450', '6.4.5.1000', null]],
    [
      'PolycomVVX-VVX_250-UA/5.8.2.4732_64167feecc76',
      ['Polycom', 'VVX250', '5.8.2.4732', '64:16:7f:ee:cc:76'],
    ],
    [
      'filetransport polycomvvx-vvx_301-ua/5.9.7.3480 type/application',
      ['Polycom', 'VVX301', '5.9.7.3480', null],
    ],
  ],
  'Grandstream long, short and with two versions in one string': [
    [
      'Grandstream Model HW GXV3350  V1.3A SW 1.0.1.8 DevId c074ad150b88',
      ['Grandstream', 'GXV3350', '1.0.1.8', 'c0:74:ad:15:0b:88'],
    ],
    [
      'Grandstream Model HW GRP2601W SW 1.0.7.32 DevId EC:74:D7:89:1A:76',
      ['Grandstream', 'GRP2601W', '1.0.7.32', 'ec:74:d7:89:1a:76'],
    ],
    [
      'Grandstream GXP2000 (gxp2000e.bin:1.2.5.3/boot55e.bin:1.1.6.9) DevId 000b822726c8',
      ['Grandstream', 'GXP2000', '1.2.5.3', '00:0b:82:27:26:c8'],
    ],
    ['Grandstream GXP2170 1.0.11.57', ['Grandstream', 'GXP2170', '1.0.11.57', null]],
    ['Grandstream HT814 1.0.1-04-DF-C1-45-7D', ['Grandstream', 'HT814', '1.0.1', null]],
    [
      'Grandstream Model HW HT802V2 SW 1.0.5.10 DevId ec74d7010203',
      ['Grandstream', 'HT802V2', '1.0.5.10', 'ec:74:d7:01:02:03'],
    ],
  ],
  'Cisco multiplatform, small business, adapters and enterprise': [
    ['Cisco-CP-7832-3PCC/11.0.1 (00562b043615)', ['Cisco', '7832', '11.0.1', '00:56:2b:04:36:15']],
    ['Cisco-CP-8851-3PCC/11.3.7_MPP_0001', ['Cisco', '8851', '11.3.7_MPP_0001', null]],
    ['Cisco-CP-8865-3PCC/12.0.3_dcf719f39350_', ['Cisco', '8865', '12.0.3', 'dc:f7:19:f3:93:50']],
    [
      'Cisco/SPA508G-7.4.8a (0002FDFF2103)(CBT141400UK)',
      ['Cisco', 'SPA508G', '7.4.8a', '00:02:fd:ff:21:03'],
    ],
    ['Cisco/SPA525G-7.4.7 (CBT141900G7)', ['Cisco', 'SPA525G', '7.4.7', null]],
    ['Cisco/SPA112-1.4.1 (SIP)', ['Cisco', 'SPA112', '1.4.1', null]],
    ['Cisco/ATA191-MPP-11-1-0-MSR4 (FCH2443D9R4)', ['Cisco', 'ATA191', '11-1-0-MSR4', null]],
    ['Cisco/8851 (SIP)', ['Cisco', '8851', null, null]],
    ['Cisco-CP7962G/9.4.2', ['Cisco', '7962G', '9.4.2', null]],
  ],
  'the wireless and terminal models of Mitel, which differ from those without the letter': [
    [
      'Mitel6920w MAC:14-00-E9-A1-B2-C3 V:6.4.1.1021-SIP',
      ['Mitel', '6920w', '6.4.1.1021', '14:00:e9:a1:b2:c3'],
    ],
    ['mitel6940W V:6.4.1.1021-SIP', ['Mitel', '6940w', '6.4.1.1021', null]],
    ['Mitel 6930t/6.3.0.1020', ['Mitel', '6930t', '6.3.0.1020', null]],
  ],
  'the less common forms of Fanvil, Nethesis, Gigaset, Avaya, AudioCodes and Akuvox': [
    [
      'Fanvil X4 P0.11.7-1.4.1 0c383ea1b2c3',
      ['Fanvil', 'X4', 'P0.11.7-1.4.1', '0c:38:3e:a1:b2:c3'],
    ],
    [
      'Nethesis NP-X5-V2 2.12.1 e0e656aabbd6',
      ['Nethesis', 'NP-X5-V2', '2.12.1', 'e0:e6:56:aa:bb:d6'],
    ],
    [
      'DE310 IP PRO/02.00.18;7C2F80A1B2C3',
      ['Gigaset', 'DE310 IP PRO', '02.00.18', '7c:2f:80:a1:b2:c3'],
    ],
    ['Avaya 1230 IP Deskphone 04.04.23.00', ['Avaya', '1230', '04.04.23.00', null]],
    [
      'AUDC-IPPhone/3.0.1 (RX50; 00908FAABBCC)',
      ['AudioCodes', 'RX50', '3.0.1', '00:90:8f:aa:bb:cc'],
    ],
    ['Akuvox VP-R48G 48.0.0.5', ['Akuvox', 'VP-R48G', '48.0.0.5', null]],
  ],
};

for (const [name, rows] of Object.entries(agents)) {
  test(`a User-Agent names the phone: ${name}`, (t) => {
    for (const [userAgent, expected] of rows)
      t.same(said(identify({ userAgent })), expected, userAgent);
    t.end();
  });
}

test('hardware, serial number and boot code are kept beside the four claims', (t) => {
  const grandstream = identify({
    userAgent: 'Grandstream Model HW GXP2200 V2.2A SW 1.0.1.33 DevId 000b82462d97',
  });
  t.equal(grandstream.hardware, 'V2.2A');
  t.equal(
    identify({ userAgent: 'Cisco/SPA501G-7.4.4 (8843E157DDCC)(CBT141100HR)' }).serial,
    'CBT141100HR',
  );
  t.equal(
    identify({ userAgent: 'Yealink SIP-T46U 108.86.0.20 108.0.0.0.0.0.0' }).hardware,
    '108.0.0.0.0.0.0',
  );
  const updater = 'FileTransport PolycomSoundStationIP-SSIP_6000-UA/5.0.3.1667 Type/Updater';
  t.equal(identify({ userAgent: updater }).versionKind, 'boot');
  t.equal(
    identify({ userAgent: updater.replace('Updater', 'Application') }).versionKind,
    'application',
  );
  t.end();
});

test('a path names vendor, model or MAC, with or without slash, query, escapes and folders', (t) => {
  const rows: readonly (readonly [string, string | null, string | null, string | null])[] = [
    ['/y000000000066.cfg', 'Yealink', 'T46S', null],
    ['/y000000000109.cfg?v=1', 'Yealink', 'T48U', null],
    ['/y000000000000.cfg', 'Yealink', 'T28P', null],
    ['/y000000000000.boot', 'Yealink', null, null],
    ['/prov/001565AABBCC.cfg', 'Yealink', null, '00:15:65:aa:bb:cc'],
    ['/00%3A15%3A65%3Aaa%3Abb%3Acc.cfg', 'Yealink', null, '00:15:65:aa:bb:cc'],
    ['/805ec0123456-local.cfg', 'Yealink', null, '80:5e:c0:12:34:56'],
    ['/123456abcdef.boot', 'Yealink', null, '12:34:56:ab:cd:ef'],
    ['/fw/T27G-69.86.0.15.rom', 'Yealink', 'T27G', null],
    ['/fw/T46S(T48S,T42S,T41S)-66.86.0.15.rom', 'Yealink', null, null],
    ['/0004f2e765da.cfg', 'Polycom', null, '00:04:f2:e7:65:da'],
    ['/0004F2E765DA-app.log', 'Polycom', null, '00:04:f2:e7:65:da'],
    ['/000000000000-license.cfg', 'Polycom', null, null],
    ['/3111-48840-001.sip.ld', 'Polycom', 'VVX450', null],
    ['/2345-12200-002.sip.ld', 'Polycom', 'SPIP320', null],
    ['bootrom.ld', 'Polycom', null, null],
    ['cfg000b820102ab', 'Grandstream', null, '00:0b:82:01:02:ab'],
    ['/gs/cfg000b820102ab.xml', 'Grandstream', null, '00:0b:82:01:02:ab'],
    ['/cfggxp2170.xml', 'Grandstream', 'GXP2170', null],
    ['/gs/1.0.11.57/gxp2170fw.bin', 'Grandstream', 'GXP2170', null],
    ['/ht80xfw.bin', 'Grandstream', 'HT80x', null],
    ['/8851-3PCC.xml', 'Cisco', '8851', null],
    ['/Cisco/CP-7841-3PCC/00562b043615.cfg', 'Cisco', '7841', '00:56:2b:04:36:15'],
    ['/spa525G2.cfg', 'Cisco', 'SPA525G2', null],
    ['ATA00562B0436AA.cnf.xml', 'Cisco', 'ATA190', '00:56:2b:04:36:aa'],
    ['\\SEP001873A1B2C3.cnf.xml', 'Cisco', null, '00:18:73:a1:b2:c3'],
    ['SEP001873A1B2C3.cnf.xml.enc.sgn', 'Cisco', null, '00:18:73:a1:b2:c3'],
    ['CTLSEP001873A1B2C3.tlv', 'Cisco', null, '00:18:73:a1:b2:c3'],
    ['term65.default.loads', 'Cisco', '7965', null],
    ['SIP45.9-4-2SR3-1S.loads', 'Cisco', '7945', null],
    ['Communicator\\LdapDirectories.xml', 'Cisco', 'CIPC', null],
    ['XMLDefault.cnf.xml', 'Cisco', null, null],
    ['sip8845_65.12-8-1-0101-482.loads', 'Cisco', '8845', null],
    ['/6920w.st', 'Mitel', '6920w', null],
    ['/security.tuz', 'Aastra', null, null],
    ['/1120eSIP.cfg', 'Avaya', '1120E', null],
    ['/x5upro-fanvil-release-ff01-6907-2.12.22.2-T2025-04-16-20.32.45.z', 'Fanvil', null, null],
  ];
  for (const [path, vendor, model, mac] of rows) {
    t.same(said(identify({ protocol: 'http', path })), [vendor, model, null, mac], path);
  }
  t.end();
});

test('a DHCP class names the model also of conference and multiplatform phones, and Grandstream alone', (t) => {
  const of = (dhcpClass: string) => said(identify({ dhcpClass })).slice(0, 2);
  t.same(of('Cisco Systems, Inc. IP Phone CP-8841-3PCC\0'), ['Cisco', '8841']);
  t.same(of('Cisco Systems, Inc. IP Conference Phone CP-7937G'), ['Cisco', '7937G']);
  t.same(of('Grandstream'), ['Grandstream', null]);
  t.same(of('Grandstream HT802 dslforum.org'), ['Grandstream', 'HT802']);
  t.end();
});

test('a model-number file is no MAC, and neither are all zeros', (t) => {
  for (const path of [
    '/y000000000028.cfg',
    '/000000000000.cfg',
    '/000000000000.boot',
    '/y0000000000066.cfg',
  ]) {
    t.equal(identify({ path }).mac, null, path);
  }
  t.end();
});

test('files that several models share name them all', (t) => {
  t.same(identify({ path: '/y000000000095.cfg' }).modelCandidates, ['T53W', 'T53']);
  t.same(identify({ path: 'SCCP42.9-4-2SR3-1S.loads' }).modelCandidates, ['7942', '7962']);
  t.same(identify({ path: '/ht80xfw.bin' }).modelCandidates, ['HT801', 'HT802']);
  const gxp16 = identify({ path: '/gxp1600fw.bin' });
  t.equal(gxp16.model, null, 'there is no GXP1600');
  t.ok(gxp16.modelCandidates?.includes('GXP1630'));
  t.end();
});

test('of two claims the User-Agent wins the model and the path wins the MAC', (t) => {
  const both = {
    userAgent: 'Yealink SIP-T48S 66.86.0.15 80:5e:c0:aa:bb:cc',
    path: '/y000000000028.cfg',
  };
  t.same(said(identify(both)), ['Yealink', 'T48S', '66.86.0.15', '80:5e:c0:aa:bb:cc']);
  t.equal(identify({ ...both, path: '/805ec0000001.cfg' }).mac, '80:5e:c0:00:00:01');
  t.end();
});

test('an account token before the file name is not taken for a MAC', (t) => {
  const path = '/002e3a6fe532d90943e6fcaf08e1a408/spa001565000000.xml';
  t.equal(identify({ userAgent: 'Cisco/SPA504G-7.4.9c', path }).mac, '00:15:65:00:00:00');
  t.equal(
    identify({ userAgent: 'Cisco/SPA504G-7.4.9c', path: '/002e3a6fe532/spa504G.cfg' }).mac,
    null,
  );
  t.end();
});

test('what no vendor here says stays unknown, and a MAC in the path is still only a MAC', (t) => {
  for (const userAgent of [
    '',
    'Yealink',
    'Yealink  ',
    'Polycom',
    'Grandstream',
    'Cisco',
    'Fanvil',
    'friendly-scanner',
    'curl/8.5.0',
    'Grandstream Model HW  SW  DevId ',
    'Grandstream Wave 1.0.3.33',
    'FileTransport Poly',
    'T46S 12.1.1.1',
    'Cisco-SIPGateway/IOS-12.x',
    'Cisco-CUCM11.5',
    'Zultys ZIP33G 47.80.0.132',
    'snom',
    'Htek',
    'Sangoma',
    'Alcatel',
    'Digium D',
    'Mitel',
    'Aastra',
    'Panasonic',
    'Gigaset',
    'Fanvil 2.12.1 0c383e000001',
    'TAU-2M.IP/1.14.',
    'VoIP SIP v11.0.0',
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36',
    'Nowhere/1.0 (compatible; AVAYA)',
    'snomphone deluxe 8.7',
    `Yealink ${'A'.repeat(360)}`,
  ]) {
    t.same(identify({ userAgent }), nobody, userAgent.slice(0, 40));
  }
  for (const path of [
    '/',
    '',
    '/../805ec0123456.cfg',
    '/..\\..\\boot.ini',
    'C:\\fw.rom',
    '%zz',
    '/a%00.cfg',
    '/init.cfg',
  ]) {
    t.same(identify({ path }), nobody, path);
  }
  t.same(identify({}), nobody);
  t.same(identify({ userAgent: 'Wget/1.21', path: '/805ec0123456.cfg' }), {
    ...nobody,
    mac: '80:5e:c0:12:34:56',
  });
  t.same(identify({ path: '/123456abcdef.cfg' }), { ...nobody, mac: '12:34:56:ab:cd:ef' });
  t.end();
});

test('makers that copy file names are told from the ones they copy by their MAC', (t) => {
  t.equal(identify({ path: '/cfg001fc11c22a9.xml' }).vendor, 'Htek');
  t.equal(identify({ path: '/cfg005058aabbd7.xml' }).vendor, 'Sangoma');
  t.equal(identify({ path: '/0021f2000001.boot' }).vendor, 'Flyingvoice');
  t.equal(
    identify({ userAgent: 'Flyingvoice FIP16 V0.8.18', path: '/y000000000000.boot' }).vendor,
    'Flyingvoice',
  );
  const named = identify({ userAgent: 'Fanvil X3S 2.4.1.0', path: '/00156500000a.cfg' });
  t.equal(named.vendor, 'Fanvil');
  t.end();
});

test('a tenant may replace the User-Agent of a Cisco phone, but a tool is no phone', (t) => {
  const path = '/Cisco/CP-8851-3PCC/00562b043615.cfg';
  t.equal(identify({ userAgent: 'Example Telecom 3', path }).model, '8851');
  t.equal(identify({ userAgent: 'curl/8.5.0', path }).model, null);
  t.end();
});

test('hostile text of any length ends in unknown and takes time linear in its length', (t) => {
  const shapes = [
    'Yealink ',
    'FileTransport PolycomVVX-',
    'Grandstream Model HW ',
    'Cisco/SPA',
    'Cisco-CP-8851-3PCC/',
    '(',
    '"',
    '1.',
    '_',
    'a-',
    '%41',
    '/',
  ];
  for (const shape of shapes) {
    const text = shape.repeat(200_000 / shape.length);
    t.equal(identify({ userAgent: text, path: text }).vendor, null, shape);
    for (const length of [511, 512, 513, 1023, 1024, 1025]) {
      t.doesNotThrow(() =>
        identify({ userAgent: text.slice(0, length), path: text.slice(0, length) }),
      );
    }
  }
  t.end();
});
