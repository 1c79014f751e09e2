// The SPA line, which Sipura made, Linksys bought and Cisco went on with: two brands, one firmware family.

import { spaImages } from './cisco-images.ts';
import {
  flatProfile,
  flatProfilePasswords,
  flatProfileServers,
  flatProfileSettings,
} from './flat-profile.ts';
import type { LineFacts } from './line-facts.ts';
import { asked, notify, NOTHING_KNOWN } from './line-parts.ts';

/** What differs between the brands is which models they sold and how these name themselves. */
export const spaLine = (
  brand: Pick<LineFacts, 'hasModel' | 'sources'> & { readonly userAgent: string },
): LineFacts => ({
  ...NOTHING_KNOWN,
  line: 'SPA',
  claims: ['user-agent', 'path', 'sip-user-agent', 'dhcp-class', 'mac-prefix'],
  bootFiles: [
    asked('/spa{number}.cfg', 'common-config', 'tftp'),
    asked('/{mac}.xml', 'phone-config', 'http', 'tftp'),
  ],
  config: flatProfile,
  settings: flatProfileSettings('Admin_Passwd'),
  otherServerNames: flatProfileServers,
  otherPasswordNames: flatProfilePasswords,
  updateDecision: 'differs',
  versionScheme: 'a.b.c and a letter for a later issue; letters in brackets mark a product',
  imageNames: spaImages(true),
  wake: [notify('resync', { mayChallenge: true })],
  reboot: [notify('reboot=true', { mayChallenge: true })],
  ...brand,
});
