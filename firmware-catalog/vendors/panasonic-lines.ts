// What is documented about panasonic phones.

import type { LineFacts } from './line-facts.ts';
import { NOTHING_KNOWN } from './line-parts.ts';

/** `UT11x12x` are the KX-UT11x and KX-UT12x. */
function series(written: string): string[] {
  const [letters = ''] = /^[A-Z]+/.exec(written) ?? [];
  const numbers = written.slice(letters.length).match(/\d{2,3}x?/g) ?? [];
  return numbers.map((number) => `KX-${letters}${number}`);
}

export const panasonicLines: readonly LineFacts[] = [
  {
    ...NOTHING_KNOWN,
    line: 'KX',
    hasModel: (model) => /^/.test(model),
    imageNames: [
      {
        pattern:
          /^(?<models>(?:UT|HDV|TGP|NT)[\dx]{2,10})-(?<version>\d{2}\.\d{3})(?:_(?<hardware>HW\d))?\w{0,8}\.fw$/,
        models: series,
        example: 'UT11x12x-01.133_HW1.fw',
      },
    ],
    sources: ['KX-UT administrator guide'],
  },
];
