// What is documented about Avaya's J100, 9600 and 1100/1200 phones (J100 administration guide 4.x; 1200 series
// SIP guide 4.x).

import type { LineFacts } from './line-facts.ts';
import { asked, NO_SETTINGS, notify, NOTHING_KNOWN, setting, withDots } from './line-parts.ts';

export const avayaLines: readonly LineFacts[] = [
  {
    ...NOTHING_KNOWN,
    line: 'J100',
    hasModel: (model) => /^J1\d{2}/i.test(model),
    claims: ['user-agent', 'path', 'dhcp-class', 'mac-prefix'],
    bootFiles: [
      asked('/J100Supgrade.txt', 'common-config', 'http'),
      asked('/46xxsettings.txt', 'common-config', 'http'),
      asked('/{mac}.txt', 'phone-config', 'http'),
    ],
    userAgent: 'Mozilla/4.0 (compatible; MSIE 6.0) AVAYA/{model}-{version} (MAC:{mac})',
    config: {
      form: 'script of SET, IF, GOTO and GET lines',
      contentType: 'text/plain',
      frame: '{lines}',
      line: 'SET {name} {value}',
      escape: 'plain',
      lineEnd: '\n',
    },
    settings: {
      ...NO_SETTINGS,
      firmware: [{ ...setting('APPNAME', '{url}'), file: 'shared' }],
      'sip-login': [
        setting('FORCE_SIP_USERNAME', '{user}'),
        setting('FORCE_SIP_PASSWORD', '{password}'),
      ],
      'admin-password': [setting('FORCE_WEB_ADMIN_PASSWORD', '{password}')],
      'sip-tls': [setting('SIP_CONTROLLER_LIST', '{host}:{port};transport=tls')],
      'web-off': [setting('ENABLE_WEBSERVER', '0')],
    },
    updateDecision: 'differs',
    versionScheme: 'four or five numbers; catalogues write four of two digits',
    imageNames: [
      {
        pattern: /^FW_S_(?<models>J1\d{2}[A-Z]?)_R(?<version>\d{1,2}(?:_\d{1,3}){2,5})\.bin$/,
        version: withDots,
        example: 'FW_S_J179_R4_1_3_0_6.bin',
      },
      {
        pattern: /^J100-IPT-SIP-R(?<version>\d{1,2}(?:_\d{1,3}){2,4})-\d{6}\.zip$/,
        version: withDots,
        example: 'J100-IPT-SIP-R4_1_3_0-010324.zip',
      },
    ],
    wake: [notify('check-sync;reboot=true')],
    reboot: [notify('check-sync;reboot=true')],
    sources: [
      'Avaya J100 Series Installing and Administering guide: J100Supgrade.txt, APPNAME, 46xxsettings.txt',
    ],
  },
  {
    ...NOTHING_KNOWN,
    line: '1100 and 1200',
    hasModel: (model) => /^1[12]\d0$/.test(model),
    claims: ['user-agent', 'path', 'mac-prefix'],
    bootFiles: [
      asked('/{model}.cfg', 'common-config', 'tftp'),
      asked('/{model}SIP.cfg', 'common-config', 'tftp'),
    ],
    updateDecision: 'newer',
    versionScheme: 'four numbers of two digits',
    imageNames: [
      {
        pattern: /^SIP(?<models>1[12]x0)(?<version>\d{2}(?:\.\d{2}){3})\.bin$/,
        example: 'SIP12x004.01.13.00.bin',
      },
    ],
    // It asks its user first.
    wake: [notify('check-sync;reboot=true')],
    reboot: [notify('check-sync;reboot=true')],
    sources: [
      'Avaya 1200 Series IP Deskphones SIP administration guide: DOWNLOAD_MODE AUTO takes newer images only',
      'wazo-provd-plugins wazo-avaya templates',
    ],
  },
  {
    ...NOTHING_KNOWN,
    line: '9600',
    hasModel: (model) => /^96\d{2}/.test(model),
    claims: ['sip-user-agent', 'path', 'dhcp-class', 'mac-prefix'],
    bootFiles: [
      asked('/96x1Supgrade.txt', 'common-config', 'http'),
      asked('/46xxsettings.txt', 'common-config', 'http'),
    ],
    sources: ['Avaya 9600 Series administration guide: upgrade and settings files'],
  },
];
