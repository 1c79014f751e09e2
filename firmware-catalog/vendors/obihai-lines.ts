// What is documented about Obihai’s adapters and phones.

import type { LineFacts } from './line-facts.ts';
import { NOTHING_KNOWN } from './line-parts.ts';

export const obihaiLines: readonly LineFacts[] = [
  {
    ...NOTHING_KNOWN,
    line: 'OBi',
    hasModel: (model) => /^OBi\d/i.test(model),
    claims: ['user-agent', 'path', 'mac-prefix'],
    config: {
      form: 'ParameterList XML of Object and ParameterValueStruct',
      contentType: 'text/xml',
      frame: '<ParameterList>\n{lines}</ParameterList>\n',
      line: '<ParameterValueStruct><Name>{name}</Name><Value>{value}</Value></ParameterValueStruct>',
      escape: 'xml',
      lineEnd: '\n',
      macros: { $MAC: '{mac}', $DM: '{model}' },
    },
    versionScheme: 'three or four numbers',
    sources: ['OBi provisioning guide: ParameterList, macros'],
  },
];
