// What is documented about Linksys' phones and adapters (SPA provisioning guide).

import type { LineFacts } from './line-facts.ts';
import { spaLine } from './spa-line.ts';

export const linksysLines: readonly LineFacts[] = [
  spaLine({
    hasModel: (model) => /^SPA(?:9\d{2}|400|8[08]00|1001|[23]\d{3})$/i.test(model),
    userAgent: 'Linksys/{model}-{version} ({MAC})(00000000)',
    sources: [
      'Linksys SPA Provisioning Guide: Profile_Rule, Upgrade_Rule',
      'wazo-provd-plugins wazo-cisco-spa legacy templates',
    ],
  }),
];
