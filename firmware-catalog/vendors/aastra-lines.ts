// What is documented about aastra phones.

import type { LineFacts } from './line-facts.ts';
import { NOTHING_KNOWN } from './line-parts.ts';
import { mitelImages } from './mitel-images.ts';

export const aastraLines: readonly LineFacts[] = [
  {
    ...NOTHING_KNOWN,
    line: '67xx',
    hasModel: (model) => /^/.test(model),
    imageNames: mitelImages('aastra'),
    sources: ['x'],
  },
];
