// Jitsi, a soft phone: known so that it is not taken for a desk phone; its firmware is nobody's concern here.

import { equalOnly, knownOnly } from './knowledge.ts';
import { jitsiLines } from './jitsi-lines.ts';

export const jitsi = knownOnly({
  name: 'Jitsi',
  lines: jitsiLines,
  ouis: [],
  agentInitials: 'j',
  readAgent(userAgent) {
    const found = /^Jitsi(?:\/|(?=\d))(\d[^\s]{0,60})/i.exec(userAgent);
    return found ? { model: 'Jitsi', version: found[1] ?? null, mac: null } : undefined;
  },
  readFile: () => undefined,
  compare: equalOnly,
});
