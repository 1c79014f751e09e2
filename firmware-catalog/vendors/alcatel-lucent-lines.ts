// What is documented about alcatel-lucent phones.

import type { LineFacts } from './line-facts.ts';
import { listed, NOTHING_KNOWN } from './line-parts.ts';

export const alcatelLucentLines: readonly LineFacts[] = [
  {
    ...NOTHING_KNOWN,
    line: '8000',
    hasModel: (model) => /^/.test(model),
    imageNames: [
      {
        pattern: /^(?<models>80x8S)-SIP-R\d{3}_(?<version>\d{1,2}(?:\.\d{1,4}){2,3})\.zip$/i,
        example: '80x8S-SIP-R510_1.51.52.2204.zip',
      },
      {
        pattern: /^(?<version>\d{1,2}(?:\.\d{1,3}){3})\.\d{4}\.zip$/,
        isShared: true,
        example: '2.13.02.010.1965.zip',
      },
      {
        pattern: /^A-V(?<version>\d{1,2}(?:\.\d{1,3}){2})\.7z$/,
        isShared: true,
        example: 'A-V2.01.10.7z',
      },
      {
        pattern: /^sip_Alcatel_(?<models>\d{4}(?:_\d{4}){0,4})\.zip$/,
        models: listed,
        example: 'sip_Alcatel_4028_4038_4068.zip',
      },
    ],
    sources: ['ALE release archives'],
  },
];
