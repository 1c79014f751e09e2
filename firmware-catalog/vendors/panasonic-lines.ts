// What is documented about Panasonic's KX-UT, KX-HDV, KX-NT and KX-TGP phones (administrator guides:
// Configuration File Specifications).

import type { LineFacts } from './line-facts.ts';
import { asked, NO_SETTINGS, notify, NOTHING_KNOWN, setting } from './line-parts.ts';

/** `UT11x12x` are the KX-UT11x and KX-UT12x. */
function series(written: string): string[] {
  const [letters = ''] = /^[A-Z]+/.exec(written) ?? [];
  const numbers = written.slice(letters.length).match(/\d{2,3}x?/g) ?? [];
  return numbers.map((number) => `KX-${letters}${number}`);
}

export const panasonicLines: readonly LineFacts[] = [
  {
    ...NOTHING_KNOWN,
    line: 'KX-UT, KX-HDV, KX-NT and KX-TGP',
    hasModel: (model) => /^KX-/i.test(model),
    claims: ['user-agent', 'path', 'dhcp-class', 'mac-prefix'],
    bootFiles: [
      asked('/{model}.cfg', 'common-config'),
      asked('/ConfigCommon.cfg', 'common-config'),
      asked('/Config{MAC}.cfg', 'phone-config'),
    ],
    userAgent: 'Panasonic_{model}/{version} ({mac})',
    config: {
      form: 'NAME="value" lines under a first line of 44 given bytes, the last line empty',
      contentType: 'text/plain',
      frame: '# Panasonic SIP Phone Standard Format File #\r\n{lines}\r\n',
      line: '{name}="{value}"',
      escape: 'plain',
      lineEnd: '\r\n',
      macros: { '{MAC}': '{MAC}' },
    },
    settings: {
      ...NO_SETTINGS,
      firmware: [
        setting('FIRM_UPGRADE_ENABLE', 'Y'),
        setting('FIRM_UPGRADE_AUTO', 'Y'),
        setting('FIRM_VERSION', '{version}'),
        setting('FIRM_FILE_PATH', '{url}'),
      ],
      'sip-login': [setting('SIP_AUTHID_1', '{user}'), setting('SIP_PASS_1', '{password}')],
      syslog: [setting('SYSLOG_ADDR', '{host}'), setting('SYSLOG_PORT', '{port}')],
    },
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
      'wazo-provd-plugins wazo-panasonic templates',
    ],
  },
];
