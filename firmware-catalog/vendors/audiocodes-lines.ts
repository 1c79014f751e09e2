// What is documented about AudioCodes’ 400HD phones (administrator manuals).

import type { LineFacts } from './line-facts.ts';
import { asked, listed, NOTHING_KNOWN } from './line-parts.ts';

export const audiocodesLines: readonly LineFacts[] = [
  {
    ...NOTHING_KNOWN,
    line: '400HD',
    hasModel: (model) => /^C?4\d{2}HD/i.test(model),
    claims: ['user-agent', 'path', 'sip-user-agent', 'mac-prefix'],
    bootFiles: [asked('/{MAC}.cfg', 'phone-config')],
    userAgent: 'AUDC-IPPhone/{version} ({model}-Rev0; {MAC})',
    versionScheme: 'three to five numbers, at times with a build after them',
    imageNames: [
      {
        pattern:
          /^(?<models>C?4\d{2}HD[A-Z]?)(?:[_-](?:UC[_-])?(?<version>\d{1,2}(?:\.\d{1,4}){2,4}(?:_build_\d{1,6})?))?\.img$/i,
        models: listed,
        example: 'C450HD_UC_3.4.8.img',
      },
    ],
    sources: [
      'AudioCodes 400HD administrator manual: configuration file names',
      'User-Agents of 440HD and 445HD',
    ],
  },
];
