// What is documented about Linksys' phones and adapters (SPA provisioning guide).

import { spaImages } from './cisco-images.ts';
import { flatProfile, flatProfileSettings } from './flat-profile.ts';
import type { LineFacts } from './line-facts.ts';
import { asked, notify, NOTHING_KNOWN } from './line-parts.ts';

export const linksysLines: readonly LineFacts[] = [
  {
    ...NOTHING_KNOWN,
    line: 'SPA',
    hasModel: (model) => /^SPA(?:9\d{2}|400|8[08]00|1001|[23]\d{3})$/i.test(model),
    claims: ['user-agent', 'path', 'sip-user-agent', 'dhcp-class', 'mac-prefix'],
    bootFiles: [
      asked('/spa{number}.cfg', 'common-config', 'tftp'),
      asked('/{mac}.xml', 'phone-config', 'http', 'tftp'),
    ],
    userAgent: 'Linksys/{model}-{version} ({MAC})(00000000)',
    config: flatProfile,
    settings: flatProfileSettings('Admin_Passwd'),
    updateDecision: 'differs',
    versionScheme: 'a.b.c and a letter for a later issue; letters in brackets mark a product',
    imageNames: spaImages(true),
    wake: [notify('resync', { mayChallenge: true })],
    reboot: [notify('reboot=true', { mayChallenge: true })],
    sources: [
      'Linksys SPA Provisioning Guide: Profile_Rule, Upgrade_Rule',
      'wazo-provd-plugins wazo-cisco-spa legacy templates',
    ],
  },
];
