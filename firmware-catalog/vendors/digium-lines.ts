// What is documented about digium phones.

import type { LineFacts } from './line-facts.ts';
import { NOTHING_KNOWN, withDots } from './line-parts.ts';

export const digiumLines: readonly LineFacts[] = [
  {
    ...NOTHING_KNOWN,
    line: 'D',
    hasModel: (model) => /^D/.test(model),
    imageNames: [
      {
        pattern: /^firmware_(?<version>\d{1,2}(?:_\d{1,3}){2,4})_package\.tar\.gz$/,
        version: withDots,
        example: 'firmware_2_2_1_8_package.tar.gz',
      },
    ],
    sources: ['Digium phones administrator guide'],
  },
];
