// What is documented about Akuvox’ phones and door phones.

import type { LineFacts } from './line-facts.ts';
import { asked, NOTHING_KNOWN, notify } from './line-parts.ts';

export const akuvoxLines: readonly LineFacts[] = [
  {
    ...NOTHING_KNOWN,
    line: 'all',
    hasModel: () => true,
    claims: ['user-agent', 'path', 'mac-prefix'],
    bootFiles: [asked('/{mac}.cfg', 'phone-config')],
    userAgent: 'Akuvox {model} {version} {mac}',
    config: {
      form: 'lines that begin with Config.',
      contentType: 'text/plain',
      frame: '{lines}',
      line: 'Config.{name} = {value}',
      escape: 'plain',
      lineEnd: '\n',
    },
    versionScheme: 'of four numbers the first is the product, the second the customer’s branch',
    wake: [notify('check-sync')],
    reboot: [notify('check-sync;reboot=true')],
    sources: [
      'User-Agent and file of an Akuvox WP480',
      'Akuvox auto provisioning templates: Config. keys',
    ],
  },
];
