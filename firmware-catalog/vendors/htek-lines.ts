// What is documented about htek phones.

import type { LineFacts } from './line-facts.ts';
import { NOTHING_KNOWN } from './line-parts.ts';

export const htekLines: readonly LineFacts[] = [
  {
    ...NOTHING_KNOWN,
    line: 'UC',
    hasModel: (model) => /^/.test(model),
    imageNames: [
      {
        pattern:
          /^Htek_(?<models>[A-Z]{2}\d{3}[A-Z]{0,3})_Firmware_(?<version>\d{1,2}(?:\.\d{1,4}){3,5})\.zip$/i,
        example: 'Htek_UC926E_Firmware_2.0.4.4.58.zip',
      },
      {
        pattern: /^Firmware_Htek_(?<version>\d{1,2}(?:\.\d{1,4}){3,5})_\d{8}\.zip$/i,
        example: 'Firmware_Htek_2.0.4.6.41_20191104.zip',
      },
      { pattern: /^fw\d{3}[A-Z]{0,2}\.rom$/i, example: 'fw910M.rom' },
    ],
    sources: ['Htek provisioning guide'],
  },
];
