// Nethesis phones: made by Fanvil, with models and MAC prefix of their own.

import { compareFanvil, fanvilPhoneFile, readFanvilAgent } from './fanvil-shapes.ts';
import { knownOnly } from './knowledge.ts';
import { nethesisLines } from './nethesis-lines.ts';

const ouis = ['e0e656'];

export const nethesis = knownOnly({
  name: 'Nethesis',
  lines: nethesisLines,
  ouis,
  agentInitials: 'n',
  readAgent: readFanvilAgent(/^nethesis(?=\s)/i),
  readFile: fanvilPhoneFile(ouis),
  compare: compareFanvil,
});
