// What is documented about Flyingvoice’s phones and adapters.

import type { LineFacts } from './line-facts.ts';
import { asked, NOTHING_KNOWN } from './line-parts.ts';

export const flyingvoiceLines: readonly LineFacts[] = [
  {
    ...NOTHING_KNOWN,
    line: 'all',
    hasModel: () => true,
    claims: ['user-agent', 'path', 'mac-prefix'],
    bootFiles: [
      asked('/{mac}.boot', 'other'),
      asked('/y000000000000.boot', 'other'),
      asked('/{mac}.cfg', 'phone-config'),
    ],
    userAgent: 'Flyingvoice {model} V{version} {mac}',
    versionScheme: 'two to five numbers',
    sources: ['Flyingvoice auto provisioning: file names as Yealink’s'],
  },
];
