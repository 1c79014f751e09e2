// Siemens DECT phones from before Gigaset was a maker of its own: only their DHCP class is known.

import { equalOnly, knownOnly } from './knowledge.ts';
import { siemensLines } from './siemens-lines.ts';

export const siemens = knownOnly({
  name: 'Siemens/Gigaset',
  lines: siemensLines,
  ouis: ['0001e3', '0013a9'],
  agentInitials: '',
  readAgent: () => undefined,
  readFile: () => undefined,
  readClass: (text) =>
    /(?:^|\W)[A-Z]{1,2}\d{3}[_ ]?IP(?![a-z])/i.test(text)
      ? { model: null, version: null, mac: null }
      : undefined,
  compare: equalOnly,
});
