// What is documented about phones whose DHCP class says Nortel.

import type { LineFacts } from './line-facts.ts';
import { NOTHING_KNOWN } from './line-parts.ts';

export const nortelLines: readonly LineFacts[] = [
  {
    ...NOTHING_KNOWN,
    line: 'all',
    hasModel: () => true,
    claims: ['dhcp-class'],
    sources: ['DHCP classes of Nortel phones'],
  },
];
