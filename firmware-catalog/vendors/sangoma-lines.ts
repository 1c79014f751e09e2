// What is documented about Sangoma’s S and P phones.

import type { LineFacts } from './line-facts.ts';
import { asked, NOTHING_KNOWN, notify } from './line-parts.ts';

export const sangomaLines: readonly LineFacts[] = [
  {
    ...NOTHING_KNOWN,
    line: 'S and P',
    hasModel: (model) => /^[SP]\d{3}/i.test(model),
    claims: ['user-agent', 'path', 'mac-prefix'],
    bootFiles: [asked('/cfg{mac}.xml', 'phone-config')],
    userAgent: 'Sangoma {model} {version} {mac}',
    versionScheme: 'four numbers',
    wake: [notify('resync')],
    reboot: [notify('check-sync;reboot=true')],
    sources: ['User-Agent and file of a Sangoma S300', 'tancredi tests'],
  },
];
