// What is documented about Mitel's phones under Mitel's own name.

import type { LineFacts } from './line-facts.ts';
import { asked, NOTHING_KNOWN } from './line-parts.ts';
import { mitelImages } from './mitel-images.ts';
import { mitelSip } from './mitel-settings.ts';

export const mitelLines: readonly LineFacts[] = [
  {
    ...mitelSip('Mitel'),
    line: '68xxi and 69xx with SIP firmware',
    hasModel: (model) => /^(?:68\d{2}i?|69\d{2}[a-z]?)$/i.test(model),
    imageNames: mitelImages('mitel'),
    sources: [
      'Mitel 6800/6900 Series SIP Phones Administrator Guide 5.1 to 6.4: configuration files, firmware server, http digest username and password',
      'wazo-provd-plugins wazo-aastra templates',
    ],
  },
  {
    ...NOTHING_KNOWN,
    line: '53xx and phones with MiNET firmware',
    hasModel: (model) => /^53\d{2}/.test(model),
    claims: ['dhcp-class', 'path', 'mac-prefix'],
    bootFiles: [asked('/MN_{MAC}.cfg', 'phone-config', 'tftp')],
    sources: ['DHCP classes of Mitel phones (MINET_6905, ipphone.mitel.com)'],
  },
];
