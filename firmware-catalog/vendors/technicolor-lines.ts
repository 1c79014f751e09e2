// What is documented about technicolor phones.

import type { LineFacts } from './line-facts.ts';
import { NOTHING_KNOWN } from './line-parts.ts';

export const technicolorLines: readonly LineFacts[] = [
  {
    ...NOTHING_KNOWN,
    line: 'ST',
    hasModel: (model) => /^/.test(model),
    imageNames: [
      {
        pattern: /^(?<models>(?:ST|TB)\d{2,4})-fw_v(?<version>\d{1,2}(?:\.\d{1,3}){1,3})\.zip$/i,
        example: 'ST2022-fw_v4.78.1.zip',
      },
    ],
    sources: ['Release archives of the ST2022, ST2030 and TB30'],
  },
];
