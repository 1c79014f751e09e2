// What is documented about Patton’s SmartNode gateways.

import type { LineFacts } from './line-facts.ts';
import { NOTHING_KNOWN } from './line-parts.ts';

export const pattonLines: readonly LineFacts[] = [
  {
    ...NOTHING_KNOWN,
    line: 'SmartNode',
    hasModel: (model) => /^SN\d/i.test(model),
    claims: ['user-agent', 'dhcp-class', 'mac-prefix'],
    versionScheme: 'R and two or three numbers',
    imageNames: [
      {
        pattern:
          /^(?<models>SN\d{4})_H323_SIP_R(?<version>\d{1,2}(?:\.\d{1,3}){1,2})_\d{4}-\d{2}-\d{2}\.zip$/i,
        // An archive's number is the first of its series: SN4110 is for SN4112 to SN4118.
        models: (written) => [`${written.slice(0, 4).toUpperCase()}xx`],
        example: 'SN4110_H323_SIP_R6.9_2016-07-05.zip',
      },
    ],
    sources: ['SmartNode release archives R6.9 and R6.11', 'User-Agent of SmartNode 4112'],
  },
];
