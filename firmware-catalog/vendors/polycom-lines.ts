// What is documented about polycom phones.

import type { LineFacts } from './line-facts.ts';
import { NOTHING_KNOWN } from './line-parts.ts';
import { polycomArchives, polycomPartImage } from './polycom-images.ts';

export const polycomLines: readonly LineFacts[] = [
  {
    ...NOTHING_KNOWN,
    line: 'UCS',
    hasModel: (model) => /^/.test(model),
    imageNames: [polycomPartImage, ...polycomArchives],
    sources: ['x'],
  },
];
