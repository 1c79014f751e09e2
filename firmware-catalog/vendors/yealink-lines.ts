// What is documented about yealink phones.

import type { LineFacts } from './line-facts.ts';
import { NOTHING_KNOWN } from './line-parts.ts';
import { yealinkBaseImages, yealinkDeskImages, yealinkHandsetImages } from './yealink-images.ts';

export const yealinkLines: readonly LineFacts[] = [
  {
    ...NOTHING_KNOWN,
    line: 'DECT handsets',
    hasModel: (model) => /^(?:W\d{2}[HR]|CP930W)$/.test(model),
    imageNames: yealinkHandsetImages,
    sources: ['x'],
  },
  {
    ...NOTHING_KNOWN,
    line: 'DECT bases',
    hasModel: (model) => /^(?:W\d{2}|AX)/.test(model),
    imageNames: yealinkBaseImages,
    sources: ['x'],
  },
  {
    ...NOTHING_KNOWN,
    line: 'desk',
    hasModel: (model) => /^/.test(model),
    imageNames: yealinkDeskImages,
    sources: ['x'],
  },
];
