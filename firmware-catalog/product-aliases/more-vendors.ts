// Vendors whose advisories name models plainly, or by one series word.

import { models, type ProductNames } from './product-names.ts';

const mitel: ProductNames = {
  vendor: 'Mitel',
  alsoVendors: ['Aastra'],
  names: ['mitel', 'mitelnetworks', 'mitelnetworkscorporation', 'aastra', 'mitelaastra'],
  filler: ['sip'],
  otherFirmware: ['minet'],
  models: models(`
    6863i 6865i 6867i 6869i 6873i 6905 6910 6915 6920 6930 6940 6920w 6930w 6940w 6970
    6730i 6731i 6735i 6737i 6739i 6751i 6753i 6755i 6757i
    5304 5312 5320 5320e 5324 5330 5330e 5340 5340e 5360`),
  shape: /^(?:6[789]\d\d(?:I|IP|W|ICT)?|53\d\d[EI]?)$/,
  notPhones: [
    {
      words: /\b(?:micollab|mivoice|micontact|openscape|business phone server)\b/,
      name: 'call servers and applications',
      class: 'call-server',
    },
  ],
};

const grandstream: ProductNames = {
  vendor: 'Grandstream',
  names: ['grandstream', 'grandstreamnetworks', 'grandstreamnetworksinc'],
  models: models(`
    GXP1100 GXP1105 GXP1160 GXP1165 GXP1400 GXP1405 GXP1450 GXP1610 GXP1615 GXP1620 GXP1625 GXP1628 GXP1630
    GXP1760 GXP1760W GXP1780 GXP1782 GXP2000 GXP2020 GXP2100 GXP2110 GXP2120 GXP2124 GXP2130 GXP2135 GXP2140
    GXP2160 GXP2170 GRP2601 GRP2602 GRP2603 GRP2604 GRP2612 GRP2612W GRP2613 GRP2613W GRP2614 GRP2615
    GRP2616 GRP2624 GRP2634 GRP2636 GRP2650 GRP2670 GXV3240 GXV3275 GXV3350 GXV3370 GXV3380 GXV3450 GXV3470
    GXV3480 HT801 HT802 HT812 HT813 HT814 HT818 HT841 HT881 WP810 WP816 WP820 WP822 WP825 WP826 WP836
    DP715 DP720 DP722 DP730 DP750 DP752 DP755 DP760 GAC2500 GAC2570 GHP610 GHP611 GHP620 GHP621 GHP630`),
  shape: /^(?:GXP|GRP|GXV|GAC|GHP|HT|WP|DP|BT)\d{3,4}[A-Z]{0,2}(?:V\d)?$/,
  notPhones: [
    {
      words: /\b(?:ucm ?\d*|gwn ?\d*|gds ?\d*|gsc ?\d*|gxw ?\d*)\b|\bucm\d|\bgwn\d/,
      name: 'call servers, network and door devices',
      class: 'other-device',
    },
    { words: /\bgdms\b|\bdevice management\b/, name: 'device management', class: 'management' },
  ],
};

const avaya: ProductNames = {
  vendor: 'Avaya',
  names: ['avaya', 'avayainc'],
  filler: ['sip', 'onex'],
  otherFirmware: ['h323'],
  models: models(`
    J129 J139 J159 J169 J179 J189 9601 9608 9608G 9610 9611 9611G 9620 9620L 9620C 9621G 9630 9630G 9640
    9640G 9641G 9641GS 9650 9650C 9670G 1110 1120 1140 1165 1210 1220 1230 B129 B149 B159 B169 B179 B189
    H175 K155 K175`),
  shape: /^(?:J1\d9[A-Z]?|96\d\d[A-Z]{0,2}|1[126]\d\d[A-Z]?|[BHK]1\d\d)$/,
  notPhones: [
    {
      words: /\b(?:aura|session manager|ip office|call management|equinox|workplace)\b/,
      name: 'call servers and applications',
      class: 'call-server',
    },
  ],
};

const audiocodes: ProductNames = {
  vendor: 'AudioCodes',
  names: ['audiocodes'],
  models: models(
    '405 405HD 420HD 425HD 430HD 440HD 445HD 450HD C430HD C435HD C448HD C450HD C455HD C470HD RX50',
  ),
  shape: /^C?4\d\d(?:HD[A-Z]?)?$/,
  lines: { '400hd': { name: '400HD series', has: /^C?4\d\d(?:HD)?[A-Z]?$/ } },
  notPhones: [
    {
      words: /\b(?:device manager|ovoc|one voice)\b/,
      name: 'device management',
      class: 'management',
    },
    { words: /\b(?:mediant|mediapack|mp ?1\d\d)\b/, name: 'gateways', class: 'other-device' },
  ],
};

const unify: ProductNames = {
  vendor: 'Unify',
  names: ['unify', 'siemens', 'atos', 'atosunify', 'unifygmbh', 'mitelunify'],
  filler: ['openscape', 'sip'],
  otherFirmware: ['hfa'],
  models: models('CP100 CP110 CP200 CP205 CP210 CP400 CP410 CP600 CP600E CP700 CP700X CP710'),
  shape: /^CP\d{3}[A-Z]?$/,
  lines: {
    cp: { name: 'OpenScape Desk Phone CP', has: /^CP\d/ },
  },
  notPhones: [
    {
      words: /\b(?:deployment service|dls|common management)\b/,
      name: 'device management',
      class: 'management',
    },
    {
      words: /\b(?:session border|openscape (?:voice|4000|business|sbc|branch|xpressions))\b/,
      name: 'call servers',
      class: 'call-server',
    },
  ],
  fields: 4,
};

const alcatelLucent: ProductNames = {
  vendor: 'Alcatel-Lucent',
  names: ['alcatellucententerprise', 'alcatellucent', 'ale', 'alcatel', 'aleinternational'],
  filler: ['enterprise', 'essential', 'premium', 'sip'],
  otherFirmware: ['noe'],
  models: models(`
    ALE-20 ALE-20h ALE-30 ALE-30h ALE-300 ALE-400 ALE-500 ALE-2 ALE-3 8001 8008 8008G 8018 8028 8028s 8029 8029s
    8038 8039 8039s 8058s 8068 8068s 8078s 8088 8082 M3 M5 M7 M8 H2 H2P H3G H3P H6 8135s`),
  shape: /^(?:ALE\d{1,3}H?|80\d\d[GS]?|81\d\dS?|M[3-8]S?|H[236][GP]?)$/,
  lines: { ale: { name: 'ALE DeskPhones', has: /^ALE\d/ } },
  notPhones: [
    {
      words: /\b(?:omnipcx|omnivista|omniswitch|oxo|oxe|rainbow)\b/,
      name: 'call servers and network equipment',
      class: 'call-server',
    },
  ],
};

const snom: ProductNames = {
  vendor: 'Snom',
  names: ['snom', 'snomtechnology', 'snomtechnologygmbh', 'snomtechnologyag'],
  models: models(`
    300 320 360 370 710 715 720 725 760 765 820 821 870 D120 D140 D150 D305 D315 D335 D345 D375 D385 D710 D712
    D713 D715 D717 D725 D735 D745 D765 D785 D810W D812 D815 D815W D862 D865 D892 D895 C520 C620 M100 M110 M200
    M300 M400 M430 M500 M700 M900 M900S HM201 PA1 MP`),
  shape: /^(?:D?[1378]\d\d[WX]?|[CM]\d{3}S?|HM\d{3}|PA1|MP)$/,
  notPhones: [
    { words: /\b(?:sraps|redirection)\b/, name: 'provisioning service', class: 'management' },
  ],
};

const fanvil: ProductNames = {
  vendor: 'Fanvil',
  names: ['fanvil', 'fanviltechnology', 'fanviltechnologycoltd'],
  models: models(`
    X1S X1SG X1SP X2 X2C X2P X3G X3S X3SG X3SP X3U X3W X4 X4G X4U X5S X5U X6 X6U X7 X7A X7C X210 X210i X301
    X301G X301W X303 X303G X303W X305 X7AW V62 V62G V64 V65 V67 H2U H3 H3W H4 H4W H5 H5W H6 H601 A10 A32 A320
    C400 C600 i10 i12 i16 i16V i18S i20S i30 i31S i51 i51W i53 i53W i56A i57A i61 i62 i63 i64`),
  shape: /^(?:X\d{1,3}[A-Z]{0,2}|V6\d[GW]?|H\d{1,3}[UW]?|A\d{2,3}|C\d{3}|I\d{2}[A-Z]{0,2})$/,
};

const panasonic: ProductNames = {
  vendor: 'Panasonic',
  names: ['panasonic', 'panasoniccorporation'],
  models: models(`
    KX-HDV100 KX-HDV130 KX-HDV20 KX-HDV230 KX-HDV330 KX-HDV340 KX-HDV430 KX-HDV800 KX-UT113 KX-UT123 KX-UT133
    KX-UT136 KX-UT248 KX-UT670 KX-TGP500 KX-TGP550 KX-TGP551 KX-TGP600 KX-NT511 KX-NT551 KX-NT553 KX-NT556 KX-NT560`),
  shape: /^KX(?:HDV|UT|TGP|NT)\d{2,3}[A-Z0-9]{0,3}$/,
};

const gigaset: ProductNames = {
  vendor: 'Gigaset',
  names: ['gigaset', 'gigasetcommunications', 'gigasetcommunicationsgmbh'],
  filler: ['pro'],
  models: models(
    'N300 N510 N530 N610 N670 N720 N870 N870E Maxwell2 Maxwell3 Maxwell4 MaxwellBasic MaxwellC',
  ),
  shape: /^(?:N\d{3}[A-Z]?(?:IP)?(?:PRO)?|MAXWELL(?:\d|C|BASIC)?(?:PRO)?)$/,
};

const akuvox: ProductNames = {
  vendor: 'Akuvox',
  names: ['akuvox'],
  models: models(
    'R15P R20 R20A R26 R27 R28 R29 R49G R50P R53P R55P R59P R67G E10 E11 E11R E12 E16 E21 X912 X915 X916 C313 C315 C319 S562 S567',
  ),
  shape: /^(?:R\d\d[A-Z]?|E\d\d[A-Z]?|X91\d[A-Z]?|C31\d|S56\d)$/,
};

const htek: ProductNames = {
  vendor: 'Htek',
  names: ['htek', 'hanlong', 'nanjinghanlongtechnology'],
  models: models(
    'UC802 UC803 UC804 UC806 UC840 UC842 UC860 UC862 UC902 UC903 UC912 UC921 UC923 UC924 UC926 UCV10 UCV20 UCV50 UCV52 UCV53',
  ),
  shape: /^UC[V89]\d{1,2}[A-Z]{0,2}$/,
};

const sangoma: ProductNames = {
  vendor: 'Sangoma',
  names: ['sangoma', 'sangomatechnologies'],
  models: models(
    'S205 S206 S300 S305 S400 S405 S406 S500 S505 S700 S705 P310 P315 P320 P325 P330 P370 DB20 D10M',
  ),
  shape: /^[SP]\d{3}$/,
  notPhones: [
    {
      words: /\b(?:freepbx|switchvox|asterisk|pbx|session border)\b/,
      name: 'call servers',
      class: 'call-server',
    },
  ],
};

const digium: ProductNames = {
  vendor: 'Digium',
  names: ['digium'],
  models: models('D40 D45 D50 D60 D62 D65 D70 D80'),
  shape: /^D\d{2}$/,
  notPhones: [
    {
      words: /\b(?:asterisk|switchvox|pbx|dahdi|certified)\b/,
      name: 'call servers',
      class: 'call-server',
    },
  ],
};

const flyingvoice: ProductNames = {
  vendor: 'Flyingvoice',
  names: ['flyingvoice', 'flyingvoicetechnology'],
  models: models('FIP10 FIP11 FIP11C FIP13G FIP14G FIP15G FIP16 P10 P11 P20 P21 P22P P23G'),
  shape: /^(?:FIP|FTA|FWR|P)\d{2,4}[A-Z]{0,3}$/,
};

export const moreVendors: readonly ProductNames[] = [
  mitel,
  grandstream,
  avaya,
  audiocodes,
  unify,
  alcatelLucent,
  snom,
  fanvil,
  panasonic,
  gigaset,
  akuvox,
  htek,
  sangoma,
  digium,
  flyingvoice,
];
