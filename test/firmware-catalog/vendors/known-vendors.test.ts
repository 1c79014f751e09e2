import { identify } from '@ringwave/firmware-catalog/identify';
import {
  KNOWN_VENDORS,
  knowledgeOf,
  PROFILES,
  profileOf,
} from '@ringwave/firmware-catalog/vendors/all';
import type { Identity, Order } from '@ringwave/firmware-catalog/vendors/profile';
import { compareVersions } from '@ringwave/firmware-catalog/version';
import { test } from 'tap';

type Said = readonly [
  vendor: string | null,
  model: string | null,
  version: string | null,
  mac: string | null,
];
const said = ({ vendor, model, version, mac }: Identity): Said => [vendor, model, version, mac];

const agents: readonly (readonly [string, ...Said])[] = [
  [
    'Mozilla/4.0 (compatible; snomD735-SIP 10.1.169.16 2010.12-00004-g9ba52f5 00041396D9B4 SXM:0 UXM:0)',
    'Snom',
    'D735',
    '10.1.169.16',
    '00:04:13:96:d9:b4',
  ],
  [
    'Mozilla/4.0 (compatible; snom360-SIP 6.5.2; snom360 ramdisk v3.31; snom360 linux 3.25)',
    'Snom',
    '360',
    '6.5.2',
    null,
  ],
  ['Mozilla/4.0 (compatible; snom320-SIP 7.1.30', 'Snom', '320', '7.1.30', null],
  ['Snom M900 05.20.0001 000413aabbcc', 'Snom', 'M900', '05.20.0001', '00:04:13:aa:bb:cc'],
  ['snomD785/10.1.198.19', 'Snom', 'D785', '10.1.198.19', null],
  ['snom-m9/9.6.2', 'Snom', 'M9', '9.6.2', null],
  ['Fanvil X6U Pro 2.12.20 0c383e2cd782', 'Fanvil', 'X6U Pro', '2.12.20', '0c:38:3e:2c:d7:82'],
  ['Fanvil 0c383e2cd782 i16SV 2.12.43.6', 'Fanvil', 'i16SV', '2.12.43.6', '0c:38:3e:2c:d7:82'],
  [
    'Nethesis NPX5 2.12.18.16 E0:E6:56:01:02:03',
    'Nethesis',
    'NPX5',
    '2.12.18.16',
    'e0:e6:56:01:02:03',
  ],
  [
    'Aastra57i MAC:00-08-5D-20-DA-5B V:2.6.0.1008-SIP',
    'Aastra',
    '6757i',
    '2.6.0.1008',
    '00:08:5d:20:da:5b',
  ],
  ['Aastra 6731i/3.2.2.2044', 'Aastra', '6731i', '3.2.2.2044', null],
  [
    'Mitel6930 MAC:14-00-E9-1E-DB-52 V:6.4.0.140-SIP',
    'Mitel',
    '6930',
    '6.4.0.140',
    '14:00:e9:1e:db:52',
  ],
  [
    'N870 IP PRO/83.V2.39.0+build.1ffa429;7C2F80E0D605;Handset=3',
    'Gigaset',
    'N870 IP PRO',
    '83.V2.39.0',
    '7c:2f:80:e0:d6:05',
  ],
  ['Gigaset N720 DM PRO/70.117.00.000.000', 'Gigaset', 'N720 DM PRO', '70.117.00.000.000', null],
  [
    'Maxwell Basic/2.22.10-release;7C2F80E61AF4',
    'Gigaset',
    'Maxwell Basic',
    '2.22.10-release',
    '7c:2f:80:e6:1a:f4',
  ],
  [
    'Mozilla/4.0 (compatible; MSIE 6.0) AVAYA/J189-4.0.14.0.6 (MAC:c81fea556890)',
    'Avaya',
    'J189',
    '4.0.14.0.6',
    'c8:1f:ea:55:68:90',
  ],
  [
    'Mozilla/4.0 (compatible; MSIE 6.0) AVAYA/R134-4.2.0 (MAC:c81fea556890)',
    'Avaya',
    null,
    '4.2.0',
    'c8:1f:ea:55:68:90',
  ],
  ['AVAYA/SIP12x0\u0014/04.00.04.00', 'Avaya', null, '04.00.04.00', null],
  ['Avaya One-X Deskphone Edition 6.2.2 (v01)', 'Avaya', null, '6.2.2', null],
  [
    'Panasonic_KX-HDV230/07.161 (bcc342010203)',
    'Panasonic',
    'KX-HDV230',
    '07.161',
    'bc:c3:42:01:02:03',
  ],
  ['Panasonic_KX-UT670/01.022 (0080f000000)', 'Panasonic', 'KX-UT670', '01.022', null],
  ['Htek UC924E V3.0.4.5', 'Htek', 'UC924E', '3.0.4.5', null],
  [
    'AUDC-IPPhone/2.2.8.61 (440HDG-Rev0; 00908F602AAC)',
    'AudioCodes',
    '440HDG',
    '2.2.8.61',
    '00:90:8f:60:2a:ac',
  ],
  ['AUDC-IPPhone-445HD_UC_3.4.8/1.0', 'AudioCodes', '445HD', '3.4.8', null],
  ['AUDC/3.4.6.604 AUDC-IPPhone-C450HD_UC_3.4.6.604/1', 'AudioCodes', 'C450HD', '3.4.6.604', null],
  ['Sangoma S505 V3.0.4.64', 'Sangoma', 'S505', '3.0.4.64', null],
  ['Digium D60 2_7_0', 'Digium', 'D60', '2.7.0', null],
  ['Akuvox R29C 29.30.2.12 0C:11:05:01:02:03', 'Akuvox', 'R29C', '29.30.2.12', '0c:11:05:01:02:03'],
  [
    'Flyingvoice FIP13G V0.6.24 00:21:F2:22:AE:F1',
    'Flyingvoice',
    'FIP13G',
    '0.6.24',
    '00:21:f2:22:ae:f1',
  ],
  ['Alcatel IP Touch 4038/2.01.20', 'Alcatel', '4038', '2.01.20', null],
  [
    'ALE 8008-CE 1.51.52.2204 487a55023075',
    'Alcatel-Lucent',
    '8008',
    '1.51.52.2204',
    '48:7a:55:02:30:75',
  ],
  ['Linksys/SPA-942-6.1.5(a) (88019FA42805)', 'Linksys', 'SPA942', '6.1.5(a)', null],
  ['Linksys/PAP2T-5.1.5(LS)', 'Linksys', 'PAP2T', '5.1.5(LS)', null],
  ['Sipura/SPA-841-3.1.4', 'Sipura', 'SPA841', '3.1.4', null],
  ['OBIHAI/OBi302-3.2.2.5921', 'Obihai', 'OBi302', '3.2.2.5921', null],
  [
    'THOMSON ST2030 hw5 fw2.74 00-14-7F-E1-47-B3',
    'Technicolor',
    'ST2030',
    '2.74',
    '00:14:7f:e1:47:b3',
  ],
  [
    'SmartNode (Model:SN4114/JS/EUI; Serial:00A0BA08933C; Software Version:R6.9 2016-07-05 H323 SIP FXS FXO; Hardware Version:4.4)',
    'Patton',
    'SN4114',
    '6.9',
    '00:a0:ba:08:93:3c',
  ],
  ['Jitsi/1.0-beta1-nightly.build.3408', 'Jitsi', 'Jitsi', '1.0-beta1-nightly.build.3408', null],
];

test('each maker is known by its User-Agent, over HTTP and over SIP alike', (t) => {
  for (const [userAgent, ...expected] of agents) {
    t.same(said(identify({ userAgent })), expected, userAgent);
    t.same(said(identify({ sipUserAgent: userAgent })), expected, `SIP ${userAgent}`);
  }
  t.end();
});

test('a DHCP class names the maker and, where it tells, the model; NUL bytes at its end mean nothing', (t) => {
  const classes: readonly (readonly [string, string | null, string | null, string?])[] = [
    ['Cisco Systems, Inc. IP Phone CP-7965G\0', 'Cisco', '7965G'],
    ['Cisco Systems, Inc. IP Phone\0', 'Cisco', null],
    ['Cisco Systems, Inc. IP Phone SPA509G', 'Cisco', 'SPA509G'],
    ['CP-8861-3PCC', 'Cisco', '8861'],
    ['CISCO ATA191-MPP', 'Cisco', 'ATA191'],
    ['Cisco AP c2800', null, null],
    ['LINKSYS SPA-941', 'Linksys', 'SPA941'],
    ['digium_D65_2_8_1', 'Digium', 'D65', '2.8.1'],
    ['digium_D70', 'Digium', null],
    ['AastraIPPhone55i', 'Aastra', '6755i'],
    ['AastraIPPhone', 'Aastra', null],
    ['MitelIPPhone', 'Mitel', null],
    ['MINET_6920', 'Mitel', '6920'],
    ['snomD785', 'Snom', 'D785'],
    ['snomM900-base', 'Snom', 'M900'],
    ['SmartNode SN4324/JO', 'Patton', 'SN4324'],
    ['Nortel-i2004-A', 'Nortel/Avaya', null],
    ['S675_IP', 'Siemens/Gigaset', null],
    ['KIRK.IP6000', 'Spectralink', null],
    ['Panasonic', 'Panasonic', null],
    ['alcatel.noe.0', 'Alcatel', null],
    ['Polycom-VVX410', 'Polycom', 'VVX410'],
    ['Yealink SIP-T46S', 'Yealink', 'T46S'],
    ['MSFT 5.0', null, null],
    ['dhcpcd-9.4.1:Linux-6.1', null, null],
    ['x'.repeat(256), null, null],
  ];
  for (const [dhcpClass, vendor, model, version] of classes) {
    t.same(
      said(identify({ dhcpClass })),
      [vendor, model, version ?? null, null],
      dhcpClass.slice(0, 40),
    );
  }
  t.end();
});

test('a later claim of the same maker says what the first left out, and never overrules it', (t) => {
  const agent = 'AVAYA/SIP12x0\u0017/04.00.04.00';
  t.equal(identify({ userAgent: agent, dhcpClass: 'Nortel-SIP' }).vendor, 'Avaya');
  const digium = { sipUserAgent: 'Digium D65', dhcpClass: 'digium_D65_2_8_1' };
  t.same(said(identify(digium)), ['Digium', 'D65', '2.8.1', null]);
  t.equal(identify({ ...digium, dhcpClass: 'digium_D70_1_0_0' }).version, null);
  t.equal(identify({ dhcpClass: 'snomD785', path: '/000413aabbcc.htm' }).mac, '00:04:13:aa:bb:cc');
  t.end();
});

test('a file name names the maker by its form, or by the MAC prefix where makers share the form', (t) => {
  const files: readonly (readonly [string, string | null, string | null, string?])[] = [
    ['/snomD735-00041396D9B4.htm', 'Snom', 'D735'],
    ['/M900_v0740_b0104.fwu', 'Snom', 'M900'],
    ['/F0V16SV00000.cfg', 'Fanvil', 'i16SV'],
    ['/F0V00X5S0000.cfg', 'Fanvil', 'X5S'],
    ['/F0VV62G00000.cfg', 'Fanvil', 'V62G'],
    ['/f0X4hw1.100.cfg', 'Fanvil', 'X4'],
    ['/f0C00620000.cfg', 'Fanvil', 'C62'],
    ['/fanvil_x6u_v2_hwv2_0.txt', 'Fanvil', 'X6U-V2', '2.0'],
    ['/fanvil_v62_pro_hwv1_0.txt', 'Fanvil', 'V62Pro', '1.0'],
    ['aastra.cfg', 'Aastra', null],
    ['6867i.cfg', 'Aastra', '6867i'],
    ['6930.cfg', 'Mitel', '6930'],
    ['1400E91BE241.cfg', 'Mitel', null],
    ['/42/2/master.bin', 'Gigaset', 'N510 IP PRO'],
    ['/42/2/7C2F804DF9A9.xml', 'Gigaset', null],
    ['1220SIP.cfg', 'Avaya', '1220'],
    ['/FW_S_J179_R4_1_3_0_6.bin', 'Avaya', 'J179'],
    ['/KX-HDV230.cfg', 'Panasonic', 'KX-HDV230'],
    ['/Config0080F0C8C381.cfg', 'Panasonic', null],
    ['/cfg0010.xml', 'Htek', null],
    ['/sipconfig-4028.txt', 'Alcatel', '4028'],
    ['/config.3c28a620089e.xml', 'Alcatel-Lucent', null],
    ['/spa962.cfg', 'Linksys', 'SPA962'],
    ['/spa841.cfg', 'Sipura', 'SPA841'],
    ['/ST2030_00147FE147B3.txt', 'Technicolor', 'ST2030'],
    ['/00908f3bab6e.cfg', 'AudioCodes', null],
    ['/9c7514aabbdb.cfg', 'Akuvox', null],
    ['/Digium/000fd3010203.cfg', 'Digium', null],
  ];
  for (const [path, vendor, model, hardware] of files) {
    const identity = identify({ path });
    t.same([identity.vendor, identity.model, identity.hardware], [vendor, model, hardware], path);
  }
  t.end();
});

type Ladder = readonly [vendor: string, versions: readonly string[], model?: string];
const ladders: readonly Ladder[] = [
  [
    'Snom',
    [
      '6.5.2',
      '7.3.30',
      '8.4.35',
      '8.7.3.25',
      '8.7.3.25.5',
      '8.7.3.25.9',
      '8.7.4.8',
      '8.9.3.80',
      '10.1.20.0',
      '10.1.101.11',
      '10.1.215.13',
    ],
  ],
  ['Snom', ['05.20.0001', '06.70.0201', '06.70.0202', '07.40.0104'], 'M900'],
  [
    'Fanvil',
    [
      'P0.10.4-1.2.4',
      '1.4.0.2090',
      'P0.17.0-1.12.2.1',
      'P0.18.23.79-2.4.5',
      'P0.18.23.89-2.4.5.2',
      '2.12.1',
      '2.12.1.3',
      '2.12.9',
      '2.12.44.8.4',
      '2.12.44.10',
    ],
  ],
  ['Nethesis', ['2.4.1.0', '2.12.18.16']],
  [
    'Aastra',
    [
      '2.6.0.2019',
      '3.2.2 SP3',
      '3.3.1.4053',
      '4.0.0.1096',
      '4.0.0.2031',
      '4.1.0.128',
      '4.3.0.1052',
      '8.2.0',
    ],
  ],
  ['Mitel', ['5.1.0.6044', '6.4.0.140', '6.4.0.4006', '8.2.0']],
  ['Gigaset', ['42.240', '42.245.00.000.000', '42.250', '42.262']],
  ['Gigaset', ['83.V2.11.0+build.a546b91', '83.V2.14.0', '83.V2.62.1', '83.V2.65.0']],
  ['Avaya', ['4.0.14.0.6', '4.1.0', '04.01.03.06', '4.1.5.0.6', '4.2.0'], 'J179'],
  ['Avaya', ['03.02.16.00', '04.00.04.00', '04.01.13.00']],
  ['Panasonic', ['01.022', '01.133', '07.161']],
  ['Htek', ['1.0.4.2.11', '2.0.4.2.19', 'V2.0.4.6.41', '3.0.4.5']],
  ['AudioCodes', ['1.6.0.44.43', '2.0.0_build_15', 'UC_2.0.13.121', '2.2.8.61', '3.4.8']],
  ['Digium', ['1.1.0.0.48178', '1_3_0_1', '2.2.1.8', '2.8.1']],
  ['Akuvox', ['29.30.2.12', '29.30.10.106']],
  ['Linksys', ['5.1.8', '6.1.3', '6.1.5', '6.1.5(a)', '6.1.11', '6.1.12SR1']],
  ['Technicolor', ['3.54', '4.68', '4.78.1']],
  ['Patton', ['R6.2 2012-09-11 H323 SIP FXS FXO', '6.9', '6.11']],
  ['Alcatel', ['2.00.81', '2.01.10']],
  ['Obihai', ['3.2.1.5757', '3.2.2.5921', '5.1.11']],
];

test('versions of each maker are in total order, whichever of two is asked first', (t) => {
  for (const [vendor, versions, model] of ladders) {
    for (const [i, a] of versions.entries()) {
      for (const [j, b] of versions.entries()) {
        const expected = i < j ? 'older' : i > j ? 'newer' : 'same';
        const about = model === undefined ? {} : { model };
        t.equal(compareVersions(vendor, a, b, about), expected, `${vendor} ${a} ${b}`);
      }
    }
  }
  t.end();
});

test('spellings of one version are the same, and lines that number on their own are incomparable', (t) => {
  const rows: readonly (readonly [string, string, string, Order])[] = [
    ['Gigaset', '42.258', '42.258.00.000.000', 'same'],
    ['Gigaset', '82.2.18.4-release', '82.2.18.4', 'same'],
    ['Snom', '10.1.198.19', 'snomD785-10.1.198.19-SIP-r.bin', 'same'],
    ['Snom', '10.1.198.12-HW6-SIP', '10.1.198.12', 'same'],
    ['Avaya', '4.1.3.0.6', 'R4_1_3_0_6', 'same'],
    ['Digium', '1_1_0_0_48178', '1.1.0.0.48178', 'same'],
    ['Linksys', '6.1.5a', '6.1.5(a)', 'same'],
    ['Snom', '10.1.215.13', '07.40.0104', 'incomparable'],
    ['Snom', '10.1.refs_changes_66_26666_2', '10.1.198.19', 'incomparable'],
    ['Snom', '8.10.1.66-26666-2', '10.1.198.19', 'incomparable'],
    ['Aastra', '3.3.1.4365', '3.3.1.8215', 'incomparable'],
    ['Aastra', '3.3.1 SP4', '3.3.1.4365', 'incomparable'],
    ['Gigaset', '42.258', '70.117', 'incomparable'],
    ['Fanvil', '6907-2.12.4.1', '6903-2.12.16.17', 'incomparable'],
    ['Avaya', '04.01.13.00', '4.2.0', 'incomparable'],
    ['Akuvox', '29.30.2.12', '50.0.3.45', 'incomparable'],
    ['Linksys', '3.3.6(GW)', '3.1.19(SE)', 'incomparable'],
    ['Jitsi', '1.0-beta1-nightly.build.3408', '1.0', 'incomparable'],
  ];
  for (const [vendor, a, b, expected] of rows) {
    t.equal(compareVersions(vendor, a, b), expected, `${vendor} ${a} ${b}`);
    t.equal(compareVersions(vendor, b, a), expected, `${vendor} ${b} ${a}`);
  }
  t.end();
});

/** The same numbers on every run (linear congruence, Numerical Recipes). */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const flipped: Record<Order, Order> = {
  older: 'newer',
  newer: 'older',
  same: 'same',
  incomparable: 'incomparable',
};

test('the order of every maker is antisymmetric and transitive, also for text cut and mixed', (t) => {
  const below = seeded(7);
  for (const { name } of KNOWN_VENDORS) {
    const known = ladders.filter(([vendor]) => vendor === name).flatMap(([, versions]) => versions);
    const texts = [
      ...known,
      '1.2.3',
      '1.2.3.4',
      '1.2',
      '01.02.0003',
      '9.9.9.9.9',
      '',
      'x',
      '1..2',
      '1.2.',
    ];
    const one = () => {
      const text = texts[below(texts.length)] ?? '';
      return below(4) === 0 ? text.slice(0, below(text.length + 1)) : text;
    };
    const broken: string[] = [];
    for (let round = 0; round < 400; round += 1) {
      const [a, b, c] = [one(), one(), one()];
      const ab = compareVersions(name, a, b);
      if (compareVersions(name, b, a) !== flipped[ab]) broken.push(`${a} against ${b}`);
      const isChain = ab === 'older' && compareVersions(name, b, c) === 'older';
      if (isChain && compareVersions(name, a, c) !== 'older') broken.push(`${a} < ${b} < ${c}`);
    }
    t.same(broken, [], name);
  }
  t.end();
});

test('text cut, doubled and mixed from real strings never throws and never makes two makers of one', (t) => {
  const below = seeded(11);
  const parts = agents.flatMap(([userAgent]) => userAgent.split(/(?=[ /;(_-])/));
  for (let round = 0; round < 4000; round += 1) {
    let text = '';
    for (let words = below(8); words >= 0; words -= 1) text += parts[below(parts.length)] ?? '';
    const request = { userAgent: text, sipUserAgent: text, dhcpClass: text, path: `/${text}` };
    const { vendor } = identify(request);
    if (vendor !== null && !knowledgeOf(vendor)) t.fail(`${text} gave ${vendor}`);
    compareVersions(vendor ?? 'Snom', text, '1.2.3');
  }
  t.end();
});

test('hostile text takes time linear in its length with every maker', (t) => {
  const shapes = [
    'snom',
    'Mozilla/4.0 (compatible; snom',
    'Fanvil X',
    'AVAYA/J',
    'AUDC-IPPhone-',
    'N870 IP PRO/',
    'SmartNode (Model:',
    'Cisco Systems, Inc. IP Phone ',
    'a1 ',
    '0-',
    'F0V000',
    '1.',
    '00:',
    '(MAC:',
    'SP1',
  ];
  const start = process.cpuUsage();
  for (const shape of shapes) {
    for (const length of [255, 512, 1024, 100_000]) {
      const text = shape.repeat(Math.ceil(length / shape.length)).slice(0, length);
      for (const tail of ['', '!', '\0']) {
        const hostile = text.slice(0, length - tail.length) + tail;
        identify({ userAgent: hostile, sipUserAgent: hostile, dhcpClass: hostile, path: hostile });
        for (const { name } of KNOWN_VENDORS)
          compareVersions(name, hostile.slice(0, 80), `${hostile.slice(1, 80)}x`);
      }
    }
  }
  const { user, system } = process.cpuUsage(start);
  t.ok((user + system) / 1000 < 1000, 'milliseconds of CPU for 180 strings with 29 makers');
  t.end();
});

test('a maker that is only known has no profile, and nobody is known twice', (t) => {
  t.equal(knowledgeOf('FANVIL')?.name, 'Fanvil');
  t.equal(profileOf('Fanvil'), undefined);
  t.same(
    PROFILES.map(({ name }) => name),
    [
      'Yealink',
      'Polycom',
      'Cisco',
      'Grandstream',
      'Snom',
      'Aastra',
      'Mitel',
      'Gigaset',
      'Panasonic',
      'Htek',
      'Linksys',
      'Sipura',
    ],
  );
  const names = KNOWN_VENDORS.map(({ name }) => name);
  t.equal(new Set(names).size, names.length);
  for (const { ouis, name } of KNOWN_VENDORS) {
    for (const prefix of ouis) t.match(prefix, /^[0-9a-f]{6}$/, name);
  }
  const prefixes = KNOWN_VENDORS.flatMap(({ ouis }) => ouis);
  t.equal(new Set(prefixes).size, prefixes.length, 'no prefix is two makers\u2019');
  t.end();
});
