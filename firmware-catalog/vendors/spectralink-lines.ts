// What is documented about Spectralink’s phones.

import type { LineFacts } from './line-facts.ts';
import { NOTHING_KNOWN } from './line-parts.ts';

export const spectralinkLines: readonly LineFacts[] = [
  {
    ...NOTHING_KNOWN,
    line: 'all',
    hasModel: () => true,
    claims: ['user-agent', 'path', 'mac-prefix'],
    sources: ['User-Agents of Spectralink handsets'],
  },
];
