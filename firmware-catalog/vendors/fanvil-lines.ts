// What is documented about fanvil phones.

import type { LineFacts } from './line-facts.ts';
import { NOTHING_KNOWN } from './line-parts.ts';
import { fanvilImages } from './fanvil-images.ts';

export const fanvilLines: readonly LineFacts[] = [
  {
    ...NOTHING_KNOWN,
    line: 'X',
    hasModel: (model) => /^/.test(model),
    imageNames: fanvilImages,
    sources: ['x'],
  },
];
