// What is documented about avaya phones.

import type { LineFacts } from './line-facts.ts';
import { NOTHING_KNOWN, withDots } from './line-parts.ts';

export const avayaLines: readonly LineFacts[] = [
  {
    ...NOTHING_KNOWN,
    line: 'J100',
    hasModel: (model) => /^/.test(model),
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
      {
        pattern: /^SIP(?<models>1[12]x0)(?<version>\d{2}(?:\.\d{2}){3})\.bin$/,
        example: 'SIP12x004.01.13.00.bin',
      },
    ],
    sources: ['J100 administration guide'],
  },
];
