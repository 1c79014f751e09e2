// What is documented about Htek's UC phones (UC900 provisioning guide; release archives; provisioning templates).

import type { LineFacts } from './line-facts.ts';
import { asked, NO_SETTINGS, notify, NOTHING_KNOWN, numberedOnly, setting } from './line-parts.ts';

export const htekLines: readonly LineFacts[] = [
  {
    ...NOTHING_KNOWN,
    line: 'UC',
    hasModel: (model) => /^UC\d/i.test(model),
    claims: ['user-agent', 'path', 'sip-user-agent', 'mac-prefix'],
    // Before them comes a file of the model's, `cfg` and a code of four digits: all are asked for, there or not.
    bootFiles: [asked('/cfg{mac}', 'other'), asked('/cfg{mac}.xml', 'phone-config')],
    userAgent: 'Htek {model} {version} {mac:}',
    config: {
      form: 'XML with numbered P values',
      contentType: 'text/xml',
      frame:
        '<?xml version="1.0" encoding="UTF-8" ?>\n<hl_provision version="1">\n<config version="1">\n{lines}</config>\n</hl_provision>\n',
      line: '<{name}>{value}</{name}>',
      escape: 'xml',
      lineEnd: '\n',
      unreadable: numberedOnly,
    },
    settings: {
      ...NO_SETTINGS,
      // P212: by HTTP. P238: look at every check, not only where a prefix or postfix of the name has changed.
      firmware: [
        setting('P212', '1'),
        { ...setting('P192', '{folder}'), asks: 'fw{number}.rom' },
        setting('P238', '0'),
      ],
      'sip-login': [
        setting('P35', '{user}'),
        setting('P36', '{user}'),
        setting('P34', '{password}'),
      ],
      'admin-password': [setting('P2', '{password}')],
      // P212 as Grandstream's: 2 is HTTPS. With firmware it is the image's, and P237 has a scheme of its own.
      'provisioning-server': [
        setting('P237', '{root}/'),
        { ...setting('P212', '2'), over: 'https' },
      ],
      'provisioning-login': [setting('P1360', '{user}'), setting('P1361', '{password}')],
    },
    // Prefix and postfix of the image's name, as Grandstream's: with them the phone asks for another one than lies in the folder.
    otherFirmwareNames: ['P232', 'P233'],
    // It looks at what lies in the folder and takes it, newer or older.
    updateDecision: 'always',
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
      // Of a model until 2.0.4; later ones are of a platform: 920M is for UC923, UC924 and UC926.
      { pattern: /^fw\d{3}[A-Z]{0,2}\.rom$/i, example: 'fw910M.rom' },
    ],
    // `resync` reads the settings again; that it looks for firmware as well is told nowhere.
    wake: [notify('check-sync;reboot=true'), notify('resync')],
    reboot: [notify('check-sync;reboot=true')],
    sources: [
      'Htek UC900 Series IP Phones Provisioning 2.1: cfgDeviceCode.xml, then cfgMAC, then cfgMAC.xml at boot',
      'Htek UC600 provisioning guide 10: firmware’s prefix, postfix and P238',
      'HtekDailyTest (public code): tests of going up and down, which set P192 alone and see the phone come back with that version',
      'wazo-provd-plugins wazo-htek 2.0.4.2.19 to 2.0.4.6.41: User-Agent, fw926.rom, codes of models, hl_provision, P2, P192, P212, P237, P34 to P36',
      'fspbx template of Htek: FirmwareUpGrade.CheckMode (P238), UserName (P1360) and Password (P1361)',
    ],
  },
];
