// What is documented about Aastra's phones.

import type { LineFacts } from './line-facts.ts';
import { mitelImages } from './mitel-images.ts';
import { mitelSip } from './mitel-settings.ts';

export const aastraLines: readonly LineFacts[] = [
  {
    ...mitelSip('Aastra'),
    line: '67xxi, 68xxi and 9xxxi',
    hasModel: (model) => /^(?:6[78]\d{2}|9\d{3})i(?: ?CT)?$/i.test(model),
    imageNames: mitelImages('aastra'),
    sources: [
      'Aastra SIP IP Phones Administrator Guide 41-001343-02: appendix A, http digest username and password, firmware server',
      'wazo-provd-plugins wazo-aastra templates',
    ],
  },
];
