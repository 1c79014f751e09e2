// What is documented about Sipura's phones and adapters (SPA provisioning guide).

import type { LineFacts } from './line-facts.ts';
import { spaLine } from './spa-line.ts';

export const sipuraLines: readonly LineFacts[] = [
  spaLine({
    hasModel: (model) => /^SPA(?:841|[123]00\d|2100)$/i.test(model),
    userAgent: 'Sipura/{model}-{version} ({MAC})(00000000)',
    sources: [
      'Sipura SPA Provisioning Guide',
      'wazo-provd-plugins wazo-cisco-spa legacy templates',
    ],
  }),
];
