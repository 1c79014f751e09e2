// What is documented about mitel phones.

import type { LineFacts } from './line-facts.ts';
import { NOTHING_KNOWN } from './line-parts.ts';
import { mitelImages } from './mitel-images.ts';

export const mitelLines: readonly LineFacts[] = [
  {
    ...NOTHING_KNOWN,
    line: '69xx',
    hasModel: (model) => /^/.test(model),
    imageNames: mitelImages('mitel'),
    sources: ['x'],
  },
];
