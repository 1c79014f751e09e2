// What is documented about grandstream phones.

import type { LineFacts } from './line-facts.ts';
import { NOTHING_KNOWN } from './line-parts.ts';
import { grandstreamImages } from './grandstream-images.ts';

export const grandstreamLines: readonly LineFacts[] = [
  {
    ...NOTHING_KNOWN,
    line: 'GXP',
    hasModel: (model) => /^/.test(model),
    imageNames: grandstreamImages,
    sources: ['x'],
  },
];
