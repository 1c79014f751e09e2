// What is documented about linksys phones.

import type { LineFacts } from './line-facts.ts';
import { NOTHING_KNOWN } from './line-parts.ts';
import { spaImages } from './cisco-images.ts';

export const linksysLines: readonly LineFacts[] = [
  {
    ...NOTHING_KNOWN,
    line: 'SPA',
    hasModel: (model) => /^/.test(model),
    imageNames: spaImages(true),
    sources: ['x'],
  },
];
