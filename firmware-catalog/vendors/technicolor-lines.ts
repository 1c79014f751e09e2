// What is documented about Technicolor’s and Thomson’s ST phones.

import type { LineFacts } from './line-facts.ts';
import { NOTHING_KNOWN } from './line-parts.ts';

export const technicolorLines: readonly LineFacts[] = [
  {
    ...NOTHING_KNOWN,
    line: 'ST and TB',
    hasModel: (model) => /^(?:ST|TB)\d/i.test(model),
    claims: ['user-agent', 'path', 'mac-prefix'],
    versionScheme: 'two or three numbers',
    imageNames: [
      {
        pattern: /^(?<models>(?:ST|TB)\d{2,4})-fw_v(?<version>\d{1,2}(?:\.\d{1,3}){1,3})\.zip$/i,
        example: 'ST2022-fw_v4.78.1.zip',
      },
    ],
    sources: ['wazo-provd-plugins wazo-technicolor: release archives of ST2022, ST2030 and TB30'],
  },
];
