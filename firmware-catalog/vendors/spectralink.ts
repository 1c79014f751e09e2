// Spectralink (KIRK) DECT servers: only their DHCP class is known.

import { equalOnly, knownOnly } from './knowledge.ts';
import { spectralinkLines } from './spectralink-lines.ts';

export const spectralink = knownOnly({
  name: 'Spectralink',
  lines: spectralinkLines,
  ouis: ['00907a', '009033'],
  agentInitials: '',
  readAgent: () => undefined,
  readFile: () => undefined,
  readClass: (text) =>
    /^KIRK\.IP\d{3,5}$/i.test(text) ? { model: null, version: null, mac: null } : undefined,
  compare: equalOnly,
});
