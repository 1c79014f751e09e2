// What is documented about Digium’s D phones (administrator guide; templates).

import type { LineFacts } from './line-facts.ts';
import { asked, NO_SETTINGS, NOTHING_KNOWN, withDots } from './line-parts.ts';

export const digiumLines: readonly LineFacts[] = [
  {
    ...NOTHING_KNOWN,
    line: 'D',
    hasModel: (model) => /^D\d/i.test(model),
    claims: ['dhcp-class', 'sip-user-agent', 'path', 'mac-prefix'],
    bootFiles: [asked('/Digium/{mac}.cfg', 'phone-config', 'http')],
    config: 'unknown',
    settings: {
      ...NO_SETTINGS,
      firmware: [
        {
          name: 'firmware',
          value: '{url}',
          written: '<{name} model="{model}" version="{version}" url="{value}" />',
          place: 'firmware',
        },
      ],
    },
    versionScheme: 'three or four numbers, in DHCP classes and files with underscores',
    imageNames: [
      {
        pattern: /^firmware_(?<version>\d{1,2}(?:_\d{1,3}){2,4})_package\.tar\.gz$/,
        version: withDots,
        example: 'firmware_2_2_1_8_package.tar.gz',
      },
      {
        pattern: /^(?<version>\d{1,2}(?:_\d{1,3}){2,4})_(?<models>D\d{2})_firmware\.eff$/,
        version: withDots,
        example: '2_2_1_8_D70_firmware.eff',
      },
    ],
    sources: ['wazo-provd-plugins wazo-digium templates: firmware elements and their URLs'],
  },
];
