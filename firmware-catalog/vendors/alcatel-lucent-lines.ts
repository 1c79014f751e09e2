// What is documented about Alcatel-Lucent Enterprise’s 8000, M and H phones.

import type { LineFacts } from './line-facts.ts';
import { asked, listed, NO_SETTINGS, NOTHING_KNOWN, setting } from './line-parts.ts';

export const alcatelLucentLines: readonly LineFacts[] = [
  {
    ...NOTHING_KNOWN,
    line: '8000, M and H',
    hasModel: (model) => /^(?:80|M\d|H\d)/i.test(model),
    claims: ['user-agent', 'path', 'mac-prefix'],
    bootFiles: [asked('/config.{mac}.xml', 'phone-config', 'http')],
    userAgent: 'ALE {model} {version} {mac}',
    config: {
      form: 'settings XML of id and value',
      contentType: 'text/xml',
      frame: '<?xml version="1.0" encoding="UTF-8" ?>\n<settings>\n{lines}</settings>\n',
      line: '<setting id="{name}" value="{value}" override="true"/>',
      escape: 'xml',
      lineEnd: '\n',
    },
    settings: {
      ...NO_SETTINGS,
      'sip-login': [
        setting('SIPGroup1AuthenticationName', '{user}'),
        setting('SIPGroup1AuthenticationPassword', '{password}'),
      ],
      'admin-password': [setting('DmAdminPasswd', '{password}')],
      'provisioning-server': [setting('LocalEnetcfgDmUrl', '{root}')],
    },
    versionScheme: 'three or four numbers; catalogues name releases R510',
    imageNames: [
      {
        pattern: /^(?<models>80x8S)-SIP-R\d{3}_(?<version>\d{1,2}(?:\.\d{1,4}){2,3})\.zip$/i,
        example: '80x8S-SIP-R510_1.51.52.2204.zip',
      },
      {
        pattern: /^(?<version>\d{1,2}(?:\.\d{1,3}){3})\.\d{4}\.zip$/,
        isShared: true,
        example: '2.13.02.010.1965.zip',
      },
      {
        pattern: /^A-V(?<version>\d{1,2}(?:\.\d{1,3}){2})\.7z$/,
        isShared: true,
        example: 'A-V2.01.10.7z',
      },
      {
        pattern: /^sip_Alcatel_(?<models>\d{4}(?:_\d{4}){0,4})\.zip$/,
        models: listed,
        example: 'sip_Alcatel_4028_4038_4068.zip',
      },
    ],
    sources: ['wazo-provd-plugins wazo-alcatel templates'],
  },
];
