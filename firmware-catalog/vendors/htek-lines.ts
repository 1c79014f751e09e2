// What is documented about Htek's UC phones (release archives; provisioning templates).

import type { LineFacts } from './line-facts.ts';
import { asked, NO_SETTINGS, notify, NOTHING_KNOWN, setting } from './line-parts.ts';

export const htekLines: readonly LineFacts[] = [
  {
    ...NOTHING_KNOWN,
    line: 'UC',
    hasModel: (model) => /^UC\d/i.test(model),
    claims: ['user-agent', 'path', 'sip-user-agent', 'mac-prefix'],
    bootFiles: [
      asked('/cfg00{number}.xml', 'common-config'),
      asked('/cfg{mac}.xml', 'phone-config'),
    ],
    userAgent: 'Htek {model} V{version} {mac}',
    config: {
      form: 'XML with numbered P values',
      contentType: 'text/xml',
      frame:
        '<?xml version="1.0" encoding="UTF-8" ?>\n<hl_provision version="1">\n<config version="1">\n{lines}</config>\n</hl_provision>\n',
      line: '<{name}>{value}</{name}>',
      escape: 'xml',
      lineEnd: '\n',
    },
    settings: {
      ...NO_SETTINGS,
      firmware: [setting('P212', '1'), setting('P192', '{folder}')],
      'sip-login': [
        setting('P35', '{user}'),
        setting('P36', '{user}'),
        setting('P34', '{password}'),
      ],
    },
    versionScheme: 'four or five numbers, at times after a V',
    imageNames: [
      {
        pattern:
          /^Htek_(?<models>[A-Z]{2}\d{3}[A-Z]{0,3})_Firmware_(?<version>\d{1,2}(?:\.\d{1,4}){3,5})\.zip$/i,
        example: 'Htek_UC926E_Firmware_2.0.4.4.58.zip',
      },
      {
        pattern: /^Firmware_Htek_(?<version>\d{1,2}(?:\.\d{1,4}){3,5})_\d{8}\.zip$/i,
        example: 'Firmware_Htek_2.0.4.6.41_20191104.zip',
      },
      { pattern: /^fw\d{3}[A-Z]{0,2}\.rom$/i, example: 'fw910M.rom' },
    ],
    wake: [notify('resync'), notify('check-sync;reboot=true')],
    reboot: [notify('check-sync;reboot=true')],
    sources: ['wazo-provd-plugins wazo-htek templates: hl_provision, P192, P212, P34 to P36'],
  },
];
