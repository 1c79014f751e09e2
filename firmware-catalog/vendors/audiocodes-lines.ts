// What is documented about audiocodes phones.

import type { LineFacts } from './line-facts.ts';
import { listed, NOTHING_KNOWN } from './line-parts.ts';

export const audiocodesLines: readonly LineFacts[] = [
  {
    ...NOTHING_KNOWN,
    line: '400HD',
    hasModel: (model) => /^/.test(model),
    imageNames: [
      {
        pattern:
          /^(?<models>C?4\d{2}HD[A-Z]?)(?:[_-](?:UC[_-])?(?<version>\d{1,2}(?:\.\d{1,4}){2,4}(?:_build_\d{1,6})?))?\.img$/i,
        models: listed,
        example: 'C450HD_UC_3.4.8.img',
      },
    ],
    sources: ['400HD administrator manual'],
  },
];
