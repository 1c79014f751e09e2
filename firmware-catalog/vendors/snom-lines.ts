// What is documented about snom phones.

import type { LineFacts } from './line-facts.ts';
import { NOTHING_KNOWN } from './line-parts.ts';
import { snomDeskImages, snomDectImages, snomModuleImages } from './snom-images.ts';

export const snomLines: readonly LineFacts[] = [
  {
    ...NOTHING_KNOWN,
    line: 'DECT',
    hasModel: (model) => /^M\d/.test(model),
    imageNames: snomDectImages,
    sources: ['x'],
  },
  {
    ...NOTHING_KNOWN,
    line: 'modules',
    hasModel: (model) => /^UXM/.test(model),
    imageNames: snomModuleImages,
    sources: ['x'],
  },
  {
    ...NOTHING_KNOWN,
    line: 'desk',
    hasModel: (model) => /^/.test(model),
    imageNames: snomDeskImages,
    sources: ['x'],
  },
];
