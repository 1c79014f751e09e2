// What is documented about Panasonic's KX-UT, KX-HDV, KX-NT, KX-TGP and KX-UTG phones (administrator guides:
// Configuration File Specifications).

import type { ConfigLanguage, LineFacts } from './line-facts.ts';
import { asked, NO_SETTINGS, notify, NOTHING_KNOWN, setting } from './line-parts.ts';

/** `UT11x12x` are the KX-UT11x and KX-UT12x. */
function series(written: string): string[] {
  const [letters = ''] = /^[A-Z]+/.exec(written) ?? [];
  const numbers = written.slice(letters.length).match(/\d{2,3}x?/g) ?? [];
  return numbers.map((number) => `KX-${letters}${number}`);
}

/** One language for all; of its size only the guides of the KX-UT say something. */
const config: ConfigLanguage = {
  form: 'NAME="value" lines under a first line of 44 given bytes, the last line empty',
  contentType: 'text/plain',
  frame: '# Panasonic SIP Phone Standard Format File #\r\n{lines}\r\n',
  line: '{name}="{value}"',
  escape: 'plain',
  lineEnd: '\r\n',
  macros: { '{MAC}': '{MAC}' },
};

const common = {
  ...NOTHING_KNOWN,
  claims: ['user-agent', 'path', 'dhcp-class', 'mac-prefix'],
  bootFiles: [
    asked('/{model}.cfg', 'common-config'),
    asked('/ConfigCommon.cfg', 'common-config'),
    asked('/Config{MAC}.cfg', 'phone-config'),
  ],
  userAgent: 'Panasonic_{model}/{version} ({mac})',
  config,
  settings: {
    ...NO_SETTINGS,
    firmware: [
      setting('FIRM_UPGRADE_ENABLE', 'Y'),
      setting('FIRM_UPGRADE_AUTO', 'Y'),
      setting('FIRM_VERSION', '{version}'),
      setting('FIRM_FILE_PATH', '{url}'),
    ],
    'sip-login': [setting('SIP_AUTHID_1', '{user}'), setting('SIP_PASS_1', '{password}')],
    'admin-password': [setting('ADMIN_PASS', '{password}')],
    // Sent to a server alone, a phone asks for its model's file, which says where its own and the others lie.
    'provisioning-server': [
      setting('CFG_STANDARD_FILE_PATH', '{root}/Config{MAC}.cfg'),
      setting('CFG_PRODUCT_FILE_PATH', '{root}/{MODEL}.cfg'),
      setting('CFG_MASTER_FILE_PATH', '{root}/ConfigCommon.cfg'),
    ],
    syslog: [setting('SYSLOG_ADDR', '{host}'), setting('SYSLOG_PORT', '{port}')],
  },
  // So end the names of all that are told (USER_PASS, LDAP_PASSWORD, SIP_PASS_PS1_1 of a handset), and nothing else's.
  otherPasswordNames: ['*_PASS', '*_PASS_*', '*_PASSWORD', '*_PASSWORD_*'],
  // FIRM_VERSION says which version the file has; no document at hand says what a phone makes of an older one.
  updateDecision: 'unknown',
  versionScheme: 'two or three numbers with leading zeros: 01.133',
  imageNames: [
    {
      pattern:
        /^(?<models>(?:UT|HDV|TGP|NT)[\dx]{2,10})-(?<version>\d{2}\.\d{3})(?:_(?<hardware>HW\d))?\w{0,8}\.fw$/,
      models: series,
      example: 'UT11x12x-01.133_HW1.fw',
    },
  ],
  wake: [notify('check-sync;reboot=true')],
  reboot: [notify('check-sync;reboot=true')],
  sources: [
    'Panasonic KX-UT123 Administrator Guide 2.4: file format, order of master, product and standard files',
    'Panasonic KX-UT670 Administrator Guide 5.2.1: file format; 4.5.2, 4.5.3: ADMIN_PASS, USER_PASS',
    'Panasonic KX-TGP500 Administrator Guide 3.5.2.1: ADMIN_PASS',
    'Panasonic KX-HDV430 Administrator Guide 4.4.2: USER_PASS',
    'aelintra sail and saltlife, templates of the KX-UT and KX-HDV: LDAP_PASSWORD; a public script for DECT bases: SIP_PASS_PS1_1',
    'Panasonic KX-HDV230 Administrator Guide 2.4: file format',
    'Panasonic KX-HDV100 Administrator Guide 2.1, 2.2.3: {MODEL}.cfg of a server that is named without a file, its three kinds of files',
    'wazo-provd-plugins wazo-panasonic templates: the model’s file holds CFG_STANDARD_FILE_PATH alone, FIRM_* settings',
  ],
} satisfies Omit<LineFacts, 'line' | 'hasModel'>;

export const panasonicLines: readonly LineFacts[] = [
  {
    ...common,
    line: 'KX-UT',
    hasModel: (model) => /^KX-UT\d/i.test(model),
    // All of a phone's files together: one alone is what can be seen here.
    config: { ...config, bytesMax: 120 * 1024 },
  },
  {
    ...common,
    line: 'KX-HDV, KX-NT and KX-TGP',
    hasModel: (model) => /^KX-(?:HDV|NT|TGP)\d/i.test(model),
  },
  {
    // Their files are XML with the KX-UT's names as elements; where firmware stands in them, and what wakes them, is told nowhere.
    ...NOTHING_KNOWN,
    line: 'KX-UTG200 and KX-UTG300',
    hasModel: (model) => /^KX-UTG\d/i.test(model),
    sources: [
      'Panasonic KX-UTG300 Administrator Guide 2.4.1: <PANASIPPhoneConfig>, <ADMIN_PASS>',
      'Panasonic KX-UTG200 Administrator Guide 2.4, 2.5: access levels, order of standard, product and master files',
    ],
  },
];
