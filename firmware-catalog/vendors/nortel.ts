// Nortel phones, which Avaya took over: their DHCP class names neither model nor present maker.

import { equalOnly, knownOnly } from './knowledge.ts';
import { nortelLines } from './nortel-lines.ts';

export const nortel = knownOnly({
  name: 'Nortel/Avaya',
  lines: nortelLines,
  ouis: [],
  agentInitials: '',
  readAgent: () => undefined,
  readFile: () => undefined,
  readClass: (text) =>
    /nortel/i.test(text) ? { model: null, version: null, mac: null } : undefined,
  compare: equalOnly,
});
