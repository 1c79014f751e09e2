// What is documented about gigaset phones.

import type { LineFacts } from './line-facts.ts';
import { NOTHING_KNOWN } from './line-parts.ts';

export const gigasetLines: readonly LineFacts[] = [
  {
    ...NOTHING_KNOWN,
    line: 'N510',
    hasModel: (model) => /^/.test(model),
    imageNames: [
      {
        pattern: /^(?<models>N510)_SW_(?<version>\d{3})\.zip$/,
        version: (written) => `42.${written}`,
        models: () => ['N510 IP PRO'],
        example: 'N510_SW_262.zip',
      },
      {
        pattern: /^merkur(?<version>\d{3})(?:_42)?\.bin$/,
        version: (written) => `42.${written}`,
        example: 'merkur245_42.bin',
      },
      {
        pattern: /^(?<models>N720)_SW(?<version>\d{3})\.zip$/,
        version: (written) => `70.${written}`,
        example: 'N720_SW117.zip',
      },
      {
        pattern:
          /^(?:Gigaset-(?<models>Nx70)|einstein-albert)-(?<version>V\d{1,2}(?:\.\d{1,3}){2})[-+]build\.[0-9a-f]{7,12}(?:\.update)?\.bin$/,
        version: (written) => `83.${written}`,
        models: () => ['N6x0', 'N8x0'],
        example: 'Gigaset-Nx70-V2.62.1-build.d1d6a22.bin',
      },
    ],
    sources: ['Gigaset pro provisioning wiki'],
  },
];
