// What is documented about Alcatel’s IP Touch phones.

import type { LineFacts } from './line-facts.ts';
import { asked, NOTHING_KNOWN } from './line-parts.ts';

export const alcatelLines: readonly LineFacts[] = [
  {
    ...NOTHING_KNOWN,
    line: 'IP Touch',
    hasModel: (model) => /^40\d8/.test(model),
    claims: ['user-agent', 'path', 'dhcp-class', 'mac-prefix'],
    bootFiles: [asked('/sipconfig-{model}.txt', 'common-config')],
    userAgent: 'Alcatel IP Touch {model}/{version}',
    versionScheme: 'three numbers',
    imageNames: [
      {
        pattern: /^A-V(?<version>\d{1,2}(?:\.\d{1,3}){2})\.7z$/,
        example: 'A-V2.01.10.7z',
      },
    ],
    sources: ['wazo-provd-plugins wazo-alcatel: sipconfig files and User-Agents'],
  },
];
