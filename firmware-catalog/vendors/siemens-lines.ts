// What is documented about Siemens’ phones.

import type { LineFacts } from './line-facts.ts';
import { NOTHING_KNOWN } from './line-parts.ts';

export const siemensLines: readonly LineFacts[] = [
  {
    ...NOTHING_KNOWN,
    line: 'all',
    hasModel: () => true,
    claims: ['user-agent', 'mac-prefix'],
    sources: ['User-Agents of Siemens phones'],
  },
];
