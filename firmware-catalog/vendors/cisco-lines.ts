// What is documented about cisco phones.

import type { LineFacts } from './line-facts.ts';
import { NOTHING_KNOWN } from './line-parts.ts';
import { ciscoEnterpriseImages, ciscoMppImages, spaImages } from './cisco-images.ts';

export const ciscoLines: readonly LineFacts[] = [
  {
    ...NOTHING_KNOWN,
    line: 'MPP',
    hasModel: (model) => /^/.test(model),
    imageNames: ciscoMppImages,
    sources: ['x'],
  },
  {
    ...NOTHING_KNOWN,
    line: 'SPA',
    hasModel: (model) => /^SPA/.test(model),
    imageNames: spaImages(false),
    sources: ['x'],
  },
  {
    ...NOTHING_KNOWN,
    line: 'enterprise',
    hasModel: (model) => /^7/.test(model),
    imageNames: ciscoEnterpriseImages,
    sources: ['x'],
  },
];
