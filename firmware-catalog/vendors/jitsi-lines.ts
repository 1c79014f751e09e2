// What is documented about Jitsi, a soft phone.

import type { LineFacts } from './line-facts.ts';
import { NOTHING_KNOWN } from './line-parts.ts';

export const jitsiLines: readonly LineFacts[] = [
  {
    ...NOTHING_KNOWN,
    line: 'soft phone',
    hasModel: () => true,
    claims: ['user-agent'],
    userAgent: 'Jitsi{version}',
    versionScheme: 'unknown',
    sources: ['User-Agent of Jitsi'],
  },
];
